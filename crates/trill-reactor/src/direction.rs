//! Which of the two things a source can be ready for.

use trill_cell::Kind;

/// Names what a source is to be ready for.
///
/// # Examples
///
/// ```
/// use trill_reactor::Direction;
///
/// assert_ne!(Direction::Read, Direction::Write);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Reading, receiving, accepting.
    Read,
    /// Writing, sending, and the end of connecting.
    Write,
}

impl Direction {
    /// How a task that waits for it is described.
    pub(crate) fn kind(self) -> Kind {
        match self {
            Direction::Read => Kind::Readable,
            Direction::Write => Kind::Writable,
        }
    }
}
