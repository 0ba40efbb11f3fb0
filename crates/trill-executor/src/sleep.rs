//! How runners fall asleep and are roused, so that no runnable is left alone while somebody sleeps.
//!
//! # States of a worker
//!
//! | state | meaning |
//! | --- | --- |
//! | `INACTIVE` | no runner has this record |
//! | `AWAKE` | its runner is being polled, or will be polled again because it woke itself |
//! | `ASLEEP` | its runner returned `Pending` and left a waker |
//! | `ROUSED` | it was woken to look for work and is not polled yet; it counts as searching |
//!
//! # Transitions
//!
//! 1. `INACTIVE` → `AWAKE` by a runner that takes the record.
//! 2. `AWAKE` → `ASLEEP` by the runner in [`State::fall_asleep`], after it has found nothing.
//! 3. `ASLEEP` → `ROUSED` by anybody in [`State::rouse`]; that thread also calls the waker.
//! 4. `ASLEEP`, `ROUSED` → `AWAKE` by the runner in [`State::get_up`]; from `ROUSED` it takes the count over.
//! 5. `ASLEEP` → `ROUSED` or, where somebody else counts as searching or nobody else is there, `AWAKE` by the runner's own
//!    thread between its polls, in [`State::rouse_own`]; that thread also calls the waker.
//! 6. any → `INACTIVE` by the runner when it retires.
//!
//! `sleeping` follows the number of `ASLEEP` records, `searching` is the number of runners that look for work
//! elsewhere, at least one for each `ROUSED` record. At most one is roused at a time: who has found work and leaves
//! `searching` rouses the next if there is more.
//!
//! # Why no runnable is left alone
//!
//! Who pushes: push, fence, read `sleeping` and `searching`. Who falls asleep: write `ASLEEP` and `sleeping`, leave
//! `searching`, fence, look at all queues once more. The fences are SeqCst, so at least one of the two sees the other.
//! A pusher that sees `searching > 0` may go: whoever leaves `searching` looks at all queues afterwards, and whoever leaves
//! it to sleep and finds something enters it again, so that it sends the next one out if there is more than one thing.
//! A runner's own push into its ring needs no fence when somebody watches it: it is awake and comes to it itself. The same
//! holds for its push of a single item into the queue of slow ones (a runner that retires tells others of it), and for a
//! push by its thread between its polls: that thread sees its own `ASLEEP`, and rouses the runner whether or not others
//! search.
//!
//! # Tested by
//!
//! `tests/loom_sleep.rs`.

#![cfg_attr(not(loom), allow(unreachable_pub))] // Public for the models only.

use std::task::Waker;

use crate::primitive::{Ordering, fence, lock};
use crate::quiet;
use crate::state::State;
use crate::worker::Worker;

/// No runner has this record.
pub(crate) const INACTIVE: u32 = 0;
/// Its runner is being polled or will be.
pub(crate) const AWAKE: u32 = 1;
/// Its runner waits for its waker.
pub(crate) const ASLEEP: u32 = 2;
/// Its runner was woken to look for work.
pub(crate) const ROUSED: u32 = 3;

/// Says whether a runner in this state comes to its queues without being roused.
#[inline]
pub(crate) fn is_up(status: u32) -> bool {
    matches!(status, AWAKE | ROUSED)
}

impl State {
    /// Rouses a sleeper if nobody searches; call after a push that is visible to all.
    #[inline]
    pub fn notify(&self) {
        // SeqCst: pairs with the fence in `fall_asleep`, see the module's page.
        fence(Ordering::SeqCst);
        self.notify_unfenced();
    }

    /// As [`State::notify`], where a missed sleeper only means that the caller itself comes to it later.
    #[inline]
    pub(crate) fn notify_unfenced(&self) {
        if self.has_sleepers() && self.searching.load(Ordering::Relaxed) == 0 {
            self.rouse(None);
        }
    }

