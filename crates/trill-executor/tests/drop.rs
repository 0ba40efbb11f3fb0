//! Dropping an executor drops every future, whoever still has a waker.
#![allow(clippy::disallowed_methods)] // Tests start threads of their own.

mod common;

use std::future::{pending, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};
use std::thread;

use common::{Gate, OnDrop, poll_once};
use trill_executor::{Executor, LocalExecutor, yield_now};
use trill_park::block_on;

#[test]
fn drop_ends_tasks_that_wait_and_tasks_never_polled() {
    let dropped = AtomicUsize::new(0);
    let wakers = Mutex::new(Vec::new());
    let body = || {
        let (dropped, wakers) = (&dropped, &wakers);
        let guard = OnDrop(move || {
            dropped.fetch_add(1, Ordering::Relaxed);
        });
        poll_fn(move |cx| {
            let _ = &guard;
            wakers.lock().unwrap().push(cx.waker().clone());
            Poll::<()>::Pending
        })
    };
    let ex = Executor::new();
    for n in 0..1000 {
        ex.spawn(body()).detach();
        if n % 2 == 0 {
            ex.try_tick();
        }
    }
    drop(ex);
    assert_eq!(dropped.load(Ordering::Relaxed), 1000);
    let wakers = std::mem::take(&mut *wakers.lock().unwrap());
    assert_eq!(wakers.len(), 500);
    wakers.iter().for_each(Waker::wake_by_ref);
    wakers.into_iter().for_each(Waker::wake);
    assert_eq!(dropped.load(Ordering::Relaxed), 1000);
}

// Fault 25b
#[test]
fn drop_ends_tasks_in_the_queue_of_a_forgotten_runner() {
    let dropped = Arc::new(AtomicUsize::new(0));
    let ex = Executor::new();
    let mut spawned = Vec::new();
    {
        let mut run = Box::pin(ex.run(poll_fn(|_| {
            if spawned.is_empty() {
                for _ in 0..200 {
                    let dropped = dropped.clone();
                    let guard = OnDrop(move || {
                        dropped.fetch_add(1, Ordering::Relaxed);
                    });
                    spawned.push(ex.spawn(async move {
                        let _guard = guard;
                        pending::<()>().await;
                    }));
                }
            }
            Poll::<()>::Pending
        })));
        assert!(poll_once(run.as_mut()).is_pending());
        std::mem::forget(run);
    }
    drop(ex);
    assert_eq!(dropped.load(Ordering::Relaxed), 200);
    drop(spawned);
}

#[test]
fn awaiting_a_task_of_a_dropped_executor_panics_with_a_clear_message() {
    let ex = Executor::new();
    let task = ex.spawn(pending::<()>());
    let (joined, fallible) = (
        ex.spawn(pending::<()>()).join(),
        ex.spawn(pending::<()>()).fallible(),
    );
    drop(ex);
    let panic = catch_unwind(AssertUnwindSafe(|| block_on(task))).unwrap_err();
    let message = panic.downcast_ref::<String>().unwrap();
    assert!(message.contains("was cancelled"), "{message}");
    assert!(block_on(joined).unwrap_err().is_cancelled());
    assert_eq!(block_on(fallible), None);
}

#[test]
fn a_finished_task_gives_its_value_after_the_executor_is_gone() {
    let ex = Executor::new();
    let task = ex.spawn(async { String::from("kept") });
    ex.try_tick();
    drop(ex);
    assert_eq!(block_on(task), "kept");
}

// Fault 25b
#[test]
fn a_forgotten_executor_leaks_its_tasks() {
    let dropped = Arc::new(AtomicBool::new(false));
    let ex = Executor::new();
    let flag = dropped.clone();
    let mut task = ex.spawn(async move {
        let _guard = OnDrop(move || flag.store(true, Ordering::Relaxed));
        pending::<()>().await;
    });
    ex.try_tick();
    std::mem::forget(ex);
    assert!(poll_once(std::pin::Pin::new(&mut task)).is_pending());
    assert!(!dropped.load(Ordering::Relaxed));
    std::mem::forget(task);
}

// Fault 35b
#[test]
fn tasks_that_wake_each_other_in_drop_all_end() {
    let dropped = AtomicUsize::new(0);
    let gates: Vec<Gate> = (0..100).map(|_| Gate::default()).collect();
    let ex = Executor::new();
    for n in 0..100 {
        let (gates, dropped) = (&gates, &dropped);
        ex.spawn(async move {
            let _guard = OnDrop(|| {
                dropped.fetch_add(1, Ordering::Relaxed);
                gates[(n + 1) % 100].open();
            });
            gates[n].wait().await;
            pending::<()>().await;
        })
        .detach();
        ex.try_tick();
    }
    drop(ex);
    assert_eq!(dropped.load(Ordering::Relaxed), 100);
}

