//! Wakers taken out of a wheel under its lock, to be called after it.

use std::task::Waker;

/// Up to [`STEP`] wakers, in order.
#[derive(Debug)]
pub(crate) struct Batch {
    wakers: [Option<Waker>; STEP],
    len: usize,
}

impl Batch {
    pub(crate) const fn new() -> Batch {
        Batch {
            wakers: [const { None }; STEP],
            len: 0,
        }
    }

    /// Appends a waker. A step of the wheel takes no more than fit.
    #[inline]
    pub(crate) fn push(&mut self, waker: Waker) {
        self.wakers[self.len] = Some(waker);
        self.len += 1;
    }

    /// Calls all wakers in order, also if some panic; returns how many there were.
    pub(crate) fn wake_all(&mut self) -> usize {
        let len = std::mem::take(&mut self.len);
        for waker in &mut self.wakers[..len] {
            if let Some(waker) = waker.take() {
                trill_park::wake(waker);
            }
        }
        len
    }
}

/// Timers that are moved or taken under one hold of the lock: about a microsecond of work. Models need it small.
pub(crate) const STEP: usize = if cfg!(loom) { 2 } else { 64 };
