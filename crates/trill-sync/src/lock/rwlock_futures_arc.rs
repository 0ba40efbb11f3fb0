//! The futures that share a [`RwLock`] in an [`Arc`] and wait for it.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use trill_cell::Kind;

use crate::leaf::{leaf, lock_leaf};
use crate::lock::raw_rwlock::{READ, UPGRADABLE, Upgrading, WRITE};
use crate::lock::rwlock::RwLock;
use crate::lock::rwlock_guard_arc::{
    RwLockReadGuardArc, RwLockUpgradableReadGuardArc, RwLockWriteGuardArc,
};
use crate::waiters::Ticket;

/// Waits for a [`RwLock`] in an [`Arc`] for reading; made by [`RwLock::read_arc`].
///
/// # Examples
///
/// See [`RwLock::read_arc`].
#[must_use = "futures do nothing unless awaited"]
pub struct ReadArc<'a, T> {
    lock: &'a Arc<RwLock<T>>,
    ticket: Ticket,
}

impl<'a, T> ReadArc<'a, T> {
    #[inline]
    pub(crate) fn new(lock: &'a Arc<RwLock<T>>) -> ReadArc<'a, T> {
        ReadArc {
            lock,
            ticket: Ticket::new(),
        }
    }
}

impl<T> Future for ReadArc<'_, T> {
    type Output = RwLockReadGuardArc<T>;

    #[inline]
    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let ReadArc { lock, ticket } = self.get_mut();
        lock_leaf(&***lock, &lock.raw, Location::caller(), cx, |cx| {
            lock.raw.poll_enter(ticket, READ, cx)
        })
        .map(|()| RwLockReadGuardArc::new(lock.clone()))
    }
}

impl<T> Drop for ReadArc<'_, T> {
    #[inline]
    fn drop(&mut self) {
        self.lock.raw.cancel(&mut self.ticket, READ);
    }
}

impl<T> fmt::Debug for ReadArc<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadArc").finish_non_exhaustive()
    }
}

/// Waits for a [`RwLock`] in an [`Arc`] for upgradable reading; made by [`RwLock::upgradable_read_arc`].
///
/// # Examples
///
/// See [`RwLock::upgradable_read_arc`].
#[must_use = "futures do nothing unless awaited"]
pub struct UpgradableReadArc<'a, T: ?Sized> {
    lock: &'a Arc<RwLock<T>>,
    ticket: Ticket,
}

impl<'a, T: ?Sized> UpgradableReadArc<'a, T> {
    #[inline]
    pub(crate) fn new(lock: &'a Arc<RwLock<T>>) -> UpgradableReadArc<'a, T> {
        UpgradableReadArc {
            lock,
            ticket: Ticket::new(),
        }
    }
}

impl<T: ?Sized> Future for UpgradableReadArc<'_, T> {
    type Output = RwLockUpgradableReadGuardArc<T>;

    #[inline]
    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let UpgradableReadArc { lock, ticket } = self.get_mut();
        lock_leaf(&***lock, &lock.raw, Location::caller(), cx, |cx| {
            lock.raw.poll_enter(ticket, UPGRADABLE, cx)
        })
        .map(|()| RwLockUpgradableReadGuardArc::new(lock.clone()))
    }
}

impl<T: ?Sized> Drop for UpgradableReadArc<'_, T> {
    #[inline]
    fn drop(&mut self) {
        self.lock.raw.cancel(&mut self.ticket, UPGRADABLE);
    }
}

impl<T: ?Sized> fmt::Debug for UpgradableReadArc<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UpgradableReadArc").finish_non_exhaustive()
    }
}

/// Waits for a [`RwLock`] in an [`Arc`] for writing; made by [`RwLock::write_arc`].
///
/// # Examples
///
/// See [`RwLock::write_arc`].
#[must_use = "futures do nothing unless awaited"]
pub struct WriteArc<'a, T: ?Sized> {
    lock: &'a Arc<RwLock<T>>,
    ticket: Ticket,
}

impl<'a, T: ?Sized> WriteArc<'a, T> {
    #[inline]
    pub(crate) fn new(lock: &'a Arc<RwLock<T>>) -> WriteArc<'a, T> {
        WriteArc {
            lock,
            ticket: Ticket::new(),
        }
    }
}

impl<T: ?Sized> Future for WriteArc<'_, T> {
    type Output = RwLockWriteGuardArc<T>;

    #[inline]
    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let WriteArc { lock, ticket } = self.get_mut();
        lock_leaf(&***lock, &lock.raw, Location::caller(), cx, |cx| {
            lock.raw.poll_enter(ticket, WRITE, cx)
        })
        .map(|()| RwLockWriteGuardArc::new(lock.clone()))
    }
}

impl<T: ?Sized> Drop for WriteArc<'_, T> {
    #[inline]
    fn drop(&mut self) {
        self.lock.raw.cancel(&mut self.ticket, WRITE);
    }
}

impl<T: ?Sized> fmt::Debug for WriteArc<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WriteArc").finish_non_exhaustive()
    }
}

/// Waits until an upgradable reader is alone and can write; made by [`RwLockUpgradableReadGuardArc::upgrade`].
///
/// # Examples
///
/// See [`RwLockUpgradableReadGuardArc::upgrade`].
#[must_use = "dropping the future releases the lock"]
pub struct UpgradeArc<T: ?Sized> {
    /// Gone once the guard has it.
    lock: Option<Arc<RwLock<T>>>,
    upgrading: Upgrading,
}

impl<T: ?Sized> UpgradeArc<T> {
    /// Takes over from a guard that was forgotten.
    #[inline]
    pub(crate) fn new(lock: Arc<RwLock<T>>) -> UpgradeArc<T> {
        UpgradeArc {
            lock: Some(lock),
            upgrading: Upgrading::default(),
        }
    }
}

impl<T: ?Sized> Future for UpgradeArc<T> {
    type Output = RwLockWriteGuardArc<T>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let location = Location::caller();
        let UpgradeArc {
            lock: place,
            upgrading,
        } = self.get_mut();
        let lock = place
            .as_ref()
            .expect("a future is not polled after it was ready");
        let polled = leaf(Kind::Lock, &**lock, location, cx, |cx| {
            lock.raw.poll_upgrade(upgrading, cx)
        });
        if polled.is_pending() {
            return Poll::Pending;
        }
        let lock = place.take().expect("it was there above");
        Poll::Ready(RwLockWriteGuardArc::new(lock))
    }
}

impl<T: ?Sized> Drop for UpgradeArc<T> {
    fn drop(&mut self) {
        if let Some(lock) = &self.lock {
            lock.raw.cancel_upgrade(&mut self.upgrading);
        }
    }
}

impl<T: ?Sized> fmt::Debug for UpgradeArc<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UpgradeArc").finish_non_exhaustive()
    }
}
