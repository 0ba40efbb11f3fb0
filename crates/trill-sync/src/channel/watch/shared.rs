//! What all handles of a watch channel share.
//!
//! A change raises `version` with a sequentially consistent operation before it looks for waiters, and a waiter loads
//! `version` sequentially consistently after it registered; so one of the two sees the other.

use std::sync::PoisonError;

use crate::primitive::{AtomicU64, AtomicUsize, Ordering, RwLock, RwLockReadGuard};
use crate::waiters::Waiters;

/// The part of a watch channel that all its handles share.
pub(super) struct Shared<T> {
    value: RwLock<T>,
    /// Twice the number of changes, plus one once all senders are gone. Changes count while the value is locked for
    /// writing, so under the lock value and version belong together.
    version: AtomicU64,
    /// Receivers that wait for a change.
    pub(super) receiving: Waiters,
    /// Senders that wait for the last receiver to go.
    pub(super) closing: Waiters,
    senders: AtomicUsize,
    receivers: AtomicUsize,
}

/// A version of the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Version(u64);

impl Version {
    /// Whether all senders are gone.
    pub(super) fn is_last(self) -> bool {
        self.0 & CLOSED != 0
    }

    /// Whether the value is another one.
    pub(super) fn differs(self, other: Version) -> bool {
        (self.0 ^ other.0) & !CLOSED != 0
    }

    /// A version that differs from this one and from all to come.
    pub(super) fn before(self) -> Version {
        Version((self.0 & !CLOSED).wrapping_sub(CHANGE))
    }
}

impl<T> Shared<T> {
    /// Makes a channel with one sender and no receiver.
    pub(super) fn new(initial: T) -> Shared<T> {
        Shared {
            value: RwLock::new(initial),
            version: AtomicU64::new(0),
            receiving: Waiters::new(),
            closing: Waiters::new(),
            senders: AtomicUsize::new(1),
            receivers: AtomicUsize::new(0),
        }
    }

    pub(super) fn version(&self) -> Version {
        // SeqCst: see the module's page.
        Version(self.version.load(Ordering::SeqCst))
    }

    /// Locks the value for reading. A panic of who changed it before left some valid value.
    pub(super) fn read(&self) -> RwLockReadGuard<'_, T> {
        self.value.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the value and wakes the receivers if `change` says that it did.
    pub(super) fn modify<R>(&self, change: impl FnOnce(&mut T) -> (R, bool)) -> R {
        let mut value = self.value.write().unwrap_or_else(PoisonError::into_inner);
        let (result, changed) = change(&mut value);
        if changed {
            // SeqCst: see the module's page.
            self.version.fetch_add(CHANGE, Ordering::SeqCst);
        }
        drop(value);
        if changed {
            wake(&self.receiving);
        }
        result
    }

    pub(super) fn senders(&self) -> usize {
        self.senders.load(Ordering::Relaxed)
    }

    pub(super) fn receivers(&self) -> usize {
        // SeqCst: pairs with `remove_receiver`, for those who wait in `closing`.
        self.receivers.load(Ordering::SeqCst)
    }

    pub(super) fn add_sender(&self) {
        add(&self.senders);
    }

    pub(super) fn add_receiver(&self) {
        add(&self.receivers);
    }

    pub(super) fn remove_sender(&self) {
        // AcqRel: pairs with itself, so that the last one sees all that the others did.
        if self.senders.fetch_sub(1, Ordering::AcqRel) == 1 {
            // SeqCst: see the module's page.
            self.version.fetch_or(CLOSED, Ordering::SeqCst);
            wake(&self.receiving);
        }
    }

    pub(super) fn remove_receiver(&self) {
        // SeqCst: pairs with the load in `receivers` after registering in `closing`.
        if self.receivers.fetch_sub(1, Ordering::SeqCst) == 1 {
            wake(&self.closing);
        }
    }
}

/// Wakes all, after a sequentially consistent change.
fn wake(waiters: &Waiters) {
    if !waiters.is_empty() {
        waiters.broadcast();
    }
}

/// Counts one handle more.
fn add(handles: &AtomicUsize) {
    let before = handles.fetch_add(1, Ordering::Relaxed);
    // Forgotten clones could wrap the count, and then a live channel would close.
    assert!(
        before < usize::MAX / 2,
        "a watch channel has too many handles: are clones forgotten?"
    );
}

const CLOSED: u64 = 1;
const CHANGE: u64 = 2;
