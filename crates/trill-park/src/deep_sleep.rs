//! How the attendant sleeps without a deadline and still misses no thread that starts to run.
//!
//! | who | first | then |
//! | --- | --- | --- |
//! | attendant, [`DeepSleep::enter`] | stores `deep = true` | looks whether any thread runs; sleeps only if none does |
//! | thread, [`DeepSleep::is_deep`] | makes its own state `RUNNING` | loads `deep`; wakes the attendant if it is true |
//!
//! Between the two steps each has a SeqCst fence, so at least one of them sees what the other did.
//! Model: `tests/loom_parker.rs`.
#![cfg_attr(not(loom), allow(unreachable_pub))] // Public for the models only.

use crate::primitive::{AtomicBool, Ordering, fence};

/// Whether the attendant sleeps until somebody wakes it.
#[derive(Debug)]
pub struct DeepSleep {
    deep: AtomicBool,
}

impl DeepSleep {
    /// Starts awake.
    pub fn new() -> DeepSleep {
        DeepSleep {
            deep: AtomicBool::new(false),
        }
    }

    /// Announces deep sleep; returns whether no thread runs, so that it may begin.
    pub fn enter(&self, any_running: impl FnOnce() -> bool) -> bool {
        self.deep.store(true, Ordering::Relaxed);
        // Pairs with the fence in `is_deep`.
        fence(Ordering::SeqCst);
        !any_running()
    }

    /// Ends deep sleep.
    pub fn leave(&self) {
        self.deep.store(false, Ordering::Relaxed);
    }

    /// Says whether the attendant must be woken; call after the thread's state says that it runs.
    #[inline]
    pub fn is_deep(&self) -> bool {
        // Pairs with the fence in `enter`.
        fence(Ordering::SeqCst);
        self.deep.load(Ordering::Relaxed)
    }
}

impl Default for DeepSleep {
    fn default() -> DeepSleep {
        DeepSleep::new()
    }
}
