//! The gate of a semaphore: a number of permits.

use crate::lock::fifo::Gate;
use crate::primitive::{AtomicUsize, Ordering, const_fn};

/// Permits that are there to be taken.
#[derive(Debug)]
pub(crate) struct Permits(AtomicUsize);

impl Permits {
    const_fn! {
        /// Starts with `count`.
        pub(crate) const fn new(count: usize) -> Permits {
            Permits(AtomicUsize::new(count))
        }
    }

    /// How many are there.
    #[inline]
    pub(crate) fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    /// Adds permits; more than fit a `usize` are lost.
    #[inline]
    pub(crate) fn add(&self, permits: usize) {
        self.change(|count| Some(count.saturating_add(permits)));
    }

    /// Takes up to `permits` and returns how many that were.
    pub(crate) fn take_up_to(&self, permits: usize) -> usize {
        let before = self.change(|count| Some(count.saturating_sub(permits)));
        before.unwrap_or(0).min(permits)
    }

    /// Changes the count if `to` says so, and returns what it was.
    #[inline]
    fn change(&self, to: impl FnMut(usize) -> Option<usize>) -> Option<usize> {
        // SeqCst: Acquire and Release pair with each other, so that what one holder wrote the next one reads; the rest
        // is the order that `lock/fifo.rs` asks for.
        self.0
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, to)
            .ok()
    }
}

impl Gate for Permits {
    #[inline]
    fn take(&self, ask: u32) -> bool {
        self.change(|count| count.checked_sub(ask as usize))
            .is_some()
    }

    #[inline]
    fn has(&self, ask: u32) -> bool {
        // SeqCst: the order that `lock/fifo.rs` asks for.
        self.0.load(Ordering::SeqCst) >= ask as usize
    }

    #[inline]
    fn put_back(&self, ask: u32) {
        self.add(ask as usize);
    }
}
