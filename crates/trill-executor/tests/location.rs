//! What a task that awaits another task or an executor is said to wait for, and where: the line of the user's own await.
#![cfg_attr(rustfmt, rustfmt_skip)] // Each await stands on the line whose number is given.
#![allow(clippy::unwrap_used)] // A failed step fails its test.
#![allow(clippy::redundant_async_block)] // The await is what is tested.
#![cfg(all(not(loom), feature = "insight"))] // Without it tasks keep nothing of what they wait for.

use std::future::{Future, pending};
use std::pin::Pin;
use std::task::{Context, Waker};

use trill_cell::{Header, Kind, Spawned};
use trill_executor::{Executor, LocalExecutor, yield_now};

/// Polls a future as a task and checks what the task says it waits for.
fn waits(kind: Kind, line: u32, future: impl Future) -> u64 {
    let header = Header::new(Spawned::here());
    let mut future: Pin<Box<dyn Future<Output = _>>> = Box::pin(future);
    let polled = header.poll(|| future.as_mut().poll(&mut Context::from_waker(Waker::noop())));
    assert!(polled.is_pending());
    let wait = header.wait().expect("a task that waits says so");
    let location = wait.location.expect("a leaf gives its location");
    assert_eq!((wait.kind, wait.leaves), (kind, 1));
    assert_eq!((location.file(), location.line()), (file!(), line));
    wait.value
}

#[test]
fn a_task_is_awaited_in_the_users_line_in_each_of_its_forms() {
    let executor = Executor::new();
    let task = executor.spawn(pending::<()>());
    let id = task.id().as_u64();
    assert_eq!(waits(Kind::Task, line!(), async { task.await }), id);
    let task = executor.spawn(pending::<()>());
    let id = task.id().as_u64();
    assert_eq!(waits(Kind::Task, line!(), async { task.fallible().await }), id);
    let task = executor.spawn(pending::<()>());
    let id = task.id().as_u64();
    assert_eq!(waits(Kind::Task, line!(), async { drop(task.join().await) }), id);
    let task = executor.spawn(pending::<()>());
    let id = task.id().as_u64();
    assert_eq!(waits(Kind::Task, line!(), async { task.cancel().await }), id);
    let local = LocalExecutor::new();
    let task = local.spawn(pending::<()>());
    waits(Kind::Task, line!(), async { task.await });
}

#[test]
fn a_yield_is_awaited_in_the_users_line() {
    waits(Kind::Turn, line!(), async { yield_now().await });
}

#[test]
fn an_executor_is_awaited_in_the_users_line() {
    let executor = Executor::new();
    waits(Kind::Turn, line!(), async { executor.run(yield_now()).await });
    waits(Kind::Turn, line!(), async { executor.run_here(yield_now()).await });
    waits(Kind::Other, line!(), async { executor.tick().await });
    let local = LocalExecutor::new();
    waits(Kind::Turn, line!(), async { local.run(yield_now()).await });
    waits(Kind::Other, line!(), async { local.tick().await });
}

#[test]
fn what_the_tasks_of_an_executor_wait_for_is_not_said_of_the_one_that_runs_it() {
    let executor = Executor::new();
    let task = executor.spawn(pending::<()>());
    waits(Kind::Task, line!(), async { executor.run(task).await });
}
