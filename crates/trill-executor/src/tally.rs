//! Counts of tasks that began and ended, without a line that all workers write.

use crate::primitive::{AtomicUsize, Ordering};
use crate::worker::Worker;

/// How many tasks were spawned and how many ended at one place: a worker, or outside all of them.
///
/// Both counts only grow; a task may end at another place than it began, so only sums over all places mean something.
#[derive(Debug)]
pub(crate) struct Tally {
    spawned: AtomicUsize,
    ended: AtomicUsize,
}

impl Tally {
    /// Starts at zero.
    pub(crate) fn new() -> Tally {
        Tally {
            spawned: AtomicUsize::new(0),
            ended: AtomicUsize::new(0),
        }
    }

    /// Counts a spawn; by the only thread that writes this tally now if `is_owner`.
    #[inline]
    pub(crate) fn count_spawned(&self, is_owner: bool) {
        grow(&self.spawned, is_owner);
    }

    /// Counts an end; by the only thread that writes this tally now if `is_owner`.
    #[inline]
    pub(crate) fn count_ended(&self, is_owner: bool) {
        grow(&self.ended, is_owner);
    }

    /// Says whether all tasks counted here and at these workers have ended; `newest` names the others.
    pub(crate) fn is_level(&self, newest: Option<&'static Worker>) -> bool {
        self.left(newest) == 0
    }

    /// How many tasks counted here and at these workers have not ended; `newest` names the others.
    pub(crate) fn left(&self, newest: Option<&'static Worker>) -> usize {
        // All ends are read before any spawn. If the sums are equal, they were so at the moment in between: spawns
        // never fall behind ends, and neither count shrinks.
        // Acquire: pairs with the Release in `grow`; a task's spawn is counted before its end.
        let mut ended = self.ended.load(Ordering::Acquire);
        let mut next = newest;
        while let Some(worker) = next {
            // Acquire: as above.
            ended = ended.wrapping_add(worker.tally.ended.load(Ordering::Acquire));
            next = worker.next;
        }
        // Acquire: as above.
        let mut spawned = self.spawned.load(Ordering::Acquire);
        let mut next = newest;
        while let Some(worker) = next {
            // Acquire: as above.
            spawned = spawned.wrapping_add(worker.tally.spawned.load(Ordering::Acquire));
            next = worker.next;
        }
        spawned.wrapping_sub(ended)
    }
}

impl Default for Tally {
    fn default() -> Tally {
        Tally::new()
    }
}

/// Adds one; without a locked instruction if no other thread writes.
#[inline]
fn grow(count: &AtomicUsize, is_owner: bool) {
    if is_owner {
        let next = count.load(Ordering::Relaxed).wrapping_add(1);
        // Release: pairs with the Acquire in `left`; whoever sees the end sees what the task did.
        count.store(next, Ordering::Release);
    } else {
        // Release: as above.
        count.fetch_add(1, Ordering::Release);
    }
}
