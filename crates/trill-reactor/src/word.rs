//! The word of a slot: what its bits mean. Their transitions are in [`crate::slot`].

use crate::direction::Direction;

/// The direction has seen an end or an error: a short transfer proves nothing.
pub(crate) const fn stays(direction: Direction) -> u64 {
    1 << side(direction)
}

/// The direction's place holds who waits.
pub(crate) const fn placed(direction: Direction) -> u64 {
    1 << (2 + side(direction))
}

/// The direction's list may hold somebody who waits.
pub(crate) const fn listed(direction: Direction) -> u64 {
    1 << (4 + side(direction))
}

/// The back end was asked for the direction's events.
pub(crate) const fn asked(direction: Direction) -> u64 {
    1 << (6 + side(direction))
}

/// Somebody may wait for the direction.
pub(crate) const fn waits(direction: Direction) -> u64 {
    placed(direction) | listed(direction)
}

/// The tick of the direction's last event.
#[inline]
pub(crate) const fn tick(word: u64, direction: Direction) -> u16 {
    (word >> tick_shift(direction)) as u16
}

/// The word with the direction's next tick, which is not `drained`: the direction is ready.
#[inline]
pub(crate) const fn bump(word: u64, direction: Direction, drained: u32) -> u64 {
    let next = tick(word, direction).wrapping_add(1);
    let next = match next as u32 == drained {
        true => next.wrapping_add(1),
        false => next,
    };
    let shift = tick_shift(direction);
    word & !((u16::MAX as u64) << shift) | (next as u64) << shift
}

/// How often the slot was closed.
#[inline]
pub(crate) const fn generation(word: u64) -> u32 {
    (word >> GENERATION_SHIFT) as u32 & GENERATION_MASK
}

/// The word of a closed slot, of the next generation.
pub(crate) const fn closed(word: u64) -> u64 {
    let next = generation(word).wrapping_add(1) & GENERATION_MASK;
    (next as u64) << GENERATION_SHIFT
}

const fn side(direction: Direction) -> u32 {
    match direction {
        Direction::Read => 0,
        Direction::Write => 1,
    }
}

/// 16 bits for each: an operation would have to be overtaken by exactly a multiple of 65,536 events of its direction to be
/// misled, and those that nobody operates on are counted one by one.
const fn tick_shift(direction: Direction) -> u32 {
    8 + 16 * side(direction)
}

const GENERATION_SHIFT: u32 = 40;

/// How many bits of a generation an event carries: what the word has left, or on smaller machines what is left of a
/// machine word beside [`INDEX_BITS`], minus one bit, so that no event looks like the back ends' own.
pub(crate) const GENERATION_BITS: u32 = if usize::BITS == 64 { 24 } else { 9 };
pub(crate) const GENERATION_MASK: u32 = (1 << GENERATION_BITS) - 1;

/// How many bits of a slot's index an event carries.
pub(crate) const INDEX_BITS: u32 = if usize::BITS == 64 { 32 } else { 22 };

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_tick_is_never_the_one_that_was_drained() {
        for direction in [Direction::Read, Direction::Write] {
            let mut word = closed(0);
            for drained in [1, 2, 7] {
                let next = bump(word, direction, drained);
                assert_ne!(u32::from(tick(next, direction)), drained);
                assert_ne!(tick(next, direction), tick(word, direction));
                assert_eq!(generation(next), generation(word));
                word = next;
            }
        }
    }

    #[test]
    fn a_tick_comes_round_without_touching_its_neighbours() {
        for (direction, other) in [
            (Direction::Read, Direction::Write),
            (Direction::Write, Direction::Read),
        ] {
            let mut word = closed(closed(0)) | asked(Direction::Read);
            for _ in 0..u16::MAX {
                word = bump(word, direction, u32::MAX);
            }
            assert_eq!(tick(word, direction), u16::MAX);
            let round = bump(word, direction, u32::MAX);
            assert_eq!(tick(round, direction), 0);
            assert_eq!(tick(round, other), 0);
            assert_eq!(generation(round), 2);
            assert_eq!(round, closed(closed(0)) | asked(Direction::Read));
        }
    }
}
