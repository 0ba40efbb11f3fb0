//! The pool: order, reuse, entering, growth, its own end.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod common;

use std::cell::RefCell;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use common::{Gate, Log, NoteDrop, class, until};
use trill_blocking::{Class, Pool, unblock};
use trill_park::block_on;

#[test]
fn unblock_returns_what_the_closure_returns() {
    let here = thread::current().id();
    let there = block_on(unblock(|| thread::current().id()));
    assert_ne!(here, there);
}

#[test]
fn work_begins_without_a_poll() {
    let (done, wait) = mpsc::channel();
    let task = unblock(move || done.send(5).unwrap());
    assert_eq!(wait.recv(), Ok(5));
    block_on(task);
}

#[test]
fn one_class_runs_in_the_order_of_submission() {
    let pool = Pool::builder().max_threads(1).build().unwrap();
    let gate = Gate::default();
    let log = Log::default();
    let held = pool.unblock({
        let gate = gate.clone();
        move || gate.pass()
    });
    let tasks: Vec<_> = (0..50)
        .map(|number| {
            let log = log.clone();
            pool.unblock(move || log.note(number))
        })
        .collect();
    gate.open();
    block_on(async {
        held.await;
        for task in tasks {
            task.await;
        }
    });
    assert_eq!(log.events(), Vec::from_iter(0..50));
    assert_eq!(pool.stats().started, 1);
}

#[test]
fn oldest_work_comes_first_among_classes() {
    let pool = Pool::builder().max_threads(1).build().unwrap();
    let (even, odd) = (Class::new("even", 1), Class::new("odd", 1));
    let gate = Gate::default();
    let log = Log::default();
    pool.unblock({
        let gate = gate.clone();
        move || gate.pass()
    })
    .detach();
    let tasks: Vec<_> = (0..20)
        .map(|number| {
            let log = log.clone();
            let class = if number % 2 == 0 { &even } else { &odd };
            pool.unblock_in(class, move || log.note(number))
        })
        .collect();
    gate.open();
    block_on(async {
        for task in tasks {
            task.await;
        }
    });
    assert_eq!(log.events(), Vec::from_iter(0..20));
}

#[test]
fn thread_that_became_idle_last_is_used_first() {
    let pool = Pool::builder().keep_alive(common::LONG).build().unwrap();
    let gates = [Gate::default(), Gate::default()];
    let tasks = gates.clone().map(|gate| {
        pool.unblock(move || {
            gate.pass();
            thread::current().id()
        })
    });
    let mut threads = Vec::new();
    for (number, (gate, task)) in gates.iter().zip(tasks).enumerate() {
        gate.open();
        threads.push(block_on(task));
        until(|| pool.stats().idle == number + 1);
    }
    for _ in 0..10 {
        let next = block_on(pool.unblock(|| thread::current().id()));
        assert_eq!(next, threads[1]);
        until(|| pool.stats().idle == 2);
    }
    assert_eq!(pool.stats().started, 2);
}

// Fault 34c
#[test]
fn job_that_waits_for_another_gets_a_thread_for_it() {
    // With threads only for a multiple of the idle ones this would deadlock.
    let pool = Pool::new();
    let (send, receive) = mpsc::channel();
    let first = pool.unblock(move || receive.recv().unwrap());
    let second = pool.unblock(move || send.send(5).unwrap());
    assert_eq!(block_on(first), 5);
    block_on(second);
}

#[test]
fn jobs_use_the_pool_they_run_on() {
    let pool = Pool::new();
    block_on(block_on(pool.unblock(|| unblock(|| ()))));
    assert_eq!(pool.stats().classes.len(), 1);
    let through_current = pool.unblock(|| Pool::current().stats().started);
    assert_eq!(block_on(through_current), pool.stats().started);
}

#[test]
fn entered_pool_is_current_until_the_guard_is_dropped() {
    let (outer, inner) = (Pool::new(), Pool::new());
    let guard = outer.enter();
    block_on(unblock(|| ()));
    {
        let _guard = inner.enter();
        block_on(unblock(|| ()));
    }
    until(|| outer.stats().idle == 1);
    block_on(unblock(|| ()));
    drop(guard);
    assert_eq!(outer.stats().started, 1);
    assert_eq!(inner.stats().started, 1);
    block_on(unblock(|| ()));
    assert_eq!(outer.stats().started, 1);
}

