//! A queue that any thread may push to and take from: wakes from outside, and what did not fit elsewhere.
//!
//! A lock around a deque: it is taken once for a whole batch, and the length beside it lets everyone else see that
//! there is nothing without touching the lock.
//!
//! # Why no item is overlooked
//!
//! `len` is written under the lock. A thread that pushed and one that is about to sleep agree through the two
//! `SeqCst` fences described in `sleep.rs`: at least one of them sees the other.
//!
//! # Tested by
//!
//! `tests/loom_queue.rs`, `tests/loom_sleep.rs`.

#![cfg_attr(not(loom), allow(unreachable_pub))] // Public for the models only.

use std::collections::VecDeque;

use super::Item;
use crate::primitive::{AtomicUsize, Mutex, Ordering, lock};

/// A queue that any thread may push to and take from.
#[derive(Debug)]
pub struct Inject {
    items: Mutex<VecDeque<Carried>>,
    /// How many items there are.
    len: AtomicUsize,
}

/// An item that may cross threads: the atomic is used for that alone.
type Carried = std::sync::atomic::AtomicPtr<()>;

impl Inject {
    /// Starts empty.
    pub fn new() -> Inject {
        Inject {
            items: Mutex::new(VecDeque::new()),
            len: AtomicUsize::new(0),
        }
    }

    /// Says how many items there are; a hint unless the caller excludes all others.
    #[inline]
    pub fn len(&self) -> usize {
        self.len.load(Ordering::Relaxed)
    }

    /// Says whether there are none; a hint as [`Inject::len`].
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds an item at the back. Returns how many there are now.
    pub fn push(&self, item: Item) -> usize {
        let mut items = lock(&self.items);
        items.push_back(Carried::new(item.as_ptr()));
        let len = items.len();
        self.len.store(len, Ordering::Relaxed);
        len
    }

    /// Adds several items at the back, in order.
    pub fn push_all(&self, batch: impl IntoIterator<Item = Item>) {
        let mut items = lock(&self.items);
        items.extend(batch.into_iter().map(|item| Carried::new(item.as_ptr())));
        self.len.store(items.len(), Ordering::Relaxed);
    }

    /// Takes the front item.
    pub fn pop(&self) -> Option<Item> {
        self.take(|_| 1, |_| {})
    }

    /// Takes `share(len)` items from the front: returns the first and gives the others to `rest`, in order.
    ///
    /// `rest` runs under the lock.
    pub fn take(
        &self,
        share: impl FnOnce(usize) -> usize,
        mut rest: impl FnMut(Item),
    ) -> Option<Item> {
        if self.is_empty() {
            return None;
        }
        let mut items = lock(&self.items);
        let count = share(items.len()).min(items.len());
        let mut batch = items
            .drain(..count)
            .filter_map(|carried| Item::new(carried.into_inner()));
        let first = batch.next();
        batch.for_each(&mut rest);
        if items.is_empty() && items.capacity() > KEPT_LEN {
            // A burst is over. Growing again costs the next one a nanosecond or two an item.
            items.shrink_to(KEPT_LEN);
        }
        self.len.store(items.len(), Ordering::Relaxed);
        first
    }
}

impl Default for Inject {
    fn default() -> Inject {
        Inject::new()
    }
}

/// Items an empty queue keeps room for: 32 KiB.
const KEPT_LEN: usize = 4 * 1024;
