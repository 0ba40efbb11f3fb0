//! The first waiter of a queue, in place: the transitions that [`Waiters`]'s page numbers.
#![allow(unsafe_code)] // A waker is kept as two words, so that a notifier may copy it before it knows that it may.

use std::mem::ManuallyDrop;
use std::ptr;
use std::task::{RawWakerVTable, Waker};

use super::overflow::End;
use super::word::{
    BROADCAST, LISTED, LOCKED, NOTIFIED, OCCUPIED, ONE_GENERATION, SLOT, WEIGHT, WEIGHT_MAX,
    WEIGHT_SHIFT, generation_of,
};
use super::{Place, Ticket, Waiters};
use crate::primitive::{AtomicPtr, AtomicUsize, Ordering, const_fn};

/// A waker, bit by bit. What lies there outlives the waker, for the next of the same task (transition 1b).
pub(super) struct Cell {
    /// An exposed address: in 1b that of the waker that comes, left there by one that went.
    data: AtomicUsize,
    table: AtomicPtr<()>,
}

/// How the ticket of a generation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Waits,
    /// Notified with a turn, and the slot is free again.
    Free,
    /// Notified, and the slot is still the ticket's.
    Notified,
}

impl Cell {
    const_fn! {
        /// Starts empty.
        pub(super) const fn new() -> Cell {
            Cell {
                data: AtomicUsize::new(0),
                table: AtomicPtr::new(ptr::null_mut()),
            }
        }
    }

    /// Writes a waker. The word, by which others learn of it, is changed with Release afterwards.
    #[inline]
    fn write(&self, waker: Waker) {
        let waker = ManuallyDrop::new(waker);
        // Release: pairs with the Acquire in `will_wake`, which then sees that the slot has a new owner.
        self.data
            .store(waker.data().expose_provenance(), Ordering::Release);
        let table = ptr::from_ref(waker.vtable()).cast_mut().cast();
        self.table.store(table, Ordering::Release);
    }

    /// Copies the waker, to own it if a step shows that it may be owned.
    #[inline]
    fn copy(&self) -> (*mut (), *mut ()) {
        let data = ptr::with_exposed_provenance_mut(self.data.load(Ordering::Relaxed));
        (data, self.table.load(Ordering::Relaxed))
    }

    /// Whether it is a waker that wakes the same task as `waker`, bit by bit.
    #[inline]
    fn will_wake(&self, waker: &Waker) -> bool {
        // Acquire: pairs with the Release in `write`.
        let data = self.data.load(Ordering::Acquire);
        let table = self.table.load(Ordering::Acquire);
        data == waker.data().expose_provenance() && ptr::eq(table.cast(), waker.vtable())
    }
}

/// Makes the waker that was copied bit by bit.
///
/// # Safety
///
/// It was written by [`Cell::write`], and the caller is the one that owns it now.
#[inline]
unsafe fn owned((data, table): (*mut (), *mut ())) -> Waker {
    // SAFETY: `write` stored the address of a `&'static RawWakerVTable`. The caller upholds it; Miri on
    // `tests/channel_mpmc.rs` would fail.
    let table: &'static RawWakerVTable = unsafe { &*table.cast() };
    // SAFETY: data and table were one waker's, which the caller owns. Miri on `tests/channel_mpmc.rs` would fail.
    unsafe { Waker::new(data, table) }
}

impl Waiters {
    /// Transition 1, and the ticket learns its place; returns whether it was notified meanwhile and has left, or the
    /// waker if the slot is not for it.
    #[inline]
    pub(super) fn enter_slot(
        &self,
        end: End,
        ticket: &mut Ticket,
        weight: u32,
        waker: Waker,
    ) -> Result<bool, Waker> {
        // Acquire: pairs with the Release in `unlock_slot`, so that the waker seen below is no older than the word.
        let word = self.word.load(Ordering::Acquire);
        let is_free = match end {
            End::Back => word & (SLOT | LISTED) == 0,
            End::Front => word & SLOT == 0,
        };
        let may_enter = is_free && weight <= WEIGHT_MAX;
        // One task often waits again and again, and its waker is still there, word for word.
        let is_there = self.cell.will_wake(&waker);
        let flags = OCCUPIED | if is_there { 0 } else { LOCKED };
        let claimed = (word & !WEIGHT).wrapping_add(ONE_GENERATION)
            | u64::from(weight) << WEIGHT_SHIFT
            | flags;
        // SeqCst: Acquire pairs with the Release of whoever left the slot, Release publishes what the waker points to to
        // the Acquire in `notify_slot`; see also "Why no wake-up is lost".
        let claim = may_enter
            && self
                .word
                .compare_exchange(word, claimed, Ordering::SeqCst, Ordering::Relaxed)
                .is_ok();
        if !claim {
            return Err(waker);
        }
        ticket.place = Place::Slot(generation_of(claimed));
        if is_there {
            // Who takes the waker out owns the reference that is given up here.
            let _ = ManuallyDrop::new(waker);
            return Ok(false);
        }
        self.cell.write(waker);
        Ok(self.unlock_slot())
    }

