//! Many runtimes in a process: they share nothing but what is handed over on purpose.
#![allow(clippy::unwrap_used)] // A failed step fails its test.
#![allow(clippy::disallowed_methods)] // Tests start threads of their own.

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::thread;

use common::{Runtime, until};
use trill_cell::current_id;
use trill_park::block_on;
use trill_portal::{Portal, PortalError};

/// Where a task is polled.
fn place() -> (thread::ThreadId, Option<trill_cell::TaskId>) {
    (thread::current().id(), current_id())
}

// asyncio C6, next in line: two loops in two threads share no state except spawning from a thread and channels.
#[test]
fn two_runtimes_share_nothing_but_portals() {
    let (first, second) = (Runtime::new(1), Runtime::new(1));
    let (first_thread, _) = first.portal().run(place).unwrap();
    let (second_thread, _) = second.portal().run(place).unwrap();
    assert_ne!(first_thread, second_thread);

    // From a task of the first into the second, and back into the first, without blocking either.
    let (back, over) = (first.portal(), second.portal());
    let trail = first.portal().call(async move {
        let begin = place();
        let there = over.start(async move {
            let there = place();
            (there, back.start(async { place() }).await.unwrap())
        });
        let (there, back) = there.await.unwrap();
        [begin, there, back, place()]
    });
    let trail = trail.unwrap();
    let threads = trail.map(|(thread, _)| thread);
    assert_eq!(
        threads,
        [first_thread, second_thread, first_thread, first_thread]
    );
    // The task that awaits is still itself; the others are tasks of their own.
    assert_eq!(trail[0].1, trail[3].1);
    assert_ne!(trail[1].1, trail[2].1);

    // The end of one is none of the other's business.
    first.end();
    assert_eq!(second.portal().call(async { 5 }).unwrap(), 5);
}

// asyncio C5: cancel flows both ways.
#[test]
fn cancel_flows_from_the_awaiting_runtime_to_the_other_and_back() {
    let (here, there) = (Runtime::new(1), Runtime::new(1));
    let drops = common::Drops::default();
    let (portal, guard) = (there.portal(), drops.guard());
    let awaiting = here.portal().start(async move {
        let pending = portal.start(async move {
            let _guard = guard;
            std::future::pending::<()>().await;
        });
        pending.await
    });
    until(|| format!("{awaiting:?}").contains("Placed"));
    assert!(awaiting.cancel());
    until(|| drops.count() == 1);

    let portal = there.portal();
    let (send, receive) = std::sync::mpsc::channel();
    let awaiting = here.portal().start(async move {
        let pending = portal.start(std::future::pending::<()>());
        send.send(pending.canceller()).unwrap();
        pending.await
    });
    receive.recv().unwrap().cancel();
    let result = awaiting.wait().unwrap();
    assert!(matches!(result, Err(PortalError::Cancelled)));
}

#[test]
fn portal_is_handed_from_runtime_to_runtime() {
    let (first, second) = (Runtime::new(1), Runtime::new(1));
    let made = first.portal().run(|| Portal::current().unwrap()).unwrap();
    let here = first.portal().run(place).unwrap().0;
    let answer = second
        .portal()
        .call(async move { made.start(async { place() }).await.unwrap() });
    assert_eq!(answer.unwrap().0, here);
}

// Behaviour 2: a wake from another thread is never lost. The protocol's models are `trill-executor/tests/loom_sleep.rs`,
// `loom_queue.rs` and `trill-park/tests/loom_parker.rs`; this counts.
#[test]
fn million_wakes_from_another_thread_cost_one_poll() {
    let runtime = Runtime::new(1);
    let polls = Arc::new(AtomicUsize::new(0));
    let (send, receive) = std::sync::mpsc::channel();
    let task = runtime.portal().start({
        let polls = polls.clone();
        std::future::poll_fn(move |cx| {
            if polls.fetch_add(1, Ordering::SeqCst) == 0 {
                send.send(cx.waker().clone()).unwrap();
                return Poll::Pending;
            }
            Poll::Ready(())
        })
    });
    let waker = receive.recv().unwrap();
    // The only worker is in the poll of another task meanwhile.
    let (held, holds) = std::sync::mpsc::channel::<()>();
    let holder = runtime.portal().start(async move { holds.recv().ok() });
    for _ in 0..1_000_000 {
        waker.wake_by_ref();
    }
    drop(held);
    task.wait().unwrap();
    holder.wait().unwrap();
    assert_eq!(polls.load(Ordering::SeqCst), 2);
}

// Behaviour 2, from end to end: each answer needs a wake of a parked worker and one of a parked caller.
#[test]
fn no_wake_is_lost_between_callers_and_workers() {
    for threads in 1..=2 {
        let runtime = Runtime::new(threads);
        let portal = runtime.portal();
        for number in 0..5_000 {
            assert_eq!(portal.call(async move { number }).unwrap(), number);
        }
        assert_eq!(block_on(portal.start(async { 5 })).unwrap(), 5);
    }
}
