//! What a task that awaits a whole operation is said to wait for, and where: the line of the user's own await.
#![cfg(all(target_os = "linux", feature = "uring"))] // io_uring is Linux's.
#![allow(clippy::unwrap_used)] // A failed step fails its test.
#![allow(clippy::redundant_async_block)] // The await is what is tested.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Waker};

use trill_cell::{Header, Kind, Spawned};
use trill_reactor::op::Read;
use trill_reactor::{Reactor, Rings};

#[test]
fn an_operation_is_awaited_in_the_users_line() {
    let reactor = Reactor::builder().build().unwrap();
    assert_eq!(reactor.rings(), Rings::On, "this machine has no rings");
    // Nothing is ever written.
    let (read, _write) = rustix::pipe::pipe().unwrap();
    let Ok(pending) = reactor.submit(Read::new(Arc::new(read), vec![0; 4], None)) else {
        panic!("the operation was handed back");
    };
    let header = Header::new(Spawned::here());
    let line = line!() + 1;
    let mut task = pin!(async { pending.await });
    let mut cx = Context::from_waker(Waker::noop());
    assert!(header.poll(|| task.as_mut().poll(&mut cx)).is_pending());
    let wait = header.wait().unwrap();
    assert_eq!((wait.kind, wait.leaves), (Kind::File, 1));
    let location = wait.location.unwrap();
    assert_eq!((location.file(), location.line()), (file!(), line));
}
