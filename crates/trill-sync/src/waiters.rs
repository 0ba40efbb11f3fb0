//! The queue of waiters inside every primitive of this crate: first in, first out, its first waiter in place.
//!
//! A waiter is known by a [`Ticket`] in its future. The first one lies in an inline slot, without a lock and without
//! an allocation; those that come while the slot or the rest of the queue is occupied go to an overflow list behind a
//! mutex, which is allocated once and keeps its capacity. All state a notifier needs to see is in one word, so that
//! notifying nobody costs one load.
//!
//! # The word
//!
//! | bits | name | meaning |
//! | --- | --- | --- |
//! | 0 | `OCCUPIED` | the slot belongs to a ticket |
//! | 1 | `LOCKED` | its owner is writing the slot's waker |
//! | 2 | `NOTIFIED` | the slot's ticket was notified and has not noticed yet |
//! | 3 | `BROADCAST` | it was notified together with all others: its turn is not to be passed on |
//! | 4–27 | count | waiters of the overflow list that were not notified |
//! | 28–35 | weight | what the slot's ticket asks for; who asks for more than fits waits in the list |
//! | 36–63 | generation | counts the wakers that the slot has got; a ticket knows its own |
//!
//! # Transitions of the slot
//!
//! 1. flags and count 0 → `OCCUPIED|LOCKED`, weight, generation + 1, by `register`: the slot is claimed only when nobody else
//!    waits, so whoever is in the slot and not notified came before everybody in the list. `register_front` asks only for
//!    a free slot.
//!    1b. Without `LOCKED` where the slot still holds, from before, the two words of the waker that is to be written: the
//!    step succeeds only if the generation is the one with which they were read, so nobody has written others since.
//! 2. `OCCUPIED` → `OCCUPIED|LOCKED`, generation + 1, by the ticket's owner, to replace the waker.
//! 3. `LOCKED` → cleared by the owner. One that finds `NOTIFIED` then takes its waker back and does 5.
//! 4. `OCCUPIED` → flags 0 by a notifier: the waker is its own, and the slot is free. The ticket learns from the flags
//!    and the generation that it was notified. With `BROADCAST`, which the ticket is to learn of too, → `+NOTIFIED`. If
//!    the owner has `LOCKED`, → `+NOTIFIED`, and the waker stays the owner's.
//! 5. `OCCUPIED|NOTIFIED` → flags 0 by the owner when it notices.
//! 6. `OCCUPIED` → flags 0 by an owner that gives up; the waker is its own again.
//!
//! The waker is written by the owner alone, with `LOCKED`. A notifier copies its two words before it does 4, and what it
//! copied is a waker only if 4 succeeds: the generation shows that the slot was not claimed or locked in between. The words
//! stay when the waker is gone, as bits that own nothing. No foreign code (clone, wake, drop of a waker) runs with `LOCKED`
//! set or under the mutex.
//!
//! # Why no wake-up is lost
//!
//! A waiter registers, then looks at its condition again. A notifier changes the condition, then looks at the word.
//! `register` ends with a sequentially consistent fence and `notify*` begins with one, so at least one of the two sees
//! the other. Notifiers whose change is itself a sequentially consistent access skip the fence with `*_unfenced`,
//! provided that the waiter's second look is one too; and waiters whose second look is one skip theirs, provided that
//! the notifier fences or changes so.
//!
//! # Turns
//!
//! [`Waiters::grant`] hands something over along with the notification: the closure takes it (a lock, permits) before
//! a waiter is notified and puts it back if that waiter left meanwhile. A ticket that was notified and is dropped
//! unnoticed says so ([`Waiters::remove`]), and its owner passes the turn on.
//!
//! # Tested by
//!
//! loom: `tests/loom_waiters.rs`; otherwise the tests of every primitive.
mod overflow;
mod slot;
mod wake_list;
mod word;

use std::cell::Cell;
use std::fmt;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::{OnceLock, PoisonError};
use std::task::Waker;

