//! The place of the first who waits for a direction, which needs no lock.
//!
//! # States
//!
//! One word says whose the place is:
//!
//! | bits | name | meaning |
//! | --- | --- | --- |
//! | 0 | `TAKEN` | somebody has claimed it; free otherwise |
//! | 1 | `SHARED` | it stands for all polls with its waker, not for one future |
//! | 2..32 | round | grows with each release |
//!
//! # Transitions
//!
//! 1. [`claim`](Place::claim): free to taken, by one compare-exchange; who wins it owns the waker's cell and fills it.
//! 2. The owner hands the cell over by setting the placed bit of the slot's word, and whoever clears that bit owns the
//!    cell after that: one at a time, for the bit is cleared by a compare-exchange.
//! 3. [`take`](Place::take), by the owner: empties the cell and makes the place free, in the next round.
//!
//! A ticket that names the round of its claim is void after step 3. The round of a place whose placed bit is set does not
//! change unless that bit is cleared, so who compares the round between reading the slot's word and exchanging it knows
//! whose waker it gets.
//!
//! # Tested by
//!
//! `tests/loom_slot.rs`.
#![allow(unsafe_code)] // A cell that whoever has won the place may touch.

use std::fmt;
use std::sync::atomic::Ordering;
use std::task::Waker;

use crate::primitive::{AtomicU32, UnsafeCell};
use crate::ticket::Ticket;

/// The place of the first who waits for a direction.
pub(crate) struct Place {
    state: AtomicU32,
    waker: UnsafeCell<Option<Waker>>,
}

// SAFETY: the cell is touched by its owner alone: who has won the claim, or has cleared the placed bit that the owner
// before it had set. Both exchanges are AcqRel, so the owners come one after the other. `Slot` upholds it, the only
// user; loom's cell in `tests/loom_slot.rs` would fail.
unsafe impl Sync for Place {}

impl Place {
    /// Makes a free one.
    pub(crate) fn new() -> Place {
        Place {
            state: AtomicU32::new(0),
            waker: UnsafeCell::new(None),
        }
    }

    /// Claims the place for `waker` if it is free, and says in which round. The caller owns it then, until it sets its
    /// placed bit.
    #[inline]
    pub(crate) fn claim(&self, shared: bool, waker: &Waker) -> Option<u32> {
        // Relaxed: only a guess.
        let free = self.state.load(Ordering::Relaxed);
        if free & TAKEN != 0 {
            return None;
        }
        // Before the claim: it may run anything.
        let waker = waker.clone();
        let taken = free | TAKEN | if shared { SHARED } else { 0 };
        // Acquire: pairs with the Release in `take`, whose owner has emptied the cell. A failure is another's claim.
        self.state
            .compare_exchange(free, taken, Ordering::Acquire, Ordering::Relaxed)
            .ok()?;
        // SAFETY: the caller has won the place, whose cell is empty. `tests/loom_slot.rs` would fail.
        self.waker
            .with_mut(|cell| unsafe { cell.write(Some(waker)) });
        Some(taken)
    }

    /// Says whether it is `ticket`'s still.
    #[inline]
    pub(crate) fn is_of(&self, ticket: Ticket) -> bool {
        // Relaxed: the caller exchanges the slot's word afterwards, and has nothing if that has changed.
        let taken = self.state.load(Ordering::Relaxed);
        matches!(ticket, Ticket::Placed { round } if round == taken)
    }

    /// Says whether its waker is shared, if somebody has it.
    #[inline]
    pub(crate) fn is_shared(&self) -> bool {
        // Relaxed: as in `is_of`.
        self.state.load(Ordering::Relaxed) & SHARED != 0
    }

    /// Puts the waker in and returns the one before. Only for the owner, who drops that later.
    #[inline]
    pub(crate) fn put(&self, waker: Waker) -> Option<Waker> {
        // SAFETY: the caller is the owner; see the type. `tests/loom_slot.rs` would fail.
        self.waker
            .with_mut(|cell| unsafe { (*cell).replace(waker) })
    }

    /// Says whether its waker wakes the same task. Only for the owner.
    #[inline]
    pub(crate) fn will_wake(&self, waker: &Waker) -> bool {
        // SAFETY: as in `put`.
        self.waker
            .with(|cell| unsafe { (*cell).as_ref().is_some_and(|known| known.will_wake(waker)) })
    }

    /// Empties it and makes it free. Only for the owner.
    #[inline]
    pub(crate) fn take(&self) -> Option<Waker> {
        // SAFETY: as in `put`.
        let waker = self.waker.with_mut(|cell| unsafe { (*cell).take() });
        // Relaxed: nobody else changes a taken place.
        let taken = self.state.load(Ordering::Relaxed);
        let free = (taken | SHARED | TAKEN).wrapping_add(1);
        // Release: pairs with the Acquire in `claim`.
        self.state.store(free, Ordering::Release);
        waker
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state.load(Ordering::Relaxed);
        f.debug_struct("Place")
            .field("taken", &(state & TAKEN != 0))
            .finish_non_exhaustive()
    }
}

const TAKEN: u32 = 1;
const SHARED: u32 = 1 << 1;
