//! A place for the one runnable that should run next on its worker.
//!
//! # Who may do what
//!
//! The owner puts and takes, at every wake by a running task. Others steal only when the owner is stuck in a poll, or when
//! an executor ends. So the owner's part has no read-modify-write where the system has a heavy fence
//! ([`trill_park::heavy_fence`]), and a thief pays for both.
//!
//! # States
//!
//! | word | value | meaning |
//! | --- | --- | --- |
//! | `slot` | null or an item | only the owner stores an item, and only over null |
//! | `taking` | true | the owner is between its look at `claim` and its store of null |
//! | `is_fast` | true | the owner takes so, without an exchange, while nobody claims; only the owner changes it |
//! | `claim` | `FREE` | nobody steals |
//! | | `CLAIMED` | one thief tries; the owner takes by exchange |
//! | | `DENIED` | the system refused the thief its fence; the owner takes by exchange, and does so for good |
//!
//! # Transitions
//!
//! 1. *take*, slow: exchanges the item for null.
//! 2. *take*, fast: `taking`, light fence, look at `claim`; if free, read the slot and store null, else 1; then not `taking`.
//! 3. *steal*: `FREE` → `CLAIMED`; if the owner is fast a heavy fence, and nothing is stolen from one that is `taking`; else
//!    exchanges the item for null; → `FREE`. If there is no heavy fence: → `DENIED`.
//! 4. The owner becomes fast after a slow take, with a fence, and slow again when it finds `DENIED`, which it makes `FREE`.
//!
//! # Why an item goes to one taker
//!
//! A fast owner writes `taking` and reads `claim`, a thief writes `claim` and reads `taking`, and there is a light fence in the
//! one and a heavy fence in the other. So the owner sees the claim and takes by exchange, or the thief sees that the owner
//! takes, and leaves the item to it. The same holds for 4 with `is_fast` and two full fences.
//!
//! # Tested by
//!
//! `tests/loom_queue.rs`; below, what happens when the system refuses the fence. In a model a light fence is a full one, so
//! it does not notice if the one in 4 is missing; and an exchange reads the newest value there, so neither is the Release missed
//! that ends `taking`.

#![cfg_attr(not(loom), allow(unreachable_pub))] // Public for the models only.

use std::ptr;

use super::Item;
use crate::primitive::{AtomicBool, AtomicPtr, AtomicU32, Ordering, fence};

/// A place for one runnable.
#[derive(Debug)]
pub struct Lifo {
    slot: AtomicPtr<()>,
    taking: AtomicBool,
    is_fast: AtomicBool,
    claim: AtomicU32,
}

/// Nobody steals.
const FREE: u32 = 0;
/// One thief tries.
const CLAIMED: u32 = 1;
/// The thief was refused its fence.
const DENIED: u32 = 2;

impl Lifo {
    /// Starts empty.
    pub fn new() -> Lifo {
        Lifo {
            slot: AtomicPtr::new(ptr::null_mut()),
            taking: AtomicBool::new(false),
            is_fast: AtomicBool::new(false),
            claim: AtomicU32::new(FREE),
        }
    }

