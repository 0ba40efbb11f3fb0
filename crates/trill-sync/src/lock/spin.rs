//! Whether it pays to watch a taken lock for a moment before waiting for it.
//!
//! A lock that another thread holds for a few instructions is free again before a task could be put into the queue. One that
//! is held across an await is not, and then watching is lost time. Which of the two a lock is shows in use: a watch in vain
//! after one that was not is bad luck, but after several in a row ever more contenders do not watch.
//!
//! While one thread watches, the other one locks and unlocks again and again in its own cache; each look takes the line from
//! it. So there are two looks, and the pause before the first is long enough for a dozen locks.
//!
//! Measured with 16 tasks on two workers that lock for one addition, nine interleaved runs at high priority, ns per lock, median
//! [range]: 109 [88–125] with four looks after pauses of 1, 2, 4 and 8, and 31 contenders that did not watch after each vain
//! watch (3 in 100 were in vain, so half of the contenders queued); 87 [82–108] where only vain watches in a row keep others
//! from watching; and 75 [48–79] with the same 15 pauses and two looks. A watch in vain is estimated at 0.7 µs, in the end
//! spread over 32 contended locks.

use std::sync::atomic::{AtomicU8, Ordering};

/// What a lock has learnt about watching. A race between two threads costs a watch more or less.
#[derive(Debug)]
pub(crate) struct Spin {
    /// How many contenders do not watch from now on.
    skips: AtomicU8,
    /// How many watches in a row were in vain; no more than [`VAIN_MAX`] are counted.
    vain: AtomicU8,
}

impl Spin {
    /// Begins with a watch.
    pub(crate) const fn new() -> Spin {
        Spin {
            skips: AtomicU8::new(0),
            vain: AtomicU8::new(0),
        }
    }

    /// Calls `attempt` after each of the [`PAUSES`] until it succeeds; says whether it did.
    #[inline]
    pub(crate) fn watch(&self, mut attempt: impl FnMut() -> bool) -> bool {
        if cfg!(loom) {
            // More steps and no new outcome: the watch ends as if the lock had been free or taken at first sight.
            return false;
        }
        let skips = self.skips.load(Ordering::Relaxed);
        if skips > 0 {
            self.skips.store(skips - 1, Ordering::Relaxed);
            return false;
        }
        let vain = self.vain.load(Ordering::Relaxed);
        for pauses in PAUSES {
            for _ in 0..pauses {
                std::hint::spin_loop();
            }
            if attempt() {
                if vain > 0 {
                    self.vain.store(0, Ordering::Relaxed);
                }
                return true;
            }
        }
        self.skips.store((1 << vain) - 1, Ordering::Relaxed);
        self.vain.store((vain + 1).min(VAIN_MAX), Ordering::Relaxed);
        false
    }
}

/// Pauses before each look at the lock: 15 in all, 0.2 to 0.7 µs.
const PAUSES: [u32; 2] = [5, 10];

/// After so many watches in vain, and more, 31 contenders do not watch; after fewer half as many for each.
const VAIN_MAX: u8 = 5;

#[cfg(test)]
mod tests {
    use super::*;

    /// How many contenders do not watch before the next one does, in vain.
    fn skipped(spin: &Spin) -> usize {
        let mut count = 0;
        loop {
            let mut has_looked = false;
            let is_taken = spin.watch(|| {
                has_looked = true;
                false
            });
            assert!(!is_taken);
            if has_looked {
                return count;
            }
            count += 1;
        }
    }

    #[test]
    fn success_ends_a_watch() {
        let spin = Spin::new();
        let mut looks = 0;
        assert!(spin.watch(|| {
            looks += 1;
            looks == 2
        }));
        assert_eq!(looks, 2);
    }

    #[test]
    fn watches_in_vain_keep_more_and_more_from_watching_until_one_succeeds() {
        let spin = Spin::new();
        let counts: Vec<_> = (0..8).map(|_| skipped(&spin)).collect();
        assert_eq!(counts, [0, 0, 1, 3, 7, 15, 31, 31]);
        while !spin.watch(|| true) {}
        let counts: Vec<_> = (0..3).map(|_| skipped(&spin)).collect();
        assert_eq!(counts, [0, 0, 1]);
    }
}
