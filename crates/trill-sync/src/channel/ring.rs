//! The queue of a bounded channel: a ring of slots with sequence numbers.
//!
//! The scheme is Dmitry Vyukov's bounded queue for many producers and consumers
//! (<https://www.1024cores.net/home/lock-free-algorithms/queues/bounded-mpmc-queue>). Added to it: a capacity that
//! need not be a power of two, reserved places, closing, and taking a run of messages with one atomic operation.
//!
//! # States
//!
//! | word | bits | meaning |
//! | --- | --- | --- |
//! | `tail` | 0–42 | position of the next message to be put in |
//! | | 43–62 | places reserved by permits |
//! | | 63 | closed: nothing can be put in or reserved |
//! | `head` | 0–42 | position of the next message to be taken out |
//! | `Slot::sequence` | = position | free, for the message of that position |
//! | | = position + 1 | holds the message of that position |
//!
//! # Transitions
//!
//! 1. *push*: `tail` + 1 position (one compare-exchange), then the value is written, then `sequence` + 1.
//! 2. *reserve*: `tail` + 1 permit; *release*: `tail` − 1 permit.
//! 3. *push reserved*: `tail` + 1 position − 1 permit in one step, then as in 1.
//! 4. *pop*: `head` + 1 (or + n for a run), then the value is read, then `sequence` becomes free for the next lap.
//! 5. *close*: sets the highest bit of `tail`.
//!
//! # Why it is right
//!
//! A slot belongs to whoever moved `tail` or `head` over its position until that one stores `sequence`; only then can
//! the other side claim it. `messages + permits ≤ capacity ≤ slots` holds because 1, 2 and 3 check and change the same
//! word.
//!
//! *Sleeping.* Who is about to wait announces itself with a sequentially consistent operation and then looks at the
//! queue once more. `pop` answers "empty" only after a sequentially consistent load of `tail`, and a push moves `tail`
//! with a sequentially consistent operation before it looks for waiters. So in their total order either the push sees
//! the waiter, or the waiter sees the new `tail`. The same goes for `push`, `head` and waiting senders. Loom knows such
//! accesses as acquire and release only; `Waiters` adds the fences there that the total order makes needless.
//!
//! # Tested by
//!
//! loom: `tests/loom_channel_mpmc.rs`; seeded interleavings: `tests/channel_mpmc.rs`.
#![allow(unsafe_code)] // Values live in slots that are not always initialised.

use std::mem::MaybeUninit;

use crate::channel::backoff::Backoff;
use crate::channel::padded::Padded;
use crate::primitive::{AtomicU64, Ordering, UnsafeCell};

/// A bounded queue for many producers and many consumers.
pub(crate) struct Ring<T> {
    tail: Padded<Tail>,
    head: Padded<AtomicU64>,
    /// A power of two, at least two and at least `capacity`.
    slots: Box<[Slot<T>]>,
    /// How many messages and permits there may be.
    capacity: u64,
}

/// Why nothing was put in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    Full,
    Closed,
}

/// Why nothing was taken out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Nothing {
    Empty,
    /// Empty, and nothing can be put in any more.
    Closed,
}

// SAFETY: the ring hands each value from the thread that put it in to the one that takes it out, and never shares it.
// The protocol in the module's page upholds this; the loom models in `tests/loom_channel_mpmc.rs` would fail.
unsafe impl<T: Send> Send for Ring<T> {}
// SAFETY: as above.
unsafe impl<T: Send> Sync for Ring<T> {}

impl<T> Ring<T> {
    /// Makes an empty ring for `capacity` messages.
    #[track_caller]
    pub(crate) fn new(capacity: usize) -> Ring<T> {
        assert!(
            capacity as u64 <= CAPACITY_MAX,
            "a channel's capacity must be at most {CAPACITY_MAX} messages, not {capacity}; use unbounded()"
        );
        let slots = (0..capacity.next_power_of_two().max(2))
            .map(|index| Slot {
                sequence: AtomicU64::new(index as u64),
                value: UnsafeCell::new(MaybeUninit::uninit()),
            })
            .collect();
        Ring {
            tail: Padded(Tail {
                word: AtomicU64::new(0),
                head_seen: AtomicU64::new(0),
            }),
            head: Padded(AtomicU64::new(0)),
            slots,
            capacity: capacity as u64,
        }
    }

