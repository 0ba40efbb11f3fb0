//! Wakers of parked threads, and calling wakers of strangers.
#![allow(unsafe_code)] // A waker that counts no references needs a table of functions over a raw pointer.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::task::{RawWaker, RawWakerVTable, Waker};

use crate::seat::Seat;

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

/// Says whether this is a waker of [`block_on`](crate::block_on), which costs nothing to clone and never panics.
///
/// For code that must guard itself against the wakers of strangers.
///
/// # Examples
///
/// ```
/// use std::future::poll_fn;
/// use std::task::{Poll, Waker};
///
/// assert!(trill_park::block_on(poll_fn(|cx| Poll::Ready(trill_park::is_own(cx.waker())))));
/// assert!(!trill_park::is_own(Waker::noop()));
/// ```
#[inline]
pub fn is_own(waker: &Waker) -> bool {
    ptr::eq(waker.vtable(), &TABLE)
}

/// Returns a waker that unparks the call of `block_on` that waits at `seat`. Cloning and dropping it cost nothing.
pub(crate) fn waker(seat: &'static Seat) -> Waker {
    // SAFETY: the table below treats the pointer as a `&'static Seat`, which is what it is made from here, and
    // `Seat` is Sync. This function upholds it; Miri on `tests/block_on.rs` would fail.
    unsafe { Waker::from_raw(raw(ptr::from_ref(seat).cast())) }
}

/// Makes a raw waker over a pointer to a seat.
fn raw(seat: *const ()) -> RawWaker {
    RawWaker::new(seat, &TABLE)
}

/// Unparks the seat behind the pointer.
unsafe fn unpark(seat: *const ()) {
    // SAFETY: only `waker` makes wakers with this table, always from a `&'static Seat`. Miri on
    // `tests/block_on.rs` would fail.
    let seat = unsafe { &*seat.cast::<Seat>() };
    seat.unpark();
}

static TABLE: RawWakerVTable = RawWakerVTable::new(raw, unpark, unpark, |_| ());
