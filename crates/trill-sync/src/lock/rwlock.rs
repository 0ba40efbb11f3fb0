//! A lock for data that many may read at a time, or one may write.
#![allow(unsafe_code)] // Sharing the data between threads.

use std::cell::UnsafeCell;
use std::fmt;
use std::panic::Location;
use std::ptr::NonNull;
use std::sync::Arc;

use crate::leaf::note_lock;
use crate::lock::raw_rwlock::{READ, RawRwLock, UPGRADABLE, WRITE};
use crate::lock::rwlock_futures::{Read, UpgradableRead, Write};
use crate::lock::rwlock_futures_arc::{ReadArc, UpgradableReadArc, WriteArc};
use crate::lock::rwlock_guard::{RwLockReadGuard, RwLockUpgradableReadGuard, RwLockWriteGuard};
use crate::lock::rwlock_guard_arc::{
    RwLockReadGuardArc, RwLockUpgradableReadGuardArc, RwLockWriteGuardArc,
};
use crate::primitive::const_fn;

/// Lets many tasks read its data at a time, or one write it, strictly in the order in which they came.
///
/// A reader that comes while a writer waits, waits behind it, so neither side starves. Therefore a task that reads and
/// awaits a second read of the same lock may wait for a writer that waits for its first one. One of the readers may be
/// *upgradable*: it can become a writer without letting another writer in between.
///
/// A panic while a guard is held releases the lock; there is no poisoning.
///
/// # Examples
///
/// ```
/// use trill_sync::RwLock;
///
/// trill_park::block_on(async {
///     let names = RwLock::new(vec!["Ada"]);
///     names.write().await.push("Grace");
///     let (one, two) = (names.read().await, names.read().await);
///     assert_eq!(one.len(), two.len());
/// });
/// ```
pub struct RwLock<T: ?Sized> {
    pub(crate) raw: RawRwLock,
    data: UnsafeCell<T>,
}

impl<T> RwLock<T> {
    const_fn! {
        /// Makes an unlocked one.
        ///
        /// # Examples
        ///
        /// ```
        /// static NAMES: trill_sync::RwLock<Vec<String>> = trill_sync::RwLock::new(Vec::new());
        /// assert_eq!(NAMES.readers(), 0);
        /// ```
        pub const fn new(data: T) -> RwLock<T> {
            RwLock {
                raw: RawRwLock::new(),
                data: UnsafeCell::new(data),
            }
        }
    }

    /// Unwraps the data.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(trill_sync::RwLock::new(7).into_inner(), 7);
    /// ```
    pub fn into_inner(self) -> T {
        self.data.into_inner()
    }

    /// Locks for reading, waiting until those who came before allow it, with a guard that keeps the lock alive.
    ///
    /// # Cancel safety
    ///
    /// As [`read`](RwLock::read).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// let count = Arc::new(trill_sync::RwLock::new(1));
    /// assert_eq!(*trill_park::block_on(count.read_arc()), 1);
    /// ```
    #[inline]
    pub fn read_arc<'a>(self: &'a Arc<Self>) -> ReadArc<'a, T> {
        ReadArc::new(self)
    }

    /// Locks for reading, blocking the thread, with a guard that keeps the lock alive.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// assert_eq!(*Arc::new(trill_sync::RwLock::new(1)).read_arc_blocking(), 1);
    /// ```
    #[track_caller]
    pub fn read_arc_blocking(self: &Arc<Self>) -> RwLockReadGuardArc<T> {
        trill_park::block_on(self.read_arc())
    }

    /// Locks for reading if no writer holds the lock or waits for it, with a guard that keeps the lock alive.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// assert!(Arc::new(trill_sync::RwLock::new(1)).try_read_arc().is_some());
    /// ```
    #[inline]
    #[track_caller]
    pub fn try_read_arc(self: &Arc<Self>) -> Option<RwLockReadGuardArc<T>> {
        note_lock(self.raw.try_enter(READ), &self.raw, Location::caller())
            .then(|| RwLockReadGuardArc::new(self.clone()))
    }
}

