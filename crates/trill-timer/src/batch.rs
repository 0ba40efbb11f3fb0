//! Wakers taken out of a wheel under its lock, to be called after it.

use std::task::Waker;

/// Wakers in order, and what the steps that take them work on.
///
/// The wheel keeps an empty one with its memory from one fire to the next. Arrays on the stack would be filled in each fire,
/// which took longer than to fire a timer.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    wakers: Vec<Waker>,
    /// Timers that were moved or taken under this hold of the lock.
    handled: usize,
    /// The timers of a step.
    pub(crate) moved: Vec<Moved>,
}

/// A timer that a step has detached: its deadline, its place among the others of its bucket, and its slot.
pub(crate) type Moved = (u64, u32, u32);

impl Batch {
    /// Appends a waker.
    #[inline]
    pub(crate) fn push(&mut self, waker: Waker) {
        self.wakers.push(waker);
    }

    /// Counts the timers that a step has detached.
    #[inline]
    pub(crate) fn count(&mut self) {
        self.handled += self.moved.len();
    }

    /// Says whether there is nobody to wake.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.wakers.is_empty()
    }

    /// Says whether the lock was held for long enough.
    #[inline]
    pub(crate) fn is_full(&self) -> bool {
        self.handled >= STEP / 2
    }

    /// Calls all wakers in order, also if some panic; returns how many there were.
    pub(crate) fn wake_all(&mut self) -> usize {
        self.handled = 0;
        let len = self.wakers.len();
        for waker in self.wakers.drain(..) {
            trill_park::wake(waker);
        }
        len
    }
}

/// Timers that a step moves or takes. Steps follow each other under one hold of the lock until half as many are done: a
/// microsecond or two of work. Models need it small, and half of it more than one, for two steps under one hold.
pub(crate) const STEP: usize = if cfg!(loom) { 4 } else { 64 };
