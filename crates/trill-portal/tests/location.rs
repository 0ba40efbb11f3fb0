//! What a task that awaits a portal's task is said to wait for, and where: the line of the user's own await.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

use std::future::{Future, pending};
use std::pin::pin;
use std::sync::mpsc;
use std::task::{Context, Waker};

use trill_cell::{Header, Kind, Spawned, Wait, current_id};
use trill_executor::Executor;
use trill_portal::Portal;

/// Polls a task once, and returns what it waits for.
fn wait_of(future: impl Future) -> Wait {
    let header = Header::new(Spawned::here());
    let mut future = pin!(future);
    let mut cx = Context::from_waker(Waker::noop());
    assert!(header.poll(|| future.as_mut().poll(&mut cx)).is_pending());
    header.wait().unwrap()
}

#[test]
fn awaited_handle_tells_the_line_of_the_await_and_the_task() {
    let ex = Executor::new();
    let portal = Portal::on(&ex);
    let task = portal.start(async {});
    let ordered = wait_of(async {
        task.await.ok();
    });
    assert_eq!(ordered.location.unwrap().line(), line!() - 2);
    assert_eq!((ordered.kind, ordered.value), (Kind::Task, 0));

    let (send, receive) = mpsc::channel();
    let task = portal.start(async move {
        send.send(current_id().unwrap().as_u64()).unwrap();
        pending::<()>().await;
    });
    while ex.try_tick() {}
    let placed = wait_of(async {
        task.await.ok();
    });
    let location = placed.location.unwrap();
    assert_eq!((location.file(), location.line()), (file!(), line!() - 3));
    assert_eq!(
        (placed.kind, placed.value),
        (Kind::Task, receive.recv().unwrap())
    );
}
