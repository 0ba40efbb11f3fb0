//! `Unblock` over seekers, and its own methods.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod common;

use std::io::{self, Cursor, SeekFrom};
use std::panic::{AssertUnwindSafe, Location, catch_unwind, panic_any};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Waker};

use common::{Gate, Log, poll_once};
use futures_lite::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};
use trill_blocking::Unblock;
use trill_cell::{Header, Kind, Spawned, Wait};
use trill_park::block_on;

#[test]
fn seek_counts_from_where_the_user_has_read() {
    let mut reader = Unblock::with_capacity(8, Cursor::new((0..100).collect::<Vec<u8>>()));
    block_on(async {
        let mut byte = [0];
        reader.read_exact(&mut byte).await.unwrap();
        // Seven more are in the buffer.
        assert_eq!(reader.seek(SeekFrom::Current(10)).await.unwrap(), 11);
        reader.read_exact(&mut byte).await.unwrap();
        assert_eq!(byte, [11]);
        assert_eq!(reader.seek(SeekFrom::Current(-2)).await.unwrap(), 10);
        assert_eq!(reader.seek(SeekFrom::End(-1)).await.unwrap(), 99);
        reader.read_exact(&mut byte).await.unwrap();
        assert_eq!(byte, [99]);
        assert_eq!(reader.seek(SeekFrom::Start(5)).await.unwrap(), 5);
        assert_eq!(reader.seek(SeekFrom::Start(5)).await.unwrap(), 5);
        assert_eq!(reader.seek(SeekFrom::Current(1)).await.unwrap(), 6);
        assert_eq!(reader.seek(SeekFrom::Current(1)).await.unwrap(), 7);
    });
}

#[test]
fn failed_seek_keeps_what_was_read_ahead() {
    let mut reader = Unblock::new(Cursor::new(b"some text".to_vec()));
    block_on(async {
        reader.read_exact(&mut [0; 5]).await.unwrap();
        let error = reader.seek(SeekFrom::Current(-6)).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
        let error = reader.seek(SeekFrom::Current(i64::MIN)).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
        let mut rest = String::new();
        reader.read_to_string(&mut rest).await.unwrap();
        assert_eq!(rest, "text");
    });
}

#[test]
fn seek_comes_after_what_was_written() {
    let mut file = Unblock::with_capacity(2, Cursor::new(Vec::new()));
    block_on(async {
        file.write_all(b"abcdef").await.unwrap();
        assert_eq!(file.seek(SeekFrom::Current(0)).await.unwrap(), 6);
        assert_eq!(file.seek(SeekFrom::Start(1)).await.unwrap(), 1);
        file.write_all(b"XY").await.unwrap();
        assert_eq!(file.into_inner().await.into_inner(), b"aXYdef");
    });
}

#[test]
fn result_of_a_dropped_seek_is_not_taken_for_a_later_one() {
    let mut reader = Unblock::new(Cursor::new((0..100).collect::<Vec<u8>>()));
    drop(poll_once(&mut reader.seek(SeekFrom::Current(10))));
    block_on(async {
        let mut byte = [0];
        reader.read_exact(&mut byte).await.unwrap();
        assert_eq!(byte, [10]);
        assert_eq!(reader.seek(SeekFrom::Current(10)).await.unwrap(), 21);
        assert_eq!(reader.seek(SeekFrom::Start(3)).await.unwrap(), 3);
    });
}

#[test]
fn with_mut_returns_what_the_closure_returns() {
    let mut words = Unblock::new(vec![1, 2]);
    block_on(async {
        let here = std::thread::current().id();
        let (sum, there) = words
            .with_mut(|words| {
                words.push(3);
                (words.iter().sum::<i32>(), std::thread::current().id())
            })
            .await;
        assert_eq!(sum, 6);
        assert_ne!(here, there);
        assert_eq!(words.into_inner().await, [1, 2, 3]);
    });
}

#[test]
fn dropped_with_mut_is_finished_and_its_result_is_not_mixed_up() {
    let gate = Gate::default();
    let log = Log::default();
    let mut object = Unblock::new(0);
    let mut first = object.with_mut({
        let (gate, log) = (gate.clone(), log.clone());
        move |object| {
            gate.pass();
            log.note(1);
            *object += 1;
            "first"
        }
    });
    assert!(poll_once(&mut first).is_pending());
    drop(first);
    // Not yet submitted, so never called.
    let mut second = object.with_mut(|_| unreachable!("dropped before it was submitted"));
    assert!(poll_once(&mut second).is_pending());
    drop::<trill_blocking::WithMut<'_, _, _, ()>>(second);
    gate.open();
    let third = block_on(object.with_mut(|object| *object));
    assert_eq!(third, 1);
    assert_eq!(log.events(), [1]);
}

#[test]
fn panic_in_with_mut_reaches_the_awaiter() {
    let mut object = Unblock::new(3);
    let caught = catch_unwind(AssertUnwindSafe(|| {
        block_on(object.with_mut(|_| panic_any(5_u32)))
    }));
    assert_eq!(caught.unwrap_err().downcast_ref::<u32>(), Some(&5));
    assert_eq!(block_on(object.into_inner()), 3);
}

#[test]
fn debug_shows_the_object_or_that_it_is_busy() {
    let gate = Gate::default();
    let mut object = Unblock::new(37);
    assert!(format!("{object:?}").contains("37"));
    let mut with = object.with_mut({
        let gate = gate.clone();
        move |_| gate.pass()
    });
    assert!(poll_once(&mut with).is_pending());
    drop(with);
    assert!(format!("{object:?}").contains("busy: true"));
    gate.open();
    block_on(object.get_mut());
}

/// What a task waits for after one poll of `future`.
fn wait_of<F: Future>(future: F) -> Wait {
    let header = Header::new(Spawned::here());
    let mut future = pin!(future);
    let mut cx = Context::from_waker(Waker::noop());
    assert!(header.poll(|| future.as_mut().poll(&mut cx)).is_pending());
    header.wait().unwrap()
}

#[test]
fn waiting_futures_tell_the_line_of_their_await() {
    let gate = Gate::default();
    let mut object = Unblock::new(());
    let wait = wait_of(async {
        let gate = gate.clone();
        let with = object.with_mut(move |()| gate.pass());
        with.await
    });
    let line = line!() - 2;
    let location = wait.location.unwrap();
    assert_eq!((wait.kind, location.file()), (Kind::Blocking, file!()));
    assert_eq!(location.line(), line);

    let wait = wait_of(async {
        object.get_mut().await;
    });
    assert_eq!(wait.kind, Kind::Blocking);
    assert_eq!(wait.location.map(Location::line), Some(line!() - 3));

    let wait = wait_of(async {
        object.into_inner().await;
    });
    assert_eq!(wait.kind, Kind::Blocking);
    assert_eq!(wait.location.map(Location::line), Some(line!() - 3));
    gate.open();
}

#[test]
fn task_of_unblock_tells_the_line_of_its_await() {
    let gate = Gate::default();
    let task = trill_blocking::unblock({
        let gate = gate.clone();
        move || gate.pass()
    });
    let wait = wait_of(async {
        task.await;
    });
    assert_eq!(wait.location.map(Location::file), Some(file!()));
    assert_eq!(wait.location.map(Location::line), Some(line!() - 3));
    gate.open();
}

#[test]
fn object_shared_with_others_is_gone_when_the_adapter_is() {
    let shared = Arc::new(());
    let mut object = Unblock::new(shared.clone());
    block_on(object.with_mut(|_| ()));
    block_on(object.with_mut(|_| ()));
    drop(object);
    assert_eq!(Arc::strong_count(&shared), 1);
}
