//! Cancelling and panics: what is run, what is dropped, what the awaiter sees.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod common;

use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::sync::mpsc;

use common::{Gate, Log, NoteDrop, class, poll_once, until};
use futures_lite::FutureExt;
use trill_blocking::Pool;
use trill_park::block_on;

/// A pool whose only thread waits at the gate.
fn held() -> (Pool, Gate) {
    let pool = Pool::builder().max_threads(1).build().unwrap();
    let gate = Gate::default();
    pool.unblock({
        let gate = gate.clone();
        move || gate.pass()
    })
    .detach();
    (pool, gate)
}

#[test]
fn task_dropped_before_the_start_never_runs() {
    let (pool, gate) = held();
    let log = Log::default();
    let owned = NoteDrop(log.clone(), 1);
    drop(pool.unblock({
        let log = log.clone();
        move || {
            log.note(2);
            drop(owned);
        }
    }));
    gate.open();
    block_on(pool.unblock(|| ()));
    assert_eq!(log.events(), [1]);
}

#[test]
fn task_cancelled_before_the_start_returns_nothing() {
    let (pool, gate) = held();
    let log = Log::default();
    let mut cancel = Box::pin(
        pool.unblock({
            let log = log.clone();
            move || log.note(1)
        })
        .cancel(),
    );
    let _ = poll_once(&mut cancel);
    gate.open();
    assert!(block_on(cancel).is_none());
    assert_eq!(log.events(), []);
}

#[test]
fn detached_task_runs() {
    let (pool, gate) = held();
    let log = Log::default();
    pool.unblock({
        let log = log.clone();
        move || log.note(1)
    })
    .detach();
    gate.open();
    block_on(pool.unblock(|| ()));
    assert_eq!(log.events(), [1]);
}

#[test]
fn task_dropped_after_the_start_runs_to_its_end() {
    let pool = Pool::new();
    let gate = Gate::default();
    let log = Log::default();
    let (started, wait) = mpsc::channel();
    let task = pool.unblock({
        let (gate, log) = (gate.clone(), log.clone());
        move || {
            started.send(()).unwrap();
            gate.pass();
            log.note(1);
            NoteDrop(log, 2)
        }
    });
    wait.recv().unwrap();
    drop(task);
    gate.open();
    until(|| log.events() == [1, 2]);
}

#[test]
fn task_cancelled_after_the_start_waits_for_its_end() {
    let pool = Pool::new();
    let gate = Gate::default();
    let (started, wait) = mpsc::channel();
    let log = Log::default();
    let task = pool.unblock({
        let (gate, log) = (gate.clone(), log.clone());
        move || {
            started.send(()).unwrap();
            gate.pass();
            log.note(1);
        }
    });
    wait.recv().unwrap();
    let mut cancel = Box::pin(task.cancel());
    assert!(poll_once(&mut cancel).is_pending());
    gate.open();
    let _ = block_on(cancel);
    assert_eq!(log.events(), [1]);
}

// Fault 22b
#[test]
fn panic_reaches_the_awaiter_with_its_payload() {
    let pool = Pool::new();
    let task = pool.unblock(|| -> u8 { panic_any(5_u32) });
    let payload = block_on(AssertUnwindSafe(task).catch_unwind()).unwrap_err();
    assert_eq!(payload.downcast_ref::<u32>(), Some(&5));
}

// Fault 22b
#[test]
fn panics_cost_the_pool_no_thread() {
    let pool = Pool::builder().max_threads(2).build().unwrap();
    for _ in 0..20 {
        pool.unblock(|| panic!("one of many")).detach();
        let task = pool.unblock(|| panic!("one of many"));
        assert!(catch_unwind(AssertUnwindSafe(|| block_on(task))).is_err());
    }
    assert_eq!(block_on(pool.unblock(|| 5)), 5);
    until(|| pool.stats().idle == 2);
    assert_eq!(class(&pool, "default").running, 0);
    assert_eq!((pool.stats().threads, pool.stats().started), (2, 2));
}

// Fault 20b
#[test]
fn panic_whose_payload_panics_on_drop_costs_no_thread() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            if !std::thread::panicking() {
                panic!("dropping the payload");
            }
        }
    }

    let pool = Pool::builder().max_threads(1).build().unwrap();
    pool.unblock(|| panic_any(Bomb)).detach();
    assert_eq!(block_on(pool.unblock(|| 5)), 5);
    assert_eq!(pool.stats().started, 1);
}
