//! `Unblock` over writers.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod common;

use std::io::{self, Cursor, Write};
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::sync::{Arc, Mutex};

use common::{Gate, Log, NoteDrop, poll_once, until};
use futures_lite::{AsyncReadExt, AsyncWriteExt};
use trill_blocking::{Class, Pool, Unblock};
use trill_park::block_on;

/// Writes into a shared vector, behind a gate, with failures by script.
#[derive(Default)]
struct Shared {
    bytes: Arc<Mutex<Vec<u8>>>,
    gate: Gate,
    /// What the next calls do; without a script they write all.
    script: Arc<Mutex<Vec<Step>>>,
    flushes: Log,
    dropped: Option<NoteDrop>,
}

enum Step {
    Write(usize),
    Fail(io::ErrorKind),
    Panic,
}

impl Shared {
    /// Returns a second handle on the same vector.
    fn twin(&self) -> Shared {
        Shared {
            bytes: self.bytes.clone(),
            gate: self.gate.clone(),
            script: self.script.clone(),
            flushes: self.flushes.clone(),
            dropped: None,
        }
    }

    fn open() -> Shared {
        let shared = Shared::default();
        shared.gate.open();
        shared
    }

    fn script(self, steps: impl IntoIterator<Item = Step>) -> Shared {
        let mut steps: Vec<_> = steps.into_iter().collect();
        steps.reverse();
        *self.script.lock().unwrap() = steps;
        self
    }

