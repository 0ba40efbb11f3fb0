//! The hierarchical wheel: which timer comes next, in constant time, exact to the nanosecond.
//!
//! A deadline is a number of 64 bits, read as eleven digits of 6 bits. The *horizon* is a point in time before which
//! no timer is left. A timer lies at the *level* of the highest digit in which its deadline differs from the horizon,
//! in the *bucket* of that digit. So everything at a lower level is due before everything at a higher one, and within
//! a level buckets are in the order of their digit: one bit search finds the first bucket.
//!
//! When the first bucket holds something due, the horizon moves to the bucket's start and its timers move to lower
//! levels, in their order. A bucket of level 0 is one nanosecond wide: all its timers have one deadline and fire in the
//! order of the list, which is the order in which they were armed. A bucket of few timers is sorted at once instead.
//! Both are done in steps of at most [`STEP`] timers, so that the lock around this is never held for long.
//!
//! While a long bucket is taken apart, newcomers that belong into it are put at its end and not at a lower level.
//! Else they would overtake older ones of the same deadline.
//!
//! Source: G. Varghese, T. Lauck, "Hashed and hierarchical timing wheels", SOSP 1987; the alignment of digits to the
//! current time is that of the Linux kernel's timer wheel before 4.8.

use std::mem;
use std::task::Waker;

use crate::batch::{Batch, STEP};
use crate::slab::{DETACHED, Key, NONE, Slab};

/// Timers by deadline. Deadlines are nanoseconds since the wheel's origin.
#[derive(Debug)]
pub(crate) struct Levels {
    pub(crate) slab: Slab,
    /// Every linked timer has a deadline at or after this.
    horizon: u64,
    /// The long bucket that is being taken apart; its start is the horizon.
    draining: Option<u16>,
    /// Which levels have a bucket that is not empty, as bits.
    used: u16,
    /// Which buckets of each level are not empty, as bits.
    occupied: [u64; LEVELS],
    /// Which buckets of each level have an `earliest` that may be too early, as bits.
    stale: [u64; LEVELS],
    /// On the heap, from the first timer on: 11 KiB are much for a stack.
    buckets: Box<[Bucket]>,
}

/// A list of timers in the order in which they were armed.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    head: u32,
    tail: u32,
    /// No timer in it has an earlier deadline; exact unless marked as stale. Means nothing if the bucket is empty.
    earliest: u64,
}

/// What a step has found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// There may be more that is due.
    More,
    /// Nothing is due; the next deadline.
    Idle(Option<u64>),
}

impl Levels {
    pub(crate) fn new() -> Levels {
        Levels {
            slab: Slab::new(),
            horizon: 0,
            draining: None,
            used: 0,
            occupied: [0; LEVELS],
            stale: [0; LEVELS],
            buckets: Box::default(),
        }
    }

    /// Every timer with a deadline before this has fired.
    #[inline]
    pub(crate) fn horizon(&self) -> u64 {
        self.horizon
    }

    /// Links a detached timer by its deadline, which must not be before the horizon.
    #[inline]
    pub(crate) fn link(&mut self, index: u32) {
        let bucket = self.place(self.slab[index].deadline);
        self.push(bucket, index);
    }

    /// The bucket that a timer with this deadline is put into now.
    #[inline]
    fn place(&self, deadline: u64) -> u16 {
        let bucket = self.bucket(deadline);
        match self.draining {
            Some(draining) if level(bucket) < level(draining) => draining,
            _ => bucket,
        }
    }

    /// Takes a timer out of its bucket, if it is in one.
    #[inline]
    pub(crate) fn unlink(&mut self, index: u32) {
        let slot = &mut self.slab[index];
        let (bucket, deadline, prev, next) = (slot.bucket, slot.deadline, slot.prev, slot.next);
        if bucket == DETACHED {
            return;
        }
        slot.bucket = DETACHED;
        let (level, digit) = split(bucket);
        if prev == NONE {
            self.buckets[usize::from(bucket)].head = next;
        } else {
            self.slab[prev].next = next;
        }
        if next == NONE {
            self.buckets[usize::from(bucket)].tail = prev;
        } else {
            self.slab[next].prev = prev;
        }
        if prev == NONE && next == NONE {
            self.clear(bucket);
        } else if level > 0 && deadline == self.buckets[usize::from(bucket)].earliest {
            self.stale[level] |= 1 << digit;
        }
    }

    /// If nothing is due at `now`, moves the horizon towards it and returns the next deadline.
    #[inline]
    pub(crate) fn idle(&mut self, now: u64) -> Option<Step> {
        if self.draining.is_some() {
            return None;
        }
        let past_now = now.saturating_add(1);
        let Some(first) = self.first() else {
            self.horizon = self.horizon.max(past_now);
            return Some(Step::Idle(None));
        };
        let next = self.earliest(first);
        if next <= now {
            return None;
        }
        // Not into the bucket: its timers would have to move to lower levels.
        let before_first = self.start(first).saturating_sub(1);
        self.horizon = self.horizon.max(past_now.min(before_first));
        Some(Step::Idle(Some(next)))
    }

