//! What happens when no thread can be started.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod common;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;

use common::{EAGAIN, Gate, Log, NoteDrop, Stingy, class, until};
use futures_lite::{AsyncReadExt, AsyncWriteExt, FutureExt, StreamExt};
use trill_blocking::{Class, Pool, Refused, Unblock, try_unblock};
use trill_park::block_on;

// Fault 32b
#[test]
fn try_unblock_says_why_and_drops_the_work() {
    let (world, _) = Stingy::new(0);
    let _guard = world.enter();
    let log = Log::default();
    let owned = NoteDrop(log.clone(), 1);
    let error = try_unblock(move || drop(owned)).unwrap_err();
    let refused = error.get_ref().unwrap().downcast_ref::<Refused>().unwrap();
    assert_eq!(refused.os_error().raw_os_error(), Some(EAGAIN));
    assert_eq!(log.events(), [1]);
    let text = error.to_string();
    assert!(text.contains("raise the limit of threads"), "{text}");
    // A pool of a world lives no longer than its threads and those who hold it.
    assert_eq!(Pool::current().stats().threads, 0);
}

// Fault 32b
#[test]
fn task_without_any_thread_panics_with_the_reason() {
    let (world, _) = Stingy::new(0);
    let _guard = world.enter();
    let pool = Pool::new();
    let task = pool.unblock(|| unreachable!("no thread can run this"));
    let payload = block_on(AssertUnwindSafe(task).catch_unwind()).unwrap_err();
    let text = payload.downcast::<String>().unwrap();
    assert!(text.contains("none could be started"), "{text}");
    assert_eq!(pool.stats().refused, 1);
    assert_eq!(class(&pool, "default").queued, 0);
}

// Fault 32a
#[test]
fn work_waits_for_the_one_thread_that_lives() {
    let (world, _) = Stingy::new(1);
    let _guard = world.enter();
    let pool = Pool::new();
    let gate = Gate::default();
    let log = Log::default();
    let first = pool.unblock({
        let gate = gate.clone();
        move || gate.pass()
    });
    let tasks: Vec<_> = (0..10)
        .map(|number| {
            let log = log.clone();
            pool.try_unblock(move || log.note(number)).unwrap()
        })
        .collect();
    let stats = pool.stats();
    assert_eq!((stats.threads, stats.started, stats.refused), (1, 1, 10));
    gate.open();
    block_on(async {
        first.await;
        for task in tasks {
            task.await;
        }
    });
    assert_eq!(log.events(), Vec::from_iter(0..10));
}

#[test]
fn next_submission_tries_again_for_what_waits() {
    let (world, stingy) = Stingy::new(1);
    let _guard = world.enter();
    let pool = Pool::new();
    let gate = Gate::default();
    let first = pool.unblock({
        let gate = gate.clone();
        move || gate.pass()
    });
    let waiting = pool.unblock(|| 2);
    stingy.threads_left.store(1, Ordering::SeqCst);
    // This gets the second thread to live; it takes the work that waited longest first.
    let latest = pool.unblock(|| 3);
    assert_eq!(pool.stats().threads, 2);
    assert_eq!(block_on(waiting), 2);
    assert_eq!(block_on(latest), 3);
    gate.open();
    block_on(first);
}

// Fault 32b
#[test]
fn pool_recovers_when_threads_can_be_started() {
    let (world, stingy) = Stingy::new(0);
    let _guard = world.enter();
    let pool = Pool::new();
    assert!(pool.try_unblock(|| ()).is_err());
    stingy.threads_left.store(1, Ordering::SeqCst);
    assert_eq!(block_on(pool.try_unblock(|| 5).unwrap()), 5);
}

#[test]
fn reader_keeps_its_object_when_refused() {
    let (world, stingy) = Stingy::new(0);
    let _guard = world.enter();
    let mut reader = Unblock::new(&b"text"[..]);
    block_on(async {
        let mut to = [0; 4];
        let error = reader.read(&mut to).await.unwrap_err();
        assert!(error.get_ref().unwrap().is::<Refused>());
        stingy.threads_left.store(1, Ordering::SeqCst);
        reader.read_exact(&mut to).await.unwrap();
        assert_eq!(&to, b"text");
    });
}

#[test]
fn writer_accepts_nothing_when_refused() {
    let (world, stingy) = Stingy::new(0);
    let _guard = world.enter();
    let mut writer = Unblock::new(Vec::new());
    block_on(async {
        assert!(writer.write(b"lost?").await.is_err());
        stingy.threads_left.store(1, Ordering::SeqCst);
        writer.write_all(b"kept").await.unwrap();
        writer.flush().await.unwrap();
        assert_eq!(writer.into_inner().await, b"kept");
    });
}

#[test]
fn stream_panics_with_the_reason_and_keeps_its_iterator() {
    let (world, stingy) = Stingy::new(0);
    let _guard = world.enter();
    let mut numbers = Unblock::new(0..3);
    let payload = catch_unwind(AssertUnwindSafe(|| block_on(numbers.next()))).unwrap_err();
    let text = payload.downcast::<String>().unwrap();
    assert!(text.contains("none could be started"), "{text}");
    stingy.threads_left.store(1, Ordering::SeqCst);
    assert_eq!(block_on(numbers.collect::<Vec<_>>()), [0, 1, 2]);
}

// Fault 32a
#[test]
fn full_class_never_leaves_work_for_nobody() {
    // The only thread runs work of a class at its limit, and more of that class is queued.
    let (world, _) = Stingy::new(1);
    let _guard = world.enter();
    let pool = Pool::builder().keep_alive(common::LONG).build().unwrap();
    let narrow = Class::new("narrow", 1);
    let gate = Gate::default();
    let tasks: Vec<_> = (0..5)
        .map(|number| {
            let gate = gate.clone();
            pool.unblock_in(&narrow, move || {
                gate.pass();
                number
            })
        })
        .collect();
    gate.open();
    block_on(async {
        for (number, task) in tasks.into_iter().enumerate() {
            assert_eq!(task.await, number);
        }
    });
    until(|| pool.stats().idle == 1);
    drop(pool);
}