    /// Transition 4, if the word still is `word`. Returns the waker, unless the owner is about to see it anyway.
    #[inline]
    pub(super) fn notify_slot(&self, word: u64, how: u64) -> Option<Option<Waker>> {
        let is_locked = word & LOCKED != 0;
        let copy = self.cell.copy();
        let next = match is_locked || how != 0 {
            true => word | NOTIFIED | how,
            false => word & !SLOT,
        };
        // SeqCst: Acquire pairs with the Release in `unlock_slot`, which published the waker; Release publishes what is
        // handed over to the owner's Acquire in `standing`, and orders the copy before whoever enters next.
        self.word
            .compare_exchange(word, next, Ordering::SeqCst, Ordering::Relaxed)
            .ok()?;
        if is_locked {
            return Some(None);
        }
        // SAFETY: the word had `OCCUPIED` and neither `LOCKED` nor `NOTIFIED` from before the copy until the exchange,
        // of one generation, so the copy is of this generation's waker, and the exchange took the right to it from its
        // owner. `tests/loom_waiters.rs` would fail.
        Some(Some(unsafe { owned(copy) }))
    }

    /// Makes the slot's ticket, ours, remember `waker`, which may change its generation; returns whether the ticket was
    /// notified and has left the slot.
    pub(super) fn refresh_slot(&self, generation: &mut u32, waker: &Waker) -> bool {
        // Acquire: as in `standing`.
        let mut word = self.word.load(Ordering::Acquire);
        if self.notice(word, *generation).is_some() {
            return true;
        }
        if self.cell.will_wake(waker) {
            // If the ticket was notified meanwhile, that was the waker of whoever came next.
            // Acquire: as in `standing`.
            word = self.word.load(Ordering::Acquire);
            return self.notice(word, *generation).is_some();
        }
        // Cloned with the slot unlocked, because foreign code may do anything.
        let fresh = waker.clone();
        let copy = self.cell.copy();
        let locked = loop {
            // Transition 2. SeqCst: as everywhere a waiter writes the word.
            let locked = word.wrapping_add(ONE_GENERATION) | LOCKED;
            match self
                .word
                .compare_exchange_weak(word, locked, Ordering::SeqCst, Ordering::Acquire)
            {
                Ok(_) => break locked,
                Err(now) => word = now,
            }
            if self.notice(word, *generation).is_some() {
                return true;
            }
        };
        self.cell.write(fresh);
        // Before foreign code may panic: with a generation of the past the ticket would leave its waiter behind.
        *generation = generation_of(locked);
        let notified = self.unlock_slot();
        // SAFETY: transition 2 took it from the reach of notifiers. Dropped with the slot unlocked: it is foreign code.
        drop(unsafe { owned(copy) });
        notified
    }

    /// Whether the ticket of this generation was notified and has not noticed.
    pub(super) fn is_slot_notified(&self, generation: u32) -> bool {
        // Acquire: as in `standing`.
        standing(self.word.load(Ordering::Acquire), generation) != Standing::Waits
    }

    /// Gives up the slot; returns whether its ticket had been notified alone.
    #[inline]
    pub(super) fn leave_slot(&self, generation: u32) -> bool {
        // Acquire: as in `standing`.
        let mut word = self.word.load(Ordering::Acquire);
        loop {
            if let Some(has_turn) = self.notice(word, generation) {
                return has_turn;
            }
            let copy = self.cell.copy();
            // Transition 6. SeqCst: as everywhere a waiter writes the word.
            match self.word.compare_exchange_weak(
                word,
                word & !SLOT,
                Ordering::SeqCst,
                Ordering::Acquire,
            ) {
                Ok(_) => {
                    // SAFETY: it is this ticket's, and the exchange took it from the reach of notifiers.
                    drop(unsafe { owned(copy) });
                    return false;
                }
                Err(now) => word = now,
            }
        }
    }

    /// Transition 5, if the ticket of this generation was notified; returns whether it has a turn.
    #[inline]
    fn notice(&self, word: u64, generation: u32) -> Option<bool> {
        match standing(word, generation) {
            Standing::Waits => None,
            Standing::Free => Some(true),
            Standing::Notified => {
                self.free_slot();
                Some(word & BROADCAST == 0)
            }
        }
    }

    /// Transition 3 by the owner, and 5 if the ticket was notified meanwhile; returns whether it was.
    #[inline]
    fn unlock_slot(&self) -> bool {
        // SeqCst: Release publishes the waker to `notify_slot`, Acquire takes what it handed over.
        let word = self.word.fetch_and(!LOCKED, Ordering::SeqCst);
        if word & NOTIFIED == 0 {
            return false;
        }
        let copy = self.cell.copy();
        self.free_slot();
        // SAFETY: a notifier that finds `LOCKED` leaves the waker to the owner, which this is.
        drop(unsafe { owned(copy) });
        true
    }

    /// Transition 5.
    fn free_slot(&self) {
        // AcqRel: Release pairs with the Acquire of the next claim, Acquire with the notifier's exchange.
        self.word.fetch_and(!SLOT, Ordering::AcqRel);
    }
}

impl Drop for Waiters {
    fn drop(&mut self) {
        // A waiter that was forgotten left its waker here.
        let word = self.word.load(Ordering::Relaxed);
        if word & (OCCUPIED | NOTIFIED) == OCCUPIED {
            // SAFETY: nobody else has the queue, and the ticket that was forgotten will not ask for it.
            drop(unsafe { owned(self.cell.copy()) });
        }
    }
}

/// How the ticket of a generation stands by this word.
///
/// The word was loaded with Acquire, which pairs with the SeqCst exchange in `notify_slot`, for what was handed over.
#[inline]
fn standing(word: u64, generation: u32) -> Standing {
    if word & OCCUPIED == 0 || generation_of(word) != generation {
        Standing::Free
    } else if word & NOTIFIED != 0 {
        Standing::Notified
    } else {
        Standing::Waits
    }
}
