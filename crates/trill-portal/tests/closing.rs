//! The end of the runtime: nobody waits for ever.
#![allow(clippy::unwrap_used)] // A failed step fails its test.
#![allow(clippy::disallowed_methods)] // Tests start threads of their own.

mod common;

use std::future::pending;
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use common::{Drops, Runtime, until};
use trill_executor::Executor;
use trill_park::block_on;
use trill_portal::{Portal, PortalError};

#[test]
fn callers_get_an_error_when_the_runtime_ends() {
    let runtime = Runtime::new(2);
    let drops = Drops::default();
    let begun = Arc::new(Barrier::new(9));
    let callers: Vec<_> = (0..8)
        .map(|_| {
            let (portal, guard, begun) = (runtime.portal(), drops.guard(), begun.clone());
            thread::spawn(move || {
                portal.call_with(move || async move {
                    let _guard = guard;
                    // All eight are tasks, whose callers wait.
                    come_to(begun).await;
                    pending::<()>().await;
                })
            })
        })
        .collect();
    begun.wait();
    runtime.end();
    assert_eq!(drops.count(), 8);
    for caller in callers {
        assert!(matches!(caller.join().unwrap(), Err(PortalError::Closed)));
    }
}

/// Lets a thread of its own come to the barrier, so that no worker blocks.
async fn come_to(barrier: Arc<Barrier>) {
    let (send, receive) = trill_sync::channel::oneshot::channel();
    thread::spawn(move || {
        barrier.wait();
        send.send(()).ok();
    });
    receive.await.ok();
}

#[test]
fn callers_whose_futures_are_no_tasks_yet_get_an_error_when_the_executor_is_dropped() {
    let drops = Drops::default();
    let ex = Executor::new();
    let portal = Portal::on(&ex);
    let callers: Vec<_> = (0..8)
        .map(|_| {
            let (portal, guard) = (portal.clone(), drops.guard());
            thread::spawn(move || portal.call(async move { drop(guard) }))
        })
        .collect();
    until(|| format!("{portal:?}").contains("orders: 8"));
    drop(ex);
    for caller in callers {
        assert!(matches!(caller.join().unwrap(), Err(PortalError::Closed)));
    }
    assert_eq!(drops.count(), 8);
}

// asyncio C5: a call to a closed loop must not vanish in silence.
#[test]
fn call_after_the_end_is_refused_and_drops_its_future() {
    let ex = Executor::new();
    let portal = Portal::on(&ex);
    drop(ex);
    assert!(portal.is_closed());
    let drops = Drops::default();
    let guard = drops.guard();
    let refused = portal.call(async move { drop(guard) });
    assert!(matches!(refused, Err(PortalError::Closed)));
    assert_eq!(drops.count(), 1);
    assert!(portal.start(async {}).is_finished());
    assert!(!portal.start(async {}).cancel());
}

#[test]
fn value_that_was_ready_before_the_end_is_not_lost() {
    let ex = Executor::new();
    let portal = Portal::on(&ex);
    let task = portal.start(async { 5 });
    while ex.try_tick() {}
    drop(ex);
    assert_eq!(task.wait().unwrap(), 5);
}

#[test]
fn wait_with_a_limit_ends_when_the_runtime_does() {
    let runtime = Runtime::new(1);
    let task = runtime.portal().start(pending::<()>());
    let thread = thread::spawn(move || task.wait_timeout(Duration::MAX).unwrap());
    runtime.end();
    assert!(matches!(thread.join().unwrap(), Err(PortalError::Closed)));
}

#[test]
fn task_awaited_by_another_runtime_ends_with_its_own() {
    let (here, there) = (Executor::new(), Executor::new());
    let task = here.spawn(Portal::on(&there).start(pending::<()>()));
    while there.try_tick() || here.try_tick() {}
    drop(there);
    let result = block_on(here.run(task));
    assert!(matches!(result, Err(PortalError::Closed)));
}

#[test]
fn portal_does_not_keep_its_runtime_alive() {
    let drops = Drops::default();
    let ex = Executor::new();
    let portal = Portal::on(&ex);
    let guard = drops.guard();
    let task = portal.start(async move {
        let _guard = guard;
        pending::<()>().await
    });
    while ex.try_tick() {}
    drop(ex);
    assert_eq!(drops.count(), 1);
    drop((portal, task));
}

// The future is dropped by the thread that closes the queue, not by a panic of it.
#[test]
fn panic_in_the_drop_of_an_order_does_not_keep_others_waiting() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("expected");
        }
    }
    let ex = Executor::new();
    let portal = Portal::on(&ex);
    let tasks = [Bomb, Bomb].map(|bomb| {
        portal.start(async move {
            let _bomb = &bomb;
        })
    });
    let last = portal.start(async {});
    drop(ex);
    for task in tasks {
        assert!(matches!(task.wait(), Err(PortalError::Closed)));
    }
    assert!(matches!(last.wait(), Err(PortalError::Closed)));
}