use crate::primitive::{AtomicU64, Mutex, MutexGuard, Ordering, const_fn, fence, fence_for_loom};
use overflow::{End, Overflow};
use slot::Cell as SlotCell;
use wake_list::WakeList;
use word::{BROADCAST, ONE_LISTED, anybody, listed, slot_waits, weight_of};

/// A queue of waiters.
pub(crate) struct Waiters {
    word: AtomicU64,
    cell: SlotCell,
    overflow: OnceLock<Box<Mutex<Overflow>>>,
}

/// A waiter's place in a queue, if it has one.
///
/// It belongs to the queue it was registered in, and its owner calls [`Waiters::remove`] before dropping it.
#[derive(Debug, Default)]
pub(crate) struct Ticket {
    place: Place,
}

/// Where a ticket's waiter lies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    #[default]
    Nowhere,
    /// In the slot, with the waker of this generation.
    Slot(u32),
    Listed(u32),
}

impl Ticket {
    /// Makes a ticket without a place.
    #[inline]
    pub(crate) const fn new() -> Ticket {
        Ticket {
            place: Place::Nowhere,
        }
    }

    /// Whether the ticket has a place in a queue.
    #[inline]
    pub(crate) fn is_registered(&self) -> bool {
        self.place != Place::Nowhere
    }
}

impl Waiters {
    const_fn! {
        /// Makes an empty queue.
        pub(crate) const fn new() -> Waiters {
            Waiters {
                word: AtomicU64::new(0),
                cell: SlotCell::new(),
                overflow: OnceLock::new(),
            }
        }
    }