    /// Puts a message in, or gives it back.
    #[inline]
    pub(crate) fn push(&self, value: T) -> Result<(), (T, Refused)> {
        match self.claim(1) {
            Ok(position) => {
                self.fill(position, value);
                Ok(())
            }
            Err(refused) => Err((value, refused)),
        }
    }

    /// Takes a message out.
    #[inline]
    pub(crate) fn pop(&self) -> Result<T, Nothing> {
        let mut head = self.head.0.load(Ordering::Relaxed);
        let backoff = Backoff::new();
        loop {
            // Acquire: pairs with the Release in `fill`.
            let sequence = self.slot(head).sequence.load(Ordering::Acquire);
            if sequence != add(head, 1) {
                head = self.look_again(head, &backoff)?;
                continue;
            }
            match self.move_head(head, 1) {
                Ok(()) => return Ok(self.empty(head)),
                Err(now) => head = now,
            }
        }
    }

    /// Takes up to `limit` messages out at once and appends them to `to`; at least one.
    pub(crate) fn pop_many(&self, to: &mut Vec<T>, limit: usize) -> Result<usize, Nothing> {
        let wanted = limit.min(self.len().max(1));
        // Before anything is taken: running out of memory must not lose messages.
        to.reserve(wanted);
        let run = self.take(wanted as u64)?;
        for offset in 0..run.count {
            to.push(self.empty(add(run.start, offset)));
        }
        Ok(run.count as usize)
    }

    /// Reserves a place.
    #[inline]
    pub(crate) fn reserve(&self) -> Result<(), Refused> {
        self.claim(PERMIT).map(drop)
    }

    /// Gives a reserved place back.
    pub(crate) fn release(&self) {
        // SeqCst: pairs with the loads of `tail` in `claim`; see "Sleeping".
        let before = self.tail.0.word.fetch_sub(PERMIT, Ordering::SeqCst);
        debug_assert!(permits(before) > 0, "a permit is released once");
    }

    /// Puts a message into a reserved place; when the ring is closed gives the message and the place back.
    pub(crate) fn push_reserved(&self, value: T) -> Result<(), T> {
        let mut tail = self.tail.0.word.load(Ordering::Relaxed);
        loop {
            debug_assert!(permits(tail) > 0, "a permit is used once");
            if tail & CLOSED != 0 {
                self.release();
                return Err(value);
            }
            match self.advance(tail, forward(tail) - PERMIT) {
                Ok(()) => {
                    self.fill(tail & POSITION, value);
                    return Ok(());
                }
                Err(now) => tail = now,
            }
        }
    }

    /// Puts a message in and, when there is no room, takes the oldest one out for it.
    ///
    /// Returns the displaced message: this one when permits hold all places. Gives the message back as an error when
    /// the ring is closed.
    pub(crate) fn push_displacing(&self, value: T) -> Result<Option<T>, T> {
        // A permit beyond the capacity: nobody else gets a place before this call has made room for it.
        let mut tail = self.tail.0.word.load(Ordering::Relaxed);
        let backoff = Backoff::new();
        loop {
            if tail & CLOSED != 0 {
                return Err(value);
            }
            if permits(tail) == PERMITS_MAX {
                backoff.spin();
                tail = self.tail.0.word.load(Ordering::Relaxed);
                continue;
            }
            match self.advance(tail, tail + PERMIT) {
                Ok(()) => break,
                Err(now) => tail = now,
            }
        }
        let displaced = match self.overcommitted() {
            false => None,
            true => match self.pop() {
                Ok(oldest) => Some(oldest),
                // The consumers were quicker, or all places are reserved.
                Err(_) if !self.overcommitted() => None,
                Err(_) => {
                    self.release();
                    return if self.is_closed() {
                        Err(value)
                    } else {
                        Ok(Some(value))
                    };
                }
            },
        };
        match self.push_reserved(value) {
            Ok(()) => Ok(displaced),
            Err(value) => {
                // Closed in between. The oldest message was on its way out, so it goes the way of a received one.
                drop(displaced);
                Err(value)
            }
        }
    }

    /// Closes the ring; returns whether this call did.
    pub(crate) fn close(&self) -> bool {
        // SeqCst: pairs with the loads of `tail` in `claim`, `take` and `is_closed`; see "Sleeping".
        let before = self.tail.0.word.fetch_or(CLOSED, Ordering::SeqCst);
        before & CLOSED == 0
    }

