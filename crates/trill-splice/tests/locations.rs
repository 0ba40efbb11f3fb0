//! A task can say in which line of the program it waits.
#![cfg(unix)]
#![allow(clippy::unwrap_used)] // Only tests call the functions here.

mod support;

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Waker};

use support::{Scratch, pattern};
use trill_cell::{Header, Kind, Spawned, Wait};
use trill_net::unix::UnixStream;
use trill_splice::{copy, receive_file, send_file};

/// Polls once as a task would, and drops the future; returns what the task waits for.
fn wait_of<F: Future>(future: F) -> Wait {
    let header = Header::new(Spawned::here());
    let mut future = pin!(future);
    let polled = header.poll(|| {
        let mut cx = Context::from_waker(Waker::noop());
        future.as_mut().poll(&mut cx).is_ready()
    });
    assert!(!polled, "the future did not wait");
    header.wait().expect("a leaf said what it waits for")
}

#[track_caller]
fn check(wait: Wait, kind: Kind, line: u32) {
    let location = wait.location.unwrap();
    assert_eq!((location.file(), location.line()), (file!(), line));
    assert_eq!(wait.kind, kind);
}

/// As `wait_of`, for a future that waits for the pool; tried again when the pool was quicker than the poll.
fn blocking_wait_of<F: Future>(mut make: impl FnMut() -> F) -> Wait {
    (0..1_000)
        .map(|_| wait_of(make()))
        .find(|wait| wait.kind == Kind::Blocking)
        .expect("the pool was quicker than the poll a thousand times")
}

#[test]
fn each_says_where_it_waits() {
    let scratch = Scratch::new("location", &pattern(4_000_000));
    let (a, b) = UnixStream::pair().unwrap();
    let line = line!() + 1;
    let wait = wait_of(async { copy(&b, &b).await });
    check(wait, Kind::Readable, line);
    let line = line!() + 1;
    let wait = wait_of(async { receive_file(&b, &scratch.file, 0).await });
    check(wait, Kind::Readable, line);
    let file = &scratch.file;
    let line = line!() + 1;
    let wait = blocking_wait_of(|| async { send_file(file, .., &a).through_memory().await });
    check(wait, Kind::Blocking, line);
    let line = line!() + 1;
    let wait = wait_of(async { send_file(&scratch.file, .., &a).await });
    check(wait, Kind::Writable, line);
    // Streams whose readiness nobody has asked for are tried first.
    let (c, d) = UnixStream::pair().unwrap();
    assert_eq!(c.try_write(b"hello").unwrap(), 5);
    let line = line!() + 1;
    let wait = wait_of(async { copy(&d, &a).await });
    check(wait, Kind::Writable, line);
    let hello = || {
        assert_eq!(c.try_write(b"hello").unwrap(), 5);
        trill_park::block_on(d.readable()).unwrap();
    };
    let line = line!() + 1;
    let wait = blocking_wait_of(|| (hello(), async { receive_file(&d, &scratch.file, 0).await }).1);
    check(wait, Kind::Blocking, line);
}
