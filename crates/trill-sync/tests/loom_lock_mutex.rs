//! Every interleaving of the mutex: exclusion, wake-ups, cancelling.
#![cfg(loom)]
#![allow(unsafe_code)] // Reading and writing loom's cell.

mod model;

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use loom::cell::UnsafeCell;
use loom::thread;

use model::{at_once, begun, block_on, model};
use trill_sync::Mutex;

type Counter = Arc<Mutex<UnsafeCell<u32>>>;

/// Loom's cell panics if two threads are in it at once, or do not see each other's writes.
fn add_one(cell: &UnsafeCell<u32>) {
    cell.with_mut(|value| {
        // SAFETY: the caller holds the lock; loom checks that nobody else is here.
        unsafe { *value += 1 }
    });
}

fn value(counter: &Counter) -> u32 {
    let guard = counter.try_lock().expect("everybody has unlocked");
    // SAFETY: the guard is held.
    guard.with(|value| unsafe { *value })
}

fn counter() -> Counter {
    Arc::new(Mutex::new(UnsafeCell::new(0)))
}

#[test]
fn holders_exclude_each_other_and_none_is_forgotten() {
    model(2, || {
        let counter = counter();
        let threads: Vec<_> = (0..3)
            .map(|_| {
                let counter = counter.clone();
                thread::spawn(move || add_one(&block_on(counter.lock())))
            })
            .collect();
        for thread in threads {
            thread.join().unwrap();
        }
        assert_eq!(value(&counter), 3);
        assert_eq!(counter.waiters(), 0);
    });
}

#[test]
fn a_waiter_that_loses_twice_still_gets_the_lock() {
    model(3, || {
        let counter = counter();
        let (waits, returns) = (counter.clone(), counter.clone());
        at_once(
            move || add_one(&block_on(waits.lock())),
            move || {
                for _ in 0..3 {
                    add_one(&block_on(returns.lock()));
                }
            },
        );
        assert_eq!(value(&counter), 4);
    });
}

#[test]
fn a_lock_that_is_dropped_passes_its_turn_on() {
    model(2, || {
        let counter = counter();
        let guard = counter.try_lock_arc().unwrap();
        let stays = {
            let counter = counter.clone();
            thread::spawn(move || add_one(&block_on(counter.lock())))
        };
        let leaves = {
            let counter = counter.clone();
            thread::spawn(move || {
                let mut lock = pin!(counter.lock());
                let mut cx = Context::from_waker(Waker::noop());
                if let Poll::Ready(guard) = lock.as_mut().poll(&mut cx) {
                    add_one(&guard);
                }
            })
        };
        let unlocks = thread::spawn(move || drop(guard));
        unlocks.join().unwrap();
        stays.join().unwrap();
        leaves.join().unwrap();
        assert!(counter.try_lock().is_some());
        assert_eq!(counter.waiters(), 0);
    });
}

#[test]
fn a_lock_that_is_dropped_without_a_turn_wakes_the_one_behind_it_if_the_lock_is_free() {
    model(3, || {
        let counter = counter();
        let guard = counter.try_lock_arc().unwrap();
        let mut cx = Context::from_waker(Waker::noop());
        let mut frozen = pin!(counter.lock());
        assert!(frozen.as_mut().poll(&mut cx).is_pending());
        let leaves = counter.clone();
        let leaves = begun(async move { drop(leaves.lock().await) });
        let stays = counter.clone();
        at_once(
            move || add_one(&block_on(stays.lock())),
            move || {
                // The turn goes to one that nobody polls.
                drop(guard);
                drop(leaves);
            },
        );
        assert_eq!(value(&counter), 1);
    });
}