#[test]
fn builder_overrides_the_limit_of_a_class() {
    let pool = Pool::builder()
        .class(Class::new("names", 9))
        .class(Class::new("names", 2))
        .build()
        .unwrap();
    block_on(pool.unblock_in(&Class::new("names", 40), || ()));
    assert_eq!(class(&pool, "names").class.max_threads(), 2);
    assert_eq!(pool.stats().classes.len(), 1);
}

#[test]
fn pool_without_threads_is_an_error() {
    let error = Pool::builder().max_threads(0).build().unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
    assert!(error.to_string().contains("1 or more"));
}

#[test]
#[should_panic(expected = "at least one thread")]
fn class_without_threads_panics() {
    let _ = Class::new("none", 0);
}

thread_local! {
    /// Goes when the thread ends.
    static ON_EXIT: RefCell<Option<mpsc::Sender<()>>> = const { RefCell::new(None) };
}

#[test]
fn dropped_pool_runs_what_was_submitted_and_its_threads_end() {
    let pool = Pool::builder()
        .max_threads(2)
        .keep_alive(common::LONG)
        .build()
        .unwrap();
    let narrow = Class::new("narrow", 1);
    let gate = Gate::default();
    let log = Log::default();
    let (send, receive) = mpsc::channel::<()>();
    for number in 0..3 {
        let (gate, log, send) = (gate.clone(), log.clone(), send.clone());
        pool.unblock_in(&narrow, move || {
            ON_EXIT.set(Some(send));
            gate.pass();
            log.note(number);
        })
        .detach();
    }
    drop(send);
    until(|| class(&pool, "narrow").running == 1);
    assert_eq!(class(&pool, "narrow").queued, 2);
    drop(pool);
    gate.open();
    assert!(receive.recv().is_err());
    assert_eq!(log.events(), [0, 1, 2]);
}

#[test]
fn dropped_pool_dismisses_idle_threads() {
    let pool = Pool::builder().keep_alive(common::LONG).build().unwrap();
    let (send, receive) = mpsc::channel::<()>();
    block_on(pool.unblock(move || ON_EXIT.set(Some(send))));
    until(|| pool.stats().idle == 1);
    drop(pool);
    // The sender goes with the thread.
    assert!(receive.recv().is_err());
}

#[test]
fn clone_keeps_the_pool_open() {
    let pool = Pool::builder().keep_alive(common::LONG).build().unwrap();
    let clone = pool.clone();
    block_on(pool.unblock(|| ()));
    until(|| pool.stats().idle == 1);
    drop(pool);
    block_on(clone.unblock(|| ()));
    assert_eq!(clone.stats().started, 1);
}

#[test]
fn what_a_job_owns_is_dropped_before_its_task_is_ready() {
    let log = Log::default();
    let owned = NoteDrop(log.clone(), 1);
    block_on(unblock(move || {
        let _owned = &owned;
    }));
    assert_eq!(log.events(), [1]);
}

#[test]
fn debug_shows_the_numbers() {
    let pool = Pool::builder()
        .thread_name("disk")
        .keep_alive(Duration::from_secs(3))
        .build()
        .unwrap();
    block_on(pool.unblock(|| ()));
    let text = format!("{pool:?}");
    for part in ["disk", "3s", "threads: 1", "default", "max_threads: 500"] {
        assert!(text.contains(part), "{part} is missing in {text}");
    }
}

#[test]
fn types_can_cross_threads() {
    fn is_send_sync_unpin<T: Send + Sync + Unpin>() {}
    is_send_sync_unpin::<Pool>();
    is_send_sync_unpin::<Class>();
    is_send_sync_unpin::<trill_blocking::Builder>();
    is_send_sync_unpin::<trill_blocking::Stats>();
    is_send_sync_unpin::<trill_blocking::Refused>();
    is_send_sync_unpin::<trill_blocking::Task<u8>>();
    is_send_sync_unpin::<trill_blocking::Unblock<Vec<u8>>>();
    is_send_sync_unpin::<trill_blocking::IntoInner<Vec<u8>>>();
    is_send_sync_unpin::<trill_blocking::RefMut<'_, Vec<u8>>>();
}