    pub(crate) fn is_closed(&self) -> bool {
        // SeqCst: pairs with `close`, for those who wait for it; see "Sleeping".
        self.tail.0.word.load(Ordering::SeqCst) & CLOSED != 0
    }

    /// Counts the messages.
    pub(crate) fn len(&self) -> usize {
        let (tail, head) = self.snapshot();
        distance(tail, head) as usize
    }

    /// Counts the messages and the reserved places.
    pub(crate) fn used(&self) -> usize {
        let (tail, head) = self.snapshot();
        (distance(tail, head) + permits(tail)) as usize
    }

    pub(crate) fn capacity(&self) -> usize {
        self.capacity as usize
    }

    /// Claims a position (`step` is 1) or a permit if there is room; returns the position.
    #[inline]
    fn claim(&self, step: u64) -> Result<u64, Refused> {
        // SeqCst: see "Sleeping" in the module's page.
        let mut tail = self.tail.0.word.load(Ordering::SeqCst);
        loop {
            if tail & CLOSED != 0 {
                return Err(Refused::Closed);
            }
            // A stale `head_seen` makes the ring look fuller than it is, never emptier.
            let seen = self.tail.0.head_seen.load(Ordering::Relaxed);
            if distance(tail, seen) + permits(tail) >= self.capacity {
                // SeqCst: see "Sleeping"; pairs with the compare-exchange in `take`.
                let head = self.head.0.load(Ordering::SeqCst);
                let again = self.tail.0.word.load(Ordering::SeqCst);
                if again != tail {
                    tail = again;
                    continue;
                }
                self.tail.0.head_seen.store(head, Ordering::Relaxed);
                if distance(tail, head) + permits(tail) >= self.capacity {
                    return Err(Refused::Full);
                }
            }
            if step == PERMIT && permits(tail) == PERMITS_MAX {
                return Err(Refused::Full);
            }
            let next = if step == PERMIT {
                tail + PERMIT
            } else {
                forward(tail)
            };
            match self.advance(tail, next) {
                Ok(()) => return Ok(tail & POSITION),
                Err(now) => tail = now,
            }
        }
    }

    /// Moves `tail`.
    #[inline]
    fn advance(&self, from: u64, to: u64) -> Result<(), u64> {
        let word = &self.tail.0.word;
        // SeqCst: see "Sleeping". What it guards is published by `sequence`.
        word.compare_exchange_weak(from, to, Ordering::SeqCst, Ordering::Relaxed)?;
        Ok(())
    }

    /// Writes the message of a position that this thread claimed.
    #[inline]
    fn fill(&self, position: u64, value: T) {
        let slot = self.slot(position);
        let backoff = Backoff::new();
        // Acquire: pairs with the Release in `empty`. Spins only while a consumer is between moving `head` and that.
        while slot.sequence.load(Ordering::Acquire) != position {
            backoff.spin();
        }
        slot.value.with_mut(|place| {
            // SAFETY: `sequence` says that the slot is free for this position, and the position was claimed by this
            // thread alone (`claim`, `push_reserved`). `tests/loom_channel_mpmc.rs` would fail.
            unsafe { (*place).write(value) };
        });
        // Release: pairs with the Acquire in `take`.
        slot.sequence.store(add(position, 1), Ordering::Release);
    }

    /// Claims up to `wanted` messages that are there.
    #[inline]
    fn take(&self, wanted: u64) -> Result<Run, Nothing> {
        let mut head = self.head.0.load(Ordering::Relaxed);
        let backoff = Backoff::new();
        loop {
            let mut count = 0;
            // Acquire: pairs with the Release in `fill`.
            while count < wanted
                && self.slot(add(head, count)).sequence.load(Ordering::Acquire)
                    == add(head, count + 1)
            {
                count += 1;
            }
            if count == 0 {
                head = self.look_again(head, &backoff)?;
                continue;
            }
            match self.move_head(head, count) {
                Ok(()) => return Ok(Run { start: head, count }),
                Err(now) => head = now,
            }
        }
    }

    /// Moves `head` over messages that are there; else returns where it is now.
    #[inline]
    fn move_head(&self, from: u64, count: u64) -> Result<(), u64> {
        let (word, to) = (&self.head.0, add(from, count));
        // SeqCst: see "Sleeping"; pairs with the loads of `head` in `claim`.
        word.compare_exchange_weak(from, to, Ordering::SeqCst, Ordering::Relaxed)?;
        Ok(())
    }

