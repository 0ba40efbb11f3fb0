//! A gate for one at a time: there is one thing to take, or none.

use crate::lock::fifo::Gate;
use crate::primitive::{AtomicBool, Ordering, const_fn};

/// One thing that is there or not: an unlocked lock, a notification.
///
/// What is asked for does not matter.
#[derive(Debug)]
pub(crate) struct Latch {
    there: AtomicBool,
}

impl Latch {
    const_fn! {
        /// Makes one whose thing is there or not.
        pub(crate) const fn new(there: bool) -> Latch {
            Latch {
                there: AtomicBool::new(there),
            }
        }
    }

    /// Whether the thing is there.
    #[inline]
    pub(crate) fn is_there(&self) -> bool {
        self.there.load(Ordering::Relaxed)
    }
}

impl Gate for Latch {
    #[inline]
    fn take(&self, _: u32) -> bool {
        // SeqCst: Acquire pairs with the Release of `put_back`; the rest is the order that
        // `lock/fifo.rs` asks for.
        self.there
            .compare_exchange(true, false, Ordering::SeqCst, Ordering::SeqCst)
            .is_ok()
    }

    #[inline]
    fn has(&self, _: u32) -> bool {
        // SeqCst: pairs with `put_back`, in the order that `lock/fifo.rs` asks for.
        self.there.load(Ordering::SeqCst)
    }

    #[inline]
    fn put_back(&self, _: u32) {
        // SeqCst: Release pairs with the Acquire of `take`; the rest is the order that `lock/fifo.rs` asks for.
        self.there.swap(true, Ordering::SeqCst);
    }
}
