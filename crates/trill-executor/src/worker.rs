//! What one runner of an executor has for itself, and what others may take of it.

#![cfg_attr(not(loom), allow(unreachable_pub))] // Public for the models only.

use std::fmt;
use std::task::Waker;
use std::time::Instant;

use trill_park::Due;

use crate::primitive::{AtomicBool, AtomicU32, Mutex, Ordering, lock};
use crate::queue::{Inject, Item, Lifo, Ring, Share};
use crate::state::State;
use crate::tally::Tally;

/// What one runner has for itself. Records are reused and never freed: a late waker may still name one.
pub struct Worker {
    pub(crate) state: &'static State,
    /// The record made before this one.
    pub(crate) next: Option<&'static Worker>,
    /// Runnables in the order they became so; only the runner pushes.
    pub(crate) ring: Ring,
    /// A runnable that the running task woke; only the runner puts.
    pub(crate) lifo: Lifo,
    /// Runnables that were woken from outside.
    pub(crate) inbox: Inject,
    /// See `sleep.rs`.
    pub(crate) status: AtomicU32,
    /// How the runner is polled again while it sleeps.
    pub(crate) waker: Mutex<Option<Waker>>,
    /// Whether the runner is stuck in a poll, so that others should take all it has.
    pub(crate) stalled: AtomicBool,
    /// Whether somebody watches for that.
    pub(crate) watched: AtomicBool,
    pub(crate) tally: Tally,
}

impl Worker {
    /// Makes a record that no runner has yet.
    pub(crate) fn new(state: &'static State, next: Option<&'static Worker>) -> Worker {
        Worker {
            state,
            next,
            ring: Ring::new(),
            lifo: Lifo::new(),
            inbox: Inject::new(),
            status: AtomicU32::new(crate::sleep::INACTIVE),
            waker: Mutex::new(None),
            stalled: AtomicBool::new(false),
            watched: AtomicBool::new(false),
            tally: Tally::new(),
        }
    }

    /// Adds a runnable at the back. By its runner only.
    #[inline]
    pub fn push(&self, item: Item) {
        if let Err(item) = self.ring.push(item) {
            self.spill(item);
        }
    }

    /// Says what its runner does, see `sleep.rs`.
    #[inline]
    pub(crate) fn status(&self) -> u32 {
        self.status.load(Ordering::Relaxed)
    }

    /// Says whether somebody notices when its runner is stuck in a poll.
    #[inline]
    pub(crate) fn is_watched(&self) -> bool {
        self.watched.load(Ordering::Relaxed)
    }

    /// Says whether this runner will come to what it has: it runs, and somebody watches that it does.
    #[inline]
    fn is_reliable(&self) -> bool {
        crate::sleep::is_up(self.status())
            && self.is_watched()
            && !self.stalled.load(Ordering::Relaxed)
    }

    /// What others may take of each of its queues.
    #[inline]
    fn share(&self) -> Share {
        if self.is_reliable() {
            Share::LeaveOne
        } else {
            Share::TakeLast
        }
    }

    /// Says whether another runner would find something to take here.
    #[inline]
    pub(crate) fn has_spare(&self) -> bool {
        let (ring, inbox) = (self.ring.len(), self.inbox.len());
        if ring == 0 && inbox == 0 && self.lifo.is_empty() {
            return false;
        }
        let share = self.share();
        share.of(ring) > 0
            || share.of(inbox) > 0
            || (share == Share::TakeLast && self.lifo.has_spare())
    }

    /// Says whether it has anything itself.
    #[inline]
    pub(crate) fn has_any(&self) -> bool {
        !self.ring.is_empty() || !self.inbox.is_empty() || !self.lifo.is_empty()
    }

    /// Says whether one more runnable for this runner is reason enough to rouse another.
    #[inline]
    pub(crate) fn is_crowded(&self, len: usize) -> bool {
        self.share().of(len) > 0
    }

