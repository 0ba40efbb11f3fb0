//! What a task that awaits blocking work is said to wait for, and where: the line of the user's own await.
#![cfg_attr(rustfmt, rustfmt_skip)] // Each await stands on the line whose number is given.
#![allow(clippy::unwrap_used)] // A failed step fails its test.
#![cfg(not(loom))]

use std::future::Future;
use std::pin::Pin;
use std::sync::mpsc;
use std::task::{Context, Waker};

use trill_blocking::{Class, Pool, Unblock, to_thread, to_thread_in};
use trill_cell::{Header, Kind, Spawned};

/// Polls a future as a task and checks what the task says it waits for.
fn waits(line: u32, future: impl Future) {
    let header = Header::new(Spawned::here());
    let mut future: Pin<Box<dyn Future<Output = _>>> = Box::pin(future);
    let polled = header.poll(|| future.as_mut().poll(&mut Context::from_waker(Waker::noop())));
    assert!(polled.is_pending());
    let wait = header.wait().expect("a task that waits says so");
    let location = wait.location.expect("a leaf gives its location");
    assert!(matches!(wait.kind, Kind::Blocking | Kind::Task), "{wait:?}");
    assert_eq!((location.file(), location.line()), (file!(), line));
}

#[test]
fn blocking_work_is_awaited_in_the_users_line() {
    let class = Class::new("held", 1);
    let pool = Pool::builder().class(class).build().unwrap();
    let _entered = pool.enter();
    // The only thread of the class is held, so nothing behind it begins.
    let (release, hold) = mpsc::channel::<()>();
    let held = pool.unblock_in(&class, move || hold.recv());
    waits(line!(), async { pool.unblock_in(&class, || ()).await });
    waits(line!(), async { to_thread_in(&class, || ()).await });
    release.send(()).unwrap();
    trill_park::block_on(held).unwrap();

    let (release, hold) = mpsc::channel::<()>();
    waits(line!(), async { to_thread(move || hold.recv()).await });
    release.send(()).unwrap();
    let (release, hold) = mpsc::channel::<()>();
    waits(line!(), async { trill_blocking::unblock(move || hold.recv()).await });
    release.send(()).unwrap();
}

#[test]
fn an_object_that_may_block_is_awaited_in_the_users_line() {
    let (release, hold) = mpsc::channel::<()>();
    let mut object = Unblock::new(());
    waits(line!(), async { object.with_mut(move |()| hold.recv()).await });
    // That was dropped, and its job is under way.
    waits(line!(), async { object.get_mut().await; });
    waits(line!(), async { object.into_inner().await });
    release.send(()).unwrap();
}
