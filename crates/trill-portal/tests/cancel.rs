//! Cancelling through the handle: a request that does not wait; nothing runs that was not begun.
#![allow(clippy::unwrap_used)] // A failed step fails its test.
#![allow(clippy::disallowed_methods)] // Tests start threads of their own.

mod common;

use std::future::{Future, pending, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::task::{Context, Poll, Waker};
use std::thread;

use common::{Drops, Runtime, until};
use trill_executor::Executor;
use trill_park::block_on;
use trill_portal::{Portal, PortalError};

/// Counts its polls, and never ends.
fn counted(polls: &Arc<AtomicUsize>) -> impl Future<Output = ()> + use<> {
    let polls = polls.clone();
    poll_fn(move |_| {
        polls.fetch_add(1, Ordering::SeqCst);
        Poll::Pending
    })
}

// Behaviour 17 through a portal: cancelled before the first poll, the future is dropped once and on its runtime.
#[test]
fn cancelled_before_it_is_placed_is_never_polled_and_dropped_by_the_runtime() {
    let ex = Executor::new();
    let (polls, drops) = (Arc::default(), Drops::default());
    let (future, guard) = (counted(&polls), drops.guard());
    let task = Portal::on(&ex).start(async move {
        let _guard = guard;
        future.await;
    });
    assert!(task.cancel());
    assert!(!task.cancel());
    assert!(task.is_finished());
    assert_eq!(drops.count(), 0);
    while ex.try_tick() {}
    assert_eq!((polls.load(Ordering::SeqCst), drops.count()), (0, 1));
    assert!(matches!(task.wait(), Err(PortalError::Cancelled)));
}

#[test]
fn cancelled_before_its_first_poll_is_never_polled() {
    let ex = Executor::new();
    let (polls, drops) = (Arc::default(), Drops::default());
    let (future, guard) = (counted(&polls), drops.guard());
    let task = Portal::on(&ex).start(async move {
        let _guard = guard;
        future.await;
    });
    // The portal's task spawns it.
    assert!(ex.try_tick());
    assert!(task.cancel());
    while ex.try_tick() {}
    assert_eq!((polls.load(Ordering::SeqCst), drops.count()), (0, 1));
    assert!(matches!(task.wait(), Err(PortalError::Cancelled)));
}

// asyncio C4: cancelling requests and does not wait.
#[test]
fn cancel_does_not_wait_for_the_future_to_be_dropped() {
    let ex = Executor::new();
    let drops = Drops::default();
    let guard = drops.guard();
    let task = Portal::on(&ex).start(async move {
        let _guard = guard;
        pending::<()>().await;
    });
    while ex.try_tick() {}
    assert!(task.cancel());
    assert!(matches!(task.wait(), Err(PortalError::Cancelled)));
    assert_eq!(drops.count(), 0);
    while ex.try_tick() {}
    assert_eq!(drops.count(), 1);
}

#[test]
fn cancel_after_the_end_changes_nothing() {
    let ex = Executor::new();
    let task = Portal::on(&ex).start(async { 5 });
    while ex.try_tick() {}
    assert!(!task.cancel());
    assert_eq!(task.wait().unwrap(), 5);
}

#[test]
fn dropped_handle_cancels() {
    let ex = Executor::new();
    let drops = Drops::default();
    let start = |portal: &Portal| {
        let guard = drops.guard();
        portal.start(async move {
            let _guard = guard;
            pending::<()>().await;
        })
    };
    let portal = Portal::on(&ex);
    drop(start(&portal));
    let second = start(&portal);
    while ex.try_tick() {}
    assert_eq!(drops.count(), 1);
    drop(second);
    while ex.try_tick() {}
    assert_eq!(drops.count(), 2);
}

#[test]
fn cancel_from_elsewhere_ends_a_wait() {
    let runtime = Runtime::new(1);
    let begun = Arc::new(AtomicBool::new(false));
    let task = runtime.portal().start({
        let begun = begun.clone();
        async move {
            begun.store(true, Ordering::SeqCst);
            pending::<()>().await;
        }
    });
    let canceller = task.canceller();
    let waiter = thread::spawn(move || task.wait());
    until(|| begun.load(Ordering::SeqCst));
    assert!(canceller.cancel());
    assert!(!canceller.clone().cancel());
    assert!(matches!(
        waiter.join().unwrap(),
        Err(PortalError::Cancelled)
    ));
}

#[test]
fn cancelled_task_wakes_the_task_that_awaits_it() {
    let ex = Executor::new();
    let there = Executor::new();
    let task = Portal::on(&there).start(pending::<()>());
    let canceller = task.canceller();
    let awaiting = ex.spawn(task);
    while ex.try_tick() || there.try_tick() {}
    canceller.cancel();
    assert!(matches!(
        block_on(ex.run(awaiting)),
        Err(PortalError::Cancelled)
    ));
}

#[test]
fn panic_while_it_is_cancelled_harms_nobody() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("expected");
        }
    }
    let ex = Executor::new();
    let portal = Portal::on(&ex);
    let bomb = Bomb;
    let task = portal.start(async move {
        let _bomb = bomb;
        pending::<()>().await;
    });
    while ex.try_tick() {}
    assert!(task.cancel());
    while ex.try_tick() {}
    let bomb = Bomb;
    let task = portal.start(async move {
        let _bomb = &bomb;
    });
    assert!(task.cancel());
    while ex.try_tick() {}
    let after = portal.start(async { 5 });
    assert_eq!(block_on(ex.run(after)).unwrap(), 5);
}

