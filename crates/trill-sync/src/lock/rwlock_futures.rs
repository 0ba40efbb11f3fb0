//! The futures that borrow a [`RwLock`] and wait for it.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use trill_cell::Kind;

use crate::leaf::{leaf, lock_leaf};
use crate::lock::raw_rwlock::{READ, UPGRADABLE, Upgrading, WRITE};
use crate::lock::rwlock::RwLock;
use crate::lock::rwlock_guard::{RwLockReadGuard, RwLockUpgradableReadGuard, RwLockWriteGuard};
use crate::waiters::Ticket;

/// Waits for a [`RwLock`] for reading; made by [`RwLock::read`].
///
/// # Examples
///
/// See [`RwLock::read`].
#[must_use = "futures do nothing unless awaited"]
pub struct Read<'a, T: ?Sized> {
    lock: &'a RwLock<T>,
    ticket: Ticket,
}

impl<'a, T: ?Sized> Read<'a, T> {
    #[inline]
    pub(crate) fn new(lock: &'a RwLock<T>) -> Read<'a, T> {
        Read {
            lock,
            ticket: Ticket::new(),
        }
    }
}

impl<'a, T: ?Sized> Future for Read<'a, T> {
    type Output = RwLockReadGuard<'a, T>;

    #[inline]
    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Read { lock, ticket } = self.get_mut();
        lock_leaf(*lock, &lock.raw, Location::caller(), cx, |cx| {
            lock.raw.poll_enter(ticket, READ, cx)
        })
        .map(|()| RwLockReadGuard::new(lock))
    }
}

impl<T: ?Sized> Drop for Read<'_, T> {
    #[inline]
    fn drop(&mut self) {
        self.lock.raw.cancel(&mut self.ticket, READ);
    }
}

impl<T: ?Sized> fmt::Debug for Read<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Read").finish_non_exhaustive()
    }
}

/// Waits for a [`RwLock`] for upgradable reading; made by [`RwLock::upgradable_read`].
///
/// # Examples
///
/// See [`RwLock::upgradable_read`].
#[must_use = "futures do nothing unless awaited"]
pub struct UpgradableRead<'a, T: ?Sized> {
    lock: &'a RwLock<T>,
    ticket: Ticket,
}

impl<'a, T: ?Sized> UpgradableRead<'a, T> {
    #[inline]
    pub(crate) fn new(lock: &'a RwLock<T>) -> UpgradableRead<'a, T> {
        UpgradableRead {
            lock,
            ticket: Ticket::new(),
        }
    }
}

impl<'a, T: ?Sized> Future for UpgradableRead<'a, T> {
    type Output = RwLockUpgradableReadGuard<'a, T>;

    #[inline]
    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let UpgradableRead { lock, ticket } = self.get_mut();
        lock_leaf(*lock, &lock.raw, Location::caller(), cx, |cx| {
            lock.raw.poll_enter(ticket, UPGRADABLE, cx)
        })
        .map(|()| RwLockUpgradableReadGuard::new(lock))
    }
}

impl<T: ?Sized> Drop for UpgradableRead<'_, T> {
    #[inline]
    fn drop(&mut self) {
        self.lock.raw.cancel(&mut self.ticket, UPGRADABLE);
    }
}

impl<T: ?Sized> fmt::Debug for UpgradableRead<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UpgradableRead").finish_non_exhaustive()
    }
}

/// Waits for a [`RwLock`] for writing; made by [`RwLock::write`].
///
/// # Examples
///
/// See [`RwLock::write`].
#[must_use = "futures do nothing unless awaited"]
pub struct Write<'a, T: ?Sized> {
    lock: &'a RwLock<T>,
    ticket: Ticket,
}

impl<'a, T: ?Sized> Write<'a, T> {
    #[inline]
    pub(crate) fn new(lock: &'a RwLock<T>) -> Write<'a, T> {
        Write {
            lock,
            ticket: Ticket::new(),
        }
    }
}

impl<'a, T: ?Sized> Future for Write<'a, T> {
    type Output = RwLockWriteGuard<'a, T>;

    #[inline]
    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Write { lock, ticket } = self.get_mut();
        lock_leaf(*lock, &lock.raw, Location::caller(), cx, |cx| {
            lock.raw.poll_enter(ticket, WRITE, cx)
        })
        .map(|()| RwLockWriteGuard::new(lock))
    }
}

impl<T: ?Sized> Drop for Write<'_, T> {
    #[inline]
    fn drop(&mut self) {
        self.lock.raw.cancel(&mut self.ticket, WRITE);
    }
}

impl<T: ?Sized> fmt::Debug for Write<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Write").finish_non_exhaustive()
    }
}

/// Waits until an upgradable reader is alone and can write; made by [`RwLockUpgradableReadGuard::upgrade`].
///
/// # Examples
///
/// See [`RwLockUpgradableReadGuard`].
#[must_use = "dropping the future releases the lock"]
pub struct Upgrade<'a, T: ?Sized> {
    /// Gone once the guard has it.
    lock: Option<&'a RwLock<T>>,
    upgrading: Upgrading,
}

impl<'a, T: ?Sized> Upgrade<'a, T> {
    /// Takes over from a guard that was forgotten.
    #[inline]
    pub(crate) fn new(lock: &'a RwLock<T>) -> Upgrade<'a, T> {
        Upgrade {
            lock: Some(lock),
            upgrading: Upgrading::default(),
        }
    }
}

impl<'a, T: ?Sized> Future for Upgrade<'a, T> {
    type Output = RwLockWriteGuard<'a, T>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let location = Location::caller();
        let this = self.get_mut();
        let lock = this
            .lock
            .expect("a future is not polled after it was ready");
        let polled = leaf(Kind::Lock, lock, location, cx, |cx| {
            lock.raw.poll_upgrade(&mut this.upgrading, cx)
        });
        if polled.is_ready() {
            this.lock = None;
        }
        polled.map(|()| RwLockWriteGuard::new(lock))
    }
}

impl<T: ?Sized> Drop for Upgrade<'_, T> {
    fn drop(&mut self) {
        if let Some(lock) = self.lock {
            lock.raw.cancel_upgrade(&mut self.upgrading);
        }
    }
}

impl<T: ?Sized> fmt::Debug for Upgrade<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upgrade").finish_non_exhaustive()
    }
}
