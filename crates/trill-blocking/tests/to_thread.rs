//! `to_thread`: locals, cancelling before and after the start, whose place it is, and asking who waits.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod common;

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::{Arc, mpsc};
use std::task::{Context, Waker};

use common::{Gate, Log, NoteDrop, class, poll_once, until};
use futures_lite::FutureExt;
use trill_blocking::{Abandoned, Class, Pool, check_cancelled, to_thread, to_thread_in, unblock};
use trill_cell::{Header, Kind, Spawned, local, swap_local};
use trill_park::{block_on, is_polling};

/// A pool whose only thread waits at the gate.
fn held() -> (Pool, Gate) {
    let pool = Pool::builder().max_threads(1).build().unwrap();
    let gate = Gate::default();
    pool.unblock({
        let gate = gate.clone();
        move || gate.pass()
    })
    .detach();
    until(|| class(&pool, "default").running == 1);
    (pool, gate)
}

// asyncio C3.
#[test]
fn to_thread_returns_what_the_closure_returns() {
    assert_eq!(block_on(to_thread(|| 5)), 5);
    assert_eq!(block_on(to_thread_in(&Class::new("some", 2), || 6)), 6);
}

// asyncio C3: "copies context into the thread".
#[test]
fn work_carries_all_locals_of_its_task_as_they_were_then() {
    let task = Header::new(Spawned::here());
    let read =
        || [1, 2].map(|key| local(key).and_then(|value| value.downcast_ref::<&str>().copied()));
    let (copied, inherited) = task.poll(|| {
        swap_local(1, true, Some(Arc::new("inherited")));
        swap_local(2, false, Some(Arc::new("own")));
        let begun = (to_thread(read), unblock(read));
        // Too late for the work.
        swap_local(1, true, Some(Arc::new("changed")));
        begun
    });
    assert_eq!(block_on(copied), [Some("inherited"), Some("own")]);
    // asyncio C1: `run_in_executor` does not copy. Here work gets what any child gets.
    assert_eq!(block_on(inherited), [Some("inherited"), None]);
}

#[test]
fn what_work_changes_in_its_locals_stays_there() {
    let task = Header::new(Spawned::here());
    let change = task.poll(|| {
        swap_local(1, true, Some(Arc::new(1)));
        to_thread(|| {
            swap_local(1, true, Some(Arc::new(2)));
        })
    });
    block_on(change);
    task.poll(|| assert_eq!(local(1).unwrap().downcast_ref(), Some(&1)));
    assert!(block_on(to_thread(|| local(1).is_none())));
}

// asyncio C1, next in line: cancelled before the start never runs.
#[test]
fn cancelled_before_the_start_never_runs() {
    let (pool, gate) = held();
    let log = Log::default();
    let work = |number| {
        let (log, owned) = (log.clone(), NoteDrop(log.clone(), number));
        move || {
            let _owned = owned;
            log.note(99);
        }
    };
    // Dropped, and asked.
    drop(pool.to_thread(work(1)));
    let mut asked = Box::pin(pool.to_thread(work(2)).cancel());
    assert!(poll_once(&mut asked).is_pending());
    assert_eq!(class(&pool, "default").queued, 2);
    gate.open();
    assert_eq!(block_on(asked), None);
    block_on(pool.unblock(|| ()));
    assert_eq!(log.events(), [1, 2]);
}

// asyncio C1, next in line: the result of work that has begun is dropped, but its place is released only at the end.
#[test]
fn pool_place_is_released_only_at_the_end() {
    let pool = Pool::builder().max_threads(2).build().unwrap();
    let narrow = Class::new("narrow", 1);
    let (log, gate) = (Log::default(), Gate::default());
    let (begun, wait) = mpsc::channel();
    let work = pool.to_thread_in(&narrow, {
        let (log, gate) = (log.clone(), gate.clone());
        move || {
            begun.send(()).unwrap();
            gate.pass();
            NoteDrop(log, 1)
        }
    });
    wait.recv().unwrap();
    drop(work);
    let next = pool.to_thread_in(&narrow, {
        let log = log.clone();
        move || log.note(2)
    });
    // The other thread has seen the queue and must leave the second one there.
    block_on(pool.to_thread(|| ()));
    let stats = class(&pool, "narrow");
    assert_eq!((stats.running, stats.queued), (1, 1));
    assert_eq!(log.events(), []);
    gate.open();
    block_on(next);
    assert_eq!(log.events(), [1, 2]);
}

