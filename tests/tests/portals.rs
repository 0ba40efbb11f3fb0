//! Portals, jobs and the facade's runtime together.
#![allow(clippy::unwrap_used)] // A failed step fails its test.
#![allow(clippy::disallowed_methods)] // Tests start threads of their own.

use std::future::pending;
use std::sync::mpsc;
use std::thread;

use trill::Runtime;
use trill_blocking::to_thread;
use trill_portal::{Portal, PortalError};

fn runtime(workers: usize) -> Runtime {
    Runtime::builder().workers(workers).build().unwrap()
}

#[test]
fn thread_calls_into_the_runtime_that_made_the_portal() {
    for workers in 1..=2 {
        let answer = runtime(workers).run(async {
            let portal = Portal::current().unwrap();
            let (send, receive) = trill::channel::oneshot::channel();
            thread::spawn(move || {
                let answer = portal.call(async {
                    trill::time::sleep(std::time::Duration::from_millis(1)).await;
                    trill::spawn(async { 5 }).await
                });
                send.send(answer.unwrap()).unwrap();
            });
            receive.await.unwrap()
        });
        assert_eq!(answer, 5);
    }
}

// What anyio calls `from_thread.run`: a job calls back into the runtime of its task.
#[test]
fn job_calls_back_into_its_runtime() {
    let answer = runtime(1).run(async {
        let portal = Portal::current().unwrap();
        let task = trill::spawn(async move {
            to_thread(move || portal.call(async { 1 + 2 }).unwrap() + 4).await
        });
        task.await
    });
    assert_eq!(answer, 7);
}

// Fault 34d
#[test]
fn call_from_the_main_future_or_a_task_is_refused() {
    let is_refused =
        |portal: &Portal| matches!(portal.call(async { 5 }).unwrap_err(), PortalError::Deadlock);
    runtime(1).run(async {
        let portal = Portal::current().unwrap();
        assert!(is_refused(&portal));
        assert!(trill::spawn(async move { is_refused(&portal) }).await);
    });
}

#[test]
fn callers_get_an_error_when_the_runtime_is_dropped() {
    for workers in 1..=2 {
        let runtime = runtime(workers);
        let portal = runtime.run(async { Portal::current().unwrap() });
        let (send, begun) = mpsc::channel();
        let caller = thread::spawn({
            let portal = portal.clone();
            move || {
                portal.call(async move {
                    send.send(()).unwrap();
                    pending::<()>().await;
                })
            }
        });
        if workers == 1 {
            // Its only worker is the thread that runs it.
            runtime.run(async move { trill::unblock(move || begun.recv()).await.unwrap() });
        } else {
            begun.recv().unwrap();
        }
        drop(runtime);
        assert!(matches!(caller.join().unwrap(), Err(PortalError::Closed)));
        assert!(portal.is_closed());
    }
}

#[test]
fn portal_made_outside_leads_into_the_process_wide_runtime() {
    // Any use of the facade makes that runtime known.
    trill::block_on(async {});
    let portal = Portal::current().unwrap();
    assert_eq!(
        portal
            .call(async { trill::spawn(async { 5 }).await })
            .unwrap(),
        5
    );
}
