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

use super::{Item, Share};
use crate::primitive::{AtomicUsize, Mutex, MutexGuard, Ordering, lock};

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

    /// Begins to add several items at the back, in order; the queue is locked until the batch is dropped.
    pub(crate) fn batch(&self) -> Batch<'_> {
        Batch {
            items: lock(&self.items),
            len: &self.len,
        }
    }

    /// Takes the front item.
    #[inline]
    pub fn pop(&self) -> Option<Item> {
        match self.is_empty() {
            true => None,
            false => self.pop_locked(),
        }
    }

    fn pop_locked(&self) -> Option<Item> {
        let mut items = lock(&self.items);
        let first = next(&mut items);
        self.taken(&mut items);
        first
    }

    /// Takes a share from the front, at most `max`: returns the first and gives the others to `rest`, in order.
    ///
    /// `rest` runs under the lock.
    #[inline]
    pub fn take(&self, share: Share, max: usize, rest: &mut dyn FnMut(Item)) -> Option<Item> {
        match self.is_empty() {
            true => None,
            false => self.take_locked(share, max, rest),
        }
    }

    fn take_locked(&self, share: Share, max: usize, rest: &mut dyn FnMut(Item)) -> Option<Item> {
        let mut items = lock(&self.items);
        let count = share.of(items.len()).min(max);
        if count == 0 {
            return None;
        }
        let first = next(&mut items);
        for _ in 1..count {
            if let Some(item) = next(&mut items) {
                rest(item);
            }
        }
        self.taken(&mut items);
        first
    }

    /// Tidies up after items were taken.
    #[inline]
    fn taken(&self, items: &mut VecDeque<Carried>) {
        if items.is_empty() && items.capacity() > KEPT_LEN {
            // A burst is over. Growing again costs the next one a nanosecond or two an item.
            *items = VecDeque::with_capacity(KEPT_LEN);
        }
        self.len.store(items.len(), Ordering::Relaxed);
    }
}

/// Takes the front item of a locked queue.
#[inline]
fn next(items: &mut VecDeque<Carried>) -> Option<Item> {
    match items.pop_front() {
        Some(carried) => Item::new(carried.into_inner()),
        None => None,
    }
}

/// Adds items to a queue that it keeps locked.
pub(crate) struct Batch<'a> {
    items: MutexGuard<'a, VecDeque<Carried>>,
    len: &'a AtomicUsize,
}

impl Batch<'_> {
    /// Adds an item at the back.
    pub(crate) fn push(&mut self, item: Item) {
        self.items.push_back(Carried::new(item.as_ptr()));
    }
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        self.len.store(self.items.len(), Ordering::Relaxed);
    }
}

impl Default for Inject {
    fn default() -> Inject {
        Inject::new()
    }
}

/// Items an empty queue keeps room for: 32 KiB.
const KEPT_LEN: usize = 4 * 1024;
