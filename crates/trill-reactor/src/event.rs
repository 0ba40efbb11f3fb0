//! What a back end is asked for, and what it says.

#![cfg_attr(not(loom), allow(unreachable_pub))] // Public for the models only.

use crate::direction::Direction;
use crate::word::{asked, stays, waits};

/// The directions whose events a back end is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Interest {
    /// Events that concern reading.
    pub read: bool,
    /// Events that concern writing.
    pub write: bool,
}

/// What an event says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ready {
    /// Reading may make progress.
    pub read: bool,
    /// Writing may make progress.
    pub write: bool,
    /// The reading side has ended or failed, or a short read proves nothing.
    pub read_stays: bool,
    /// The writing side has ended or failed, or a short write proves nothing.
    pub write_stays: bool,
}

impl Interest {
    /// Both directions.
    pub const BOTH: Interest = Interest {
        read: true,
        write: true,
    };

    /// Neither direction.
    pub const NONE: Interest = Interest {
        read: false,
        write: false,
    };

    /// What was asked for, by the word of a slot.
    pub(crate) fn of(word: u64) -> Interest {
        Interest {
            read: word & asked(Direction::Read) != 0,
            write: word & asked(Direction::Write) != 0,
        }
    }

    /// The asked bits of these directions.
    pub(crate) fn flags(self) -> u64 {
        when(self.read, asked(Direction::Read)) | when(self.write, asked(Direction::Write))
    }
}

impl Ready {
    /// Everything may be ready, for ever.
    pub const ALL: Ready = Ready {
        read: true,
        write: true,
        read_stays: true,
        write_stays: true,
    };

    /// The stays bits this sets.
    #[inline]
    pub(crate) fn stays(self) -> u64 {
        when(self.read_stays, stays(Direction::Read))
            | when(self.write_stays, stays(Direction::Write))
    }

    /// The bits that say that somebody waits, of the directions this concerns.
    #[inline]
    pub(crate) fn waits(self) -> u64 {
        when(self.read, waits(Direction::Read)) | when(self.write, waits(Direction::Write))
    }
}

#[inline]
fn when(on: bool, bits: u64) -> u64 {
    if on { bits } else { 0 }
}
