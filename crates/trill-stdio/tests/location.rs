//! What a task that waits for a standard stream is said to wait for, and where: the line of the user's own await.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod support;

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Waker};

use futures_lite::{AsyncRead, AsyncWrite};
use support::{both, ends_well, pipe, poll_once, program};
use trill_cell::{Header, Kind, Spawned};
use trill_stdio::{Way, stderr, stdin};

both! {
    streams_are_awaited_in_the_users_line
}

/// Polls a task once; it must wait in the line that it has set.
#[track_caller]
fn waits(kind: Kind, line: &Cell<u32>, task: impl Future) {
    let header = Header::new(Spawned::here());
    let mut task = pin!(task);
    let mut cx = Context::from_waker(Waker::noop());
    assert!(header.poll(|| task.as_mut().poll(&mut cx)).is_pending());
    let wait = header.wait().unwrap();
    assert_eq!(wait.kind, kind);
    let location = wait.location.unwrap();
    assert_eq!((location.file(), location.line()), (file!(), line.get()));
}

fn streams_are_awaited_in_the_users_line(way: &str) {
    let (input, _held) = pipe();
    let (_unread, output) = pipe();
    let waits = program(
        way,
        |command| {
            command.stdin(input).stderr(output);
        },
        all_wait,
    );
    ends_well(waits);
}

fn all_wait() {
    let line = &Cell::new(0);
    let (read, write) = match stdin().way().unwrap() {
        Way::Reactor => (Kind::Readable, Kind::Writable),
        _ => (Kind::Blocking, Kind::Blocking),
    };
    waits(read, line, async {
        let mut buffer = [0; 8];
        line.set(line!() + 1);
        stdin().read(&mut buffer).await
    });
    waits(read, line, async {
        let mut stdin = stdin();
        line.set(line!() + 1);
        poll_fn(|cx| Pin::new(&mut stdin).poll_read(cx, &mut [0])).await
    });
    // Full, or a thread is at it.
    while poll_once(stderr().write(&[7; 1 << 16])).is_ready() {}
    waits(write, line, async {
        line.set(line!() + 1);
        stderr().write(b"x").await
    });
    waits(write, line, async {
        line.set(line!() + 1);
        stderr().write_all(b"x").await
    });
    let mut stderr = stderr();
    waits(write, line, async {
        line.set(line!() + 1);
        poll_fn(|cx| Pin::new(&mut stderr).poll_write(cx, b"x")).await
    });
}

#[test]
fn a_flush_is_awaited_in_the_users_line() {
    let (_unread, output) = pipe();
    rustix::pipe::fcntl_setpipe_size(&output, 4096).unwrap();
    let flushes = program(
        "thread",
        |command| {
            command.stderr(output);
        },
        || {
            let line = &Cell::new(0);
            let mut stderr = stderr();
            let much = vec![7; 1 << 20];
            // More than the pipe holds, so the call does not return.
            let write = poll_fn(|cx| Pin::new(&mut stderr).poll_write(cx, &much));
            assert!(poll_once(write).is_pending());
            waits(Kind::Blocking, line, async {
                line.set(line!() + 1);
                stderr.flush().await
            });
        },
    );
    ends_well(flushes);
}
