//! The guards of a [`FairMutex`]: its data while they live.
#![allow(unsafe_code)] // Borrowing the data that the lock protects.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use crate::leaf::note_unlock;
use crate::lock::fair_mutex::{FairMutex, LOCK};

/// Holds a [`FairMutex`] locked until it is dropped, and gives its data.
///
/// # Examples
///
/// See [`FairMutex`].
#[must_use = "the mutex is unlocked when the guard is dropped"]
pub struct FairMutexGuard<'a, T: ?Sized>(&'a FairMutex<T>);

impl<'a, T: ?Sized> FairMutexGuard<'a, T> {
    /// Makes the guard of a mutex that the caller has just locked.
    #[inline]
    pub(crate) fn new(mutex: &'a FairMutex<T>) -> FairMutexGuard<'a, T> {
        FairMutexGuard(mutex)
    }

    /// Returns the mutex that the guard holds.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_sync::{FairMutex, FairMutexGuard};
    ///
    /// let mutex = FairMutex::new(1);
    /// let guard = mutex.lock_blocking();
    /// assert!(FairMutexGuard::source(&guard).is_locked());
    /// ```
    #[inline]
    pub fn source(guard: &FairMutexGuard<'a, T>) -> &'a FairMutex<T> {
        guard.0
    }
}

impl<T: ?Sized> Drop for FairMutexGuard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        note_unlock(&self.0.door);
        self.0.door.leave(LOCK);
    }
}

impl<T: ?Sized> Deref for FairMutexGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: the guard holds the lock, so nobody else borrows the data; `Fifo` upholds it, and
        // `tests/loom_lock_fair_mutex.rs` would fail.
        unsafe { &*self.0.data.get() }
    }
}

impl<T: ?Sized> DerefMut for FairMutexGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as in `deref`, and the guard itself is borrowed exclusively.
        unsafe { &mut *self.0.data.get() }
    }
}

// SAFETY: unlocking on another thread is allowed, and the data goes along, so it must be `Send`. `tests/lock_types.rs`
// holds the table.
unsafe impl<T: Send + ?Sized> Send for FairMutexGuard<'_, T> {}
// SAFETY: a shared guard gives shared borrows of the data only. `tests/lock_types.rs` holds the table.
unsafe impl<T: Sync + ?Sized> Sync for FairMutexGuard<'_, T> {}

impl<T: fmt::Debug + ?Sized> fmt::Debug for FairMutexGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: fmt::Display + ?Sized> fmt::Display for FairMutexGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

/// Holds a [`FairMutex`] locked and alive until it is dropped, and gives its data.
///
/// # Examples
///
/// See [`FairMutex::lock_arc`].
#[must_use = "the mutex is unlocked when the guard is dropped"]
pub struct FairMutexGuardArc<T: ?Sized>(Arc<FairMutex<T>>);

impl<T: ?Sized> FairMutexGuardArc<T> {
    /// Makes the guard of a mutex that the caller has just locked.
    #[inline]
    pub(crate) fn new(mutex: Arc<FairMutex<T>>) -> FairMutexGuardArc<T> {
        FairMutexGuardArc(mutex)
    }

    /// Returns the mutex that the guard holds.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    /// use trill_sync::{FairMutex, FairMutexGuardArc};
    ///
    /// let mutex = Arc::new(FairMutex::new(1));
    /// let guard = mutex.lock_arc_blocking();
    /// assert!(Arc::ptr_eq(FairMutexGuardArc::source(&guard), &mutex));
    /// ```
    #[inline]
    pub fn source(guard: &FairMutexGuardArc<T>) -> &Arc<FairMutex<T>>
    where
        // The guard is `Sync` without it, but a shared `Arc` of the mutex could lock on another thread.
        T: Send,
    {
        &guard.0
    }
}

impl<T: ?Sized> Drop for FairMutexGuardArc<T> {
    #[inline]
    fn drop(&mut self) {
        note_unlock(&self.0.door);
        self.0.door.leave(LOCK);
    }
}

impl<T: ?Sized> Deref for FairMutexGuardArc<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: the guard holds the lock, so nobody else borrows the data; `Fifo` upholds it, and
        // `tests/loom_lock_fair_mutex.rs` would fail.
        unsafe { &*self.0.data.get() }
    }
}

impl<T: ?Sized> DerefMut for FairMutexGuardArc<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as in `deref`, and the guard itself is borrowed exclusively.
        unsafe { &mut *self.0.data.get() }
    }
}

// SAFETY: unlocking on another thread is allowed, and the data goes along, so it must be `Send`. `tests/lock_types.rs`
// holds the table.
unsafe impl<T: Send + ?Sized> Send for FairMutexGuardArc<T> {}
// SAFETY: a shared guard gives shared borrows of the data only; `source` asks for more. `tests/lock_types.rs` holds the
// table.
unsafe impl<T: Sync + ?Sized> Sync for FairMutexGuardArc<T> {}

impl<T: fmt::Debug + ?Sized> fmt::Debug for FairMutexGuardArc<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: fmt::Display + ?Sized> fmt::Display for FairMutexGuardArc<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