impl<T: ?Sized> RwLock<T> {
    /// Locks for reading, waiting until those who came before allow it.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: dropping the future gives up its place; a lock it had been handed is released.
    ///
    /// # Examples
    ///
    /// ```
    /// let count = trill_sync::RwLock::new(1);
    /// assert_eq!(*trill_park::block_on(count.read()), 1);
    /// ```
    #[inline]
    pub fn read(&self) -> Read<'_, T> {
        Read::new(self)
    }

    /// Locks for reading, blocking the thread until those who came before allow it.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(*trill_sync::RwLock::new(1).read_blocking(), 1);
    /// ```
    #[track_caller]
    pub fn read_blocking(&self) -> RwLockReadGuard<'_, T> {
        trill_park::block_on(self.read())
    }

    /// Locks for reading if no writer holds the lock or waits for it.
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(trill_sync::RwLock::new(1).try_read().is_some());
    /// ```
    #[inline]
    #[track_caller]
    pub fn try_read(&self) -> Option<RwLockReadGuard<'_, T>> {
        note_lock(self.raw.try_enter(READ), &self.raw, Location::caller())
            .then(|| RwLockReadGuard::new(self))
    }

    /// Locks for reading, with the possibility to upgrade, waiting until those who came before allow it.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: dropping the future gives up its place; a lock it had been handed is released.
    ///
    /// # Examples
    ///
    /// ```
    /// let count = trill_sync::RwLock::new(1);
    /// assert_eq!(*trill_park::block_on(count.upgradable_read()), 1);
    /// ```
    #[inline]
    pub fn upgradable_read(&self) -> UpgradableRead<'_, T> {
        UpgradableRead::new(self)
    }

    /// Locks for reading, with the possibility to upgrade, blocking the thread until those who came before allow it.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(*trill_sync::RwLock::new(1).upgradable_read_blocking(), 1);
    /// ```
    #[track_caller]
    pub fn upgradable_read_blocking(&self) -> RwLockUpgradableReadGuard<'_, T> {
        trill_park::block_on(self.upgradable_read())
    }

    /// Locks for reading, with the possibility to upgrade if no writer or other upgradable reader holds the lock and nobody waits.
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(trill_sync::RwLock::new(1).try_upgradable_read().is_some());
    /// ```
    #[inline]
    #[track_caller]
    pub fn try_upgradable_read(&self) -> Option<RwLockUpgradableReadGuard<'_, T>> {
        note_lock(
            self.raw.try_enter(UPGRADABLE),
            &self.raw,
            Location::caller(),
        )
        .then(|| RwLockUpgradableReadGuard::new(self))
    }

    /// Locks for reading, with the possibility to upgrade, waiting until those who came before allow it, with a guard that keeps the lock alive.
    ///
    /// # Cancel safety
    ///
    /// As [`upgradable_read`](RwLock::upgradable_read).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// let count = Arc::new(trill_sync::RwLock::new(1));
    /// assert_eq!(*trill_park::block_on(count.upgradable_read_arc()), 1);
    /// ```
    #[inline]
    pub fn upgradable_read_arc<'a>(self: &'a Arc<Self>) -> UpgradableReadArc<'a, T> {
        UpgradableReadArc::new(self)
    }

    /// Locks for reading, with the possibility to upgrade, blocking the thread, with a guard that keeps the lock alive.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// assert_eq!(*Arc::new(trill_sync::RwLock::new(1)).upgradable_read_arc_blocking(), 1);
    /// ```
    #[track_caller]
    pub fn upgradable_read_arc_blocking(self: &Arc<Self>) -> RwLockUpgradableReadGuardArc<T> {
        trill_park::block_on(self.upgradable_read_arc())
    }

    /// Locks for reading, with the possibility to upgrade if no writer or other upgradable reader holds the lock and nobody waits, with a guard that keeps the lock alive.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// assert!(Arc::new(trill_sync::RwLock::new(1)).try_upgradable_read_arc().is_some());
    /// ```
    #[inline]
    #[track_caller]
    pub fn try_upgradable_read_arc(self: &Arc<Self>) -> Option<RwLockUpgradableReadGuardArc<T>> {
        note_lock(
            self.raw.try_enter(UPGRADABLE),
            &self.raw,
            Location::caller(),
        )
        .then(|| RwLockUpgradableReadGuardArc::new(self.clone()))
    }

    /// Locks for writing, waiting until those who came before have left.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: dropping the future gives up its place; a lock it had been handed is released.
    ///
    /// # Examples
    ///
    /// ```
    /// let count = trill_sync::RwLock::new(1);
    /// assert_eq!(*trill_park::block_on(count.write()), 1);
    /// ```
    #[inline]
    pub fn write(&self) -> Write<'_, T> {
        Write::new(self)
    }

    /// Locks for writing, blocking the thread until those who came before have left.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(*trill_sync::RwLock::new(1).write_blocking(), 1);
    /// ```
    #[track_caller]
    pub fn write_blocking(&self) -> RwLockWriteGuard<'_, T> {
        trill_park::block_on(self.write())
    }

    /// Locks for writing if nobody holds the lock or waits for it.
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(trill_sync::RwLock::new(1).try_write().is_some());
    /// ```
    #[inline]
    #[track_caller]
    pub fn try_write(&self) -> Option<RwLockWriteGuard<'_, T>> {
        note_lock(self.raw.try_enter(WRITE), &self.raw, Location::caller())
            .then(|| RwLockWriteGuard::new(self))
    }

    /// Locks for writing, waiting until those who came before have left, with a guard that keeps the lock alive.
    ///
    /// # Cancel safety
    ///
    /// As [`write`](RwLock::write).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// let count = Arc::new(trill_sync::RwLock::new(1));
    /// assert_eq!(*trill_park::block_on(count.write_arc()), 1);
    /// ```
    #[inline]
    pub fn write_arc<'a>(self: &'a Arc<Self>) -> WriteArc<'a, T> {
        WriteArc::new(self)
    }

    /// Locks for writing, blocking the thread, with a guard that keeps the lock alive.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// assert_eq!(*Arc::new(trill_sync::RwLock::new(1)).write_arc_blocking(), 1);
    /// ```
    #[track_caller]
    pub fn write_arc_blocking(self: &Arc<Self>) -> RwLockWriteGuardArc<T> {
        trill_park::block_on(self.write_arc())
    }

    /// Locks for writing if nobody holds the lock or waits for it, with a guard that keeps the lock alive.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// assert!(Arc::new(trill_sync::RwLock::new(1)).try_write_arc().is_some());
    /// ```
    #[inline]
    #[track_caller]
    pub fn try_write_arc(self: &Arc<Self>) -> Option<RwLockWriteGuardArc<T>> {
        note_lock(self.raw.try_enter(WRITE), &self.raw, Location::caller())
            .then(|| RwLockWriteGuardArc::new(self.clone()))
    }

    /// Borrows the data without locking, which the exclusive borrow makes unnecessary.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut count = trill_sync::RwLock::new(1);
    /// *count.get_mut() = 5;
    /// assert_eq!(count.into_inner(), 5);
    /// ```
    pub fn get_mut(&mut self) -> &mut T {
        self.data.get_mut()
    }

    /// Returns how many readers there are now, upgradable or not.
    ///
    /// # Examples
    ///
    /// ```
    /// let count = trill_sync::RwLock::new(1);
    /// let _guard = count.read_blocking();
    /// assert_eq!(count.readers(), 1);
    /// ```
    pub fn readers(&self) -> usize {
        self.raw.readers()
    }

    /// Whether a writer holds the lock now.
    ///
    /// # Examples
    ///
    /// ```
    /// let count = trill_sync::RwLock::new(1);
    /// let _guard = count.write_blocking();
    /// assert!(count.is_write_locked());
    /// ```
    pub fn is_write_locked(&self) -> bool {
        self.raw.has_writer()
    }

    /// Returns how many futures wait for the lock, or for an upgrade.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(trill_sync::RwLock::new(1).waiters(), 0);
    /// ```
    pub fn waiters(&self) -> usize {
        self.raw.waiters()
    }

    /// The address of the data, for guards.
    #[inline]
    pub(crate) fn data_address(&self) -> NonNull<T> {
        // SAFETY: the address of a cell is never null.
        unsafe { NonNull::new_unchecked(self.data.get()) }
    }
}

// SAFETY: the lock owns its data, and sending it sends the data. `tests/lock_types.rs` holds the table.
unsafe impl<T: Send + ?Sized> Send for RwLock<T> {}
// SAFETY: writers move the data between threads (`Send`), readers share it (`Sync`). Loom checks the exclusion in
// `tests/loom_lock_rwlock.rs`.
unsafe impl<T: Send + Sync + ?Sized> Sync for RwLock<T> {}

impl<T: fmt::Debug + ?Sized> fmt::Debug for RwLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("RwLock");
        match self.try_read() {
            Some(guard) => out.field("data", &&*guard),
            None => out.field("data", &format_args!("<locked>")),
        };
        out.field("waiters", &self.waiters()).finish()
    }
}

impl<T> From<T> for RwLock<T> {
    fn from(data: T) -> RwLock<T> {
        RwLock::new(data)
    }
}

impl<T: Default> Default for RwLock<T> {
    fn default() -> RwLock<T> {
        RwLock::new(T::default())
    }
}
