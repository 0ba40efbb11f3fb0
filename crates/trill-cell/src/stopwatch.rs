//! Timing polls without reading a clock for each.
//!
//! Reading the time stamp counter takes 13 ns in a virtual machine, a third of a short poll. So a thread that polls one task
//! after another times about every sixteenth poll and counts it for all since the last one that was timed; polls that
//! last longer than the time between two calls of [`pulse`] are all timed. A task's total is then an estimate, without bias
//! because the distances vary, and one that stays in a poll for long is always seen.
//!
//! Every poll is timed while there is an [`Observer`](crate::Observer), and where nobody gives the pulse. Without the feature
//! `insight` nothing is timed.
#![cfg_attr(not(feature = "insight"), allow(dead_code))]

use std::cell::Cell;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::observer;

/// Counts calls of [`pulse`].
static PULSES: AtomicU32 = AtomicU32::new(0);

/// Says that some time has passed; whoever watches over threads that poll tasks calls it every few milliseconds.
///
/// # Examples
///
/// ```
/// trill_cell::pulse();
/// ```
pub fn pulse() {
    PULSES.fetch_add(1, Ordering::Relaxed);
}

/// Returns how often [`pulse`] was called, wrapping around: if it changed, some time has passed.
///
/// # Examples
///
/// ```
/// let before = trill_cell::pulses();
/// trill_cell::pulse();
/// assert_ne!(trill_cell::pulses(), before);
/// ```
#[inline]
pub fn pulses() -> u32 {
    PULSES.load(Ordering::Relaxed)
}

/// Decides which polls of a thread are timed; for schedulers, see [`Header::poll_with`](crate::Header::poll_with).
///
/// # Examples
///
/// See [`Header::poll_with`](crate::Header::poll_with).
#[derive(Debug)]
pub struct Stopwatch {
    /// The last reading of the clock.
    last: Cell<u64>,
    /// Polls until the next one that is timed.
    left: Cell<u32>,
    /// For how many polls the next timed one counts.
    weight: Cell<u32>,
    /// The number of pulses when the clock was read last.
    pulses: Cell<u32>,
    /// State of the generator of distances.
    random: Cell<u32>,
    /// Whether every poll is timed.
    is_exact: Cell<bool>,
}

impl Stopwatch {
    /// Makes one that times every poll until it is [started](Stopwatch::start).
    ///
    /// # Examples
    ///
    /// See [`Header::poll_with`](crate::Header::poll_with).
    pub const fn new() -> Stopwatch {
        Stopwatch {
            last: Cell::new(0),
            left: Cell::new(0),
            weight: Cell::new(1),
            pulses: Cell::new(0),
            random: Cell::new(1),
            is_exact: Cell::new(true),
        }
    }

    /// Begins the time of a row of polls.
    ///
    /// `is_exact` has every poll timed: where nobody gives the [`pulse`], or in a simulated world.
    ///
    /// # Examples
    ///
    /// See [`Header::poll_with`](crate::Header::poll_with).
    #[inline]
    pub fn start(&self, is_exact: bool) {
        let is_exact = is_exact || observer::any();
        self.is_exact.set(is_exact);
        self.read();
    }

    /// Reads the clock; returns how long ago it was read before.
    #[inline]
    fn read(&self) -> u64 {
        let now = trill_world::ticks();
        let spent = now.saturating_sub(self.last.replace(now));
        self.pulses.set(PULSES.load(Ordering::Relaxed));
        spent
    }

    /// Runs `poll`; returns the ticks that its task is charged with, for the caller to add.
    #[inline]
    pub(crate) fn time<R>(&self, poll: impl FnOnce() -> R) -> (R, u64) {
        if self.is_exact.get() {
            let result = poll();
            return (result, self.read());
        }
        let left = self.left.get();
        if left == 0 {
            return self.sample(poll);
        }
        self.left.set(left - 1);
        let result = poll();
        if PULSES.load(Ordering::Relaxed) == self.pulses.get() {
            return (result, 0);
        }
        // At most as many short polls as lie between two samples are counted with it.
        (result, self.read())
    }

    /// Times a poll that counts for several.
    fn sample<R>(&self, poll: impl FnOnce() -> R) -> (R, u64) {
        self.read();
        let result = poll();
        let pulses = self.pulses.get();
        let spent = self.read();
        // A long poll is one of a kind and counts once.
        let is_long = pulses != self.pulses.get();
        let weight = if is_long { 1 } else { self.weight.get() };
        // xorshift32, Marsaglia 2003: any sequence without a period that tasks could have will do.
        let mut random = self.random.get();
        random ^= random << 13;
        random ^= random >> 17;
        random ^= random << 5;
        self.random.set(random);
        let distance = DISTANCE_MIN + random % DISTANCE_MIN;
        self.left.set(distance - 1);
        self.weight.set(distance);
        (result, spent.saturating_mul(u64::from(weight)))
    }
}

impl Default for Stopwatch {
    fn default() -> Stopwatch {
        Stopwatch::new()
    }
}

/// Polls from one that is timed to the next, at least; at most twice as many. Two readings for about sixteen polls cost each
/// of them less than 2 ns.
const DISTANCE_MIN: u32 = 11;
