//! A blocking form called where a future is polled is refused instead of waiting for itself.
#![allow(clippy::unwrap_used)] // A failed step fails its test.
#![allow(clippy::disallowed_methods)] // Tests start threads of their own.

mod common;

use std::thread;
use std::time::Duration;

use common::{Drops, Runtime};
use trill_executor::{Executor, ambient};
use trill_park::{block_on, is_polling, may_block};
use trill_portal::{Portal, PortalError};

/// Calls every blocking form; each must be refused at once.
fn every_blocking_form_is_refused(portal: &Portal) {
    let drops = Drops::default();
    let guard = drops.guard();
    let refused = [
        portal.call(async move { drop(guard) }),
        portal.call_with(|| async {}),
        portal.run(|| ()),
        portal.start(async {}).wait(),
        portal
            .start(async {})
            .wait_timeout(Duration::from_secs(3600))
            .unwrap(),
    ];
    for result in refused {
        let error = result.unwrap_err();
        assert!(matches!(error, PortalError::Deadlock));
        let text = error.to_string();
        assert!(text.contains(".await") && text.contains("start"), "{text}");
    }
    assert_eq!(drops.count(), 1);
}

// asyncio C4: "Calling it from the loop's own thread and blocking is a deadlock."
#[test]
fn call_from_a_task_of_the_same_runtime_is_refused() {
    let runtime = Runtime::new(1);
    let portal = runtime.portal();
    runtime
        .portal()
        .call(async move { every_blocking_form_is_refused(&portal) })
        .unwrap();
}

#[test]
fn call_from_the_future_that_runs_the_executor_is_refused() {
    let ex = Executor::new();
    let portal = Portal::on(&ex);
    block_on(ex.run(async { every_blocking_form_is_refused(&portal) }));
}

// Fault 34d
#[test]
fn call_from_the_future_that_runs_the_executor_is_refused_under_a_foreign_block_on() {
    let ex = Executor::new();
    let portal = Portal::on(&ex);
    // trill-park does not see this `block_on`, and no task is being polled.
    futures_lite::future::block_on(ex.run(async {
        assert!(!is_polling());
        every_blocking_form_is_refused(&portal);
    }));
}

// Fault 34d
#[test]
fn call_into_the_outer_of_two_executors_on_this_thread_is_refused_also_where_blocking_is_allowed() {
    let (outer, inner) = (Executor::new(), Executor::new());
    let portal = Portal::on(&outer);
    let main = async { may_block(|| every_blocking_form_is_refused(&portal)) };
    block_on(outer.run(inner.run(main)));
    let main = async { every_blocking_form_is_refused(&portal) };
    futures_lite::future::block_on(outer.run(inner.run(main)));
}

#[test]
fn call_where_the_tasks_of_the_runtime_are_dropped_does_not_wait() {
    struct CallsInDrop(Portal);
    impl Drop for CallsInDrop {
        fn drop(&mut self) {
            self.0.call(async {}).unwrap_err();
        }
    }
    let ex = Executor::new();
    let calls = CallsInDrop(Portal::on(&ex));
    ex.spawn(async move {
        let _calls = calls;
        std::future::pending::<()>().await;
    })
    .detach();
    while ex.try_tick() {}
    drop(ex);
}

#[test]
fn call_from_a_task_is_refused_whoever_polls_it() {
    let ex = Executor::new();
    let portal = Portal::on(&ex);
    let task = ex.spawn(async move { every_blocking_form_is_refused(&portal) });
    // Not inside block_on.
    while ex.try_tick() {}
    assert!(task.is_finished());
    block_on(task);
}

// Two runtimes whose tasks block on each other would be a deadlock, and neither call could see it.
#[test]
fn call_from_a_task_of_another_runtime_is_refused() {
    let (here, there) = (Runtime::new(1), Runtime::new(1));
    let portal = there.portal();
    here.portal()
        .call(async move { every_blocking_form_is_refused(&portal) })
        .unwrap();
}

// The way around for whoever knows that the other runtime never calls back.
#[test]
fn task_of_another_runtime_that_may_block_may_call() {
    let (here, there) = (Runtime::new(1), Runtime::new(1));
    let portal = there.portal();
    let answer = here
        .portal()
        .call(async move { may_block(|| portal.call(async { 5 }).unwrap()) });
    assert_eq!(answer.unwrap(), 5);
}

#[test]
fn refused_call_leaves_the_portal_usable() {
    let runtime = Runtime::new(1);
    let portal = runtime.portal();
    let sum = runtime.portal().call(async move {
        assert!(portal.call(async { 1 }).is_err());
        // What the error says to do.
        portal.start(async { 2 }).await.unwrap() + async { 3 }.await
    });
    assert_eq!(sum.unwrap(), 5);
}

#[test]
fn thread_that_a_task_has_started_may_call() {
    let runtime = Runtime::new(1);
    let portal = runtime.portal();
    let answer = runtime.portal().call(async move {
        let (send, receive) = trill_sync::channel::oneshot::channel();
        thread::spawn(move || send.send(portal.call(async { 5 }).unwrap()).unwrap());
        receive.await.unwrap()
    });
    assert_eq!(answer.unwrap(), 5);
}

// Jobs of a blocking pool are tasks, and may block: `from_thread`.
#[test]
fn job_that_may_block_may_call() {
    let runtime = Runtime::new(1);
    let portal = runtime.portal();
    let answer = common::on_thread(move || {
        let job = trill_cell::Header::new(trill_cell::Spawned::here());
        job.poll(|| may_block(|| portal.call(async { 5 }).unwrap()))
    });
    assert_eq!(answer, 5);
}

#[test]
fn portal_is_made_in_a_task_and_used_by_a_thread() {
    let ex = Executor::new();
    let sum = block_on(ex.run(async {
        let portal = ambient::spawn(async { Portal::current().unwrap() });
        let portal = portal.ok().unwrap().await;
        let (send, receive) = trill_sync::channel::oneshot::channel();
        thread::spawn(move || send.send(portal.call(async { 1 + 2 }).unwrap()).unwrap());
        receive.await.unwrap()
    }));
    assert_eq!(sum, 3);
}
