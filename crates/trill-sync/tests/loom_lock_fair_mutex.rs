//! Every interleaving of the fair mutex: exclusion, wake-ups, cancelling.
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
use trill_sync::FairMutex;

type Counter = Arc<FairMutex<UnsafeCell<u32>>>;

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
    Arc::new(FairMutex::new(UnsafeCell::new(0)))
}

#[test]
fn holders_exclude_each_other_and_none_is_forgotten() {
    model(3, || {
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
fn a_waiter_gets_the_lock_between_others() {
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

// Behaviour 5, with the newcomer at every moment of the unlock: also between the step that opens the lock and the one that
// gives it to the waiter.
#[test]
fn a_newcomer_never_gets_ahead_of_one_that_waits() {
    model(3, || {
        let counter = counter();
        let guard = counter.try_lock_arc().unwrap();
        let mut cx = Context::from_waker(Waker::noop());
        let mut waits = pin!(counter.lock());
        assert!(waits.as_mut().poll(&mut cx).is_pending());
        let comes = counter.clone();
        at_once(
            move || {
                assert!(comes.try_lock().is_none());
                drop(begun(async move { drop(comes.lock().await) }));
            },
            move || drop(guard),
        );
        let Poll::Ready(guard) = waits.as_mut().poll(&mut cx) else {
            panic!("the lock is its own since the unlock");
        };
        add_one(&guard);
        drop(guard);
        assert_eq!(value(&counter), 1);
    });
}
