//! Wakers taken out of a wheel under its lock, to be called after it.

use std::task::Waker;

/// Wakers in order, and what the steps that take them work on.
#[derive(Debug)]
pub(crate) struct Batch {
    wakers: [Option<Waker>; STEP * 2],
    len: usize,
    /// Timers that were moved or taken under this hold of the lock.
    handled: usize,
    /// See [`Moved`]; here, so that it is not filled with zeros for each step.
    pub(crate) moved: [Moved; STEP],
}

/// A timer that a step has detached: its deadline, its place among the others of its bucket, and its slot.
pub(crate) type Moved = (u64, u32, u32);

impl Batch {
    pub(crate) const fn new() -> Batch {
        Batch {
            wakers: [const { None }; STEP * 2],
            len: 0,
            handled: 0,
            moved: [(0, 0, 0); STEP],
        }
    }

    /// Appends a waker. The steps of one hold take no more than fit, see [`Batch::is_full`].
    #[inline]
    pub(crate) fn push(&mut self, waker: Waker) {
        self.wakers[self.len] = Some(waker);
        self.len += 1;
    }

    /// Counts timers that a step has moved or taken, at most [`STEP`].
    #[inline]
    pub(crate) fn count(&mut self, handled: usize) {
        self.handled += handled;
    }

    /// Says whether there is nobody to wake.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Says whether there is no room for another step, or the lock was held for long enough.
    #[inline]
    pub(crate) fn is_full(&self) -> bool {
        self.handled >= STEP / 2
    }

    /// Calls all wakers in order, also if some panic; returns how many there were.
    pub(crate) fn wake_all(&mut self) -> usize {
        self.handled = 0;
        let len = std::mem::take(&mut self.len);
        for waker in &mut self.wakers[..len] {
            if let Some(waker) = waker.take() {
                trill_park::wake(waker);
            }
        }
        len
    }
}

/// Timers that a step moves or takes. Steps follow each other under one hold of the lock until half as many are done: a
/// microsecond or two of work. Models need it small.
pub(crate) const STEP: usize = if cfg!(loom) { 2 } else { 64 };
