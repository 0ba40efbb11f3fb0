//! What all handles of a broadcast channel share.

use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::PoisonError;

use super::error::TryRecvError;
use super::ring::{Ring, Taken};
use crate::channel::error::SendError;
use crate::primitive::{AtomicUsize, Mutex, MutexGuard, Ordering};
use crate::waiters::Waiters;

/// The part of a broadcast channel that all its handles share.
///
/// Those who wait look at the ring under its mutex after they registered, and those who change the ring look for
/// waiters after they unlocked it. The mutex puts one of the two before the other, so nobody is missed.
pub(super) struct Shared<T> {
    ring: Mutex<Ring<T>>,
    /// Receivers that wait for a message.
    pub(super) receiving: Waiters,
    /// Senders that wait for the last receiver to go.
    pub(super) closing: Waiters,
    senders: AtomicUsize,
}

impl<T> Shared<T> {
    /// Makes a channel with one sender and no receiver.
    pub(super) fn new(capacity: usize) -> Shared<T> {
        Shared {
            ring: Mutex::new(Ring::new(capacity)),
            receiving: Waiters::new(),
            closing: Waiters::new(),
            senders: AtomicUsize::new(1),
        }
    }

    /// Locks the ring. No foreign code runs under this lock, so it is never held for long and never poisoned.
    pub(super) fn ring(&self) -> MutexGuard<'_, Ring<T>> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn send(&self, message: T) -> Result<usize, SendError<T>> {
        let mut ring = self.ring();
        let displaced = ring.send(message).map_err(SendError)?;
        let receivers = ring.receivers();
        drop(ring);
        self.wake(&self.receiving);
        // Last, because this runs foreign code, which may panic.
        drop(displaced);
        Ok(receivers)
    }

    pub(super) fn try_recv(&self, position: &mut u64) -> Result<T, TryRecvError>
    where
        T: Clone,
    {
        let taken = self.ring().take(position)?;
        Ok(match taken {
            Taken::Owned(message) => message,
            Taken::Shared(message) => {
                let message = message.lock().unwrap_or_else(PoisonError::into_inner);
                let message = message.as_ref();
                message
                    .expect("a message is taken out only when nobody else holds it")
                    .clone()
            }
        })
    }

    pub(super) fn subscribe(&self) -> u64 {
        self.ring().subscribe()
    }

    /// Removes a receiver at `position` and gives up what it has not received.
    pub(super) fn unsubscribe(&self, mut position: u64) {
        let (until, last) = self.ring().unsubscribe();
        if last {
            self.wake(&self.closing);
        }
        // One by one, so that each message is dropped without the mutex.
        while position < until {
            let taken = self.ring().take(&mut position);
            drop(taken);
        }
    }

    pub(super) fn senders(&self) -> usize {
        self.senders.load(Ordering::Relaxed)
    }

    pub(super) fn add_sender(&self) {
        let before = self.senders.fetch_add(1, Ordering::Relaxed);
        // Forgotten clones could wrap the count, and then a live channel would close.
        assert!(
            before < usize::MAX / 2,
            "a broadcast channel has too many senders: are clones forgotten?"
        );
    }

    /// Adds a sender unless there is none.
    pub(super) fn revive_sender(&self) -> bool {
        let more = |count: usize| (count > 0).then(|| count + 1);
        self.senders
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, more)
            .is_ok()
    }

    pub(super) fn remove_sender(&self) {
        // AcqRel: pairs with itself, so that the last one sees all that the others did.
        if self.senders.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.ring().close();
            self.wake(&self.receiving);
        }
    }

    /// Wakes those who wait for a change that was made under the mutex.
    fn wake(&self, waiters: &Waiters) {
        if !waiters.is_empty() {
            waiters.broadcast();
        }
    }
}

/// A panic while the ring is changed cannot happen: it runs no foreign code.
impl<T> UnwindSafe for Shared<T> {}
impl<T> RefUnwindSafe for Shared<T> {}