    /// Makes somebody come for what was just pushed into the inbox of `worker`, which now has `len` items.
    pub fn notify_inbox(&self, worker: &Worker, len: usize) {
        // SeqCst: pairs with the fences in `fall_asleep` and `retire`, see the module's page.
        fence(Ordering::SeqCst);
        match worker.status.load(Ordering::Relaxed) {
            ASLEEP if self.searching.load(Ordering::Relaxed) == 0 => self.rouse(Some(worker)),
            ASLEEP => {}
            // The runner of this worker looks into its inbox before it sleeps.
            _ if worker.is_crowded(len) => self.notify_unfenced(),
            _ => {}
        }
    }

    /// Lets the runner of `worker` sleep; returns `false` if there is something to run after all.
    ///
    /// `searching` says whether the runner counts as searching, and is updated.
    pub fn fall_asleep(&self, worker: &Worker, searching: &mut bool, waker: &Waker) -> bool {
        keep(worker, waker);
        // Release: pairs with `claim`, which then finds the waker; it comes before the fence below.
        worker.status.store(ASLEEP, Ordering::Release);
        // SeqCst: before the fence below, which pairs with that in `notify`.
        self.sleeping.fetch_add(1, Ordering::SeqCst);
        let has_searched = std::mem::take(searching);
        if has_searched {
            self.count_search_end();
        }
        // SeqCst: pairs with the fence in `notify` and `notify_inbox`, see the module's page.
        fence(Ordering::SeqCst);
        if !worker.has_any() && !self.has_work() {
            return true;
        }
        self.get_up(worker, searching);
        if has_searched {
            // Others may have left more than one runnable to this searcher: it goes on, so that it sends the next one out when
            // it has found one.
            self.start_search(searching);
        }
        false
    }

    /// Makes a runner that is being polled count as awake.
    #[inline]
    pub fn get_up(&self, worker: &Worker, searching: &mut bool) {
        if worker.status.load(Ordering::Relaxed) != AWAKE {
            self.get_up_slow(worker, searching);
        }
    }

    #[cold]
    fn get_up_slow(&self, worker: &Worker, searching: &mut bool) {
        // SeqCst: pairs with that in `claim`, and comes before this runner looks at the queues.
        match worker.status.swap(AWAKE, Ordering::SeqCst) {
            ASLEEP => {
                self.count_sleep_end();
            }
            ROUSED if *searching => {
                // It counts twice now; once is enough.
                self.count_search_end();
            }
            ROUSED => *searching = true,
            _ => {}
        }
    }

