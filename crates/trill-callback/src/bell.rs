//! What any thread may touch: it queues callbacks, says which descriptors have news, and wakes the loop.
//!
//! Whoever adds work does so first and rings then; the loop leaves its waker first and then looks for work once more. So
//! either the ring finds the waker, or the look finds the work.

use std::collections::{BTreeMap, BTreeSet};
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Wake, Waker};

use crate::origin::Origin;

/// The bell of one loop.
#[derive(Default)]
pub(crate) struct Bell {
    inner: Mutex<Inner>,
}

/// A callback from another thread.
pub(crate) type Sent = (Box<dyn FnOnce() + Send>, Origin);

#[derive(Default)]
struct Inner {
    /// The next place in the queue, which is never taken twice and names what was handed in.
    next: u64,
    calls: BTreeMap<u64, Sent>,
    /// The watches whose descriptor may have become ready.
    roused: BTreeSet<u64>,
    /// Wakes the loop, if it waits and nobody has rung since.
    waker: Option<Waker>,
    /// Whether the loop is gone.
    is_closed: bool,
}

impl Bell {
    /// Takes the next place in the queue.
    pub(crate) fn place(&self) -> u64 {
        let mut inner = self.lock();
        inner.next += 1;
        inner.next
    }

    /// Returns the place after which everything comes that is queued from now on.
    pub(crate) fn last_place(&self) -> u64 {
        self.lock().next
    }

    /// Wakes the loop, if it waits.
    pub(crate) fn ring(&self) {
        let waker = self.lock().waker.take();
        waker.into_iter().for_each(trill_park::wake);
    }

    /// Queues a callback and wakes the loop; drops it if the loop is gone. Returns its place.
    pub(crate) fn send(&self, sent: Sent) -> u64 {
        let mut inner = self.lock();
        inner.next += 1;
        let place = inner.next;
        if inner.is_closed {
            drop(inner);
            drop(sent);
            return place;
        }
        inner.calls.insert(place, sent);
        let waker = inner.waker.take();
        drop(inner);
        waker.into_iter().for_each(trill_park::wake);
        place
    }

    /// Learns that the loop is gone. Callbacks that nobody will run are dropped, also later ones.
    pub(crate) fn close(&self) {
        self.lock().is_closed = true;
        drop(self.take_all());
    }

    /// The place of the first callback from another thread.
    pub(crate) fn first(&self) -> Option<u64> {
        self.lock().calls.keys().next().copied()
    }

    /// Takes a callback out.
    pub(crate) fn take(&self, place: u64) -> Option<Sent> {
        self.lock().calls.remove(&place)
    }

    /// Takes all callbacks out.
    pub(crate) fn take_all(&self) -> BTreeMap<u64, Sent> {
        mem::take(&mut self.lock().calls)
    }

    pub(crate) fn has(&self, place: u64) -> bool {
        self.lock().calls.contains_key(&place)
    }

    pub(crate) fn len(&self) -> usize {
        self.lock().calls.len()
    }

    /// Notes that a watch is to be looked at, and wakes the loop.
    pub(crate) fn rouse(&self, watch: u64) {
        let mut inner = self.lock();
        inner.roused.insert(watch);
        let waker = inner.waker.take();
        drop(inner);
        waker.into_iter().for_each(trill_park::wake);
    }

    /// Takes the watches that are to be looked at.
    pub(crate) fn take_roused(&self) -> BTreeSet<u64> {
        mem::take(&mut self.lock().roused)
    }

    /// Says whether there is work.
    pub(crate) fn has_work(&self) -> bool {
        let inner = self.lock();
        !inner.calls.is_empty() || !inner.roused.is_empty()
    }

    /// Leaves the waker of the loop, or takes it back.
    pub(crate) fn set_waker(&self, waker: Option<Waker>) {
        let before = mem::replace(&mut self.lock().waker, waker);
        drop(before);
    }

    /// Locks. No code of strangers runs inside, and nothing panics.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Wakes a loop to look at one watch.
pub(crate) struct Rouse {
    pub(crate) bell: Arc<Bell>,
    pub(crate) watch: u64,
}

impl Wake for Rouse {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.bell.rouse(self.watch);
    }
}
