//! `Unblock` over readers.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod common;

use std::io::{self, Cursor, Read};
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::sync::mpsc;

use common::{Gate, Log, NoteDrop, poll_once, until};
use futures_lite::{AsyncBufReadExt, AsyncReadExt, StreamExt};
use trill_blocking::{Class, Pool, Unblock};
use trill_park::block_on;

/// Reads what a test sends it, one message per call, and notes the room it was given.
struct Scripted {
    messages: mpsc::Receiver<io::Result<Vec<u8>>>,
    rooms: Log,
    _dropped: NoteDrop,
}

impl Scripted {
    fn new() -> (Scripted, mpsc::Sender<io::Result<Vec<u8>>>, Log) {
        let (send, messages) = mpsc::channel();
        let rooms = Log::default();
        let scripted = Scripted {
            messages,
            rooms: rooms.clone(),
            _dropped: NoteDrop(rooms.clone(), 0),
        };
        (scripted, send, rooms)
    }
}

impl Read for Scripted {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        self.rooms.note(to.len().try_into().unwrap());
        match self.messages.recv() {
            Ok(message) => {
                let message = message?;
                to[..message.len()].copy_from_slice(&message);
                Ok(message.len())
            }
            Err(mpsc::RecvError) => Ok(0),
        }
    }
}

fn pattern(bytes: usize) -> Vec<u8> {
    (0..bytes).map(|index| (index % 251) as u8).collect()
}

#[test]
fn everything_is_read_in_order() {
    for (bytes, capacity) in [
        (0, 1),
        (10, 1),
        (1_000, 7),
        (200_000, 4096),
        (1 << 20, 1 << 16),
    ] {
        let mut reader = Unblock::with_capacity(capacity, Cursor::new(pattern(bytes)));
        let mut read = Vec::new();
        block_on(reader.read_to_end(&mut read)).unwrap();
        assert!(read == pattern(bytes), "{bytes} bytes, capacity {capacity}");
    }
}

#[test]
fn partial_reads_are_delivered_as_they_come() {
    let (scripted, send, rooms) = Scripted::new();
    let mut reader = Unblock::with_capacity(16, scripted);
    block_on(async {
        let mut to = [0; 16];
        for part in ["some", "more", "text"] {
            send.send(Ok(part.into())).unwrap();
            let count = reader.read(&mut to).await.unwrap();
            assert_eq!(&to[..count], part.as_bytes());
        }
        assert_eq!(rooms.events(), [16, 16, 16]);
    });
}

#[test]
fn room_grows_only_when_it_is_filled() {
    const KIB: usize = 1024;
    let (scripted, send, rooms) = Scripted::new();
    let mut reader = Unblock::with_capacity(50 * KIB, scripted);
    block_on(async {
        for bytes in [1, 16 * KIB, 16 * KIB, 32 * KIB, 50 * KIB] {
            send.send(Ok(pattern(bytes))).unwrap();
            let mut read = vec![0; bytes];
            reader.read_exact(&mut read).await.unwrap();
            assert!(read == pattern(bytes));
        }
    });
    let kib: Vec<_> = rooms.events().iter().map(|room| room / 1024).collect();
    assert_eq!(kib, [16, 16, 32, 32, 50]);
}

#[test]
fn nothing_is_read_before_somebody_asks() {
    let (scripted, send, rooms) = Scripted::new();
    let mut reader = Unblock::new(scripted);
    send.send(Ok(b"one two".into())).unwrap();
    block_on(async {
        let mut to = [0; 3];
        reader.read_exact(&mut to).await.unwrap();
        assert_eq!(reader.unread(), b" two");
        reader.get_mut().await;
        assert_eq!(rooms.events().len(), 1);
    });
}

#[test]
fn dropped_read_keeps_its_bytes_for_the_next() {
    let (scripted, send, _) = Scripted::new();
    let mut reader = Unblock::new(scripted);
    let mut to = [0; 8];
    assert!(poll_once(&mut reader.read(&mut to)).is_pending());
    send.send(Ok(b"kept".into())).unwrap();
    block_on(async {
        // Anything else that waits for the job must not lose its bytes.
        reader.get_mut().await;
        assert_eq!(reader.unread(), b"kept");
        let count = reader.read(&mut to).await.unwrap();
        assert_eq!(&to[..count], b"kept");
    });
}

#[test]
fn end_of_file_is_reported_once_per_call_and_reading_may_go_on() {
    let (scripted, send, _) = Scripted::new();
    let mut reader = Unblock::new(scripted);
    let mut to = [0; 8];
    block_on(async {
        send.send(Ok(Vec::new())).unwrap();
        assert_eq!(reader.read(&mut to).await.unwrap(), 0);
        send.send(Ok(b"more".into())).unwrap();
        assert_eq!(reader.read(&mut to).await.unwrap(), 4);
    });
}

#[test]
fn error_is_reported_once_and_reading_goes_on() {
    let (scripted, send, _) = Scripted::new();
    let mut reader = Unblock::new(scripted);
    let mut to = [0; 8];
    block_on(async {
        send.send(Err(io::Error::from_raw_os_error(5))).unwrap();
        send.send(Ok(b"more".into())).unwrap();
        let error = reader.read(&mut to).await.unwrap_err();
        assert_eq!(error.raw_os_error(), Some(5));
        assert_eq!(reader.read(&mut to).await.unwrap(), 4);
    });
}

