//! Which runnable a runner polls next.

use crate::queue::{Item, Share};
use crate::worker::Worker;

/// A runner's search for runnables.
#[derive(Debug)]
pub(crate) struct Hunt {
    pub(crate) worker: &'static Worker,
    /// Whether the runner counts as searching, see `sleep.rs`.
    pub(crate) searching: bool,
    /// Counts runnables taken.
    ticks: u32,
    /// How many runnables in a row came from the LIFO slot.
    streak: u32,
    /// Whether the last one had yielded after a long poll; for slow batches, which clear it.
    pub(crate) was_slow: bool,
}

impl Hunt {
    /// Starts for a runner that has just taken this record.
    pub(crate) fn new(worker: &'static Worker) -> Hunt {
        Hunt {
            worker,
            searching: false,
            ticks: 0,
            streak: 0,
            was_slow: false,
        }
    }

    /// Takes the runnable that comes next: what was just woken, own ones, those from outside, others'.
    #[inline]
    pub(crate) fn next(&mut self) -> Option<Item> {
        let worker = self.worker;
        self.ticks = self.ticks.wrapping_add(1);
        if self.ticks % INBOX_TURNS == 0 {
            if let Some(item) = self.take_from_outside() {
                return Some(item);
            }
        }
        if self.streak < LIFO_STREAK_MAX {
            if let Some(item) = worker.lifo.take() {
                self.streak += 1;
                return Some(item);
            }
        }
        self.streak = 0;
        if let Some(item) = worker.ring.pop() {
            return Some(item);
        }
        if let Some(item) = worker.lifo.take() {
            return Some(item);
        }
        self.find()
    }

    /// Takes some runnables that came from outside, though own ones are always ready; returns one to run.
    ///
    /// As many as were polled since the last time: with one at a time, a task that yields for ever let a backlog from
    /// outside drain at a sixteenth of the polls.
    #[cold]
    pub(crate) fn take_from_outside(&mut self) -> Option<Item> {
        if self.ticks % (4 * INBOX_TURNS) == 0 {
            if let Some(item) = self.take_slow() {
                return Some(item);
            }
        }
        let worker = self.worker;
        let few = |queue, share| worker.fetch_up_to(queue, share, INBOX_TURNS as usize);
        let inbox = || few(&worker.inbox, Share::All);
        let injector = || few(&worker.state.injector, Share::TakeLast);
        if self.ticks % (2 * INBOX_TURNS) == 0 {
            injector().or_else(inbox)
        } else {
            inbox().or_else(injector)
        }
    }

    /// Takes a runnable that has yielded after a long poll.
    pub(crate) fn take_slow(&mut self) -> Option<Item> {
        let item = self.worker.state.slow.pop();
        self.was_slow |= item.is_some();
        item
    }

    /// Takes runnables from outside its own ring, which is empty.
    fn find(&mut self) -> Option<Item> {
        let worker = self.worker;
        let state = worker.state;
        if let Some(item) = worker.fetch(&worker.inbox, Share::All) {
            return Some(item);
        }
        if let Some(item) = worker.fetch(&state.injector, Share::TakeLast) {
            return Some(item);
        }
        if let Some(item) = self.take_slow() {
            return Some(item);
        }
        state.others(worker).next()?;
        state.start_search(&mut self.searching);
        for victim in state.others(worker) {
            if let Some(item) = victim.rob(worker) {
                return Some(item);
            }
        }
        worker.fetch(&state.injector, Share::TakeLast)
    }

    /// As [`Hunt::next`] in a simulated world, which chooses among all that wait here.
    pub(crate) fn pick(&mut self) -> Option<Item> {
        let worker = self.worker;
        let ring = &worker.ring;
        while ring.room() > 0 {
            let (inbox, injector) = (&worker.inbox, &worker.state.injector);
            match worker
                .lifo
                .take()
                .or_else(|| inbox.pop())
                .or_else(|| injector.pop())
                .or_else(|| worker.state.slow.pop())
            {
                Some(item) => worker.push(item),
                None => break,
            }
        }
        // Turning the ring brings any of its items to the front.
        for _ in 0..trill_world::pick(ring.len()) {
            if let Some(item) = ring.pop() {
                worker.push(item);
            }
        }
        ring.pop().or_else(|| self.rob_any())
    }

    /// Takes from another worker, which a simulated world chooses.
    fn rob_any(&mut self) -> Option<Item> {
        let worker = self.worker;
        let state = worker.state;
        let others = state.others(worker);
        let mut count = 0;
        for _ in others {
            count += 1;
        }
        if count == 0 {
            return None;
        }
        state.start_search(&mut self.searching);
        let first = trill_world::pick(count);
        // From the first on, then those before it.
        let mut skipped = first;
        for victim in others {
            if skipped > 0 {
                skipped -= 1;
            } else if let Some(item) = victim.rob(worker) {
                return Some(item);
            }
        }
        let mut left = first;
        for victim in others {
            if left == 0 {
                break;
            }
            left -= 1;
            if let Some(item) = victim.rob(worker) {
                return Some(item);
            }
        }
        worker.fetch(&state.injector, Share::TakeLast)
    }
}

/// After so many runnables up to as many from outside are taken, though own ones wait.
const INBOX_TURNS: u32 = 16;

/// Runnables in a row that may come from the LIFO slot, so that two tasks which wake each other leave room for others.
const LIFO_STREAK_MAX: u32 = 3;
