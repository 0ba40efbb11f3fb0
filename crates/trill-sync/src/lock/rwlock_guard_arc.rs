//! The guards that share a [`RwLock`] in an [`Arc`]: its data while they live.
#![allow(unsafe_code)] // Borrowing the data that the lock protects.

use std::fmt;
use std::mem::ManuallyDrop;
use std::ops::{Deref, DerefMut};
use std::ptr::{self, NonNull};
use std::sync::Arc;

use crate::lock::raw_rwlock::{READ, UPGRADABLE, WRITE};
use crate::lock::rwlock::RwLock;
use crate::lock::rwlock_futures_arc::UpgradeArc;

/// Holds a [`RwLock`] for reading, and alive, until it is dropped.
///
/// # Examples
///
/// See [`RwLock::read_arc`].
#[must_use = "the lock is released when the guard is dropped"]
pub struct RwLockReadGuardArc<T> {
    /// From `Arc<RwLock<T>>`; the type is left out so that the guard is covariant in `T`.
    lock: NonNull<()>,
    data: NonNull<T>,
}

impl<T> RwLockReadGuardArc<T> {
    /// Makes the guard of a lock that the caller has just entered as a reader.
    #[inline]
    pub(crate) fn new(lock: Arc<RwLock<T>>) -> RwLockReadGuardArc<T> {
        let data = lock.data_address();
        let lock = Arc::into_raw(lock).cast_mut();
        // SAFETY: the address of what an `Arc` holds is never null.
        let lock = unsafe { NonNull::new_unchecked(lock) }.cast();
        RwLockReadGuardArc { lock, data }
    }
}

impl<T> Drop for RwLockReadGuardArc<T> {
    #[inline]
    fn drop(&mut self) {
        let lock: *const RwLock<T> = self.lock.as_ptr().cast();
        // SAFETY: the address came from an `Arc` that `new` kept from being dropped, and is used once, here. Its type
        // may differ in lifetimes only. Miri on `tests/lock_rwlock.rs` would fail.
        let lock = unsafe { Arc::from_raw(lock) };
        lock.raw.leave(READ);
    }
}

impl<T> Deref for RwLockReadGuardArc<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: the guard keeps the lock alive, and a reader is inside, so nobody borrows the data exclusively;
        // `RawRwLock` upholds it, and `tests/loom_lock_rwlock.rs` would fail.
        unsafe { self.data.as_ref() }
    }
}

// SAFETY: the guard is a shared borrow of the data, and may drop it with the last `Arc`. `tests/lock_types.rs` holds the
// table.
unsafe impl<T: Send + Sync> Send for RwLockReadGuardArc<T> {}
// SAFETY: as above.
unsafe impl<T: Send + Sync> Sync for RwLockReadGuardArc<T> {}

impl<T: fmt::Debug> fmt::Debug for RwLockReadGuardArc<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: fmt::Display> fmt::Display for RwLockReadGuardArc<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

/// Holds a [`RwLock`] for reading, beside other readers but no other upgradable one, and alive, until it is dropped.
///
/// # Examples
///
/// See [`RwLock::upgradable_read_arc`].
#[must_use = "the lock is released when the guard is dropped"]
pub struct RwLockUpgradableReadGuardArc<T: ?Sized> {
    lock: Arc<RwLock<T>>,
}

impl<T> RwLockUpgradableReadGuardArc<T> {
    /// Becomes a plain reader, so that another upgradable one can come.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    /// use trill_sync::{RwLock, RwLockUpgradableReadGuardArc};
    ///
    /// let price = Arc::new(RwLock::new(1));
    /// let guard = price.upgradable_read_arc_blocking();
    /// let guard = RwLockUpgradableReadGuardArc::downgrade(guard);
    /// assert!(price.try_upgradable_read().is_some());
    /// # drop(guard);
    /// ```
    pub fn downgrade(guard: Self) -> RwLockReadGuardArc<T> {
        let lock = guard.into_lock();
        lock.raw.become_other(UPGRADABLE, READ);
        RwLockReadGuardArc::new(lock)
    }
}