#[test]
fn work_hears_that_its_waiter_is_gone() {
    let pool = Pool::new();
    let (say, heard) = mpsc::channel();
    let (begun, wait) = mpsc::channel();
    let gate = Gate::default();
    let work = pool.to_thread({
        let gate = gate.clone();
        move || {
            assert_eq!(check_cancelled(), Ok(()));
            begun.send(()).unwrap();
            gate.pass();
            let answer: Abandoned = check_cancelled().unwrap_err();
            say.send(answer.to_string()).unwrap();
        }
    });
    wait.recv().unwrap();
    drop(work);
    gate.open();
    assert!(heard.recv().unwrap().contains("stop"));
}

#[test]
fn cancel_tells_the_work_and_waits_for_its_end() {
    let log = Log::default();
    let (begun, wait) = mpsc::channel();
    let work = to_thread({
        let log = log.clone();
        move || {
            begun.send(()).unwrap();
            while check_cancelled().is_ok() {
                std::thread::yield_now();
            }
            log.note(1);
        }
    });
    wait.recv().unwrap();
    let _ = block_on(work.cancel());
    assert_eq!(log.events(), [1]);
}

#[test]
fn work_that_is_awaited_or_detached_may_go_on() {
    assert_eq!(block_on(to_thread(check_cancelled)), Ok(()));
    let (say, heard) = mpsc::channel();
    let gate = Gate::default();
    let work = to_thread({
        let gate = gate.clone();
        move || {
            gate.pass();
            say.send(check_cancelled()).unwrap();
        }
    });
    work.detach();
    gate.open();
    assert_eq!(heard.recv().unwrap(), Ok(()));
}

#[test]
fn next_work_of_a_thread_does_not_hear_of_the_last_one_s_waiter() {
    let (pool, gate) = held();
    let (begun, wait) = mpsc::channel();
    let (hold, go_on) = mpsc::channel::<()>();
    let first = pool.to_thread(move || {
        begun.send(()).unwrap();
        go_on.recv().unwrap_err();
        panic!("expected: {:?}", check_cancelled());
    });
    gate.open();
    wait.recv().unwrap();
    drop(first);
    drop(hold);
    assert_eq!(block_on(pool.unblock(check_cancelled)), Ok(()));
    assert_eq!(block_on(pool.to_thread(check_cancelled)), Ok(()));
    assert_eq!(check_cancelled(), Ok(()));
}

// Fault 22b
#[test]
fn panic_reaches_the_awaiter() {
    let failed = block_on(AssertUnwindSafe(to_thread(|| panic!("expected"))).catch_unwind());
    assert_eq!(failed.unwrap_err().downcast_ref(), Some(&"expected"));
}

#[test]
fn job_may_block_and_what_it_polls_may_not() {
    for may in [
        block_on(to_thread(is_polling)),
        block_on(unblock(is_polling)),
    ] {
        assert!(!may);
    }
    assert!(block_on(to_thread(|| block_on(async { is_polling() }))));
}

#[test]
fn await_is_located_where_the_program_awaits() {
    let (pool, gate) = held();
    let task = Header::new(Spawned::here());
    let mut future = pin!(async {
        pool.to_thread(|| ()).await;
    });
    let mut cx = Context::from_waker(Waker::noop());
    assert!(task.poll(|| future.as_mut().poll(&mut cx)).is_pending());
    let wait = task.wait().unwrap();
    let location = wait.location.unwrap();
    assert_eq!((location.file(), location.line()), (file!(), line!() - 6));
    assert_eq!((wait.kind, wait.leaves), (Kind::Task, 1));
    gate.open();
}

#[test]
fn dropped_at_each_await_runs_or_never_begins() {
    for polls in 0..3 {
        let (pool, gate) = held();
        let log = Log::default();
        let mut work = Box::pin(pool.to_thread({
            let log = log.clone();
            move || log.note(1)
        }));
        for _ in 0..polls {
            let _ = poll_once(&mut work);
        }
        drop(work);
        gate.open();
        block_on(pool.unblock(|| ()));
        assert_eq!(log.events(), []);
    }
}

#[test]
fn second_await_panics_and_is_finished() {
    let mut work = Box::pin(to_thread(|| 5));
    assert_eq!(block_on(&mut work), 5);
    assert!(work.is_finished());
    assert!(format!("{work:?}").contains("true"));
    let again = catch_unwind(AssertUnwindSafe(|| poll_once(&mut work)));
    assert!(again.is_err());
}
