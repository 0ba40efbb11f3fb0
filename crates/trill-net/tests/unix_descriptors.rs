//! Descriptors that travel over Unix sockets.
#![allow(clippy::unwrap_used)] // Only tests call the functions here.

mod support;

use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::process::{Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures_lite::future::zip;
use trill_net::unix::{FDS_MAX, UnixDatagram, UnixStream};
use trill_park::block_on;

use support::poll_once;

/// Keeps the tests of this file apart: the one that starts a program has, until that begins, a copy of every descriptor, and
/// the others ask who holds theirs.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A pipe: what is written to the second end comes out of the first.
fn pipe() -> (OwnedFd, File) {
    let flags = rustix::pipe::PipeFlags::CLOEXEC;
    let (read, write) = rustix::pipe::pipe_with(flags).unwrap();
    (read, write.into())
}

fn is_kept_from_children(fd: &OwnedFd) -> bool {
    let flags = rustix::io::fcntl_getfd(fd).unwrap();
    flags.contains(rustix::io::FdFlags::CLOEXEC)
}

/// How many ends of a pipe for reading are open: with none, writing to it fails.
fn has_reader(mut write: &File) -> bool {
    match write.write(b"?") {
        Ok(_) => true,
        Err(error) if error.kind() == ErrorKind::BrokenPipe => false,
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn descriptors_arrive_in_order_with_their_bytes() {
    let _alone = alone();
    block_on(async {
        let (a, b) = UnixStream::pair().unwrap();
        let (pipes, mut writers): (Vec<_>, Vec<_>) = (0..5).map(|_| pipe()).unzip();
        let fds: Vec<_> = pipes.iter().map(AsFd::as_fd).collect();
        a.write_all(b"before").await.unwrap();
        assert_eq!(a.send_with_fds(b"with", &fds).await.unwrap(), 4);
        a.write_all(b"after").await.unwrap();
        drop(pipes);

        let mut buffer = [0; 64];
        let (mut bytes, mut fds) = (Vec::<u8>::new(), Vec::new());
        while bytes.len() < 15 {
            let received = b.recv_with_fds(&mut buffer, 10).await.unwrap();
            assert!(!received.is_truncated);
            if !received.fds.is_empty() {
                // Bytes from before may come in the same read, and none from behind.
                assert!(buffer[..received.len].ends_with(b"with"), "after {bytes:?}");
            }
            bytes.extend(&buffer[..received.len]);
            fds.extend(received.fds);
        }
        assert_eq!(bytes, b"beforewithafter");
        assert_eq!(fds.len(), 5);
        for (number, (fd, writer)) in (0..).zip(fds.into_iter().zip(&mut writers)) {
            assert!(is_kept_from_children(&fd));
            writer.write_all(&[number]).unwrap();
            let mut byte = [0];
            File::from(fd).read_exact(&mut byte).unwrap();
            assert_eq!(byte, [number]);
        }
    });
}

#[test]
fn datagrams_carry_descriptors_and_may_be_empty() {
    let _alone = alone();
    block_on(async {
        let (a, b) = UnixDatagram::pair().unwrap();
        let (read, write) = pipe();
        a.send_with_fds(b"", &[read.as_fd()]).await.unwrap();
        a.send_with_fds(b"none", &[]).await.unwrap();
        drop(read);
        let received = b.recv_with_fds(&mut [0; 8], 1).await.unwrap();
        assert_eq!((received.len, received.fds.len()), (0, 1));
        assert!(is_kept_from_children(&received.fds[0]));
        assert!(has_reader(&write));
        drop(received);
        assert!(!has_reader(&write));
        let received = b.recv_with_fds(&mut [0; 8], 1).await.unwrap();
        assert_eq!((received.len, received.fds.len()), (4, 0));
    });
}

#[test]
fn descriptors_beyond_the_limit_are_closed() {
    let _alone = alone();
    block_on(async {
        for limit in [0, 1, 2, 3] {
            let (a, b) = UnixStream::pair().unwrap();
            let (pipes, writers): (Vec<_>, Vec<_>) = (0..4).map(|_| pipe()).unzip();
            let fds: Vec<_> = pipes.iter().map(AsFd::as_fd).collect();
            a.send_with_fds(b"x", &fds).await.unwrap();
            drop(pipes);
            let received = b.recv_with_fds(&mut [0; 8], limit).await.unwrap();
            assert_eq!((received.len, received.fds.len()), (1, limit));
            assert!(received.is_truncated);
            for (number, writer) in writers.iter().enumerate() {
                assert_eq!(has_reader(writer), number < limit);
            }
        }
    });
}

#[test]
fn a_read_without_descriptors_closes_them() {
    let _alone = alone();
    block_on(async {
        let (a, b) = UnixStream::pair().unwrap();
        let (read, write) = pipe();
        a.send_with_fds(b"x", &[read.as_fd()]).await.unwrap();
        drop(read);
        assert!(has_reader(&write), "it is under way");
        assert_eq!(b.read(&mut [0; 8]).await.unwrap(), 1);
        assert!(!has_reader(&write));
    });
}

#[test]
fn a_message_carries_as_many_as_the_limit_says() {
    let _alone = alone();
    block_on(async {
        let (a, b) = UnixStream::pair().unwrap();
        let null = File::open("/dev/null").unwrap();
        let most = vec![null.as_fd(); FDS_MAX];
        a.send_with_fds(b"x", &most).await.unwrap();
        let received = b.recv_with_fds(&mut [0; 8], FDS_MAX).await.unwrap();
        assert_eq!(received.fds.len(), FDS_MAX);
        let too_many = vec![null.as_fd(); FDS_MAX + 1];
        let error = a.send_with_fds(b"x", &too_many).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        let error = a.send_with_fds(b"", &[null.as_fd()]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
    });
}

#[test]
fn a_dropped_wait_takes_no_descriptor() {
    let _alone = alone();
    block_on(async {
        let (a, b) = UnixStream::pair().unwrap();
        let mut buffer = [0; 8];
        assert!(poll_once(&mut b.recv_with_fds(&mut buffer, 1)).is_pending());
        let (read, _write) = pipe();
        let fds = [read.as_fd()];
        let (received, sent) =
            zip(b.recv_with_fds(&mut buffer, 1), a.send_with_fds(b"x", &fds)).await;
        sent.unwrap();
        assert_eq!(received.unwrap().fds.len(), 1);
        // A full socket: the send waits, and its drop sends nothing.
        let block = [0; 65536];
        while a.try_write(&block).is_ok() {}
        assert!(poll_once(&mut a.send_with_fds(b"x", &fds)).is_pending());
        drop(a);
        loop {
            let mut buffer = vec![0; 65536];
            let received = b.recv_with_fds(&mut buffer, 1).await.unwrap();
            assert!(received.fds.is_empty());
            if received.len == 0 {
                return;
            }
        }
    });
}

/// A process that may open few descriptors receives many: it gets some, is told, and none stays open.
#[test]
fn descriptors_that_find_no_room_are_told_and_leak_nothing() {
    let _alone = alone();
    if std::env::var_os(CHILD).is_some() {
        return in_a_process_with_few_descriptors();
    }
    let myself = std::env::current_exe().unwrap();
    let output = Command::new(myself)
        .args([
            "descriptors_that_find_no_room_are_told_and_leak_nothing",
            "--exact",
            "--nocapture",
        ])
        .env(CHILD, "1")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
}

const CHILD: &str = "TRILL_TEST_FEW_DESCRIPTORS";

fn in_a_process_with_few_descriptors() {
    block_on(async {
        let (a, b) = UnixStream::pair().unwrap();
        let null = File::open("/dev/null").unwrap();
        let fds: Vec<BorrowedFd<'_>> = vec![null.as_fd(); 50];
        a.send_with_fds(b"x", &fds).await.unwrap();
        let mut taken = support::take_all_descriptors();
        taken.truncate(taken.len() - 3);
        let received = b.recv_with_fds(&mut [0; 8], 50).await.unwrap();
        assert_eq!(received.len, 1);
        assert!(received.is_truncated);
        assert_eq!(received.fds.len(), 3);
        let numbers = |fds: &[OwnedFd]| fds.iter().map(AsRawFd::as_raw_fd).collect::<Vec<_>>();
        let places = numbers(&received.fds);
        drop(received);
        // The three places are free again and no others, so nothing else was kept or lost.
        let again: Vec<OwnedFd> = (0..4)
            .map_while(|_| File::open("/dev/null").ok())
            .map(OwnedFd::from)
            .collect();
        assert_eq!(numbers(&again), places);
    });
}
