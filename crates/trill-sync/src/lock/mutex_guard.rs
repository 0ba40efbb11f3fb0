//! The guards of a [`Mutex`]: its data while they live.
#![allow(unsafe_code)] // Borrowing the data that the lock protects.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use crate::lock::mutex::Mutex;

/// Holds a [`Mutex`] locked until it is dropped, and gives its data.
///
/// # Examples
///
/// See [`Mutex`].
#[must_use = "the mutex is unlocked when the guard is dropped"]
pub struct MutexGuard<'a, T: ?Sized>(&'a Mutex<T>);

impl<'a, T: ?Sized> MutexGuard<'a, T> {
    /// Makes the guard of a mutex that the caller has just locked.
    #[inline]
    pub(crate) fn new(mutex: &'a Mutex<T>) -> MutexGuard<'a, T> {
        MutexGuard(mutex)
    }

    /// Returns the mutex that the guard holds.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_sync::{Mutex, MutexGuard};
    ///
    /// let mutex = Mutex::new(1);
    /// let guard = mutex.lock_blocking();
    /// assert!(MutexGuard::source(&guard).is_locked());
    /// ```
    #[inline]
    pub fn source(guard: &MutexGuard<'a, T>) -> &'a Mutex<T> {
        guard.0
    }
}

impl<T: ?Sized> Drop for MutexGuard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        self.0.raw.unlock();
    }
}

impl<T: ?Sized> Deref for MutexGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: the guard holds the lock, so nobody else borrows the data; `RawMutex` upholds it, and
        // `tests/loom_lock_mutex.rs` would fail.
        unsafe { &*self.0.data.get() }
    }
}

impl<T: ?Sized> DerefMut for MutexGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as in `deref`, and the guard itself is borrowed exclusively.
        unsafe { &mut *self.0.data.get() }
    }
}

// SAFETY: unlocking on another thread is allowed, and the data goes along, so it must be `Send`. `tests/lock_types.rs`
// holds the table.
unsafe impl<T: Send + ?Sized> Send for MutexGuard<'_, T> {}
// SAFETY: a shared guard gives shared borrows of the data only. `tests/lock_types.rs` holds the table.
unsafe impl<T: Sync + ?Sized> Sync for MutexGuard<'_, T> {}

impl<T: fmt::Debug + ?Sized> fmt::Debug for MutexGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: fmt::Display + ?Sized> fmt::Display for MutexGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

/// Holds a [`Mutex`] locked and alive until it is dropped, and gives its data.
///
/// # Examples
///
/// See [`Mutex::lock_arc`].
#[must_use = "the mutex is unlocked when the guard is dropped"]
pub struct MutexGuardArc<T: ?Sized>(Arc<Mutex<T>>);

impl<T: ?Sized> MutexGuardArc<T> {
    /// Makes the guard of a mutex that the caller has just locked.
    #[inline]
    pub(crate) fn new(mutex: Arc<Mutex<T>>) -> MutexGuardArc<T> {
        MutexGuardArc(mutex)
    }

    /// Returns the mutex that the guard holds.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    /// use trill_sync::{Mutex, MutexGuardArc};
    ///
    /// let mutex = Arc::new(Mutex::new(1));
    /// let guard = mutex.lock_arc_blocking();
    /// assert!(Arc::ptr_eq(MutexGuardArc::source(&guard), &mutex));
    /// ```
    #[inline]
    pub fn source(guard: &MutexGuardArc<T>) -> &Arc<Mutex<T>>
    where
        // The guard is `Sync` without it, but a shared `Arc` of the mutex could lock on another thread.
        T: Send,
    {
        &guard.0
    }
}

impl<T: ?Sized> Drop for MutexGuardArc<T> {
    #[inline]
    fn drop(&mut self) {
        self.0.raw.unlock();
    }
}

impl<T: ?Sized> Deref for MutexGuardArc<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: the guard holds the lock, so nobody else borrows the data; `RawMutex` upholds it, and
        // `tests/loom_lock_mutex.rs` would fail.
        unsafe { &*self.0.data.get() }
    }
}

impl<T: ?Sized> DerefMut for MutexGuardArc<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as in `deref`, and the guard itself is borrowed exclusively.
        unsafe { &mut *self.0.data.get() }
    }
}

// SAFETY: unlocking on another thread is allowed, and the data goes along, so it must be `Send`. `tests/lock_types.rs`
// holds the table.
unsafe impl<T: Send + ?Sized> Send for MutexGuardArc<T> {}
// SAFETY: a shared guard gives shared borrows of the data only; `source` asks for more. `tests/lock_types.rs` holds the
// table.
unsafe impl<T: Sync + ?Sized> Sync for MutexGuardArc<T> {}

impl<T: fmt::Debug + ?Sized> fmt::Debug for MutexGuardArc<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: fmt::Display + ?Sized> fmt::Display for MutexGuardArc<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
