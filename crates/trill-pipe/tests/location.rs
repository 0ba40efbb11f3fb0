//! What a task that waits for a pipe is said to wait for, and where: the line of the user's own await.
#![cfg(unix)]
#![allow(clippy::unwrap_used)] // A failed step fails its test.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Waker};

use futures_lite::{AsyncRead, AsyncWrite};
use trill_cell::{Header, Kind, Spawned};
use trill_pipe::pipe;

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

#[test]
fn a_pipe_is_awaited_in_the_users_line() {
    let line = &Cell::new(0);
    let (reader, writer) = pipe().unwrap();
    let mut buffer = [0; 8];
    waits(Kind::Readable, line, async {
        line.set(line!() + 1);
        reader.read(&mut buffer).await
    });
    waits(Kind::Readable, line, async {
        let mut reader = &reader;
        line.set(line!() + 1);
        poll_fn(|cx| Pin::new(&mut reader).poll_read(cx, &mut [0])).await
    });
    while writer.try_write(&[7; 4096]).is_ok() {}
    waits(Kind::Writable, line, async {
        line.set(line!() + 1);
        writer.write(&[0; 4096]).await
    });
    waits(Kind::Writable, line, async {
        line.set(line!() + 1);
        writer.write_all(&[0; 4096]).await
    });
    waits(Kind::Writable, line, async {
        let mut writer = &writer;
        line.set(line!() + 1);
        poll_fn(|cx| Pin::new(&mut writer).poll_write(cx, &[0; 4096])).await
    });
}