    fn text(&self) -> String {
        String::from_utf8(self.bytes.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Shared {
    fn write(&mut self, from: &[u8]) -> io::Result<usize> {
        self.gate.pass();
        let step = self.script.lock().unwrap().pop();
        let count = match step {
            None => from.len(),
            Some(Step::Write(count)) => count.min(from.len()),
            Some(Step::Fail(kind)) => return Err(kind.into()),
            Some(Step::Panic) => panic_any(5_u32),
        };
        self.bytes.lock().unwrap().extend_from_slice(&from[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        let written = self.bytes.lock().unwrap().len();
        self.flushes.note(written.try_into().unwrap());
        Ok(())
    }
}

#[test]
fn everything_is_written_in_order() {
    for (bytes, capacity) in [
        (0, 1),
        (10, 1),
        (1_000, 7),
        (200_000, 4096),
        (1 << 20, 1 << 16),
    ] {
        let pattern: Vec<_> = (0..bytes).map(|index| (index % 251) as u8).collect();
        let mut writer = Unblock::with_capacity(capacity, Cursor::new(Vec::new()));
        block_on(writer.write_all(&pattern)).unwrap();
        // Waits for what is on its way, without a flush.
        let written = block_on(writer.into_inner()).into_inner();
        assert!(written == pattern, "{bytes} bytes, capacity {capacity}");
    }
}

#[test]
fn accepted_bytes_are_written_without_a_poll() {
    let shared = Shared::open();
    let mut writer = Unblock::new(shared.twin());
    block_on(writer.write_all(b"some text")).unwrap();
    until(|| shared.text() == "some text");
    assert_eq!(shared.flushes.events(), []);
}

#[test]
fn full_buffer_makes_the_writer_wait() {
    let shared = Shared::default();
    let mut writer = Unblock::with_capacity(4, shared.twin());
    block_on(writer.write_all(b"abcd")).unwrap();
    // The job has taken the first batch, or will: one more fits, then nothing does.
    assert_eq!(block_on(writer.write(b"efghij")).unwrap(), 4);
    assert!(poll_once(&mut writer.write(b"ij")).is_pending());
    shared.gate.open();
    block_on(writer.write_all(b"ij")).unwrap();
    block_on(writer.flush()).unwrap();
    assert_eq!(shared.text(), "abcdefghij");
}

#[test]
fn flush_waits_until_all_is_written_and_flushed() {
    let shared = Shared::default();
    let mut writer = Unblock::new(shared.twin());
    block_on(writer.write_all(b"text")).unwrap();
    assert!(poll_once(&mut writer.flush()).is_pending());
    shared.gate.open();
    block_on(writer.flush()).unwrap();
    assert_eq!(shared.text(), "text");
    assert_eq!(shared.flushes.events(), [4]);
    // Nothing changed, so nothing is to be done.
    block_on(writer.flush()).unwrap();
    assert_eq!(shared.flushes.events(), [4]);
}

#[test]
fn flush_covers_what_was_written_after_a_dropped_one() {
    let shared = Shared::open();
    let mut writer = Unblock::new(shared.twin());
    block_on(async {
        writer.write_all(b"one").await.unwrap();
        drop(poll_once(&mut writer.flush()));
        writer.write_all(b"two").await.unwrap();
        writer.flush().await.unwrap();
        assert_eq!(shared.flushes.events().last(), Some(&6));
    });
}

#[test]
fn flush_covers_changes_made_to_the_object_itself() {
    let shared = Shared::open();
    let mut writer = Unblock::new(shared.twin());
    block_on(async {
        writer.get_mut().await.write_all(b"one").unwrap();
        writer.flush().await.unwrap();
        assert_eq!(shared.flushes.events(), [3]);
        writer
            .with_mut(|object| object.write_all(b"two"))
            .await
            .unwrap();
        writer.flush().await.unwrap();
        assert_eq!(shared.flushes.events(), [3, 6]);
    });
}

#[test]
fn dropped_writer_writes_what_it_accepted() {
    let log = Log::default();
    let shared = Shared::default();
    let mut object = shared.twin();
    object.dropped = Some(NoteDrop(log.clone(), 1));
    let mut writer = Unblock::with_capacity(4, object);
    block_on(writer.write_all(b"abcd")).unwrap();
    assert_eq!(block_on(writer.write(b"efgh")).unwrap(), 4);
    drop(writer);
    assert_eq!(log.events(), []);
    shared.gate.open();
    until(|| log.events() == [1]);
    assert_eq!(shared.text(), "abcdefgh");
}

#[test]
fn writer_dropped_before_its_job_began_writes_what_it_accepted() {
    let pool = Pool::builder().max_threads(1).build().unwrap();
    let gate = Gate::default();
    let held = pool.unblock({
        let gate = gate.clone();
        move || gate.pass()
    });
    let shared = Shared::open();
    let mut writer = Unblock::on(&pool, Class::DEFAULT, shared.twin());
    block_on(writer.write_all(b"text")).unwrap();
    drop(writer);
    gate.open();
    block_on(held);
    block_on(pool.unblock(|| ()));
    assert_eq!(shared.text(), "text");
}

#[test]
fn failed_bytes_stay_and_are_tried_again() {
    let shared = Shared::open().script([
        Step::Write(2),
        Step::Fail(io::ErrorKind::StorageFull),
        Step::Fail(io::ErrorKind::StorageFull),
    ]);
    let mut writer = Unblock::new(shared.twin());
    block_on(async {
        writer.write_all(b"abcdef").await.unwrap();
        let error = writer.flush().await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        assert_eq!(shared.text(), "ab");
        assert!(writer.flush().await.is_err());
        // By now there is room.
        writer.flush().await.unwrap();
        assert_eq!(shared.text(), "abcdef");
    });
}

#[test]
fn error_is_reported_by_the_next_write_and_nothing_is_accepted_then() {
    let shared = Shared::open().script([Step::Fail(io::ErrorKind::StorageFull)]);
    let mut writer = Unblock::new(shared.twin());
    block_on(async {
        writer.write_all(b"abc").await.unwrap();
        writer.get_mut().await;
        let error = writer.write(b"def").await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        writer.write_all(b"def").await.unwrap();
        writer.flush().await.unwrap();
        assert_eq!(shared.text(), "abcdef");
    });
}

#[test]
fn full_buffer_left_by_a_failure_is_tried_again_by_the_next_write() {
    let shared = Shared::open().script([Step::Fail(io::ErrorKind::StorageFull)]);
    let mut writer = Unblock::with_capacity(3, shared.twin());
    block_on(async {
        writer.write_all(b"abc").await.unwrap();
        writer.get_mut().await;
        assert!(writer.write(b"def").await.is_err());
        writer.write_all(b"def").await.unwrap();
        writer.flush().await.unwrap();
        assert_eq!(shared.text(), "abcdef");
    });
}

#[test]
fn writer_that_takes_nothing_is_an_error() {
    let shared = Shared::open().script([Step::Write(0)]);
    let mut writer = Unblock::new(shared.twin());
    block_on(async {
        writer.write_all(b"abc").await.unwrap();
        let error = writer.flush().await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::WriteZero);
    });
}

#[test]
fn interrupted_and_partial_writes_go_on() {
    let shared = Shared::open().script([
        Step::Write(1),
        Step::Fail(io::ErrorKind::Interrupted),
        Step::Write(2),
    ]);
    let mut writer = Unblock::new(shared.twin());
    block_on(async {
        writer.write_all(b"abcdef").await.unwrap();
        writer.flush().await.unwrap();
        assert_eq!(shared.text(), "abcdef");
    });
}

#[test]
fn panic_of_the_writer_reaches_the_awaiter_and_its_bytes_stay() {
    let shared = Shared::open().script([Step::Write(2), Step::Panic]);
    let mut writer = Unblock::new(shared.twin());
    block_on(writer.write_all(b"abcdef")).unwrap();
    let caught = catch_unwind(AssertUnwindSafe(|| block_on(writer.flush())));
    assert_eq!(caught.unwrap_err().downcast_ref::<u32>(), Some(&5));
    block_on(writer.flush()).unwrap();
    assert_eq!(shared.text(), "abcdef");
}

#[test]
fn close_flushes_and_drops_the_object() {
    let log = Log::default();
    let shared = Shared::open();
    let mut object = shared.twin();
    object.dropped = Some(NoteDrop(log.clone(), 1));
    let mut writer = Unblock::new(object);
    block_on(async {
        writer.write_all(b"text").await.unwrap();
        writer.close().await.unwrap();
        assert_eq!(log.events(), [1]);
        assert_eq!(shared.flushes.events(), [4]);
        writer.close().await.unwrap();
        let error = writer.write(b"more").await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotConnected);
    });
    let caught = catch_unwind(AssertUnwindSafe(|| block_on(writer.into_inner())));
    assert!(caught.is_err());
}

#[test]
fn close_that_fails_keeps_the_object() {
    let shared = Shared::open().script([Step::Fail(io::ErrorKind::StorageFull)]);
    let mut writer = Unblock::new(shared.twin());
    block_on(async {
        writer.write_all(b"text").await.unwrap();
        assert!(writer.close().await.is_err());
        writer.close().await.unwrap();
        assert_eq!(shared.text(), "text");
    });
}

#[test]
fn reads_and_writes_of_one_object_take_turns() {
    /// Sends back what it was sent.
    #[derive(Default)]
    struct Echo(Vec<u8>);
    impl io::Read for Echo {
        fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
            let count = self.0.len().min(to.len());
            to[..count].copy_from_slice(&self.0[..count]);
            self.0.drain(..count);
            Ok(count)
        }
    }
    impl Write for Echo {
        fn write(&mut self, from: &[u8]) -> io::Result<usize> {
            self.0.extend_from_slice(from);
            Ok(from.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut echo = Unblock::with_capacity(8, Echo::default());
    block_on(async {
        let mut to = [0; 3];
        echo.write_all(b"abcdef").await.unwrap();
        echo.read_exact(&mut to).await.unwrap();
        assert_eq!(&to, b"abc");
        // Bytes that were read ahead are still there after a write.
        echo.write_all(b"ghi").await.unwrap();
        for part in [b"def", b"ghi"] {
            echo.read_exact(&mut to).await.unwrap();
            assert_eq!(&to, part);
        }
    });
}
