//! Wakers of parked threads, and calling wakers of strangers.
#![allow(unsafe_code)] // A waker that counts no references needs a table of functions over a raw pointer.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::task::{RawWaker, RawWakerVTable, Waker};

use crate::thread::Thread;

/// Calls a waker that somebody else made, and keeps going if it panics.
///
/// For code that wakes several tasks in turn: a panic in one waker must not keep the others asleep.
/// The panic is reported by the panic hook and goes no further.
///
/// # Examples
///
/// ```
/// trill_park::wake(std::task::Waker::noop().clone());
/// ```
#[inline]
pub fn wake(waker: Waker) {
    // The waker is gone afterwards, so nobody can see it half changed.
    let _ = catch_unwind(AssertUnwindSafe(|| waker.wake()));
}

/// Returns a waker that unparks `thread`. Cloning and dropping it cost nothing.
pub(crate) fn waker(thread: &'static Thread) -> Waker {
    // SAFETY: the table below treats the pointer as a `&'static Thread`, which is what it is made from here, and
    // `Thread` is Sync. This function upholds it; Miri on `tests/block_on.rs` would fail.
    unsafe { Waker::from_raw(raw(ptr::from_ref(thread).cast())) }
}

/// Makes a raw waker over a pointer to a thread.
fn raw(thread: *const ()) -> RawWaker {
    RawWaker::new(thread, &TABLE)
}

/// Unparks the thread behind the pointer.
unsafe fn unpark(thread: *const ()) {
    // SAFETY: only `waker` makes wakers with this table, always from a `&'static Thread`. Miri on
    // `tests/block_on.rs` would fail.
    let thread = unsafe { &*thread.cast::<Thread>() };
    thread.unpark();
}

static TABLE: RawWakerVTable = RawWakerVTable::new(raw, unpark, unpark, |_| ());