#[test]
fn interrupted_read_is_tried_again() {
    let (scripted, send, _) = Scripted::new();
    let mut reader = Unblock::new(scripted);
    send.send(Err(io::ErrorKind::Interrupted.into())).unwrap();
    send.send(Ok(b"more".into())).unwrap();
    assert_eq!(block_on(reader.read(&mut [0; 8])).unwrap(), 4);
}

#[test]
fn reader_that_lies_about_its_count_is_an_error() {
    struct Liar;
    impl Read for Liar {
        fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
            Ok(to.len() + 1)
        }
    }
    let mut reader = Unblock::with_capacity(4, Liar);
    let error = block_on(reader.read(&mut [0; 8])).unwrap_err();
    assert!(error.to_string().contains("5 bytes into a buffer of 4"));
}

// Fault 22b
#[test]
fn panic_of_the_reader_reaches_the_awaiter_and_the_object_is_kept() {
    struct Shy(u32);
    impl Read for Shy {
        fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
            self.0 += 1;
            if self.0 == 2 {
                panic_any(2_u32);
            }
            to[0] = 7;
            Ok(1)
        }
    }
    let mut reader = Unblock::new(Shy(0));
    let mut to = [0; 8];
    assert_eq!(block_on(reader.read(&mut to)).unwrap(), 1);
    let caught = catch_unwind(AssertUnwindSafe(|| block_on(reader.read(&mut to))));
    assert_eq!(caught.unwrap_err().downcast_ref::<u32>(), Some(&2));
    assert_eq!(block_on(reader.read(&mut to)).unwrap(), 1);
    assert_eq!(block_on(reader.into_inner()).0, 3);
}

#[test]
fn panic_of_a_dropped_read_reaches_the_next_operation() {
    struct Angry(mpsc::Receiver<()>);
    impl Read for Angry {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            self.0.recv().unwrap();
            panic_any(5_u32);
        }
    }
    let (send, receive) = mpsc::channel();
    let mut reader = Unblock::new(Angry(receive));
    assert!(poll_once(&mut reader.read(&mut [0; 8])).is_pending());
    send.send(()).unwrap();
    let caught = catch_unwind(AssertUnwindSafe(|| {
        block_on(reader.get_mut());
    }));
    assert_eq!(caught.unwrap_err().downcast_ref::<u32>(), Some(&5));
    block_on(reader.get_mut());
}

#[test]
fn object_is_dropped_once_however_far_a_read_has_come() {
    // Idle.
    let (scripted, _send, log) = Scripted::new();
    drop(Unblock::new(scripted));
    assert_eq!(log.events(), [0]);

    // In the middle of a read: when that ends.
    let (scripted, send, log) = Scripted::new();
    let mut reader = Unblock::new(scripted);
    assert!(poll_once(&mut reader.read(&mut [0; 8])).is_pending());
    until(|| !log.events().is_empty());
    drop(reader);
    assert_eq!(log.events().len(), 1);
    send.send(Ok(Vec::new())).unwrap();
    until(|| log.events().len() == 2);
    assert_eq!(log.events()[1], 0);

    // Before the read began: when its turn comes.
    let pool = Pool::builder().max_threads(1).build().unwrap();
    let gate = Gate::default();
    let held = pool.unblock({
        let gate = gate.clone();
        move || gate.pass()
    });
    let (scripted, _send, log) = Scripted::new();
    let mut reader = Unblock::on(&pool, Class::DEFAULT, scripted);
    assert!(poll_once(&mut reader.read(&mut [0; 8])).is_pending());
    drop(reader);
    gate.open();
    block_on(held);
    block_on(pool.unblock(|| ()));
    assert_eq!(log.events(), [0]);
}

#[test]
fn reads_hold_no_more_threads_than_their_class_allows() {
    let pool = Pool::new();
    let files = Class::new("files", 1);
    let (first, send_first, rooms_first) = Scripted::new();
    let (second, send_second, rooms_second) = Scripted::new();
    let mut first = Unblock::on(&pool, files, first);
    let mut second = Unblock::on(&pool, files, second);
    let (mut to_first, mut to_second) = ([0; 8], [0; 8]);
    let mut read_first = first.read(&mut to_first);
    let mut read_second = second.read(&mut to_second);
    assert!(poll_once(&mut read_first).is_pending());
    assert!(poll_once(&mut read_second).is_pending());
    until(|| rooms_first.events().len() == 1);
    assert_eq!(common::class(&pool, "files").queued, 1);
    send_second.send(Ok(b"b".into())).unwrap();
    assert_eq!(rooms_second.events(), []);
    send_first.send(Ok(b"a".into())).unwrap();
    assert_eq!(block_on(read_first).unwrap(), 1);
    assert_eq!(block_on(read_second).unwrap(), 1);
}

#[test]
fn lines_are_read_without_another_buffer() {
    let reader = Unblock::with_capacity(4, Cursor::new("one\ntwo\nthree"));
    let lines = block_on(reader.lines().try_collect::<_, io::Error, Vec<_>>()).unwrap();
    assert_eq!(lines, ["one", "two", "three"]);
}

#[test]
fn empty_read_does_not_ask_the_reader() {
    let (scripted, _send, rooms) = Scripted::new();
    let mut reader = Unblock::new(scripted);
    assert_eq!(block_on(reader.read(&mut [])).unwrap(), 0);
    assert_eq!(rooms.events(), []);
}
