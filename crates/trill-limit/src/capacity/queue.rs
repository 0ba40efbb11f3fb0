//! Who has a token and who waits for one: what the limiter keeps behind its mutex.
//!
//! Nothing here calls code of strangers: wakers are handed out to be called, cloned or dropped after the mutex.

use std::collections::BTreeMap;
use std::mem;
use std::task::Waker;

use crate::capacity::borrower::Borrower;
use crate::capacity::error::{AlreadyBorrowed, TryAcquireCapacityError};
use crate::capacity::statistics::CapacityStatistics;

/// Tokens, borrowers and those who wait, in the order in which they came.
#[derive(Debug)]
pub(crate) struct Queue {
    total: usize,
    /// How many of `known` hold a token, also one that was handed over and not taken yet.
    borrowed: usize,
    /// Everybody who holds a token or waits for one.
    known: BTreeMap<Borrower, Standing>,
    waiters: BTreeMap<Ticket, Waiter>,
    next: u64,
}

/// The place of one who waits; a later one is larger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Ticket(u64);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Holds,
    Waits,
}

#[derive(Debug)]
struct Waiter {
    borrower: Borrower,
    waker: Waker,
}

/// What came of asking for a token.
pub(crate) enum Asked {
    /// The borrower has it.
    Taken,
    /// The borrower waits at this place.
    Queued(Ticket),
    /// The borrower has to wait, and there was no waker to wait with.
    NeedsWaker,
}

/// What became of a place.
pub(crate) enum Seen {
    /// Its turn came: the borrower has the token.
    Granted,
    /// It still waits. The waker that it had before, if that was exchanged, is for the caller to drop.
    Waits(#[allow(dead_code)] Option<Waker>),
    /// It still waits, and with a waker of another task.
    NeedsWaker,
}

impl Queue {
    pub(crate) const fn new(total: usize) -> Queue {
        Queue {
            total,
            borrowed: 0,
            known: BTreeMap::new(),
            waiters: BTreeMap::new(),
            next: 0,
        }
    }

    /// Takes a token without waiting.
    pub(crate) fn try_take(&mut self, borrower: Borrower) -> Result<(), TryAcquireCapacityError> {
        self.check(borrower)?;
        if !self.is_free() {
            return Err(TryAcquireCapacityError::Full);
        }
        self.known.insert(borrower, Standing::Holds);
        self.borrowed += 1;
        Ok(())
    }

    /// Takes a token, or a place in the queue with the waker that `spare` holds.
    pub(crate) fn ask(
        &mut self,
        borrower: Borrower,
        spare: &mut Option<Waker>,
    ) -> Result<Asked, AlreadyBorrowed> {
        match self.try_take(borrower) {
            Ok(()) => return Ok(Asked::Taken),
            Err(TryAcquireCapacityError::AlreadyBorrowed(error)) => return Err(error),
            Err(TryAcquireCapacityError::Full) => {}
        }
        let Some(waker) = spare.take() else {
            return Ok(Asked::NeedsWaker);
        };
        let ticket = Ticket(self.next);
        self.next += 1;
        self.known.insert(borrower, Standing::Waits);
        self.waiters.insert(ticket, Waiter { borrower, waker });
        Ok(Asked::Queued(ticket))
    }

    /// Looks what became of a place. `spare` is the waker to wait with from now on, if there is one.
    pub(crate) fn look(
        &mut self,
        ticket: Ticket,
        current: &Waker,
        spare: &mut Option<Waker>,
    ) -> Seen {
        let Some(waiter) = self.waiters.get_mut(&ticket) else {
            return Seen::Granted;
        };
        if waiter.waker.will_wake(current) {
            return Seen::Waits(None);
        }
        match spare.take() {
            Some(waker) => Seen::Waits(Some(mem::replace(&mut waiter.waker, waker))),
            None => Seen::NeedsWaker,
        }
    }

    /// Gives up a place, or the token that it was handed. Returns a waker to drop, and fills `woken`.
    pub(crate) fn give_up(
        &mut self,
        ticket: Ticket,
        borrower: Borrower,
        woken: &mut Vec<Waker>,
    ) -> Option<Waker> {
        let Some(waiter) = self.waiters.remove(&ticket) else {
            self.give_back(borrower, woken);
            return None;
        };
        self.known.remove(&borrower);
        Some(waiter.waker)
    }

    /// Gives a token back; those whose turn it is now are in `woken` afterwards.
    pub(crate) fn give_back(&mut self, borrower: Borrower, woken: &mut Vec<Waker>) {
        let before = self.known.remove(&borrower);
        debug_assert_eq!(before, Some(Standing::Holds));
        self.borrowed -= 1;
        self.serve(woken);
    }

    /// Changes how many may be borrowed; those whose turn it is now are in `woken` afterwards.
    pub(crate) fn set_total(&mut self, total: usize, woken: &mut Vec<Waker>) {
        self.total = total;
        self.serve(woken);
    }

    pub(crate) fn total(&self) -> usize {
        self.total
    }

    pub(crate) fn available(&self) -> usize {
        self.total.saturating_sub(self.borrowed)
    }

    pub(crate) fn statistics(&self) -> CapacityStatistics {
        let holders = self.known.iter();
        CapacityStatistics {
            total: self.total,
            borrowed: self.borrowed,
            waiting: self.waiters.len(),
            borrowers: holders
                .filter(|(_, standing)| **standing == Standing::Holds)
                .map(|(borrower, _)| *borrower)
                .collect(),
        }
    }

    fn check(&self, borrower: Borrower) -> Result<(), AlreadyBorrowed> {
        match self.known.contains_key(&borrower) {
            true => Err(AlreadyBorrowed::new(borrower)),
            false => Ok(()),
        }
    }

    /// Whether a newcomer may have a token: there is one, so nobody waits.
    fn is_free(&self) -> bool {
        let is_free = self.borrowed < self.total;
        // Every change is followed by `serve`, so a newcomer passes nobody.
        debug_assert!(!is_free || self.waiters.is_empty());
        is_free
    }

    /// Hands tokens to those who came first.
    fn serve(&mut self, woken: &mut Vec<Waker>) {
        while self.borrowed < self.total {
            let Some((_, waiter)) = self.waiters.pop_first() else {
                return;
            };
            self.known.insert(waiter.borrower, Standing::Holds);
            self.borrowed += 1;
            woken.push(waiter.waker);
        }
    }
}
