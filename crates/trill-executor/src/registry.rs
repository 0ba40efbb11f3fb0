//! Every task of an executor that waits, so that dropping the executor finds it.
//!
//! A task is entered when its first poll returns `Pending`, and leaves when its future is dropped. One that was never
//! polled lies in a queue and is found there; one that ends in its first poll is never entered.
//!
//! # States of a slot
//!
//! | word | meaning |
//! | --- | --- |
//! | 0 | free, or handed out and not yet filled |
//! | cell address | a task |
//! | cell address + 1 | a task, and a reader keeps its future from being dropped |
//!
//! # Transitions
//!
//! 1. 0 → address by the thread that polls the task, in [`Slot::fill`].
//! 2. address → address + 1 → address by a reader, in [`Slot::look`]; readers exclude each other.
//! 3. address → 0 by the thread that drops the future, in [`Slot::clear`], which waits while a reader holds the slot.
//!
//! # Why a reader's task is alive
//!
//! The future is dropped only after `clear` has returned, and `clear` swaps the plain address only. So while a reader
//! holds the lowest bit the future exists, and with it the reference that its cell counts for the task's life.
//!
//! # Tested by
//!
//! `tests/loom_registry.rs`.

#![cfg_attr(not(loom), allow(unreachable_pub))] // Public for the models only.

use std::fmt;
use std::ptr;
use std::sync::OnceLock;

use crate::primitive::{AtomicUsize, Mutex, Ordering, lock, relax};
use crate::queue::Item;

/// Every waiting task of an executor.
pub(crate) struct Registry {
    /// Each four buckets have twice as many slots as the four before, made on first use and kept: growth copies
    /// nothing, and at most a quarter of all slots is never used.
    buckets: [OnceLock<Box<[Slot]>>; BUCKETS],
    depot: Mutex<Depot>,
}

/// Numbers of slots that no worker has.
#[derive(Debug, Default)]
struct Depot {
    free: Vec<u32>,
    /// Numbers from here on were never handed out.
    fresh: u32,
}

/// Numbers of free slots that one worker has for itself.
#[derive(Debug, Default)]
pub(crate) struct Free(Vec<u32>);

/// Names a filled slot; fits into four bytes of a task.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place(u32);

impl Place {
    /// Not in the registry.
    pub(crate) const NONE: Place = Place(u32::MAX);

    /// The place as a task's header keeps it.
    #[inline]
    pub(crate) const fn to_bits(self) -> u32 {
        self.0
    }

    /// The place that a task's header keeps.
    #[inline]
    pub(crate) const fn from_bits(bits: u32) -> Place {
        Place(bits)
    }
}

impl Registry {
    /// Starts empty; allocates nothing.
    pub(crate) fn new() -> Registry {
        Registry {
            buckets: [const { OnceLock::new() }; BUCKETS],
            depot: Mutex::new(Depot::default()),
        }
    }

    /// Enters a task. `free` are the caller's own slots, if it is a worker.
    ///
    /// Returns [`Place::NONE`] if `u32::MAX` tasks are waiting already; the next poll tries again.
    #[inline]
    pub(crate) fn enter(&self, free: Option<&mut Free>, cell: Item) -> Place {
        let number = match free {
            Some(free) => free.0.pop().or_else(|| self.refill(free)),
            None => lock(&self.depot).take(),
        };
        let Some(number) = number else {
            return Place::NONE;
        };
        self.slot(number).fill(cell);
        Place(number)
    }

    /// Takes a task out again; waits while a reader looks at it.
    #[inline]
    pub(crate) fn leave(&self, free: Option<&mut Free>, place: Place) {
        self.slot(place.0).clear();
        match free {
            Some(free) => {
                free.0.push(place.0);
                if free.0.len() >= 2 * RUN {
                    lock(&self.depot).free.extend_from_slice(&free.0[RUN..]);
                    free.0.truncate(RUN);
                }
            }
            None => lock(&self.depot).free.push(place.0),
        }
    }

    /// Takes back all slots of a worker that retires.
    pub(crate) fn retire(&self, free: &mut Free) {
        if !free.0.is_empty() {
            lock(&self.depot).free.extend_from_slice(&free.0);
            free.0.clear();
        }
    }

    /// Runs `visit` on each task while its future is kept alive.
    pub(crate) fn each(&self, visit: &mut dyn FnMut(Item)) {
        let mut left = lock(&self.depot).fresh as usize;
        for (bucket, slots) in self.buckets.iter().enumerate() {
            let len = bucket_len(bucket).min(left);
            if let Some(slots) = slots.get() {
                for slot in &slots[..len] {
                    slot.look(&mut *visit);
                }
            }
            left -= len;
            if left == 0 {
                break;
            }
        }
    }

    /// Hands numbers out from the first again; when all tasks have ended and no worker keeps any.
    ///
    /// So the next executor with this record, and its drop, do not pay for the size of this one.
    pub(crate) fn reset(&self) {
        let mut depot = lock(&self.depot);
        depot.fresh = 0;
        depot.free = Vec::new();
    }

