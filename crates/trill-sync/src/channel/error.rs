//! Why a message could not be sent or received.

use std::error::Error;
use std::fmt;

/// Says that a message was not sent, because the channel is closed; holds the message.
///
/// # Examples
///
/// ```
/// use trill_sync::channel::{SendError, unbounded};
///
/// let (sender, receiver) = unbounded();
/// drop(receiver);
/// assert_eq!(sender.send_blocking(7), Err(SendError(7)));
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SendError<T>(pub T);

impl<T> SendError<T> {
    /// Gives the message back.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(trill_sync::channel::SendError(7).into_inner(), 7);
    /// ```
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> fmt::Debug for SendError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SendError(..)")
    }
}

impl<T> fmt::Display for SendError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the message was not sent: the channel is closed")
    }
}

impl<T> Error for SendError<T> {}

/// Says why a message could not be sent without waiting; holds the message.
///
/// # Examples
///
/// ```
/// use trill_sync::channel::{TrySendError, bounded};
///
/// let (sender, receiver) = bounded(1);
/// sender.try_send(1).unwrap();
/// assert_eq!(sender.try_send(2), Err(TrySendError::Full(2)));
/// drop(receiver);
/// assert_eq!(sender.try_send(3), Err(TrySendError::Closed(3)));
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
// Exhaustive: programs match both variants, and there is no third reason.
pub enum TrySendError<T> {
    /// The channel is full, or permits hold its last places.
    Full(T),
    /// The channel is closed.
    Closed(T),
}

impl<T> TrySendError<T> {
    /// Gives the message back.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(trill_sync::channel::TrySendError::Full(7).into_inner(), 7);
    /// ```
    pub fn into_inner(self) -> T {
        match self {
            TrySendError::Full(message) | TrySendError::Closed(message) => message,
        }
    }

    /// Returns whether the channel is full.
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(trill_sync::channel::TrySendError::Full(7).is_full());
    /// ```
    pub fn is_full(&self) -> bool {
        matches!(self, TrySendError::Full(_))
    }

    /// Returns whether the channel is closed.
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(trill_sync::channel::TrySendError::Closed(7).is_closed());
    /// ```
    pub fn is_closed(&self) -> bool {
        matches!(self, TrySendError::Closed(_))
    }
}

impl<T> fmt::Debug for TrySendError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TrySendError::Full(_) => "Full(..)",
            TrySendError::Closed(_) => "Closed(..)",
        })
    }
}

impl<T> fmt::Display for TrySendError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TrySendError::Full(_) => "the message was not sent: the channel is full",
            TrySendError::Closed(_) => "the message was not sent: the channel is closed",
        })
    }
}

impl<T> Error for TrySendError<T> {}

/// Says that no place could be reserved without waiting.
///
/// # Examples
///
/// ```
/// use trill_sync::channel::{TryReserveError, bounded};
///
/// let (sender, _receiver) = bounded::<i32>(1);
/// let _permit = sender.try_reserve().unwrap();
/// assert_eq!(sender.try_reserve().unwrap_err(), TryReserveError::Full);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TryReserveError {
    /// The channel is full, or other permits hold its last places.
    Full,
    /// The channel is closed.
    Closed,
}

impl fmt::Display for TryReserveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TryReserveError::Full => "no place was reserved: the channel is full",
            TryReserveError::Closed => "no place was reserved: the channel is closed",
        })
    }
}

impl Error for TryReserveError {}

/// Says that there is no message and will be none: the channel is empty and closed.
///
/// # Examples
///
/// ```
/// use trill_sync::channel::{RecvError, unbounded};
///
/// let (sender, receiver) = unbounded::<i32>();
/// drop(sender);
/// assert_eq!(receiver.recv_blocking(), Err(RecvError));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecvError;

impl fmt::Display for RecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nothing to receive: the channel is empty and closed")
    }
}

impl Error for RecvError {}

/// Says why no message could be received without waiting.
///
/// # Examples
///
/// ```
/// use trill_sync::channel::{TryRecvError, unbounded};
///
/// let (sender, receiver) = unbounded::<i32>();
/// assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
/// drop(sender);
/// assert_eq!(receiver.try_recv(), Err(TryRecvError::Closed));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
// Exhaustive: programs match both variants, and there is no third reason.
pub enum TryRecvError {
    /// The channel is empty, but a message may still come.
    Empty,
    /// The channel is empty and closed.
    Closed,
}

impl TryRecvError {
    /// Returns whether a message may still come.
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(trill_sync::channel::TryRecvError::Empty.is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        matches!(self, TryRecvError::Empty)
    }

    /// Returns whether no message can come any more.
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(trill_sync::channel::TryRecvError::Closed.is_closed());
    /// ```
    pub fn is_closed(&self) -> bool {
        matches!(self, TryRecvError::Closed)
    }
}

impl fmt::Display for TryRecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TryRecvError::Empty => "nothing to receive: the channel is empty",
            TryRecvError::Closed => "nothing to receive: the channel is empty and closed",
        })
    }
}

impl Error for TryRecvError {}