    /// Does a bounded piece of the work at `now`: takes what is due into `due`, which must not be full, in order.
    pub(crate) fn step(&mut self, now: u64, due: &mut Batch) -> Step {
        if let Some(idle) = self.idle(now) {
            return idle;
        }
        let bucket = match self.draining.or_else(|| self.first()) {
            Some(bucket) => bucket,
            None => return Step::Idle(None),
        };
        // Something in it is due, so it began at or before `now`.
        self.horizon = self.horizon.max(self.start(bucket));
        if level(bucket) == 0 {
            self.take_same(bucket, due);
        } else {
            self.take_apart(bucket, now, due);
        }
        Step::More
    }

    /// Takes timers of one deadline from a bucket of level 0.
    fn take_same(&mut self, bucket: u16, due: &mut Batch) {
        self.detach_first(bucket, due);
        for place in 0..due.moved.len() {
            self.take(due.moved[place].2, due);
        }
    }

    /// Takes timers from a bucket of a higher level: to lower levels, or in order if they are few.
    fn take_apart(&mut self, bucket: u16, now: u64, due: &mut Batch) {
        let was_draining = self.draining.is_some();
        let is_long = self.detach_first(bucket, due);
        self.draining = is_long.then_some(bucket);
        let may_fire = !is_long && !was_draining;
        if may_fire && due.moved.len() > 1 {
            // All of it: the lower levels are empty, so this is the final order.
            due.moved.sort_unstable();
        }
        for place in 0..due.moved.len() {
            let (deadline, _, index) = due.moved[place];
            if may_fire && deadline <= now {
                self.take(index, due);
            } else {
                self.push(self.bucket(deadline), index);
            }
        }
    }

    /// Detaches the first timers of a bucket, up to [`STEP`], and notes them in `due.moved`; says whether there are more.
    ///
    /// All in one go: unlinking one after another would write to each one's neighbour and to the bucket.
    fn detach_first(&mut self, bucket: u16, due: &mut Batch) -> bool {
        due.moved.clear();
        let Some(mut index) = self.head(bucket) else {
            return false;
        };
        for place in 0..STEP as u32 {
            let slot = &mut self.slab[index];
            slot.bucket = DETACHED;
            due.moved.push((slot.deadline, place, index));
            index = slot.next;
            if index == NONE {
                break;
            }
        }
        due.count();
        if index == NONE {
            self.clear(bucket);
            return false;
        }
        self.slab[index].prev = NONE;
        self.buckets[usize::from(bucket)].head = index;
        let (level, digit) = split(bucket);
        self.stale[level] |= 1 << digit;
        true
    }

    /// Notes that a bucket is empty now.
    #[inline]
    fn clear(&mut self, bucket: u16) {
        let (level, digit) = split(bucket);
        self.occupied[level] &= !(1 << digit);
        if self.occupied[level] == 0 {
            self.used &= !(1 << level);
        }
        if self.draining == Some(bucket) {
            self.draining = None;
        }
    }

    /// Takes a detached timer's waker into `due` and frees its slot.
    #[inline]
    fn take(&mut self, index: u32, due: &mut Batch) {
        if let Some(waker) = self.slab.release(index) {
            due.push(waker);
        }
    }

    /// Appends a detached timer to a bucket.
    #[inline]
    fn push(&mut self, bucket: u16, index: u32) {
        let (level, digit) = split(bucket);
        let list = &mut self.buckets[usize::from(bucket)];
        let bit = 1 << digit;
        let slot = &mut self.slab[index];
        slot.bucket = bucket;
        slot.next = NONE;
        if self.occupied[level] & bit == 0 {
            slot.prev = NONE;
            *list = Bucket {
                head: index,
                tail: index,
                earliest: slot.deadline,
            };
            self.occupied[level] |= bit;
            self.stale[level] &= !bit;
            self.used |= 1 << level;
        } else {
            slot.prev = list.tail;
            list.earliest = list.earliest.min(slot.deadline);
            let before = std::mem::replace(&mut list.tail, index);
            self.slab[before].next = index;
        }
    }

    /// The first timer in a bucket.
    fn head(&self, bucket: u16) -> Option<u32> {
        let (level, digit) = split(bucket);
        (self.occupied[level] & 1 << digit != 0).then(|| self.buckets[usize::from(bucket)].head)
    }

    /// The bucket that comes first, outside of draining.
    #[inline]
    fn first(&self) -> Option<u16> {
        if self.used == 0 {
            return None;
        }
        let level = self.used.trailing_zeros();
        let digit = self.occupied[level as usize].trailing_zeros();
        Some((level * BUCKETS as u32 + digit) as u16)
    }

    /// Where a deadline belongs.
    #[inline]
    fn bucket(&self, deadline: u64) -> u16 {
        debug_assert!(deadline >= self.horizon);
        let level = ((deadline ^ self.horizon) | 1).ilog2() / DIGIT_BITS;
        let digit = deadline >> (level * DIGIT_BITS) & (BUCKETS as u64 - 1);
        (level as u64 * BUCKETS as u64 + digit) as u16
    }