    /// Takes a share of what it has into the ring of `thief`, whose runner the caller is; returns one to run.
    pub(crate) fn rob(&self, thief: &Worker) -> Option<Item> {
        let share = self.share();
        if let Some(item) = self.ring.steal_into(&thief.ring, share) {
            return Some(item);
        }
        if let Some(item) = thief.fetch(&self.inbox, share) {
            return Some(item);
        }
        match share {
            Share::LeaveOne => None,
            Share::TakeLast | Share::All => self.lifo.steal(),
        }
    }

    /// Takes a share of `queue` into its own ring; returns one to run. By its runner only.
    #[inline]
    pub(crate) fn fetch(&self, queue: &Inject, share: Share) -> Option<Item> {
        self.fetch_up_to(queue, share, usize::MAX)
    }

    /// As [`Worker::fetch`], but at most `max`.
    #[inline]
    pub(crate) fn fetch_up_to(&self, queue: &Inject, share: Share, max: usize) -> Option<Item> {
        if queue.is_empty() {
            return None;
        }
        let room = self.ring.room();
        queue.take(share, max.min(room + 1), &mut |item| {
            let pushed = self.ring.push(item);
            debug_assert!(
                pushed.is_ok(),
                "only the runner pushes, so the room is still there"
            );
        })
    }

    /// Takes any one runnable. By anybody.
    pub(crate) fn take_any(&self) -> Option<Item> {
        self.take_queued().or_else(|| self.lifo.steal())
    }

    /// Takes any one runnable. By its runner, or when no runner is polled any more.
    pub(crate) fn take_own(&self) -> Option<Item> {
        self.take_queued().or_else(|| self.lifo.take())
    }

    fn take_queued(&self) -> Option<Item> {
        self.ring.pop().or_else(|| self.inbox.pop())
    }

    /// Polls the runner again.
    pub(crate) fn wake(&self) {
        let waker = lock(&self.waker).take();
        if let Some(waker) = waker {
            trill_park::wake(waker);
        }
    }

    /// Moves the older half of a full ring, and `item`, to where everybody looks. The iterator ends before the next push.
    #[cold]
    fn spill(&self, item: Item) {
        let older = self.ring.spill();
        let mut batch = self.state.injector.batch();
        for item in older {
            batch.push(item);
        }
        batch.push(item);
    }
}

/// The steps of a runner, for the models in `tests/loom_sleep.rs`, which have no tasks to run.
#[cfg(loom)]
impl Worker {
    /// What [`Hunt`](crate::hunt::Hunt) does to find the next runnable.
    pub fn next_for_model(&'static self, searching: &mut bool) -> Option<Item> {
        let mut hunt = crate::hunt::Hunt::new(self);
        hunt.searching = std::mem::take(searching);
        let next = hunt.next();
        *searching = hunt.searching;
        next
    }

    /// As if somebody watched its runner, so that nobody else is roused for a single item.
    pub fn watch_for_model(&self) {
        self.watched.store(true, Ordering::Relaxed);
    }

    /// What a wake from outside does.
    pub fn deliver_for_model(&'static self, item: Item) {
        let len = self.inbox.push(item);
        self.state.notify_inbox(self, len);
    }

    /// What a wake by the runner's own thread between its polls does.
    pub fn push_between_polls_for_model(&'static self, item: Item) {
        crate::schedule::schedule_between_polls(self, item);
    }

    /// What a runner does when it is dropped.
    pub fn retire_for_model(&'static self, searching: &mut bool) {
        crate::runner::retire(self, searching, &mut crate::registry::Free::default());
    }
}

#[cfg(loom)]
impl State {
    /// What a spawn from outside does.
    pub fn inject_for_model(&self, item: Item) {
        crate::schedule::inject(self, item);
    }
}

impl Due for Worker {
    fn fire(&self, _now: Instant) -> Option<Instant> {
        None
    }

    fn has_deadlines(&self) -> bool {
        false
    }

    fn stalled(&self) {
        if self.has_any() || !self.state.slow.is_empty() {
            self.stalled.store(true, Ordering::Relaxed);
            self.state.notify();
        }
    }
}

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker")
            .field("status", &self.status.load(Ordering::Relaxed))
            .field("ring", &self.ring.len())
            .field("inbox", &self.inbox.len())
            .finish_non_exhaustive()
    }
}
