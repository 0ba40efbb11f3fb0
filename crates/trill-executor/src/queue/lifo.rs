//! A place for the one runnable that should run next on its worker.
//!
//! # Who may do what
//!
//! The owner puts and takes. Others take only when the owner is stuck in a poll. Taking is a swap with null, so an
//! item goes to one taker. The owner may store over null without a swap: others never store anything but null.
//!
//! # Tested by
//!
//! `tests/loom_queue.rs`.

#![cfg_attr(not(loom), allow(unreachable_pub))] // Public for the models only.

use std::ptr;

use super::Item;
use crate::primitive::{AtomicPtr, Ordering};

/// A place for one runnable.
#[derive(Debug)]
pub struct Lifo(AtomicPtr<()>);

impl Lifo {
    /// Starts empty.
    pub fn new() -> Lifo {
        Lifo(AtomicPtr::new(ptr::null_mut()))
    }

    /// Says whether there is nothing; a hint for all but the owner.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.0.load(Ordering::Relaxed).is_null()
    }

    /// Puts an item in and returns the one that was there. Owner only.
    #[inline]
    pub fn put(&self, item: Item) -> Option<Item> {
        if self.is_empty() {
            // Release: pairs with the Acquire in `take`.
            self.0.store(item.as_ptr(), Ordering::Release);
            return None;
        }
        // AcqRel: as the store above, and as `take` for what was there.
        Item::new(self.0.swap(item.as_ptr(), Ordering::AcqRel))
    }

    /// Takes the item.
    #[inline]
    pub fn take(&self) -> Option<Item> {
        if self.is_empty() {
            return None;
        }
        // Acquire: pairs with the Release in `put`.
        Item::new(self.0.swap(ptr::null_mut(), Ordering::Acquire))
    }
}

impl Default for Lifo {
    fn default() -> Lifo {
        Lifo::new()
    }
}
