//! The guards that borrow a [`RwLock`]: its data while they live.
#![allow(unsafe_code)] // Borrowing the data that the lock protects.

use std::fmt;
use std::mem;
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;

use crate::lock::raw_rwlock::{READ, RawRwLock, UPGRADABLE, WRITE};
use crate::lock::rwlock::RwLock;
use crate::lock::rwlock_futures::Upgrade;

/// Holds a [`RwLock`] for reading until it is dropped.
///
/// # Examples
///
/// See [`RwLock`].
#[must_use = "the lock is released when the guard is dropped"]
pub struct RwLockReadGuard<'a, T: ?Sized> {
    raw: &'a RawRwLock,
    /// Not a borrow of the lock, so that the guard is covariant in `T`.
    data: NonNull<T>,
}

impl<'a, T: ?Sized> RwLockReadGuard<'a, T> {
    /// Makes the guard of a lock that the caller has just entered as a reader.
    #[inline]
    pub(crate) fn new(lock: &'a RwLock<T>) -> RwLockReadGuard<'a, T> {
        RwLockReadGuard {
            raw: &lock.raw,
            data: lock.data_address(),
        }
    }
}

impl<T: ?Sized> Drop for RwLockReadGuard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        self.raw.leave(READ);
    }
}

impl<T: ?Sized> Deref for RwLockReadGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: the address is that of the data of a lock that outlives the guard, and a reader is inside, so nobody
        // borrows the data exclusively; `RawRwLock` upholds it, and `tests/loom_lock_rwlock.rs` would fail.
        unsafe { self.data.as_ref() }
    }
}

// SAFETY: the guard is a shared borrow of the data, and leaving on another thread is allowed. `tests/lock_types.rs` holds
// the table.
unsafe impl<T: Sync + ?Sized> Send for RwLockReadGuard<'_, T> {}
// SAFETY: as above.
unsafe impl<T: Sync + ?Sized> Sync for RwLockReadGuard<'_, T> {}

impl<T: fmt::Debug + ?Sized> fmt::Debug for RwLockReadGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: fmt::Display + ?Sized> fmt::Display for RwLockReadGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

/// Holds a [`RwLock`] for reading, beside other readers but no other upgradable one, until it is dropped.
///
/// It can become a writer without letting another writer in between.
///
/// # Examples
///
/// ```
/// use trill_sync::{RwLock, RwLockUpgradableReadGuard};
///
/// trill_park::block_on(async {
///     let price = RwLock::new(0);
///     let guard = price.upgradable_read().await;
///     if *guard == 0 {
///         *RwLockUpgradableReadGuard::upgrade(guard).await = 5;
///     }
///     assert_eq!(*price.read().await, 5);
/// });
/// ```
#[must_use = "the lock is released when the guard is dropped"]
pub struct RwLockUpgradableReadGuard<'a, T: ?Sized> {
    lock: &'a RwLock<T>,
}

impl<'a, T: ?Sized> RwLockUpgradableReadGuard<'a, T> {
    /// Makes the guard of a lock that the caller has just entered as an upgradable reader.
    #[inline]
    pub(crate) fn new(lock: &'a RwLock<T>) -> RwLockUpgradableReadGuard<'a, T> {
        RwLockUpgradableReadGuard { lock }
    }

    /// Becomes a plain reader, so that another upgradable one can come.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_sync::{RwLock, RwLockUpgradableReadGuard};
    ///
    /// let price = RwLock::new(1);
    /// let guard = price.upgradable_read_blocking();
    /// let guard = RwLockUpgradableReadGuard::downgrade(guard);
    /// assert!(price.try_upgradable_read().is_some());
    /// # drop(guard);
    /// ```
    pub fn downgrade(guard: Self) -> RwLockReadGuard<'a, T> {
        let lock = guard.into_lock();
        lock.raw.become_other(UPGRADABLE, READ);
        RwLockReadGuard::new(lock)
    }

