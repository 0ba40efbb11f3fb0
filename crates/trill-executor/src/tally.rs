//! Counts of tasks that began and ended, without a line that all workers write.

use crate::primitive::{AtomicUsize, Ordering};

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

    /// Says whether all tasks counted at any of these places have ended.
    pub(crate) fn is_level<'a>(tallies: impl Iterator<Item = &'a Tally> + Clone) -> bool {
        let (spawned, ended) = sums(tallies);
        spawned == ended
    }

    /// How many tasks counted at any of these places have not ended.
    pub(crate) fn left<'a>(tallies: impl Iterator<Item = &'a Tally> + Clone) -> usize {
        let (spawned, ended) = sums(tallies);
        spawned.wrapping_sub(ended)
    }
}

/// How many tasks were spawned at all of these places, and how many had ended before.
fn sums<'a>(tallies: impl Iterator<Item = &'a Tally> + Clone) -> (usize, usize) {
    // All ends are read before any spawn. If the sums are equal, they were so at the moment in between: spawns
    // never fall behind ends, and neither count shrinks.
    // Acquire: pairs with the Release in `grow`; a task's spawn is counted before its end.
    let sum = |count: fn(&'a Tally) -> &'a AtomicUsize| {
        tallies.clone().fold(0usize, |sum, tally| {
            sum.wrapping_add(count(tally).load(Ordering::Acquire))
        })
    };
    let ended = sum(|tally| &tally.ended);
    let spawned = sum(|tally| &tally.spawned);
    (spawned, ended)
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
        // Release: pairs with the Acquire in `is_level`; whoever sees the end sees what the task did.
        count.store(next, Ordering::Release);
    } else {
        // Release: as above.
        count.fetch_add(1, Ordering::Release);
    }
}
