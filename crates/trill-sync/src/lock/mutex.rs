//! A lock for data that is held across awaits, quick before it is fair.
#![allow(unsafe_code)] // Sharing the data between threads.

use std::cell::UnsafeCell;
use std::fmt;
use std::panic::Location;
use std::sync::Arc;

use crate::leaf::note_lock;
use crate::lock::mutex_futures::{Lock, LockArc};
use crate::lock::mutex_guard::{MutexGuard, MutexGuardArc};
use crate::lock::raw_mutex::RawMutex;
use crate::primitive::const_fn;

/// Lets one task at a time at its data, and lets it await meanwhile.
///
/// An unlocked mutex goes to whoever polls first, which keeps it quick and keeps a waiter that nobody polls from
/// blocking the others. A waiter that lost twice is served before newcomers. For strict order of arrival use
/// [`FairMutex`](crate::FairMutex).
///
/// A panic while a guard is held unlocks; there is no poisoning.
///
/// # Examples
///
/// ```
/// use trill_sync::Mutex;
///
/// trill_park::block_on(async {
///     let count = Mutex::new(1);
///     *count.lock().await += 1;
///     assert_eq!(count.into_inner(), 2);
/// });
/// ```
pub struct Mutex<T: ?Sized> {
    pub(crate) raw: RawMutex,
    pub(crate) data: UnsafeCell<T>,
}

impl<T> Mutex<T> {
    const_fn! {
        /// Makes an unlocked mutex.
        ///
        /// # Examples
        ///
        /// ```
        /// static NAMES: trill_sync::Mutex<Vec<String>> = trill_sync::Mutex::new(Vec::new());
        /// assert!(!NAMES.is_locked());
        /// ```
        pub const fn new(data: T) -> Mutex<T> {
            Mutex {
                raw: RawMutex::new(),
                data: UnsafeCell::new(data),
            }
        }
    }

    /// Unwraps the data.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(trill_sync::Mutex::new(7).into_inner(), 7);
    /// ```
    pub fn into_inner(self) -> T {
        self.data.into_inner()
    }
}

impl<T: ?Sized> Mutex<T> {
    /// Locks, waiting until nobody else holds the lock.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: dropping the future gives up its place, and passes a turn it had on to the next.
    ///
    /// # Examples
    ///
    /// See [`Mutex`].
    #[inline]
    pub fn lock(&self) -> Lock<'_, T> {
        Lock::new(self)
    }

    /// Locks, blocking the thread until nobody else holds the lock.
    ///
    /// # Examples
    ///
    /// ```
    /// let count = trill_sync::Mutex::new(1);
    /// *count.lock_blocking() += 1;
    /// assert_eq!(count.into_inner(), 2);
    /// ```
    #[track_caller]
    pub fn lock_blocking(&self) -> MutexGuard<'_, T> {
        trill_park::block_on(self.lock())
    }

    /// Locks if nobody holds the lock.
    ///
    /// # Examples
    ///
    /// ```
    /// let count = trill_sync::Mutex::new(1);
    /// let guard = count.try_lock();
    /// assert!(guard.is_some());
    /// assert!(count.try_lock().is_none());
    /// ```
    #[inline]
    #[track_caller]
    pub fn try_lock(&self) -> Option<MutexGuard<'_, T>> {
        note_lock(self.raw.try_lock(), &self.raw, Location::caller()).then(|| MutexGuard::new(self))
    }

    /// Locks, waiting until nobody else holds the lock, with a guard that keeps the mutex alive.
    ///
    /// # Cancel safety
    ///
    /// As [`lock`](Mutex::lock).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// let count = Arc::new(trill_sync::Mutex::new(1));
    /// let guard = trill_park::block_on(count.lock_arc());
    /// assert_eq!(*guard, 1);
    /// ```
    #[inline]
    pub fn lock_arc(self: &Arc<Self>) -> LockArc<T> {
        LockArc::new(self.clone())
    }

    /// Locks, blocking the thread, with a guard that keeps the mutex alive.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// let count = Arc::new(trill_sync::Mutex::new(1));
    /// assert_eq!(*count.lock_arc_blocking(), 1);
    /// ```
    #[track_caller]
    pub fn lock_arc_blocking(self: &Arc<Self>) -> MutexGuardArc<T> {
        trill_park::block_on(self.lock_arc())
    }

    /// Locks if nobody holds the lock, with a guard that keeps the mutex alive.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// let count = Arc::new(trill_sync::Mutex::new(1));
    /// assert!(count.try_lock_arc().is_some());
    /// ```
    #[inline]
    #[track_caller]
    pub fn try_lock_arc(self: &Arc<Self>) -> Option<MutexGuardArc<T>> {
        note_lock(self.raw.try_lock(), &self.raw, Location::caller())
            .then(|| MutexGuardArc::new(self.clone()))
    }

    /// Borrows the data without locking, which the exclusive borrow makes unnecessary.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut count = trill_sync::Mutex::new(1);
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
    /// See [`Mutex::new`].
    #[inline]
    pub fn is_locked(&self) -> bool {
        self.raw.is_locked()
    }

    /// Returns how many futures wait for the lock and were not woken yet.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(trill_sync::Mutex::new(1).waiters(), 0);
    /// ```
    #[inline]
    pub fn waiters(&self) -> usize {
        self.raw.waiters()
    }
}

// SAFETY: the mutex owns its data, and sending it sends the data. The bound upholds it; `tests/lock_types.rs` would not
// compile with another one.
unsafe impl<T: Send + ?Sized> Send for Mutex<T> {}
// SAFETY: the raw lock gives the data to one thread at a time, for which the data must be `Send` only. Loom checks the
// exclusion in `tests/loom_lock_mutex.rs`.
unsafe impl<T: Send + ?Sized> Sync for Mutex<T> {}

impl<T: fmt::Debug + ?Sized> fmt::Debug for Mutex<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Mutex");
        match self.try_lock() {
            Some(guard) => out.field("data", &&*guard),
            None => out.field("data", &format_args!("<locked>")),
        };
        out.field("waiters", &self.waiters()).finish()
    }
}

impl<T> From<T> for Mutex<T> {
    fn from(data: T) -> Mutex<T> {
        Mutex::new(data)
    }
}

impl<T: Default> Default for Mutex<T> {
    fn default() -> Mutex<T> {
        Mutex::new(T::default())
    }
}
