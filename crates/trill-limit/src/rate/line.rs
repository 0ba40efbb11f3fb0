//! The rate and those who stand in line for it: what the limiter keeps behind its mutex.
//!
//! Only the first in line watches the clock; the others wait until they are first. So one that leaves, wherever it stood,
//! leaves no gap: nothing was set aside for it.
//!
//! Nothing here calls code of strangers: wakers are handed out to be called, cloned or dropped after the mutex.

use std::collections::BTreeMap;
use std::task::Waker;
use std::time::{Duration, Instant};

use crate::rate::gcra::Gcra;

#[derive(Debug)]
pub(crate) struct Line {
    rate: Gcra,
    /// The first moment that was looked at; the rate counts from there.
    origin: Option<Instant>,
    waiters: BTreeMap<Ticket, Waiter>,
    /// How many permits all of them ask for.
    asked: u128,
    next: u64,
}

/// The place of one who waits; a later one is larger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Ticket(u64);

#[derive(Debug)]
struct Waiter {
    count: u32,
    /// None for the first in line, who watches the clock.
    waker: Option<Waker>,
}

/// What to do now.
pub(crate) enum Step {
    /// The permits are taken. Whoever is first in line now is to be woken.
    Taken { next: Option<Waker> },
    /// First in line: come again when so much time has passed.
    First(Duration),
    /// Come again when woken. The waker that was exchanged is for the caller to drop.
    Behind(#[allow(dead_code)] Option<Waker>),
    /// Behind others and not in line with the right waker; come again with one.
    NeedsWaker,
}

impl Line {
    pub(crate) const fn new(rate: Gcra) -> Line {
        Line {
            rate,
            origin: None,
            waiters: BTreeMap::new(),
            asked: 0,
            next: 0,
        }
    }

    /// Takes `count` permits if nobody stands in line.
    ///
    /// # Errors
    ///
    /// In how many nanoseconds they could be had.
    pub(crate) fn try_take(&mut self, now: Instant, count: u32) -> Result<(), u128> {
        let now = self.since_origin(now);
        if self.waiters.is_empty() {
            return self.rate.take(now, count);
        }
        Err(self.rate.wait(now, self.asked + u128::from(count)))
    }

    /// One step of a future that wants `count` permits: it takes them, or keeps its place.
    pub(crate) fn step(
        &mut self,
        ticket: &mut Option<Ticket>,
        now: Instant,
        count: u32,
        current: &Waker,
        spare: &mut Option<Waker>,
    ) -> Step {
        let is_first = match *ticket {
            None => self.waiters.is_empty(),
            Some(own) => self.waiters.keys().next() == Some(&own),
        };
        if is_first {
            let now = self.since_origin(now);
            return match self.rate.take(now, count) {
                Ok(()) => {
                    // The waker of the first was taken when it became first.
                    let next = ticket.take().and_then(|own| self.leave(own).1);
                    Step::Taken { next }
                }
                Err(nanos) => {
                    if ticket.is_none() {
                        *ticket = Some(self.stand(count, None));
                    }
                    Step::First(duration(nanos))
                }
            };
        }
        let held = ticket.and_then(|own| self.waiters.get_mut(&own));
        let is_held = held
            .as_ref()
            .and_then(|waiter| waiter.waker.as_ref())
            .is_some_and(|waker| waker.will_wake(current));
        if is_held {
            return Step::Behind(None);
        }
        let Some(waker) = spare.take() else {
            return Step::NeedsWaker;
        };
        match held {
            Some(waiter) => Step::Behind(waiter.waker.replace(waker)),
            None => {
                *ticket = Some(self.stand(count, Some(waker)));
                Step::Behind(None)
            }
        }
    }

    /// Leaves the line. Returns the waker of the one that left, to drop, and of the one that is first now, to wake.
    pub(crate) fn leave(&mut self, ticket: Ticket) -> (Option<Waker>, Option<Waker>) {
        let Some(waiter) = self.waiters.remove(&ticket) else {
            return (None, None);
        };
        self.asked -= u128::from(waiter.count);
        // If another one is still first its waker is gone already, so nobody is woken in vain.
        let first = self.waiters.values_mut().next();
        (waiter.waker, first.and_then(|first| first.waker.take()))
    }

    pub(crate) fn waiting(&self) -> usize {
        self.waiters.len()
    }

    fn stand(&mut self, count: u32, waker: Option<Waker>) -> Ticket {
        let ticket = Ticket(self.next);
        self.next += 1;
        self.asked += u128::from(count);
        self.waiters.insert(ticket, Waiter { count, waker });
        ticket
    }

    fn since_origin(&mut self, now: Instant) -> u128 {
        let origin = *self.origin.get_or_insert(now);
        now.saturating_duration_since(origin).as_nanos()
    }
}

/// Nanoseconds as a duration, or the longest one.
pub(crate) fn duration(nanos: u128) -> Duration {
    let seconds = u64::try_from(nanos / NANOS).unwrap_or(u64::MAX);
    match seconds {
        u64::MAX => Duration::MAX,
        _ => Duration::new(seconds, (nanos % NANOS) as u32),
    }
}

const NANOS: u128 = 1_000_000_000;