    /// Takes part in the search for work elsewhere.
    pub(crate) fn start_search(&self, searching: &mut bool) {
        if !std::mem::replace(searching, true) {
            // SeqCst: pairs with the fence in `notify`: a pusher that sees this one searching may go.
            self.searching.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// Leaves the search, having found something; sends the next one out if there is more.
    pub fn end_search(&self, searching: &mut bool) {
        if std::mem::take(searching) && self.count_search_end() {
            // SeqCst: pairs with the fence in `notify`: what a pusher left to this searcher is seen below.
            fence(Ordering::SeqCst);
            if self.has_sleepers() && self.has_work() {
                self.notify_unfenced();
            }
        }
    }

    /// Ends the part that the runner of `worker` takes in all this; the caller then passes on what it had.
    pub(crate) fn retire(&self, worker: &Worker, searching: &mut bool) {
        // SeqCst: before the fence below, which pairs with that in `notify_inbox`.
        match worker.status.swap(INACTIVE, Ordering::SeqCst) {
            ASLEEP => {
                self.count_sleep_end();
            }
            ROUSED if *searching => {
                self.count_search_end();
            }
            ROUSED => *searching = true,
            _ => {}
        }
        let old = lock(&worker.waker).take();
        quiet::discard(old);
        // SeqCst: pairs with the fence in `notify_inbox`: either this runner finds the item, or the pusher finds
        // nobody at home.
        fence(Ordering::SeqCst);
    }

    /// Counts one sleeper less.
    fn count_sleep_end(&self) {
        // SeqCst: pairs with the fence in `notify`, as the addition in `fall_asleep`.
        self.sleeping.fetch_sub(1, Ordering::SeqCst);
    }

    /// Counts one searcher less; says whether it was the last.
    fn count_search_end(&self) -> bool {
        // SeqCst: pairs with the fence in `notify`. A pusher that read the old count has pushed before the queues are
        // looked at after this.
        self.searching.fetch_sub(1, Ordering::SeqCst) == 1
    }

    /// Says whether anybody sleeps.
    #[inline]
    pub(crate) fn has_sleepers(&self) -> bool {
        // A rouser may subtract before the sleeper has added, hence signed.
        self.sleeping.load(Ordering::Relaxed) as isize > 0
    }

    /// Wakes one sleeper, `first` if that one sleeps.
    #[cold]
    fn rouse(&self, first: Option<&Worker>) {
        loop {
            // Only one at a time. SeqCst: see the module's page.
            let alone = self
                .searching
                .compare_exchange(0, 1, Ordering::SeqCst, Ordering::Relaxed);
            if alone.is_err() {
                return;
            }
            if let Some(worker) = first
                .filter(|worker| claim(worker))
                .or_else(|| self.claim_any())
            {
                self.count_sleep_end();
                worker.wake();
                return;
            }
            self.count_search_end();
            // SeqCst: others may have relied on this thread while it counted as searching.
            fence(Ordering::SeqCst);
            if !self.has_sleepers() || !self.has_work() {
                return;
            }
            crate::primitive::relax();
        }
    }

    /// Wakes the runner of `worker`, which sleeps and whose thread the caller is, for what that thread has just pushed.
    pub fn rouse_own(&self, worker: &Worker) {
        // As in `rouse`: it goes first, and sends the next one out if there is more. The only worker has nobody to send; one
        // that comes meanwhile looks at all queues itself. SeqCst: see the module's page.
        let alone = !self.is_only(worker)
            && self
                .searching
                .compare_exchange(0, 1, Ordering::SeqCst, Ordering::Relaxed)
                .is_ok();
        // SeqCst: as in `claim`.
        let is_claimed = worker.status.compare_exchange(
            ASLEEP,
            if alone { ROUSED } else { AWAKE },
            Ordering::SeqCst,
            Ordering::Relaxed,
        );
        if is_claimed.is_ok() {
            self.count_sleep_end();
            worker.wake();
        } else {
            // Somebody else has claimed it, and calls its waker.
            self.end_search(&mut { alone });
        }
    }

    /// Claims any sleeper.
    fn claim_any(&self) -> Option<&'static Worker> {
        let mut asleep = 0;
        for worker in self.workers() {
            asleep += usize::from(worker.status() == ASLEEP);
        }
        // A world that is simulated chooses; on the operating system this is the first.
        let mut skipped = trill_world::pick(asleep);
        for worker in self.workers() {
            if worker.status() != ASLEEP {
                continue;
            }
            if skipped > 0 {
                skipped -= 1;
            } else if claim(worker) {
                return Some(worker);
            }
        }
        // Those are awake by now; perhaps one of those before them is not.
        self.workers()
            .find(|worker| worker.status() == ASLEEP && claim(worker))
    }
}

/// Turns a sleeper into a roused one; says whether this thread did.
fn claim(worker: &Worker) -> bool {
    // SeqCst: pairs with the swap in `get_up_slow` and the store in `fall_asleep`.
    worker
        .status
        .compare_exchange(ASLEEP, ROUSED, Ordering::SeqCst, Ordering::Relaxed)
        .is_ok()
}

/// Leaves the waker by which the runner of `worker` is polled again.
fn keep(worker: &Worker, waker: &Waker) {
    // A stranger's waker is cloned and dropped outside the lock. Whoever rouses takes it, so there is none as a rule.
    let new = waker.clone();
    let old = lock(&worker.waker).replace(new);
    quiet::discard(old);
}