    /// Becomes a writer if there are no other readers.
    ///
    /// # Errors
    ///
    /// The guard, if there are.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_sync::{RwLock, RwLockUpgradableReadGuard};
    ///
    /// let price = RwLock::new(1);
    /// let guard = price.upgradable_read_blocking();
    /// let reader = price.read_blocking();
    /// let guard = RwLockUpgradableReadGuard::try_upgrade(guard).unwrap_err();
    /// drop(reader);
    /// *RwLockUpgradableReadGuard::try_upgrade(guard).unwrap() = 2;
    /// ```
    pub fn try_upgrade(guard: Self) -> Result<RwLockWriteGuard<'a, T>, Self> {
        if guard.lock.raw.try_upgrade() {
            Ok(RwLockWriteGuard::new(guard.into_lock()))
        } else {
            Err(guard)
        }
    }

    /// Becomes a writer, waiting until the other readers have left.
    ///
    /// From the first poll on nobody else is let in.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future releases the lock: there is no guard any more.
    ///
    /// # Examples
    ///
    /// See [`RwLockUpgradableReadGuard`].
    #[inline]
    pub fn upgrade(guard: Self) -> Upgrade<'a, T> {
        Upgrade::new(guard.into_lock())
    }

    /// Becomes a writer, blocking the thread until the other readers have left.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_sync::{RwLock, RwLockUpgradableReadGuard};
    ///
    /// let price = RwLock::new(1);
    /// let guard = price.upgradable_read_blocking();
    /// *RwLockUpgradableReadGuard::upgrade_blocking(guard) = 2;
    /// assert_eq!(price.into_inner(), 2);
    /// ```
    #[track_caller]
    pub fn upgrade_blocking(guard: Self) -> RwLockWriteGuard<'a, T> {
        trill_park::block_on(RwLockUpgradableReadGuard::upgrade(guard))
    }

    /// Forgets the guard and stays inside.
    fn into_lock(self) -> &'a RwLock<T> {
        let lock = self.lock;
        mem::forget(self);
        lock
    }
}

impl<T: ?Sized> Drop for RwLockUpgradableReadGuard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        self.lock.raw.leave(UPGRADABLE);
    }
}

impl<T: ?Sized> Deref for RwLockUpgradableReadGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: a reader is inside, so nobody borrows the data exclusively; `RawRwLock` upholds it, and
        // `tests/loom_lock_rwlock.rs` would fail.
        unsafe { self.lock.data_address().as_ref() }
    }
}

// No `Send` and `Sync` by hand: the borrow of the lock asks for `T: Send + Sync`, which both need, because the guard can
// become an exclusive borrow and, beside other readers, a shared one.

impl<T: fmt::Debug + ?Sized> fmt::Debug for RwLockUpgradableReadGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: fmt::Display + ?Sized> fmt::Display for RwLockUpgradableReadGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

/// Holds a [`RwLock`] for writing until it is dropped.
///
/// # Examples
///
/// See [`RwLock`].
#[must_use = "the lock is released when the guard is dropped"]
pub struct RwLockWriteGuard<'a, T: ?Sized> {
    lock: &'a RwLock<T>,
}

impl<'a, T: ?Sized> RwLockWriteGuard<'a, T> {
    /// Makes the guard of a lock that the caller has just entered as a writer.
    #[inline]
    pub(crate) fn new(lock: &'a RwLock<T>) -> RwLockWriteGuard<'a, T> {
        RwLockWriteGuard { lock }
    }

    /// Becomes a reader, without letting another writer in between.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_sync::{RwLock, RwLockWriteGuard};
    ///
    /// let price = RwLock::new(1);
    /// let guard = RwLockWriteGuard::downgrade(price.write_blocking());
    /// assert!(price.try_read().is_some());
    /// # drop(guard);
    /// ```
    pub fn downgrade(guard: Self) -> RwLockReadGuard<'a, T> {
        let lock = guard.into_lock();
        lock.raw.become_other(WRITE, READ);
        RwLockReadGuard::new(lock)
    }

    /// Becomes an upgradable reader, without letting another writer in between.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_sync::{RwLock, RwLockWriteGuard};
    ///
    /// let price = RwLock::new(1);
    /// let guard = RwLockWriteGuard::downgrade_to_upgradable(price.write_blocking());
    /// assert!(price.try_upgradable_read().is_none());
    /// # drop(guard);
    /// ```
    pub fn downgrade_to_upgradable(guard: Self) -> RwLockUpgradableReadGuard<'a, T> {
        let lock = guard.into_lock();
        lock.raw.become_other(WRITE, UPGRADABLE);
        RwLockUpgradableReadGuard::new(lock)
    }

    /// Forgets the guard and stays inside.
    fn into_lock(self) -> &'a RwLock<T> {
        let lock = self.lock;
        mem::forget(self);
        lock
    }
}

impl<T: ?Sized> Drop for RwLockWriteGuard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        self.lock.raw.leave(WRITE);
    }
}

impl<T: ?Sized> Deref for RwLockWriteGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: the writer is inside alone, so nobody else borrows the data; `RawRwLock` upholds it, and
        // `tests/loom_lock_rwlock.rs` would fail.
        unsafe { self.lock.data_address().as_ref() }
    }
}

impl<T: ?Sized> DerefMut for RwLockWriteGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as in `deref`, and the guard itself is borrowed exclusively.
        unsafe { self.lock.data_address().as_mut() }
    }
}

// No `Send` and `Sync` by hand: the borrow of the lock asks for `T: Send + Sync`, which both need, because the guard can
// become a shared borrow beside others.

impl<T: fmt::Debug + ?Sized> fmt::Debug for RwLockWriteGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: fmt::Display + ?Sized> fmt::Display for RwLockWriteGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
