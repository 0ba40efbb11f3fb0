//! A lock for a wheel that nearly always its own thread takes.
//!
//! Arming and cancelling a timer take it once each, in some 10 ns of work under it. A futex-based mutex takes two atomic
//! read-modify-writes for a lock and an unlock, since the unlock must learn of sleepers; here nobody sleeps, and the
//! unlock is a plain store: 14 ns less for a timeout that does not fire. Others come seldom (a timer that is dropped on
//! another thread, the attendant) and wait shortly: at most 64 timers move while it is held, and no code of a stranger
//! runs. A thread that finds it taken gives its time slice away, and sleeps if that does not help, so that a holder which
//! the scheduler has stopped gets to run even below a real-time thread.
//!
//! # States and transitions
//!
//! `is_locked`: `false` → `true` by compare-and-swap in [`Gate::lock`]; `true` → `false` by whoever holds the guard, in
//! its drop. The value is touched by the guard's holder alone.
//!
//! # Tested by
//!
//! `tests/loom_gate.rs`, and `tests/loom_wheel.rs` over the wheel behind it.
#![cfg_attr(not(loom), allow(unreachable_pub))] // Public for the models only.
#![allow(unsafe_code)] // The value is lent to whoever holds the lock.

use std::fmt;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};

use crate::sync::{AtomicBool, Ordering, UnsafeCell, relax};

/// A value that one thread at a time may use, for short.
#[derive(Default)]
pub struct Gate<T> {
    is_locked: AtomicBool,
    value: UnsafeCell<T>,
}

// SAFETY: the value is reached through a guard alone, and there is one at a time; so this sends values between threads
// and shares none. `Gate::lock` upholds it; `tests/loom_gate.rs` would fail.
unsafe impl<T: Send> Sync for Gate<T> {}

impl<T> Gate<T> {
    /// Makes one that is open.
    pub fn new(value: T) -> Gate<T> {
        Gate {
            is_locked: AtomicBool::new(false),
            value: UnsafeCell::new(value),
        }
    }

    /// Waits until nobody else uses the value.
    #[inline]
    pub fn lock(&self) -> Guard<'_, T> {
        let mut tries = 0;
        // Acquire: pairs with the Release in the drop of the guard.
        while self
            .is_locked
            .compare_exchange_weak(false, true, Ordering::Acquire, Ordering::Relaxed)
            .is_err()
        {
            relax(tries);
            tries += 1;
        }
        Guard {
            gate: self,
            _value: PhantomData,
        }
    }
}

impl<T> fmt::Debug for Gate<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate")
            .field("is_locked", &self.is_locked.load(Ordering::Relaxed))
            .finish_non_exhaustive()
    }
}

/// The right to use the value of a [`Gate`].
#[must_use]
pub struct Guard<'a, T> {
    gate: &'a Gate<T>,
    /// It is `Send` and `Sync` where a borrow of the value is.
    _value: PhantomData<&'a mut T>,
}

impl<T> Deref for Guard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: this is the only guard, so nobody writes while the result lives. `Gate::lock` upholds it;
        // `tests/loom_gate.rs` would fail.
        self.gate.value.with(|value| unsafe { &*value })
    }
}

impl<T> DerefMut for Guard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as in `deref`, and it is borrowed for writing.
        self.gate.value.with_mut(|value| unsafe { &mut *value })
    }
}

impl<T> Drop for Guard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        // Release: pairs with the Acquire in `Gate::lock`.
        self.gate.is_locked.store(false, Ordering::Release);
    }
}

impl<T: fmt::Debug> fmt::Debug for Guard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Guard").field(&**self).finish()
    }
}