    /// Whether nobody waits; those that were notified already do not count.
    ///
    /// One load, sequentially consistent.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        fence_for_loom();
        // SeqCst: pairs with the SeqCst writes of the word in `register`, see "Why no wake-up is lost".
        !anybody(self.word.load(Ordering::SeqCst))
    }

    /// How many wait; those that were notified already do not count.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        let word = self.word.load(Ordering::Relaxed);
        listed(word) + usize::from(slot_waits(word))
    }

    /// Takes a place at the end of the queue, or keeps the one that `ticket` has, and remembers `waker`.
    ///
    /// Returns whether the ticket was notified; it then has no place any more. If not, the caller looks at its
    /// condition once more before it returns `Pending`.
    #[inline]
    pub(crate) fn register(&self, ticket: &mut Ticket, waker: &Waker) -> bool {
        self.register_at(End::Back, ticket, 0, waker)
    }

    /// Does what [`register`](Waiters::register) does, for a caller whose second look begins with a sequentially
    /// consistent access or is made under a mutex that whoever changes the condition locks too.
    #[inline]
    pub(crate) fn register_unfenced(&self, ticket: &mut Ticket, waker: &Waker) -> bool {
        let notified = self.place(End::Back, ticket, 0, waker);
        fence_for_loom();
        notified
    }

    /// Does what [`register`](Waiters::register) does, and notes what a new ticket asks for.
    #[inline]
    pub(crate) fn register_weighted(
        &self,
        ticket: &mut Ticket,
        weight: u32,
        waker: &Waker,
    ) -> bool {
        self.register_at(End::Back, ticket, weight, waker)
    }

    /// Does what [`register`](Waiters::register) does, but takes a place at the front.
    ///
    /// The waiter in the slot, if there is one, stays before it.
    pub(crate) fn register_front(&self, ticket: &mut Ticket, waker: &Waker) -> bool {
        self.register_at(End::Front, ticket, 0, waker)
    }

    /// Whether the ticket was notified and has not noticed; it keeps its place.
    pub(crate) fn is_notified(&self, ticket: &Ticket) -> bool {
        match ticket.place {
            Place::Nowhere => false,
            Place::Slot(generation) => self.is_slot_notified(generation),
            Place::Listed(key) => self.list().is_notified(key),
        }
    }

    /// Gives up the ticket's place.
    ///
    /// Returns whether the ticket had been notified alone: the caller then passes that turn on. A ticket that was
    /// notified by [`broadcast`](Waiters::broadcast) has no turn to pass on.
    #[inline]
    pub(crate) fn remove(&self, ticket: &mut Ticket) -> bool {
        match std::mem::take(&mut ticket.place) {
            Place::Nowhere => false,
            Place::Slot(generation) => self.leave_slot(generation),
            Place::Listed(key) => {
                let mut list = self.list();
                let left = list.remove(key);
                if left.waited {
                    // Release: keeps the list's changes before the count, as everywhere under the mutex.
                    self.word.fetch_sub(ONE_LISTED, Ordering::Release);
                }
                drop(list);
                left.turn
            }
        }
    }

    /// Notifies the first waiter that was not notified yet; returns how many that were (0 or 1).
    #[inline]
    pub(crate) fn notify_one(&self) -> usize {
        fence(Ordering::SeqCst);
        self.notify_one_unfenced()
    }

    /// Does what [`notify_one`](Waiters::notify_one) does after a sequentially consistent change of the condition.
    #[inline]
    pub(crate) fn notify_one_unfenced(&self) -> usize {
        fence_for_loom();
        // SeqCst: pairs with the SeqCst writes of the word in `register`, see "Why no wake-up is lost".
        let word = self.word.load(Ordering::SeqCst);
        if !anybody(word) {
            return 0;
        }
        if slot_waits(word) {
            if let Some(waker) = self.notify_slot(word, 0) {
                if let Some(waker) = waker {
                    waker.wake();
                }
                return 1;
            }
        }
        self.notify_some(1)
    }

    /// Notifies the first `count` waiters that were not notified yet; returns how many that were.
    #[inline]
    pub(crate) fn notify(&self, count: usize) -> usize {
        fence(Ordering::SeqCst);
        if self.is_empty() {
            return 0;
        }
        self.notify_some(count)
    }

    /// Notifies everybody who waits now, without a turn; returns how many that were.
    #[inline]
    pub(crate) fn broadcast(&self) -> usize {
        fence(Ordering::SeqCst);
        if self.is_empty() {
            return 0;
        }
        self.notify_everybody()
    }

    /// Notifies waiters from the front as long as `take` accepts their weight; returns how many that were.
    ///
    /// `take` acquires what is handed to the waiter; `put_back` undoes it if the waiter left meanwhile. Both run
    /// where no waker may run, so they only touch atomics. The change before and the reads in `take` are
    /// sequentially consistent.
    #[cold]
    pub(crate) fn grant(
        &self,
        mut take: impl FnMut(u32) -> bool,
        mut put_back: impl FnMut(u32),
    ) -> usize {
        let mut wakers = WakeList::new();
        let mut granted = 0;
        loop {
            fence_for_loom();
            // SeqCst: pairs with the SeqCst writes of the word in `register`, see "Why no wake-up is lost".
            let word = self.word.load(Ordering::SeqCst);
            if slot_waits(word) {
                let weight = weight_of(word);
                if !take(weight) {
                    break;
                }
                match self.notify_slot(word, 0) {
                    Some(waker) => {
                        granted += 1;
                        wakers.push(waker);
                    }
                    None => put_back(weight),
                }
            } else if listed(word) > 0 {
                let mut list = self.list();
                let before = granted;
                let mut refused = false;
                while let Some(weight) = list.front_weight() {
                    if !take(weight) {
                        refused = true;
                        break;
                    }
                    wakers.reserve_from(&mut list);
                    wakers.push(list.notify_front(false));
                    granted += 1;
                }
                self.uncount(granted - before);
                if refused {
                    break;
                }
            } else {
                break;
            }
        }
        self.wake(wakers);
        granted
    }

    /// Notifies up to `count` waiters, with a turn each.
    #[cold]
    fn notify_some(&self, count: usize) -> usize {
        let left = Cell::new(count);
        self.grant(
            |_| {
                let some = left.get() > 0;
                left.set(left.get() - usize::from(some));
                some
            },
            |_| left.set(left.get() + 1),
        )
    }

    /// The part of [`broadcast`](Waiters::broadcast) for when somebody waits.
    #[cold]
    fn notify_everybody(&self) -> usize {
        let mut wakers = WakeList::new();
        let mut notified = 0;
        // Acquire: pairs with the Release in `unlock_slot`; the waker is copied before the exchange.
        let mut word = self.word.load(Ordering::Acquire);
        while slot_waits(word) {
            if let Some(waker) = self.notify_slot(word, BROADCAST) {
                wakers.push(waker);
                notified += 1;
                break;
            }
            // Acquire: as above.
            word = self.word.load(Ordering::Acquire);
        }
        if listed(word) > 0 {
            let mut list = self.list();
            let before = notified;
            while list.front_weight().is_some() {
                wakers.reserve_from(&mut list);
                wakers.push(list.notify_front(true));
                notified += 1;
            }
            self.uncount(notified - before);
        }
        self.wake(wakers);
        notified
    }

    /// Takes a place, or refreshes the one that the ticket has, before a second look of any kind.
    #[inline]
    fn register_at(&self, end: End, ticket: &mut Ticket, weight: u32, waker: &Waker) -> bool {
        let notified = self.place(end, ticket, weight, waker);
        if !notified {
            // SeqCst: pairs with the fence in `notify*`, see "Why no wake-up is lost".
            fence(Ordering::SeqCst);
        }
        notified
    }

    /// Takes a place, or refreshes the one that the ticket has.
    #[inline]
    fn place(&self, end: End, ticket: &mut Ticket, weight: u32, waker: &Waker) -> bool {
        let notified = match ticket.place {
            Place::Nowhere => self.enter(end, ticket, weight, waker.clone()),
            Place::Slot(ref mut generation) => self.refresh_slot(generation, waker),
            Place::Listed(key) => self.refresh_listed(key, waker),
        };
        if notified {
            ticket.place = Place::Nowhere;
        }
        notified
    }

    /// Takes a place in the slot, or else in the list.
    fn enter(&self, end: End, ticket: &mut Ticket, weight: u32, waker: Waker) -> bool {
        let waker = match self.enter_slot(end, ticket, weight, waker) {
            Ok(notified) => return notified,
            Err(waker) => waker,
        };
        let mut list = self.list();
        ticket.place = Place::Listed(list.insert(end, weight, waker));
        // SeqCst: see "Why no wake-up is lost".
        self.word.fetch_add(ONE_LISTED, Ordering::SeqCst);
        false
    }

    /// Makes the listed ticket remember `waker`; returns whether it was notified and has left the list.
    fn refresh_listed(&self, key: u32, waker: &Waker) -> bool {
        let mut list = self.list();
        if list.is_notified(key) {
            list.remove(key);
            return true;
        }
        if list.waker(key).is_some_and(|held| held.will_wake(waker)) {
            return false;
        }
        drop(list);
        // Cloned and dropped without the mutex, because foreign code may do anything.
        let new = waker.clone();
        let mut list = self.list();
        if list.is_notified(key) {
            list.remove(key);
            return true;
        }
        let old = list.replace_waker(key, new);
        drop(list);
        drop(old);
        false
    }

    /// Lowers the count of those who wait in the list, which the caller has locked.
    fn uncount(&self, notified: usize) {
        // SeqCst: a reader that sees the lower count sees what was handed over before.
        self.word
            .fetch_sub(notified as u64 * ONE_LISTED, Ordering::SeqCst);
    }

    /// Wakes all, outside of any lock, and gives the list its memory back.
    fn wake(&self, wakers: WakeList) {
        if let Some(spare) = wakers.wake_all() {
            self.list().keep_spare(spare);
        }
    }

    /// Locks the overflow list, making it first if this is the first time that two wait at once.
    fn list(&self) -> MutexGuard<'_, Overflow> {
        self.overflow
            .get_or_init(|| Box::new(Mutex::new(Overflow::new())))
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

// No foreign code runs while the queue is being changed, so a panic leaves it whole.
impl UnwindSafe for Waiters {}
impl RefUnwindSafe for Waiters {}

impl fmt::Debug for Waiters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Waiters").field("len", &self.len()).finish()
    }
}