// The handle is dropped at each of its awaits: before it is placed, as a task, and when the value is there.
#[test]
fn awaited_handle_that_is_dropped_cancels_at_every_moment() {
    for ticks in 0..6 {
        let ex = Executor::new();
        let drops = Drops::default();
        let guard = drops.guard();
        let mut task = Box::pin(Portal::on(&ex).start(async move {
            let _guard = guard;
            for _ in 0..2 {
                trill_executor::yield_now().await;
            }
        }));
        let mut cx = Context::from_waker(Waker::noop());
        for _ in 0..ticks {
            if pin!(&mut task).poll(&mut cx).is_ready() {
                break;
            }
            ex.try_tick();
        }
        drop(task);
        while ex.try_tick() {}
        assert_eq!(drops.count(), 1, "after {ticks} ticks");
        assert!(ex.is_empty(), "after {ticks} ticks");
    }
}

// Whoever cancels races with the runtime that spawns, polls and ends the task: one outcome, and one drop.
#[test]
fn race_of_cancel_and_end_has_one_outcome() {
    let runtime = Runtime::new(1);
    let portal = runtime.portal();
    let (send, receive) = mpsc::channel();
    let canceller = thread::spawn(move || {
        let mut cancelled = 0;
        while let Ok(canceller) = receive.recv() {
            let canceller: trill_portal::Canceller = canceller;
            cancelled += usize::from(canceller.cancel());
        }
        cancelled
    });
    let drops = Drops::default();
    let (mut values, mut cancels) = (0, 0);
    for number in 0..5_000 {
        let guard = drops.guard();
        let task = portal.start(async move {
            let _guard = guard;
            trill_executor::yield_now().await;
            number
        });
        send.send(task.canceller()).unwrap();
        match task.wait() {
            Ok(value) => {
                assert_eq!(value, number);
                values += 1;
            }
            Err(PortalError::Cancelled) => cancels += 1,
            Err(error) => panic!("{error}"),
        }
    }
    drop(send);
    let asked = canceller.join().unwrap();
    runtime.end();
    assert_eq!(values + cancels, 5_000);
    assert_eq!(drops.count(), 5_000);
    // A request that came at the very end may have been too late, never the other way round.
    assert!(asked >= cancels);
}
