//! Anonymous and named pipes.
#![cfg(unix)]
#![allow(clippy::unwrap_used)] // A failed step fails its test.

use std::future::Future;
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::PathBuf;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};

use futures_lite::{AsyncReadExt, AsyncWriteExt, future};
use rustix::fs::{CWD, FileType, Mode, OFlags};
use trill_pipe::{PipeReader, PipeWriter, pipe};
use trill_reactor::block_on;

fn poll_once<F: Future>(future: F) -> Poll<F::Output> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}

/// A named pipe in the directory for such things, removed when dropped.
struct Named(PathBuf);

impl Named {
    fn new() -> Named {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("trill-pipe-{}-{count}", std::process::id());
        let path = std::env::temp_dir().join(name);
        rustix::fs::mknodat(CWD, &path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        Named(path)
    }
}

impl Drop for Named {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[test]
fn more_than_it_holds_goes_through() {
    let (mut reader, writer) = pipe().unwrap();
    let much: Vec<u8> = (0..1u32 << 16).flat_map(u32::to_le_bytes).collect();
    block_on(async {
        let write = async {
            writer.write_all(&much).await.unwrap();
            drop(writer);
        };
        let mut all = Vec::new();
        let (_, read) = future::zip(write, reader.read_to_end(&mut all)).await;
        read.unwrap();
        assert!(all == much);
    });
}

#[test]
fn a_reader_waits_for_bytes_and_for_the_end() {
    let (reader, mut writer) = pipe().unwrap();
    let mut buffer = [0; 8];
    assert!(poll_once(reader.read(&mut buffer)).is_pending());
    assert!(poll_once(AsyncReadExt::read(&mut &reader, &mut buffer)).is_pending());
    block_on(AsyncWriteExt::write_all(&mut writer, b"abc")).unwrap();
    // The two that were dropped took nothing.
    assert_eq!(block_on(reader.read(&mut buffer)).unwrap(), 3);
    let waits = future::zip(reader.read(&mut buffer), async { drop(writer) });
    assert_eq!(block_on(waits).0.unwrap(), 0);
    assert_eq!(block_on(reader.read(&mut buffer)).unwrap(), 0);
}

// Fault 39e
#[test]
fn a_writer_waits_for_room() {
    let (reader, writer) = pipe().unwrap();
    let mut sent = 0;
    while let Ok(count) = writer.try_write(&[7; 4096]) {
        sent += count;
    }
    assert!(poll_once(writer.write(&[8; 4096])).is_pending());
    let mut got = vec![0; sent];
    let write = writer.write_all(&[9; 4096]);
    block_on(async {
        let read = async {
            let mut done = 0;
            while done < sent {
                done += reader.read(&mut got[done..]).await.unwrap();
            }
        };
        future::zip(write, read).await.0.unwrap();
    });
    // The write that was dropped left nothing behind.
    assert!(got.iter().all(|byte| *byte == 7));
}

// Fault 11c
#[test]
fn a_pipe_that_nobody_reads_is_an_error() {
    let (reader, writer) = pipe().unwrap();
    while writer.try_write(&[7; 4096]).is_ok() {}
    let write = future::zip(writer.write(b"x"), async { drop(reader) });
    let error = block_on(write).0.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
    let error = block_on(writer.write_all(b"x")).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
}

#[test]
fn ends_are_closed_in_children_and_do_not_block() {
    let (reader, writer) = pipe().unwrap();
    for fd in [reader.as_fd(), writer.as_fd()] {
        let flags = rustix::io::fcntl_getfd(fd).unwrap();
        assert!(flags.contains(rustix::io::FdFlags::CLOEXEC));
        let mode = rustix::fs::fcntl_getfl(fd).unwrap();
        assert!(mode.contains(OFlags::NONBLOCK));
    }
    let fd = writer.into_blocking_fd().unwrap();
    let mode = rustix::fs::fcntl_getfl(&fd).unwrap();
    assert!(!mode.contains(OFlags::NONBLOCK));
}

#[test]
fn descriptors_become_ends_if_they_are_pipes() {
    let (reads, writes) = rustix::pipe::pipe().unwrap();
    let number = reads.as_raw_fd();
    let other = reads.try_clone().unwrap();
    let reader = PipeReader::try_from(reads).unwrap();
    assert_eq!(reader.as_raw_fd(), number);
    let wrong = PipeWriter::try_from(other).unwrap_err();
    assert_eq!(wrong.kind(), io::ErrorKind::InvalidInput);
    let writer = PipeWriter::try_from(writes).unwrap();
    block_on(async {
        writer.write_all(b"x").await.unwrap();
        assert_eq!(reader.read(&mut [0; 8]).await.unwrap(), 1);
    });
    let file = std::fs::File::open("/dev/null").unwrap();
    let wrong = PipeReader::try_from(OwnedFd::from(file)).unwrap_err();
    assert_eq!(wrong.kind(), io::ErrorKind::InvalidInput);
    assert!(wrong.to_string().contains("no pipe"), "{wrong}");
}

// Fault 39e
#[test]
fn a_named_reader_waits_for_its_first_writer() {
    let named = Named::new();
    let reader = PipeReader::open(&named.0).unwrap();
    let mut buffer = [0; 8];
    // Not the end: nobody has written yet.
    assert!(poll_once(reader.read(&mut buffer)).is_pending());
    let error = reader.try_read(&mut buffer).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
    block_on(async {
        let read = reader.read(&mut buffer);
        let write = async {
            let writer = PipeWriter::open(&named.0).unwrap();
            future::yield_now().await;
            writer.write_all(b"first").await.unwrap();
        };
        assert_eq!(future::zip(read, write).await.0.unwrap(), 5);
    });
    // The writer is gone.
    assert_eq!(block_on(reader.read(&mut buffer)).unwrap(), 0);
    // And there is another one.
    let writer = PipeWriter::open(&named.0).unwrap();
    assert!(poll_once(reader.read(&mut buffer)).is_pending());
    block_on(writer.write_all(b"second")).unwrap();
    assert_eq!(block_on(reader.read(&mut buffer)).unwrap(), 6);
}

#[test]
fn a_named_reader_sees_a_writer_that_wrote_nothing() {
    let named = Named::new();
    let reader = PipeReader::open(&named.0).unwrap();
    let mut buffer = [0; 8];
    block_on(async {
        let read = reader.read(&mut buffer);
        let write = async { drop(PipeWriter::open(&named.0).unwrap()) };
        assert_eq!(future::zip(read, write).await.0.unwrap(), 0);
    });
}

// Fault 39e
#[test]
fn a_named_pipe_that_cannot_be_had_is_an_error() {
    let named = Named::new();
    let nobody = PipeWriter::open(&named.0).unwrap_err();
    let code = rustix::io::Errno::NXIO.raw_os_error();
    assert_eq!(nobody.raw_os_error(), Some(code));
    let missing = PipeReader::open("/nowhere/at all").unwrap_err();
    assert_eq!(missing.kind(), io::ErrorKind::NotFound);
    let other = PipeReader::open("/dev/null").unwrap_err();
    assert_eq!(other.kind(), io::ErrorKind::InvalidInput);
}

#[test]
fn a_simulated_world_has_no_pipes() {
    trill_world::VirtualWorld::new(1).run(|| {
        let error = pipe().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::Unsupported);
        assert!(PipeReader::open("/dev/null").is_err());
    });
}

#[test]
fn ends_can_go_where_they_are_needed() {
    fn check<T: Send + Sync + Unpin + std::fmt::Debug>() {}
    check::<PipeReader>();
    check::<PipeWriter>();
    check::<trill_pipe::Read<'_>>();
    check::<trill_pipe::WriteAll<'_>>();
}