    /// Says whether there is nothing; a hint for all but the owner.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.slot.load(Ordering::Relaxed).is_null()
    }

    /// Says whether there is something that others may steal.
    #[inline]
    pub fn has_spare(&self) -> bool {
        !self.is_empty() && self.claim.load(Ordering::Relaxed) != DENIED
    }

    /// Puts an item in and returns the one that was there. Owner only.
    #[inline]
    pub fn put(&self, item: Item) -> Option<Item> {
        let before = self.take();
        // Release: pairs with the Acquire in `steal`. A thief stores nothing but null, so nothing is overwritten.
        self.slot.store(item.as_ptr(), Ordering::Release);
        before
    }

    /// Takes the item. Owner only.
    #[inline]
    pub fn take(&self) -> Option<Item> {
        if self.is_empty() {
            return None;
        }
        // Relaxed: only the owner writes it.
        if !self.is_fast.load(Ordering::Relaxed) {
            return self.take_slow();
        }
        // Relaxed: the fence orders it.
        self.taking.store(true, Ordering::Relaxed);
        trill_park::light_fence();
        // Acquire: pairs with the Release in `steal`; the slot is empty then.
        let item = match self.claim.load(Ordering::Acquire) {
            FREE => {
                // Relaxed: the owner has put it in.
                let item = self.slot.load(Ordering::Relaxed);
                self.slot.store(ptr::null_mut(), Ordering::Relaxed);
                Item::new(item)
            }
            claim => self.take_contended(claim),
        };
        // Release: pairs with the Acquire in `steal`: who sees this sees the slot empty.
        self.taking.store(false, Ordering::Release);
        item
    }

    /// Takes by exchange, and becomes fast if that can be.
    #[cold]
    fn take_slow(&self) -> Option<Item> {
        let item = self.exchange();
        if trill_park::has_heavy_fence() {
            self.is_fast.store(true, Ordering::Relaxed);
            // SeqCst: pairs with that in `steal`: either that thief makes a heavy fence, or this owner sees its claim.
            fence(Ordering::SeqCst);
        }
        item
    }

    /// Takes by exchange what a thief wants, too.
    #[cold]
    fn take_contended(&self, claim: u32) -> Option<Item> {
        if claim == DENIED {
            self.is_fast.store(false, Ordering::Relaxed);
            // Release: pairs with the Acquire in `steal`: the next thief sees that no fence is needed.
            self.claim.store(FREE, Ordering::Release);
        }
        self.exchange()
    }

    /// Exchanges the item for null; `None` also if somebody else has changed the slot in between.
    fn exchange(&self) -> Option<Item> {
        let item = Item::new(self.slot.load(Ordering::Relaxed))?;
        // Acquire: pairs with the Release in `put`.
        self.slot
            .compare_exchange(
                item.as_ptr(),
                ptr::null_mut(),
                Ordering::Acquire,
                Ordering::Relaxed,
            )
            .is_ok()
            .then_some(item)
    }

    /// Takes the item from its owner, unless that one or another thief is about to.
    #[cold]
    pub fn steal(&self) -> Option<Item> {
        self.steal_by(trill_park::heavy_fence)
    }

    /// As [`Lifo::steal`], with another heavy fence.
    fn steal_by(&self, heavy_fence: impl FnOnce() -> bool) -> Option<Item> {
        if self.is_empty() {
            return None;
        }
        // Acquire: pairs with the Release of the thief before, or of the owner in `take_contended`.
        self.claim
            .compare_exchange(FREE, CLAIMED, Ordering::Acquire, Ordering::Relaxed)
            .ok()?;
        // SeqCst: pairs with that in `take_slow`.
        fence(Ordering::SeqCst);
        let mut next = FREE;
        let item = if self.is_fast.load(Ordering::Relaxed) && !heavy_fence() {
            next = DENIED;
            None
        // Acquire: pairs with the Release in `take`.
        } else if self.taking.load(Ordering::Acquire) {
            None
        } else {
            self.exchange()
        };
        // Release: pairs with the Acquire in `take`.
        self.claim.store(next, Ordering::Release);
        item
    }
}

impl Default for Lifo {
    fn default() -> Lifo {
        Lifo::new()
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    fn item(number: usize) -> Item {
        Item::new(ptr::without_provenance_mut(number * 8)).expect("it is not null")
    }

    #[test]
    fn fast_owner_leaves_an_item_to_a_thief_that_has_its_fence() {
        let lifo = Lifo::new();
        lifo.is_fast.store(true, Ordering::Relaxed);
        assert_eq!(lifo.put(item(1)), None);
        assert_eq!(lifo.steal_by(|| true), Some(item(1)));
        assert_eq!(lifo.take(), None);
    }

    #[test]
    fn thief_leaves_an_item_to_an_owner_that_takes() {
        let lifo = Lifo::new();
        lifo.is_fast.store(true, Ordering::Relaxed);
        assert_eq!(lifo.put(item(1)), None);
        lifo.taking.store(true, Ordering::Relaxed);
        assert_eq!(lifo.steal_by(|| true), None);
        assert!(lifo.has_spare());
    }

    #[test]
    fn owner_takes_by_exchange_from_when_a_thief_was_refused_its_fence() {
        let lifo = Lifo::new();
        lifo.is_fast.store(true, Ordering::Relaxed);
        assert_eq!(lifo.put(item(1)), None);
        assert_eq!(lifo.steal_by(|| false), None);
        // Nobody looks for what cannot be stolen.
        assert!(!lifo.has_spare() && !lifo.is_empty());
        assert_eq!(lifo.steal_by(|| true), None);
        assert_eq!(lifo.take(), Some(item(1)));
        assert!(!lifo.is_fast.load(Ordering::Relaxed));
        // From now on a thief needs no fence.
        assert_eq!(lifo.put(item(2)), None);
        assert!(lifo.has_spare());
        assert_eq!(lifo.steal_by(|| panic!("it asked for one")), Some(item(2)));
    }
}
