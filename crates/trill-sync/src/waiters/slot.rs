//! The first waiter of a queue, in place: the transitions that [`Waiters`]'s page numbers.
#![allow(unsafe_code)] // The slot's waker cell.

use std::task::Waker;

use super::Waiters;
use super::overflow::End;
use super::word::{BROADCAST, LOCKED, NOTIFIED, OCCUPIED, SLOT, WEIGHT, WEIGHT_SHIFT};
use crate::primitive::Ordering;

impl Waiters {
    /// Transition 1; returns whether the ticket was notified meanwhile and has left, or the waker if the slot is not
    /// for it.
    pub(super) fn enter_slot(&self, end: End, weight: u32, waker: Waker) -> Result<bool, Waker> {
        let mut free = 0;
        if end == End::Front {
            free = self.word.load(Ordering::Relaxed) & !(SLOT | WEIGHT);
        }
        let claimed = free | OCCUPIED | LOCKED | u64::from(weight) << WEIGHT_SHIFT;
        // SeqCst: Acquire pairs with the Release of whoever left the slot; see also "Why no wake-up is lost".
        let claim = self
            .word
            .compare_exchange(free, claimed, Ordering::SeqCst, Ordering::Relaxed);
        if claim.is_err() {
            return Err(waker);
        }
        self.waker.with_mut(|cell| {
            // SAFETY: transition 1 gave this thread the cell, and it holds `None` since the last owner left.
            // Loom checks it in `tests/loom_waiters.rs`.
            unsafe { *cell = Some(waker) }
        });
        Ok(self.unlock_slot())
    }

    /// Transition 4, if the word still is `word`. Returns the waker, unless the owner is about to see it anyway.
    #[inline]
    pub(super) fn notify_slot(&self, word: u64, how: u64) -> Option<Option<Waker>> {
        // SeqCst: Acquire pairs with the owner's unlock in `unlock_slot`, which published the waker; Release publishes
        // what is handed over to the owner's Acquire in `lock_slot`, `leave_slot` and `is_notified`.
        self.word
            .compare_exchange(
                word,
                word | NOTIFIED | LOCKED | how,
                Ordering::SeqCst,
                Ordering::Relaxed,
            )
            .ok()?;
        if word & LOCKED != 0 {
            return Some(None);
        }
        let waker = self.take_waker();
        // Release: pairs with the Acquire of the next claim in `enter_slot`.
        self.word.fetch_and(!LOCKED, Ordering::Release);
        Some(waker)
    }

    /// Makes the slot's ticket, ours, remember `waker`; returns whether it was notified and has left the slot.
    pub(super) fn refresh_slot(&self, waker: &Waker) -> bool {
        if self.lock_slot() {
            return true;
        }
        let same = self.waker.with(|cell| {
            // SAFETY: transition 2 gave this thread the cell. Loom checks it in `tests/loom_waiters.rs`.
            let held = unsafe { &*cell };
            held.as_ref().is_some_and(|held| held.will_wake(waker))
        });
        if self.unlock_slot() {
            return true;
        }
        if same {
            return false;
        }
        // Cloned with the slot unlocked, because foreign code may do anything.
        let mut waker = Some(waker.clone());
        if self.lock_slot() {
            return true;
        }
        self.waker.with_mut(|cell| {
            // SAFETY: as above.
            let held = unsafe { &mut *cell };
            std::mem::swap(held, &mut waker);
        });
        self.unlock_slot()
    }

    /// Transition 2, or 5 if the ticket was notified; returns whether it was.
    fn lock_slot(&self) -> bool {
        // Acquire: pairs with the SeqCst exchange in `notify_slot`, for what was handed over.
        let mut word = self.word.load(Ordering::Acquire);
        loop {
            if word & NOTIFIED != 0 {
                self.free_slot();
                return true;
            }
            // SeqCst: as everywhere a waiter writes the word.
            match self.word.compare_exchange_weak(
                word,
                word | LOCKED,
                Ordering::SeqCst,
                Ordering::Acquire,
            ) {
                Ok(_) => return false,
                Err(now) => word = now,
            }
        }
    }

    /// Transition 3 by the owner, and 5 if the ticket was notified meanwhile; returns whether it was.
    fn unlock_slot(&self) -> bool {
        // SeqCst: Release publishes the waker to `notify_slot`, Acquire takes what it handed over.
        let word = self.word.fetch_and(!LOCKED, Ordering::SeqCst);
        if word & NOTIFIED == 0 {
            return false;
        }
        let waker = self.take_waker();
        self.free_slot();
        drop(waker);
        true
    }

    /// Transition 5.
    fn free_slot(&self) {
        // AcqRel: Release pairs with the Acquire of the next claim, Acquire with the notifier's exchange.
        self.word
            .fetch_and(!(SLOT | WEIGHT) | LOCKED, Ordering::AcqRel);
    }

    /// Gives up the slot; returns whether its ticket had been notified alone.
    pub(super) fn leave_slot(&self) -> bool {
        // Acquire: pairs with the SeqCst exchange in `notify_slot`, for what was handed over.
        let mut word = self.word.load(Ordering::Acquire);
        loop {
            if word & NOTIFIED != 0 {
                self.free_slot();
                return word & BROADCAST == 0;
            }
            // Transition 6. SeqCst: as everywhere a waiter writes the word.
            match self.word.compare_exchange_weak(
                word,
                word & !(SLOT | WEIGHT) | LOCKED,
                Ordering::SeqCst,
                Ordering::Acquire,
            ) {
                Ok(_) => break,
                Err(now) => word = now,
            }
        }
        let waker = self.take_waker();
        // Release: pairs with the Acquire of the next claim in `enter_slot`.
        self.word.fetch_and(!LOCKED, Ordering::Release);
        drop(waker);
        false
    }

    /// Empties the waker cell, to which the caller has the right.
    fn take_waker(&self) -> Option<Waker> {
        self.waker.with_mut(|cell| {
            // SAFETY: the caller set `LOCKED`, or owns a slot whose notifier left the cell to it ("Transitions of the
            // slot"). Loom checks it in `tests/loom_waiters.rs`.
            let held = unsafe { &mut *cell };
            held.take()
        })
    }
}
