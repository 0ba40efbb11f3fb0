//! The lock inside [`Mutex`](crate::Mutex): whoever polls first takes it, and who lost often goes first.
//!
//! # States
//!
//! Bit 0 of the state is `LOCKED`. The rest counts *starving* waiters: those that were woken [`LOSSES_MAX`] times and
//! found the lock taken by somebody who came later. 31 bits are enough: so many would need 50 GB for their places.
//!
//! # Transitions
//!
//! 1. 0 → `LOCKED` by a newcomer: it succeeds only while nobody starves.
//! 2. unlocked → `LOCKED` by `try_lock`, and by a waiter in every poll but its first.
//! 3. `LOCKED` → unlocked by `unlock`, which then notifies the first waiter that was not notified yet.
//! 4. A waiter that loses goes back to the front of the queue. It adds itself to the starving when it lost too often,
//!    and takes itself off with the lock or when it is dropped.
//!
//! # Whom a waiter that nobody polls can hold up
//!
//! The lock is never handed to a waiter: unlocked means that any poll of any waiter can take it. A newcomer that finds
//! somebody starving steps back once, by waking itself, and takes the lock in its next poll if it is still free. So a
//! waiter whose task does not poll it delays those who come or poll by one turn and no more.
//!
//! Each unlock wakes one more waiter, and one that is dropped while the lock is free wakes another though it had no turn
//! itself. So if the woken one is neither polled nor dropped, any later event of this lock helps those behind it: a lock,
//! a `try_lock`, a poll of a waiter, the drop of one. Without any event they sleep on although the lock is free. Only a
//! wake of several at each unlock would end that, which costs a herd each time, or a timer, which a lock must not need:
//! what would have to look again is not there when nothing runs.
//!
//! # Tested by
//!
//! loom: `tests/loom_lock_mutex.rs`.

use std::task::{Context, Poll};

use crate::leaf::note_unlock;
use crate::lock::spin::Spin;
use crate::primitive::{AtomicU32, Ordering, const_fn, fence_for_loom};
use crate::waiters::{Ticket, Waiters};

/// A lock without the data.
#[derive(Debug)]
pub(crate) struct RawMutex {
    state: AtomicU32,
    waiters: Waiters,
    spin: Spin,
}

/// What a future keeps between its polls.
#[derive(Debug, Default)]
pub(crate) struct Attempt {
    ticket: Ticket,
    /// Its first poll found the lock taken.
    polled: bool,
    /// How often it was woken for nothing.
    losses: u8,
}

impl RawMutex {
    const_fn! {
        /// Makes an unlocked one.
        pub(crate) const fn new() -> RawMutex {
            RawMutex {
                state: AtomicU32::new(0),
                waiters: Waiters::new(),
                spin: Spin::new(),
            }
        }
    }

    /// Locks if nobody holds the lock.
    #[inline]
    pub(crate) fn try_lock(&self) -> bool {
        self.take(0)
    }

    /// Locks, or waits.
    #[inline]
    pub(crate) fn poll_lock(&self, attempt: &mut Attempt, cx: &mut Context<'_>) -> Poll<()> {
        if !attempt.polled && self.take_as_newcomer() {
            return Poll::Ready(());
        }
        self.poll_contended(attempt, cx)
    }

    /// Unlocks and wakes the next.
    #[inline]
    pub(crate) fn unlock(&self) {
        note_unlock(self);
        // SeqCst: Release pairs with the Acquire of the next `take`; the total order with the load of the queue's word
        // that follows is what lets the waiter's second look in `poll_contended` be the only other thing needed.
        self.state.fetch_sub(LOCKED, Ordering::SeqCst);
        self.waiters.notify_one_unfenced();
    }

    /// Gives up an attempt; a turn it had goes to the next.
    #[inline]
    pub(crate) fn cancel(&self, attempt: &mut Attempt) {
        if attempt.polled {
            self.cancel_contended(attempt);
        }
    }

