//! A lock for data that is held across awaits, in strict order of arrival.
#![allow(unsafe_code)] // Sharing the data between threads.

use std::cell::UnsafeCell;
use std::fmt;
use std::panic::Location;
use std::sync::Arc;

use crate::leaf::note_lock;
use crate::lock::fair_mutex_futures::{FairLock, FairLockArc};
use crate::lock::fair_mutex_guard::{FairMutexGuard, FairMutexGuardArc};
use crate::lock::fifo::Fifo;
use crate::lock::latch::Latch;
use crate::primitive::const_fn;
use crate::waiters::Waiters;

/// Lets one task at a time at its data, strictly in the order in which they came.
///
/// Unlocking hands the lock to the first waiter. Until that one has run and unlocked, a newcomer's
/// [`lock`](FairMutex::lock) waits behind the others and [`try_lock`](FairMutex::try_lock) fails. That costs a switch of
/// tasks per contended lock, and a waiter that nobody polls or drops holds up all others; [`Mutex`](crate::Mutex) has
/// neither cost.
///
/// A panic while a guard is held unlocks; there is no poisoning.
///
/// # Examples
///
/// ```
/// use trill_sync::FairMutex;
///
/// trill_park::block_on(async {
///     let count = FairMutex::new(1);
///     *count.lock().await += 1;
///     assert_eq!(count.into_inner(), 2);
/// });
/// ```
pub struct FairMutex<T: ?Sized> {
    pub(crate) door: Fifo<Latch>,
    pub(crate) data: UnsafeCell<T>,
}

impl<T> FairMutex<T> {
    const_fn! {
        /// Makes an unlocked mutex.
        ///
        /// # Examples
        ///
        /// ```
        /// static NAMES: trill_sync::FairMutex<Vec<String>> = trill_sync::FairMutex::new(Vec::new());
        /// assert!(!NAMES.is_locked());
        /// ```
        pub const fn new(data: T) -> FairMutex<T> {
            FairMutex {
                door: Fifo {
                    gate: Latch::new(true),
                    waiters: Waiters::new(),
                },
                data: UnsafeCell::new(data),
            }
        }
    }

    /// Unwraps the data.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(trill_sync::FairMutex::new(7).into_inner(), 7);
    /// ```
    pub fn into_inner(self) -> T {
        self.data.into_inner()
    }
}

impl<T: ?Sized> FairMutex<T> {
    /// Locks, waiting until those who came before have had the lock.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: dropping the future gives up its place; a lock it had been handed goes to the next.
    ///
    /// # Examples
    ///
    /// See [`FairMutex`].
    #[inline]
    pub fn lock(&self) -> FairLock<'_, T> {
        FairLock::new(self)
    }

    /// Locks, blocking the thread until nobody else holds the lock.
    ///
    /// # Examples
    ///
    /// ```
    /// let count = trill_sync::FairMutex::new(1);
    /// *count.lock_blocking() += 1;
    /// assert_eq!(count.into_inner(), 2);
    /// ```
    #[track_caller]
    pub fn lock_blocking(&self) -> FairMutexGuard<'_, T> {
        trill_park::block_on(self.lock())
    }

    /// Locks if nobody holds the lock and nobody waits for it.
    ///
    /// # Examples
    ///
    /// ```
    /// let count = trill_sync::FairMutex::new(1);
    /// let guard = count.try_lock();
    /// assert!(guard.is_some());
    /// assert!(count.try_lock().is_none());
    /// ```
    #[inline]
    #[track_caller]
    pub fn try_lock(&self) -> Option<FairMutexGuard<'_, T>> {
        note_lock(self.door.try_enter(LOCK), &self.door, Location::caller())
            .then(|| FairMutexGuard::new(self))
    }

    /// Locks, waiting until nobody else holds the lock, with a guard that keeps the mutex alive.
    ///
    /// # Cancel safety
    ///
    /// As [`lock`](FairMutex::lock).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// let count = Arc::new(trill_sync::FairMutex::new(1));
    /// let guard = trill_park::block_on(count.lock_arc());
    /// assert_eq!(*guard, 1);
    /// ```
    #[inline]
    pub fn lock_arc(self: &Arc<Self>) -> FairLockArc<T> {
        FairLockArc::new(self.clone())
    }

    /// Locks, blocking the thread, with a guard that keeps the mutex alive.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// let count = Arc::new(trill_sync::FairMutex::new(1));
    /// assert_eq!(*count.lock_arc_blocking(), 1);
    /// ```
    #[track_caller]
    pub fn lock_arc_blocking(self: &Arc<Self>) -> FairMutexGuardArc<T> {
        trill_park::block_on(self.lock_arc())
    }

    /// Locks if nobody holds the lock, with a guard that keeps the mutex alive.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// let count = Arc::new(trill_sync::FairMutex::new(1));
    /// assert!(count.try_lock_arc().is_some());
    /// ```
    #[inline]
    #[track_caller]
    pub fn try_lock_arc(self: &Arc<Self>) -> Option<FairMutexGuardArc<T>> {
        note_lock(self.door.try_enter(LOCK), &self.door, Location::caller())
            .then(|| FairMutexGuardArc::new(self.clone()))
    }

    /// Borrows the data without locking, which the exclusive borrow makes unnecessary.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut count = trill_sync::FairMutex::new(1);
    /// *count.get_mut() = 5;
    /// assert_eq!(count.into_inner(), 5);
    /// ```
    pub fn get_mut(&mut self) -> &mut T {
        self.data.get_mut()
    }

    /// Whether somebody holds the lock now.
    ///
    /// # Examples
    ///
    /// See [`FairMutex::new`].
    #[inline]
    pub fn is_locked(&self) -> bool {
        !self.door.gate.is_there()
    }

    /// Returns how many futures wait for the lock and were not woken yet.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(trill_sync::FairMutex::new(1).waiters(), 0);
    /// ```
    #[inline]
    pub fn waiters(&self) -> usize {
        self.door.waiters.len()
    }
}

// SAFETY: the mutex owns its data, and sending it sends the data. The bound upholds it; `tests/lock_types.rs` would not
// compile with another one.
unsafe impl<T: Send + ?Sized> Send for FairMutex<T> {}
// SAFETY: the gate gives the data to one thread at a time, for which the data must be `Send` only. Loom checks the
// exclusion in `tests/loom_lock_fair_mutex.rs`.
unsafe impl<T: Send + ?Sized> Sync for FairMutex<T> {}

impl<T: fmt::Debug + ?Sized> fmt::Debug for FairMutex<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("FairMutex");
        match self.try_lock() {
            Some(guard) => out.field("data", &&*guard),
            None => out.field("data", &format_args!("<locked>")),
        };
        out.field("waiters", &self.waiters()).finish()
    }
}

impl<T> From<T> for FairMutex<T> {
    fn from(data: T) -> FairMutex<T> {
        FairMutex::new(data)
    }
}

impl<T: Default> Default for FairMutex<T> {
    fn default() -> FairMutex<T> {
        FairMutex::new(T::default())
    }
}

/// What a waiter asks for: there is but one thing.
pub(crate) const LOCK: u32 = 0;