impl<T: ?Sized> RwLockUpgradableReadGuardArc<T> {
    /// Makes the guard of a lock that the caller has just entered as an upgradable reader.
    #[inline]
    pub(crate) fn new(lock: Arc<RwLock<T>>) -> RwLockUpgradableReadGuardArc<T> {
        RwLockUpgradableReadGuardArc { lock }
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
    /// use std::sync::Arc;
    /// use trill_sync::{RwLock, RwLockUpgradableReadGuardArc};
    ///
    /// let price = Arc::new(RwLock::new(1));
    /// let guard = price.upgradable_read_arc_blocking();
    /// *RwLockUpgradableReadGuardArc::try_upgrade(guard).unwrap() = 2;
    /// ```
    pub fn try_upgrade(guard: Self) -> Result<RwLockWriteGuardArc<T>, Self> {
        if guard.lock.raw.try_upgrade() {
            Ok(RwLockWriteGuardArc::new(guard.into_lock()))
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
    /// ```
    /// use std::sync::Arc;
    /// use trill_sync::{RwLock, RwLockUpgradableReadGuardArc};
    ///
    /// trill_park::block_on(async {
    ///     let price = Arc::new(RwLock::new(1));
    ///     let guard = price.upgradable_read_arc().await;
    ///     *RwLockUpgradableReadGuardArc::upgrade(guard).await = 2;
    /// });
    /// ```
    #[inline]
    pub fn upgrade(guard: Self) -> UpgradeArc<T> {
        UpgradeArc::new(guard.into_lock())
    }

    /// Becomes a writer, blocking the thread until the other readers have left.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    /// use trill_sync::{RwLock, RwLockUpgradableReadGuardArc};
    ///
    /// let price = Arc::new(RwLock::new(1));
    /// let guard = price.upgradable_read_arc_blocking();
    /// *RwLockUpgradableReadGuardArc::upgrade_blocking(guard) = 2;
    /// ```
    #[track_caller]
    pub fn upgrade_blocking(guard: Self) -> RwLockWriteGuardArc<T> {
        trill_park::block_on(RwLockUpgradableReadGuardArc::upgrade(guard))
    }

    /// Forgets the guard and stays inside.
    fn into_lock(self) -> Arc<RwLock<T>> {
        let guard = ManuallyDrop::new(self);
        // SAFETY: the guard is not dropped, so the `Arc` is moved out of it, once. Miri on `tests/lock_rwlock.rs` would
        // fail.
        unsafe { ptr::read(&guard.lock) }
    }
}

impl<T: ?Sized> Drop for RwLockUpgradableReadGuardArc<T> {
    #[inline]
    fn drop(&mut self) {
        self.lock.raw.leave(UPGRADABLE);
    }
}

impl<T: ?Sized> Deref for RwLockUpgradableReadGuardArc<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: a reader is inside, so nobody borrows the data exclusively; `RawRwLock` upholds it, and
        // `tests/loom_lock_rwlock.rs` would fail.
        unsafe { self.lock.data_address().as_ref() }
    }
}

impl<T: fmt::Debug + ?Sized> fmt::Debug for RwLockUpgradableReadGuardArc<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: fmt::Display + ?Sized> fmt::Display for RwLockUpgradableReadGuardArc<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

/// Holds a [`RwLock`] for writing, and alive, until it is dropped.
///
/// # Examples
///
/// See [`RwLock::write_arc`].
#[must_use = "the lock is released when the guard is dropped"]
pub struct RwLockWriteGuardArc<T: ?Sized> {
    lock: Arc<RwLock<T>>,
}

impl<T> RwLockWriteGuardArc<T> {
    /// Becomes a reader, without letting another writer in between.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    /// use trill_sync::{RwLock, RwLockWriteGuardArc};
    ///
    /// let price = Arc::new(RwLock::new(1));
    /// let guard = RwLockWriteGuardArc::downgrade(price.write_arc_blocking());
    /// assert!(price.try_read().is_some());
    /// # drop(guard);
    /// ```
    pub fn downgrade(guard: Self) -> RwLockReadGuardArc<T> {
        let lock = guard.into_lock();
        lock.raw.become_other(WRITE, READ);
        RwLockReadGuardArc::new(lock)
    }
}

impl<T: ?Sized> RwLockWriteGuardArc<T> {
    /// Makes the guard of a lock that the caller has just entered as a writer.
    #[inline]
    pub(crate) fn new(lock: Arc<RwLock<T>>) -> RwLockWriteGuardArc<T> {
        RwLockWriteGuardArc { lock }
    }

    /// Becomes an upgradable reader, without letting another writer in between.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    /// use trill_sync::{RwLock, RwLockWriteGuardArc};
    ///
    /// let price = Arc::new(RwLock::new(1));
    /// let guard = RwLockWriteGuardArc::downgrade_to_upgradable(price.write_arc_blocking());
    /// assert!(price.try_upgradable_read().is_none());
    /// # drop(guard);
    /// ```
    pub fn downgrade_to_upgradable(guard: Self) -> RwLockUpgradableReadGuardArc<T> {
        let lock = guard.into_lock();
        lock.raw.become_other(WRITE, UPGRADABLE);
        RwLockUpgradableReadGuardArc::new(lock)
    }

    /// Forgets the guard and stays inside.
    fn into_lock(self) -> Arc<RwLock<T>> {
        let guard = ManuallyDrop::new(self);
        // SAFETY: the guard is not dropped, so the `Arc` is moved out of it, once. Miri on `tests/lock_rwlock.rs` would
        // fail.
        unsafe { ptr::read(&guard.lock) }
    }
}

impl<T: ?Sized> Drop for RwLockWriteGuardArc<T> {
    #[inline]
    fn drop(&mut self) {
        self.lock.raw.leave(WRITE);
    }
}

impl<T: ?Sized> Deref for RwLockWriteGuardArc<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: the writer is inside alone, so nobody else borrows the data; `RawRwLock` upholds it, and
        // `tests/loom_lock_rwlock.rs` would fail.
        unsafe { self.lock.data_address().as_ref() }
    }
}

impl<T: ?Sized> DerefMut for RwLockWriteGuardArc<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as in `deref`, and the guard itself is borrowed exclusively.
        unsafe { self.lock.data_address().as_mut() }
    }
}

impl<T: fmt::Debug + ?Sized> fmt::Debug for RwLockWriteGuardArc<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: fmt::Display + ?Sized> fmt::Display for RwLockWriteGuardArc<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