    /// The part of [`cancel`](RawMutex::cancel) for who was not let in at once.
    #[cold]
    fn cancel_contended(&self, attempt: &mut Attempt) {
        if attempt.starves() {
            self.state.fetch_sub(STARVING, Ordering::Relaxed);
            attempt.losses = 0;
        }
        if !attempt.ticket.is_registered() {
            return;
        }
        let had_turn = self.waiters.remove(&mut attempt.ticket);
        // Whoever has the turn may never be polled: see "Whom a waiter that nobody polls can hold up".
        // SeqCst: pairs with `unlock`, as in `take`.
        let is_free = self.state.load(Ordering::SeqCst) & LOCKED == 0;
        if had_turn || is_free {
            self.waiters.notify_one();
        }
    }

    /// Whether somebody holds the lock.
    #[inline]
    pub(crate) fn is_locked(&self) -> bool {
        self.state.load(Ordering::Relaxed) & LOCKED != 0
    }

    /// How many wait and were not woken yet.
    #[inline]
    pub(crate) fn waiters(&self) -> usize {
        self.waiters.len()
    }

    /// Transition 1.
    #[inline]
    fn take_as_newcomer(&self) -> bool {
        // Acquire: pairs with the Release half in `unlock`.
        self.state
            .compare_exchange(0, LOCKED, Ordering::Acquire, Ordering::Relaxed)
            .is_ok()
    }

    /// Every poll but the quick one.
    #[cold]
    fn poll_contended(&self, attempt: &mut Attempt, cx: &mut Context<'_>) -> Poll<()> {
        let newcomer = !std::mem::replace(&mut attempt.polled, true);
        let is_taken = if newcomer {
            // A look before the exchange, which would take the line from its holder's processor even where it fails.
            self.spin
                .watch(|| self.state.load(Ordering::Relaxed) == 0 && self.take_as_newcomer())
        } else {
            self.take_for(attempt)
        };
        if is_taken {
            return Poll::Ready(());
        }
        while self.register(attempt, cx) {
            attempt.lose(&self.state);
        }
        fence_for_loom();
        // SeqCst: pairs with `unlock`, as in `take`.
        let state = self.state.load(Ordering::SeqCst);
        if newcomer && state >= STARVING {
            if state & LOCKED == 0 {
                // Steps back once: see "Whom a waiter that nobody polls can hold up".
                cx.waker().wake_by_ref();
            }
            return Poll::Pending;
        }
        // The second look that the queue asks for.
        if self.take_for(attempt) {
            return Poll::Ready(());
        }
        Poll::Pending
    }

    /// Takes a place in the queue; returns whether it was notified, and so lost.
    fn register(&self, attempt: &mut Attempt, cx: &mut Context<'_>) -> bool {
        let ticket = &mut attempt.ticket;
        if attempt.losses == 0 {
            self.waiters.register(ticket, cx.waker())
        } else {
            self.waiters.register_front(ticket, cx.waker())
        }
    }

    /// Takes the lock for a waiter, which leaves the queue.
    fn take_for(&self, attempt: &mut Attempt) -> bool {
        let starving = if attempt.starves() { STARVING } else { 0 };
        if !self.take(starving) {
            return false;
        }
        attempt.losses = 0;
        // A turn it had is used up; the next one comes with `unlock`.
        self.waiters.remove(&mut attempt.ticket);
        true
    }

    /// Transition 2, which also takes `starving` off the state.
    #[inline]
    fn take(&self, starving: u32) -> bool {
        // SeqCst: Acquire pairs with the Release half in `unlock`; see also there.
        let mut state = self.state.load(Ordering::SeqCst);
        while state & LOCKED == 0 {
            match self.state.compare_exchange_weak(
                state,
                (state - starving) | LOCKED,
                Ordering::SeqCst,
                Ordering::SeqCst,
            ) {
                Ok(_) => return true,
                Err(now) => state = now,
            }
        }
        false
    }
}

impl Attempt {
    /// Notes that it was woken and found the lock taken.
    fn lose(&mut self, state: &AtomicU32) {
        if !self.starves() {
            self.losses += 1;
            if self.starves() {
                state.fetch_add(STARVING, Ordering::Relaxed);
            }
        }
    }

    /// Whether newcomers step back for it.
    fn starves(&self) -> bool {
        self.losses == LOSSES_MAX
    }
}

const LOCKED: u32 = 1;
const STARVING: u32 = 2;

/// Times a waiter is woken for nothing before newcomers step back for it. One loss is common when a task locks twice
/// in a row; each one costs the waiter a poll.
const LOSSES_MAX: u8 = 2;
