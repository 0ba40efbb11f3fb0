//! Spins for the few instructions that another thread needs to complete a step.

use std::cell::Cell;

#[cfg(loom)]
use loom::thread::yield_now;
#[cfg(not(loom))]
use std::thread::yield_now;

/// Spins a little, then lets other threads run in between.
pub(crate) struct Backoff(Cell<u32>);

impl Backoff {
    #[inline]
    pub(crate) fn new() -> Backoff {
        Backoff(Cell::new(0))
    }

    /// Waits a moment; call it in a loop.
    #[cold]
    pub(crate) fn spin(&self) {
        let round = self.0.get();
        if cfg!(loom) || round >= SPINS_MAX {
            // The other thread may have lost its processor in the middle of the step.
            yield_now();
        } else {
            self.0.set(round + 1);
            for _ in 0..1 << round {
                std::hint::spin_loop();
            }
        }
    }
}

/// Doubling rounds before the thread gives its processor away: 63 spins, about a microsecond.
const SPINS_MAX: u32 = 6;
