//! A worker's own queue: one thread pushes, every thread may take.
//!
//! The design is that of the run queues in Go's scheduler (Dmitry Vyukov, "Scalable Go Scheduler Design Doc", 2012):
//! a fixed ring whose producer writes `tail` and whose takers advance `head` by compare-and-swap; a thief takes half
//! with one swap.
//!
//! # States
//!
//! Both counters only grow. Slots in `head..tail` hold items; the others are free for the producer.
//!
//! # Transitions
//!
//! 1. `push` by the owner: writes the slot at `tail`, then `tail + 1` (Release).
//! 2. `pop` by anybody: reads the slot at `head`, then swaps `head` for `head + 1`.
//! 3. `steal_into` by anybody: reads `n` slots from `head` on, then swaps `head` for `head + n`.
//!
//! # Why it is right
//!
//! * A taker reads slots before it owns them, and they may be overwritten meanwhile. That happens only after `head`
//!   has moved; then the swap fails and what was read is forgotten. `head` has 64 bits and does not come round.
//! * The producer overwrites a slot only after it has seen `head` beyond it (Acquire), which pairs with the swap
//!   (Release) of the taker that had read it.
//!
//! # Tested by
//!
//! `tests/loom_queue.rs`.

#![cfg_attr(not(loom), allow(unreachable_pub))] // Public for the models only.

use std::fmt;
use std::ptr;

use super::Item;
use crate::primitive::{Apart, AtomicPtr, AtomicUsize, Ordering};

/// A worker's own queue.
pub struct Ring {
    /// Where items are taken.
    head: Apart<AtomicUsize>,
    /// Where the owner adds the next.
    tail: Apart<AtomicUsize>,
    slots: Box<[AtomicPtr<()>]>,
}

/// How much a thief takes of a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Share {
    /// Half, rounded down: a single item is left to the owner, who is about to run it.
    LeaveOne,
    /// Half, rounded up: the owner may not come soon.
    TakeLast,
    /// Everything: it is one's own.
    All,
}

impl Share {
    /// How many of `len` items this is.
    #[inline]
    pub fn of(self, len: usize) -> usize {
        match self {
            Share::LeaveOne => len / 2,
            Share::TakeLast => len.div_ceil(2),
            Share::All => len,
        }
    }
}

impl Ring {
    /// Starts empty.
    pub fn new() -> Ring {
        let mut slots = Vec::with_capacity(RING_LEN);
        for _ in 0..RING_LEN {
            slots.push(AtomicPtr::new(ptr::null_mut()));
        }
        Ring {
            head: Apart(AtomicUsize::new(0)),
            tail: Apart(AtomicUsize::new(0)),
            slots: slots.into_boxed_slice(),
        }
    }

    /// Says how many items there are; a hint for all but the owner, for whom it is an upper bound.
    #[inline]
    pub fn len(&self) -> usize {
        let head = self.head.load(Ordering::Relaxed);
        let tail = self.tail.load(Ordering::Relaxed);
        // The counters are not read at once, so `head` may seem to be ahead.
        (tail.wrapping_sub(head) as isize).max(0) as usize
    }

    /// Says whether there are none; a hint as [`Ring::len`].
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Says how many items the owner can push without anybody taking one.
    pub fn room(&self) -> usize {
        RING_LEN - self.len().min(RING_LEN)
    }

    /// Adds an item at the back. Only one thread at a time may push.
    ///
    /// # Errors
    ///
    /// Gives the item back if the ring is full.
    #[inline]
    pub fn push(&self, item: Item) -> Result<(), Item> {
        let tail = self.tail.load(Ordering::Relaxed);
        // Acquire: pairs with the Release swaps of takers; their reads of the slot are over.
        let head = self.head.load(Ordering::Acquire);
        if tail.wrapping_sub(head) >= RING_LEN {
            return Err(item);
        }
        self.slot(tail).store(item.as_ptr(), Ordering::Relaxed);
        // Release: pairs with the Acquire loads of `tail` in takers, who then see the slot.
        self.tail.store(tail.wrapping_add(1), Ordering::Release);
        Ok(())
    }

