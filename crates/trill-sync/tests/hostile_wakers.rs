//! Wakers that panic when they are dropped leave no waiter behind and lose no turn.
#![cfg(not(loom))]
#![allow(clippy::unwrap_used)] // A failed step fails its test.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use trill_sync::{Mutex, Semaphore};

/// Panics when it is dropped.
struct Hostile;

impl Wake for Hostile {
    fn wake(self: Arc<Self>) {
        // Not dropped here: this test is about the other drops.
        std::mem::forget(self);
    }
}

impl Drop for Hostile {
    fn drop(&mut self) {
        panic!("expected: a waker whose drop panics");
    }
}

/// Polls with a waker of which the queue gets the last clone.
fn poll_hostile<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    let waker = Waker::from(Arc::new(Hostile));
    let polled = future.poll(&mut Context::from_waker(&waker));
    drop(waker);
    polled
}

fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

// Fault 21d
#[test]
fn waiter_whose_former_waker_panics_is_still_one() {
    let mutex = Mutex::new(1);
    let guard = mutex.try_lock().unwrap();
    let mut first = Box::pin(mutex.lock());
    assert!(poll_hostile(first.as_mut()).is_pending());
    // The new waker is in its place when the old one panics.
    assert!(catch_unwind(AssertUnwindSafe(|| poll(first.as_mut()))).is_err());
    assert!(poll(first.as_mut()).is_pending());
    let mut second = pin!(mutex.lock());
    assert!(poll(second.as_mut()).is_pending());
    // The first leaves nothing behind that would take the second's turn.
    drop(first);
    drop(guard);
    assert!(poll(second.as_mut()).is_ready());
    let guard = mutex.try_lock();
    assert!(guard.is_some());
}

// Fault 21d
#[test]
fn waiter_whose_former_waker_panics_gets_its_turn() {
    let semaphore = Semaphore::new(0);
    let mut first = Box::pin(semaphore.acquire());
    assert!(poll_hostile(first.as_mut()).is_pending());
    assert!(catch_unwind(AssertUnwindSafe(|| poll(first.as_mut()))).is_err());
    let mut second = pin!(semaphore.acquire());
    assert!(poll(second.as_mut()).is_pending());
    // Nobody gave it a permit.
    assert!(poll(first.as_mut()).is_pending());
    assert_eq!(semaphore.waiters(), 2);
    semaphore.add_permits(1);
    // It was the first's turn, in the queue's order.
    assert!(poll(second.as_mut()).is_pending());
    assert!(poll(first.as_mut()).is_ready());
    semaphore.add_permits(1);
    assert!(poll(second.as_mut()).is_ready());
}

// Fault 21d
#[test]
fn waiter_that_leaves_with_a_hostile_waker_leaves_nothing() {
    let semaphore = Semaphore::new(0);
    let mut first = Box::pin(semaphore.acquire());
    assert!(poll_hostile(first.as_mut()).is_pending());
    let mut second = pin!(semaphore.acquire());
    assert!(poll(second.as_mut()).is_pending());
    assert!(catch_unwind(AssertUnwindSafe(|| drop(first))).is_err());
    semaphore.add_permits(1);
    assert!(poll(second.as_mut()).is_ready());
}
