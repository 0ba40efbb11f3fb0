//! Why nothing was received.

use std::error::Error;
use std::fmt;

/// Says that a receiver was too slow and how many messages it missed.
///
/// # Examples
///
/// ```
/// use trill_sync::channel::broadcast::Lagged;
///
/// assert_eq!(Lagged(3).to_string(), "the receiver was too slow and missed 3 messages");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lagged(pub u64);

impl fmt::Display for Lagged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the receiver was too slow and missed {} messages",
            self.0
        )
    }
}

impl Error for Lagged {}

/// Says why no message was received.
///
/// # Examples
///
/// ```
/// use trill_sync::channel::broadcast::{RecvError, channel};
///
/// # trill_park::block_on(async {
/// let (sender, mut receiver) = channel(1);
/// sender.send(1).unwrap();
/// sender.send(2).unwrap();
/// drop(sender);
/// assert_eq!(receiver.recv().await, Err(RecvError::Lagged(1)));
/// assert_eq!(receiver.recv().await, Ok(2));
/// assert_eq!(receiver.recv().await, Err(RecvError::Closed));
/// # });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RecvError {
    /// So many messages were missed; the next call returns the oldest that is left.
    Lagged(u64),
    /// All messages were received and all senders are gone.
    Closed,
}

impl fmt::Display for RecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RecvError::Lagged(missed) => Lagged(*missed).fmt(f),
            RecvError::Closed => f.write_str("nothing to receive: all senders are gone"),
        }
    }
}

impl Error for RecvError {}

/// Says why no message could be received without waiting.
///
/// # Examples
///
/// ```
/// use trill_sync::channel::broadcast::{TryRecvError, channel};
///
/// let (sender, mut receiver) = channel::<i32>(1);
/// assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
/// drop(sender);
/// assert_eq!(receiver.try_recv(), Err(TryRecvError::Closed));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TryRecvError {
    /// All messages were received, but another may come.
    Empty,
    /// So many messages were missed; the next call returns the oldest that is left.
    Lagged(u64),
    /// All messages were received and all senders are gone.
    Closed,
}

impl fmt::Display for TryRecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TryRecvError::Empty => f.write_str("nothing to receive yet"),
            TryRecvError::Lagged(missed) => Lagged(*missed).fmt(f),
            TryRecvError::Closed => f.write_str("nothing to receive: all senders are gone"),
        }
    }
}

impl Error for TryRecvError {}