// Fault 35b
#[test]
fn tasks_that_hold_each_others_handles_all_end() {
    // Deep chains must not recurse: each task owns the one before.
    let depth = if cfg!(miri) { 100 } else { 100_000 };
    let ex = Executor::new();
    let mut last = ex.spawn(pending::<()>());
    for _ in 0..depth {
        let before = last;
        last = ex.spawn(async move {
            before.await;
        });
    }
    block_on(ex.run(yield_now()));
    drop(last);
    drop(ex);
}

// Fault 23b, 35a
#[test]
fn wakers_may_fire_on_other_threads_while_the_executor_is_dropped() {
    let rounds = if cfg!(miri) { 5 } else { 300 };
    for round in 0..rounds {
        let wakers = Arc::new(Mutex::new(Vec::new()));
        let dropped = Arc::new(AtomicUsize::new(0));
        let ex = Executor::new();
        for _ in 0..20 {
            let wakers = wakers.clone();
            let counter = dropped.clone();
            let guard = OnDrop(move || {
                counter.fetch_add(1, Ordering::Relaxed);
            });
            ex.spawn(poll_fn(move |cx| {
                let _ = &guard;
                wakers.lock().unwrap().push(cx.waker().clone());
                Poll::<()>::Pending
            }))
            .detach();
        }
        if round % 2 == 0 {
            // Homes at a worker.
            let mut run = Box::pin(ex.run(pending::<()>()));
            assert!(poll_once(run.as_mut()).is_pending());
        } else {
            while ex.try_tick() {}
        }
        let threads: Vec<_> = (0..2)
            .map(|_| {
                let wakers = wakers.lock().unwrap().clone();
                thread::spawn(move || {
                    for waker in wakers {
                        waker.wake_by_ref();
                        waker.wake();
                    }
                })
            })
            .collect();
        drop(ex);
        assert_eq!(dropped.load(Ordering::Relaxed), 20);
        threads
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
    }
}

// Fault 23b
#[test]
fn local_wakers_may_fire_on_other_threads_while_the_executor_is_dropped() {
    let rounds = if cfg!(miri) { 5 } else { 300 };
    for _ in 0..rounds {
        let wakers = Arc::new(Mutex::new(Vec::new()));
        let dropped = AtomicUsize::new(0);
        let ex = LocalExecutor::new();
        for _ in 0..20 {
            let wakers = wakers.clone();
            let guard = OnDrop(|| {
                dropped.fetch_add(1, Ordering::Relaxed);
            });
            ex.spawn(poll_fn(move |cx| {
                let _ = &guard;
                wakers.lock().unwrap().push(cx.waker().clone());
                Poll::<()>::Pending
            }))
            .detach();
        }
        while ex.try_tick() {}
        let threads: Vec<_> = (0..2)
            .map(|_| {
                let wakers = wakers.lock().unwrap().clone();
                thread::spawn(move || wakers.into_iter().for_each(Waker::wake))
            })
            .collect();
        drop(ex);
        assert_eq!(dropped.load(Ordering::Relaxed), 20);
        threads
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
    }
}

#[test]
fn executors_made_one_after_another_do_not_see_each_others_tasks() {
    // Records are reused, so what one leaves behind would show in the next.
    for n in 0..if cfg!(miri) { 3 } else { 100 } {
        let ex = Executor::new();
        assert!(ex.is_empty() && !ex.try_tick());
        let task = ex.spawn(async move { n });
        ex.spawn(pending::<()>()).detach();
        assert_eq!(block_on(ex.run(task)), n);
        let local = LocalExecutor::new();
        assert!(local.is_empty() && !local.try_tick());
        local.spawn(pending::<()>()).detach();
        local.try_tick();
    }
}

#[test]
fn a_future_larger_than_two_kibibytes_is_found_and_dropped() {
    let dropped = AtomicUsize::new(0);
    let ex = Executor::new();
    for _ in 0..3 {
        let guard = OnDrop(|| {
            dropped.fetch_add(1, Ordering::Relaxed);
        });
        let large = [1_u8; 5000];
        ex.spawn(async move {
            let _guard = guard;
            pending::<()>().await;
            std::hint::black_box(large);
        })
        .detach();
    }
    while ex.try_tick() {}
    drop(ex);
    assert_eq!(dropped.load(Ordering::Relaxed), 3);
}