    /// Where a bucket's stretch of time begins.
    #[inline]
    fn start(&self, bucket: u16) -> u64 {
        let (level, digit) = split(bucket);
        let shift = level as u32 * DIGIT_BITS;
        let below = u64::MAX
            .checked_shl(shift + DIGIT_BITS)
            .map_or(u64::MAX, |above| !above);
        self.horizon & !below | (digit as u64) << shift
    }

    /// The earliest deadline in a bucket. May be too early if that timer is gone and the bucket is long.
    #[inline]
    fn earliest(&mut self, bucket: u16) -> u64 {
        let (level, digit) = split(bucket);
        if self.stale[level] & 1 << digit != 0 {
            self.look_for_earliest(bucket);
        }
        self.buckets[usize::from(bucket)].earliest
    }

    /// Makes a bucket's earliest deadline exact again, if the bucket is not long.
    #[cold]
    fn look_for_earliest(&mut self, bucket: u16) {
        let (level, digit) = split(bucket);
        let list = &mut self.buckets[usize::from(bucket)];
        let mut index = list.head;
        let mut earliest = u64::MAX;
        for _ in 0..STEP {
            let slot = &self.slab[index];
            earliest = earliest.min(slot.deadline);
            index = slot.next;
            if index == NONE {
                list.earliest = earliest;
                self.stale[level] &= !(1 << digit);
                return;
            }
        }
    }

    /// Detaches, gives a new deadline and links again; the deadline must not be before the horizon.
    #[inline]
    pub(crate) fn relink(&mut self, index: u32, deadline: u64) {
        let bucket = self.place(deadline);
        let slot = &mut self.slab[index];
        let (prev, next) = (slot.prev, slot.next);
        if slot.bucket != bucket || prev == NONE && next == NONE {
            self.unlink(index);
            self.slab[index].deadline = deadline;
            // Where it belongs may be another place now: it may have been the last one of the bucket that was taken apart.
            self.link(index);
            return;
        }
        // It stays in its bucket, among others.
        let before = std::mem::replace(&mut slot.deadline, deadline);
        if next != NONE {
            self.move_to_end(index, bucket, prev, next);
        }
        let list = &mut self.buckets[usize::from(bucket)];
        if before == list.earliest && before < deadline {
            let (level, digit) = split(bucket);
            self.stale[level] |= 1 << digit;
        }
        list.earliest = list.earliest.min(deadline);
    }

    /// Moves a timer that is not the last one of its bucket to the end.
    #[inline]
    fn move_to_end(&mut self, index: u32, bucket: u16, prev: u32, next: u32) {
        let list = &mut self.buckets[usize::from(bucket)];
        let tail = std::mem::replace(&mut list.tail, index);
        if prev == NONE {
            list.head = next;
        } else {
            self.slab[prev].next = next;
        }
        self.slab[next].prev = prev;
        self.slab[tail].next = index;
        let slot = &mut self.slab[index];
        slot.prev = tail;
        slot.next = NONE;
    }

    /// Takes a slot for a timer and links it.
    #[inline]
    pub(crate) fn insert(&mut self, deadline: u64, waker: Waker) -> Key {
        let key = self.hold(deadline, waker);
        self.link(key.index());
        key
    }

    /// Takes a slot for a timer and does not link it.
    #[inline]
    pub(crate) fn hold(&mut self, deadline: u64, waker: Waker) -> Key {
        if self.slab.is_full() {
            self.grow();
        }
        self.slab.take(deadline, waker)
    }

    /// Makes room for more timers.
    #[cold]
    fn grow(&mut self) {
        if self.buckets.is_empty() {
            let empty = Bucket {
                head: NONE,
                tail: NONE,
                earliest: 0,
            };
            self.buckets = vec![empty; LEVELS * BUCKETS].into();
        }
        self.slab.grow();
    }

    /// Takes the memory out, for the caller to drop, if no timer is in it. The next timer gets new memory.
    pub(crate) fn shrink(&mut self) -> impl Sized + use<> {
        let pages = self.slab.clear()?;
        self.draining = None;
        self.stale = [0; LEVELS];
        Some((pages, mem::take(&mut self.buckets)))
    }
}

/// The level of a bucket.
#[inline]
fn level(bucket: u16) -> u16 {
    bucket / BUCKETS as u16
}

/// The level and the digit of a bucket.
#[inline]
fn split(bucket: u16) -> (usize, usize) {
    (usize::from(bucket) / BUCKETS, usize::from(bucket) % BUCKETS)
}

/// Bits of a digit: as many buckets as a machine word has bits, so that one instruction finds the first.
const DIGIT_BITS: u32 = 6;

/// Buckets of a level.
const BUCKETS: usize = 1 << DIGIT_BITS;

/// Levels, so that 64 bits of nanoseconds fit, 584 years.
const LEVELS: usize = 11;