    /// Says why there is no message at `head`; returns where it is now if one may be there after all.
    #[inline]
    fn look_again(&self, head: u64, backoff: &Backoff) -> Result<u64, Nothing> {
        // SeqCst: see "Sleeping"; pairs with the compare-exchange in `advance`.
        let tail = self.tail.0.word.load(Ordering::SeqCst);
        if tail & POSITION == head {
            // `head` never passes `tail`, so it was still this one when `tail` was loaded.
            return Err(match tail & CLOSED {
                0 => Nothing::Empty,
                _ => Nothing::Closed,
            });
        }
        // Another consumer was quicker, or a producer is between moving `tail` and storing `sequence`.
        backoff.spin();
        Ok(self.head.0.load(Ordering::Relaxed))
    }

    /// Reads the message of a position that this thread claimed.
    #[inline]
    fn empty(&self, position: u64) -> T {
        let slot = self.slot(position);
        let value = slot.value.with(|place| {
            // SAFETY: `take` saw by `sequence` that the message is there and gave the position to this thread alone.
            // `tests/loom_channel_mpmc.rs` would fail.
            unsafe { place.cast::<T>().read() }
        });
        // Release: pairs with the Acquire in `fill`.
        let next_lap = add(position, self.slots.len() as u64);
        slot.sequence.store(next_lap, Ordering::Release);
        value
    }

    #[inline]
    fn slot(&self, position: u64) -> &Slot<T> {
        &self.slots[position as usize & (self.slots.len() - 1)]
    }

    /// Whether there are more messages and permits than the capacity allows.
    fn overcommitted(&self) -> bool {
        self.used() > self.capacity()
    }

    /// Loads `tail` and `head` of one moment.
    fn snapshot(&self) -> (u64, u64) {
        loop {
            // SeqCst: pairs with the compare-exchanges in `advance` and `take`; unchanged before and after, `tail`
            // belongs to `head`.
            let tail = self.tail.0.word.load(Ordering::SeqCst);
            let head = self.head.0.load(Ordering::SeqCst);
            if self.tail.0.word.load(Ordering::SeqCst) == tail {
                return (tail, head);
            }
        }
    }
}

impl<T> Drop for Ring<T> {
    fn drop(&mut self) {
        /// Goes on with the rest when the drop of one message panics.
        struct Rest<'a, T>(&'a Ring<T>);
        impl<T> Drop for Rest<'_, T> {
            fn drop(&mut self) {
                while self.0.pop().is_ok() {}
            }
        }
        let rest = Rest(self);
        while rest.0.pop().is_ok() {}
    }
}

/// What producers write.
struct Tail {
    word: AtomicU64,
    /// A `head` that some producer saw: sparing them a look at the line that consumers write.
    head_seen: AtomicU64,
}

struct Slot<T> {
    sequence: AtomicU64,
    value: UnsafeCell<MaybeUninit<T>>,
}

/// Positions that were claimed together.
struct Run {
    start: u64,
    count: u64,
}

/// The position `count` after `position`.
#[inline]
fn add(position: u64, count: u64) -> u64 {
    position.wrapping_add(count) & POSITION
}

/// How far the position in `tail` is after `head`.
#[inline]
fn distance(tail: u64, head: u64) -> u64 {
    tail.wrapping_sub(head) & POSITION
}

/// `tail` with its position moved on by one.
#[inline]
fn forward(tail: u64) -> u64 {
    (tail & !POSITION) | add(tail, 1)
}

#[inline]
fn permits(tail: u64) -> u64 {
    (tail & !CLOSED) >> POSITION_BITS
}

/// At a message every 10 ns the positions repeat after a day; only a thread that stands still for exactly that many
/// messages between a load and a compare-exchange could mistake one lap for the other.
const POSITION_BITS: u32 = 43;
const POSITION: u64 = (1 << POSITION_BITS) - 1;
/// One permit in `tail`.
const PERMIT: u64 = 1 << POSITION_BITS;
/// As many permits as fit between the position and the highest bit; further ones wait.
const PERMITS_MAX: u64 = (1 << (63 - POSITION_BITS)) - 1;
const CLOSED: u64 = 1 << 63;
/// Far from the point where distances between positions become ambiguous.
const CAPACITY_MAX: u64 = 1 << 40;