    /// Gets a worker another run of slots; returns one of them.
    #[cold]
    fn refill(&self, free: &mut Free) -> Option<u32> {
        let mut depot = lock(&self.depot);
        for _ in 0..RUN {
            match depot.take() {
                Some(number) => free.0.push(number),
                None => break,
            }
        }
        // Ascending numbers, so that neighbours in time are neighbours in memory.
        free.0.reverse();
        free.0.pop()
    }

    /// The slot with this number.
    #[inline]
    fn slot(&self, number: u32) -> &Slot {
        let (bucket, index) = position(number);
        let slots = self.buckets[bucket].get_or_init(|| free_slots(bucket_len(bucket)));
        &slots[index]
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry").finish_non_exhaustive()
    }
}

impl Depot {
    /// Takes a number that nobody has.
    fn take(&mut self) -> Option<u32> {
        if let Some(number) = self.free.pop() {
            return Some(number);
        }
        let number = self.fresh;
        if number >= NUMBERS_MAX {
            return None;
        }
        self.fresh = number + 1;
        Some(number)
    }
}

/// A place for one task; see the module's page.
#[derive(Debug)]
pub struct Slot(AtomicUsize);

impl Slot {
    /// Starts free.
    pub fn new() -> Slot {
        Slot(AtomicUsize::new(0))
    }

    /// Enters a task.
    #[inline]
    pub fn fill(&self, cell: Item) {
        // Release: pairs with the Acquire in `look`, which then sees the cell.
        self.0
            .store(cell.as_ptr().expose_provenance(), Ordering::Release);
    }

    /// Takes the task out, once no reader looks at it.
    #[inline]
    pub fn clear(&self) {
        let mut word = self.0.load(Ordering::Relaxed) & !LOOKING;
        // Acquire: pairs with the Release in `look`; the reader is done with the cell.
        while let Err(now) =
            self.0
                .compare_exchange_weak(word, 0, Ordering::Acquire, Ordering::Relaxed)
        {
            word = now & !LOOKING;
            relax();
        }
    }

    /// Runs `visit` on the task, if there is one and no other reader looks at it.
    pub fn look(&self, visit: impl FnOnce(Item)) {
        let word = self.0.load(Ordering::Relaxed);
        if word == 0 || word & LOOKING != 0 {
            return;
        }
        // Acquire: pairs with the Release in `fill`.
        let taken =
            self.0
                .compare_exchange(word, word | LOOKING, Ordering::Acquire, Ordering::Relaxed);
        if taken.is_ok() {
            let _release = Release(self, word);
            if let Some(cell) = Item::new(ptr::with_exposed_provenance_mut(word)) {
                visit(cell);
            }
        }
    }
}

impl Default for Slot {
    fn default() -> Slot {
        Slot::new()
    }
}

/// Lets go of a slot that a reader holds.
struct Release<'a>(&'a Slot, usize);

impl Drop for Release<'_> {
    fn drop(&mut self) {
        // Release: pairs with the Acquire in `clear`. Nobody else changes a held slot.
        self.0.0.store(self.1, Ordering::Release);
    }
}

/// Bucket and index of the slot with this number.
#[inline]
fn position(number: u32) -> (usize, usize) {
    // The highest bit names a group of four buckets, the next two one of them, the others the slot.
    let shifted = number as usize + FIRST;
    let group = (shifted.ilog2() - FIRST.ilog2()) as usize;
    let len_bits = shifted.ilog2() - 2;
    let bucket = 4 * group + (shifted >> len_bits & 3);
    (bucket, shifted & ((1 << len_bits) - 1))
}

/// Makes the slots of a bucket.
#[cold]
fn free_slots(count: usize) -> Box<[Slot]> {
    let mut slots = Vec::with_capacity(count);
    for _ in 0..count {
        slots.push(Slot::new());
    }
    slots.into_boxed_slice()
}

/// How many slots a bucket has.
fn bucket_len(bucket: usize) -> usize {
    (FIRST / 4) << (bucket / 4)
}

/// Set in a slot's word while a reader looks at the task; cells are aligned to words.
const LOOKING: usize = 1;

/// Slots in the first four buckets: half a kibibyte, enough for a small program.
const FIRST: usize = 64;

/// Buckets: together they have more slots than `u32` has numbers.
const BUCKETS: usize = 4 * 27;

/// Numbers stop here, so that [`Place::NONE`] is none of them.
const NUMBERS_MAX: u32 = u32::MAX - 1;

/// Slots a worker takes from the depot at once; its lock is then taken once per so many tasks.
const RUN: usize = 64;

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn numbers_fill_the_buckets_one_after_another() {
        let mut expected = (0, 0);
        for number in 0..100_000 {
            assert_eq!(position(number), expected);
            expected.1 += 1;
            if expected.1 == bucket_len(expected.0) {
                expected = (expected.0 + 1, 0);
            }
        }
        assert!(position(NUMBERS_MAX).0 < BUCKETS);
        assert!(position(NUMBERS_MAX).1 < bucket_len(position(NUMBERS_MAX).0));
    }
}