    /// Takes the front item.
    #[inline]
    pub fn pop(&self) -> Option<Item> {
        let mut head = self.head.load(Ordering::Relaxed);
        loop {
            // Acquire: pairs with the Release in `push`.
            let tail = self.tail.load(Ordering::Acquire);
            if tail.wrapping_sub(head) as isize <= 0 {
                return None;
            }
            let item = self.slot(head).load(Ordering::Relaxed);
            // Release: pairs with the Acquire in `push`, which may overwrite the slot after this.
            match self.head.compare_exchange_weak(
                head,
                head.wrapping_add(1),
                Ordering::AcqRel,
                Ordering::Acquire,
            ) {
                Ok(_) => return Item::new(item),
                Err(now) => head = now,
            }
        }
    }

    /// Takes `share` of the items: returns the first and puts the others into `thief`, whose owner the caller is.
    pub fn steal_into(&self, thief: &Ring, share: Share) -> Option<Item> {
        let mut head = self.head.load(Ordering::Relaxed);
        loop {
            // Acquire: pairs with the Release in `push`.
            let tail = self.tail.load(Ordering::Acquire);
            let len = (tail.wrapping_sub(head) as isize).max(0) as usize;
            let count = share.of(len).min(RING_LEN / 2).min(thief.room() + 1);
            if count == 0 {
                return None;
            }
            let first = self.slot(head).load(Ordering::Relaxed);
            let to = thief.tail.load(Ordering::Relaxed);
            // Acquire: as in `push`, the thief's slots beyond its tail are free to write.
            let _ = thief.head.load(Ordering::Acquire);
            for n in 1..count {
                let item = self.slot(head.wrapping_add(n)).load(Ordering::Relaxed);
                thief
                    .slot(to.wrapping_add(n - 1))
                    .store(item, Ordering::Relaxed);
            }
            // Release: as in `pop`.
            match self.head.compare_exchange(
                head,
                head.wrapping_add(count),
                Ordering::AcqRel,
                Ordering::Acquire,
            ) {
                Ok(_) => {
                    // Release: publishes the slots just written, as in `push`.
                    thief
                        .tail
                        .store(to.wrapping_add(count - 1), Ordering::Release);
                    return Item::new(first);
                }
                Err(now) => head = now,
            }
        }
    }

    /// Takes the older half out, for an owner whose ring is full; nothing if others have taken some meanwhile.
    ///
    /// One exchange for all: 9 ns less for each that is spilled.
    pub fn spill(&self) -> impl Iterator<Item = Item> + use<'_> {
        let head = self.head.load(Ordering::Relaxed);
        let tail = self.tail.load(Ordering::Relaxed);
        let is_full = tail.wrapping_sub(head) == RING_LEN;
        // Release: as in `pop`. The owner alone writes slots, so they keep what they hold until its next push.
        let is_taken = is_full
            && self
                .head
                .compare_exchange(
                    head,
                    head.wrapping_add(RING_LEN / 2),
                    Ordering::AcqRel,
                    Ordering::Relaxed,
                )
                .is_ok();
        let count = if is_taken { RING_LEN / 2 } else { 0 };
        (0..count).filter_map(move |n| {
            let slot = self.slot(head.wrapping_add(n));
            Item::new(slot.load(Ordering::Relaxed))
        })
    }

    /// The slot of a counter's value.
    #[inline]
    fn slot(&self, counter: usize) -> &AtomicPtr<()> {
        &self.slots[counter % RING_LEN]
    }
}

impl Default for Ring {
    fn default() -> Ring {
        Ring::new()
    }
}

impl fmt::Debug for Ring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ring").field("len", &self.len()).finish()
    }
}

/// Items a ring holds: enough that few bursts spill, small enough to stay in the nearest cache (8 KiB).
pub const RING_LEN: usize = if cfg!(loom) { 4 } else { 1024 };
