//! What a waiting task tells of itself: the program's own line.

#![allow(clippy::unwrap_used)] // A failed step fails its test.
#![cfg_attr(rustfmt, rustfmt_skip)] // Each await stands on the line whose number is given.

mod support;

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Waker};

use futures_lite::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, StreamExt};
use support::{Event, Script, Sink};
use trill_cell::{Header, Kind, Spawned};
use trill_io::{Reader, Writer, copy_bidirectional, joined};

/// Polls a future as a task and checks what the task says it waits for.
fn waits(kind: Kind, line: u32, future: impl Future) {
    let header = Header::new(Spawned::here());
    let mut future: Pin<Box<dyn Future<Output = _>>> = Box::pin(future);
    let polled = header.poll(|| future.as_mut().poll(&mut Context::from_waker(Waker::noop())));
    assert!(polled.is_pending());
    let wait = header.wait().expect("a task that waits says so");
    let location = wait.location.expect("a leaf gives its location");
    assert_eq!(wait.kind, kind);
    assert_eq!((location.file(), location.line()), (file!(), line));
}

#[test]
fn reads_tell_where_they_are_awaited() {
    let mut reader = Reader::new(Script::new([Event::Hang]));
    let kind = Kind::Readable;
    waits(kind, line!(), async { drop(reader.read(1).await) });
    waits(kind, line!(), async { drop(reader.read_into(&mut [0]).await) });
    waits(kind, line!(), async { drop(reader.read_exact(1).await) });
    waits(kind, line!(), async { drop(reader.read_line().await) });
    waits(kind, line!(), async { drop(reader.read_until(["a", "bc"]).await) });
    waits(kind, line!(), async { drop(reader.read_to_end(1).await) });
}

#[test]
fn waits_on_a_writer_tell_where_they_are_awaited() {
    let mut writer = Writer::with_water_marks(0, 0, Sink::new(0).end());
    writer.write(b"x").unwrap();
    let kind = Kind::Writable;
    waits(kind, line!(), async { drop(writer.drain().await) });
    waits(kind, line!(), async { drop(writer.flush().await) });
    waits(kind, line!(), async { drop(writer.write_all(b"y").await) });
    waits(kind, line!(), async { drop(writer.pump().await) });
    waits(kind, line!(), async { drop(writer.close().await) });
    // Through an extension trait it is that trait's line, but it is told.
    let header = Header::new(Spawned::here());
    let mut future = AsyncWriteExt::flush(&mut writer);
    let mut cx = Context::from_waker(Waker::noop());
    assert!(header.poll(|| Pin::new(&mut future).poll(&mut cx)).is_pending());
    assert_eq!(header.wait().unwrap().kind, kind);
}

#[test]
fn a_joined_reader_tells_where_it_is_awaited() {
    let sink = Sink::new(0);
    let (mut reader, writer) = joined(Script::new([Event::Hang]), sink.end());
    waits(Kind::Readable, line!(), async { drop(reader.read(1).await) });
    writer.write(b"x").unwrap();
    waits(Kind::Writable, line!(), async { drop(reader.read(1).await) });
}

#[test]
fn a_copy_tells_where_it_is_awaited() {
    let (mut a, _a) = trill_net::unix::UnixStream::pair().unwrap();
    let (mut b, _b) = trill_net::unix::UnixStream::pair().unwrap();
    waits(Kind::Readable, line!(), async { drop(copy_bidirectional(&mut a, &mut b).await) });
}

#[test]
fn a_task_that_used_up_its_budget_waits_for_its_turn() {
    let mut reader = Reader::new(futures_lite::io::repeat(b'\n'));
    waits(Kind::Turn, line!(), async { loop { drop(reader.read_line().await) } });
    waits(Kind::Turn, line!(), async { loop { drop(reader.read(1).await) } });
    waits(Kind::Turn, line!(), async { drop(reader.read_exact(usize::MAX).await) });
    let writer = Writer::new(futures_lite::io::sink());
    waits(Kind::Turn, line!(), async { loop { drop(writer.drain().await) } });
    waits(Kind::Turn, line!(), async { loop { drop(writer.write_all(b"x").await) } });
    waits(Kind::Turn, line!(), async { loop { drop(writer.flush().await) } });
}

#[test]
fn extension_traits_cannot_keep_a_task_for_ever_either() {
    let header = Header::new(Spawned::here());
    let mut reader = Reader::new(futures_lite::io::repeat(b'\n'));
    let mut future: Pin<Box<dyn Future<Output = ()>>> = Box::pin(async {
        loop {
            AsyncReadExt::read(&mut reader, &mut [0]).await.unwrap();
            AsyncBufReadExt::fill_buf(&mut reader).await.unwrap();
            Reader::lines(&mut reader).next().await.unwrap().unwrap();
        }
    });
    let mut cx = Context::from_waker(Waker::noop());
    assert!(header.poll(|| future.as_mut().poll(&mut cx)).is_pending());
    assert_eq!(header.wait().unwrap().kind, Kind::Turn);
}
