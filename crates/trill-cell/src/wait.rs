//! What a task waits for, packed into a word.

use std::fmt;
use std::panic::Location;

/// Sorts what a task can wait for.
///
/// # Examples
///
/// ```
/// assert_eq!(trill_cell::Kind::Timer.to_string(), "timer");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(u8)]
pub enum Kind {
    /// Something its leaf has no better word for; the value is the leaf's choice.
    Other = 1,
    /// A deadline; the value is milliseconds from the wait's begin, saturated.
    Timer = 2,
    /// A source to become readable; the value is its descriptor.
    Readable = 3,
    /// A source to become writable; the value is its descriptor.
    Writable = 4,
    /// A lock; the value is its address.
    Lock = 5,
    /// A permit of a semaphore; the value is its address.
    Permit = 6,
    /// A notification, event, condition or barrier; the value is its address.
    Notification = 7,
    /// A message; the value is the channel's address.
    Receive = 8,
    /// Room for a message; the value is the channel's address.
    Send = 9,
    /// Another task to end; the value is that task's identity.
    Task = 10,
    /// Work on the blocking pool.
    Blocking = 11,
    /// Its turn: the task gave way to others.
    Turn = 12,
    /// An operation on a file.
    File = 13,
}

impl Kind {
    /// Finds the kind with this number.
    #[cfg(feature = "insight")]
    fn from_u8(number: u8) -> Option<Kind> {
        let all = [
            Kind::Other,
            Kind::Timer,
            Kind::Readable,
            Kind::Writable,
            Kind::Lock,
            Kind::Permit,
            Kind::Notification,
            Kind::Receive,
            Kind::Send,
            Kind::Task,
            Kind::Blocking,
            Kind::Turn,
            Kind::File,
        ];
        all.into_iter().find(|kind| *kind as u8 == number)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Other => "other",
            Kind::Timer => "timer",
            Kind::Readable => "readable",
            Kind::Writable => "writable",
            Kind::Lock => "lock",
            Kind::Permit => "permit",
            Kind::Notification => "notification",
            Kind::Receive => "receive",
            Kind::Send => "send",
            Kind::Task => "task",
            Kind::Blocking => "blocking",
            Kind::Turn => "turn",
            Kind::File => "file",
        })
    }
}

/// What a task waited for when its last poll ended.
///
/// # Examples
///
/// See [`Header::wait`](crate::Header::wait).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Wait {
    /// What kind of leaf it was: the last one that said so, except that a timer does not replace another kind.
    pub kind: Kind,
    /// What that leaf told of itself, 48 bits; see [`Kind`].
    pub value: u64,
    /// How many leaves said in this poll that they wait, at most 255.
    pub leaves: u8,
    /// Where in the program the leaf was awaited.
    pub location: Option<&'static Location<'static>>,
}

/// Packs a kind (8 bits), a count of leaves (8 bits) and a value (48 bits).
#[cfg(feature = "insight")]
pub(crate) fn pack(kind: Kind, leaves: u8, value: u64) -> u64 {
    (kind as u64) << 56 | u64::from(leaves) << 48 | value & VALUE_MASK
}

/// The count of leaves in a packed word; 0 in the word 0, which means no wait.
#[cfg(feature = "insight")]
pub(crate) fn leaves(word: u64) -> u8 {
    (word >> 48) as u8
}

/// Whether the word tells of a wait that is not a timer's.
#[cfg(feature = "insight")]
pub(crate) fn is_other_than_timer(word: u64) -> bool {
    word != 0 && word >> 56 != Kind::Timer as u64
}

/// The same word with one more leaf, up to 255.
#[cfg(feature = "insight")]
pub(crate) fn one_more_leaf(word: u64) -> u64 {
    if leaves(word) == u8::MAX {
        word
    } else {
        word + (1 << 48)
    }
}

/// Opposite of [`pack`]; `None` for the word 0.
#[cfg(feature = "insight")]
pub(crate) fn unpack(word: u64, location: Option<&'static Location<'static>>) -> Option<Wait> {
    let kind = Kind::from_u8((word >> 56) as u8)?;
    Some(Wait {
        kind,
        value: word & VALUE_MASK,
        leaves: leaves(word),
        location,
    })
}

/// The 48 bits of a value: an address in user space fits.
#[cfg(feature = "insight")]
const VALUE_MASK: u64 = (1 << 48) - 1;
