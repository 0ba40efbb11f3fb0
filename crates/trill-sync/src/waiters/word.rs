//! The word of a queue: what its bits are, see the queue's page.

/// Whether anybody waits who was not notified.
#[inline]
pub(super) fn anybody(word: u64) -> bool {
    slot_waits(word) || listed(word) > 0
}

/// Whether the slot's ticket waits.
#[inline]
pub(super) fn slot_waits(word: u64) -> bool {
    word & (OCCUPIED | NOTIFIED) == OCCUPIED
}

/// How many wait in the overflow list.
#[inline]
pub(super) const fn listed(word: u64) -> usize {
    ((word & LISTED) >> LISTED_SHIFT) as usize
}

/// What the slot's ticket asks for.
#[inline]
pub(super) fn weight_of(word: u64) -> u32 {
    ((word & WEIGHT) >> WEIGHT_SHIFT) as u32
}

/// The number of the waker that is in the slot or was there last.
#[inline]
pub(super) fn generation_of(word: u64) -> u32 {
    (word >> GENERATION_SHIFT) as u32
}

pub(super) const OCCUPIED: u64 = 1;
pub(super) const LOCKED: u64 = 1 << 1;
pub(super) const NOTIFIED: u64 = 1 << 2;
pub(super) const BROADCAST: u64 = 1 << 3;
pub(super) const SLOT: u64 = OCCUPIED | LOCKED | NOTIFIED | BROADCAST;

pub(super) const LISTED_SHIFT: u32 = 4;
pub(super) const WEIGHT_SHIFT: u32 = 28;
pub(super) const WEIGHT: u64 = (ONE_GENERATION - 1) & !(SLOT | LISTED);
/// A ticket that asks for more waits in the list.
pub(super) const WEIGHT_MAX: u32 = (WEIGHT >> WEIGHT_SHIFT) as u32;
/// Exactly 2²⁸ wakers would have to pass through the slot, which takes some ten seconds, between a notifier's load and its
/// exchange for one to be mistaken for another.
const GENERATION_SHIFT: u32 = 36;
pub(super) const ONE_GENERATION: u64 = 1 << GENERATION_SHIFT;
pub(super) const ONE_LISTED: u64 = 1 << LISTED_SHIFT;
pub(super) const LISTED: u64 = ((1 << WEIGHT_SHIFT) - 1) & !SLOT;
