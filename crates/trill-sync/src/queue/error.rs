//! What can go wrong with a queue.

use std::error::Error;
use std::fmt;

/// Says that nothing more will come out: the queue was shut down and is empty.
///
/// # Examples
///
/// ```
/// use trill_sync::queue::{Closed, Queue, Shutdown};
///
/// let queue = Queue::<u8>::unbounded();
/// queue.shutdown(Shutdown::Graceful);
/// assert_eq!(queue.get_blocking(), Err(Closed));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closed;

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nothing to get: the queue was shut down and is empty")
    }
}

impl Error for Closed {}

/// Gives the item back that was not put, because the queue was shut down.
///
/// # Examples
///
/// ```
/// use trill_sync::queue::{PutError, Queue, Shutdown};
///
/// let queue = Queue::unbounded();
/// queue.shutdown(Shutdown::Graceful);
/// assert_eq!(queue.put_blocking(7), Err(PutError(7)));
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PutError<T>(pub T);

impl<T> PutError<T> {
    /// Unwraps the item.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(trill_sync::queue::PutError(7).into_inner(), 7);
    /// ```
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> fmt::Debug for PutError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PutError(..)")
    }
}

impl<T> fmt::Display for PutError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the item was not put: the queue was shut down")
    }
}

impl<T> Error for PutError<T> {}

/// Says why an item could not be put without waiting, and gives it back.
///
/// # Examples
///
/// ```
/// use trill_sync::queue::{Queue, TryPutError};
///
/// let queue = Queue::bounded(1);
/// assert_eq!(queue.try_put(1), Ok(()));
/// assert_eq!(queue.try_put(2), Err(TryPutError::Full(2)));
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TryPutError<T> {
    /// The queue is full, or its last places are for those who wait.
    Full(T),
    /// The queue was shut down.
    Closed(T),
}

impl<T> TryPutError<T> {
    /// Unwraps the item.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(trill_sync::queue::TryPutError::Full(7).into_inner(), 7);
    /// ```
    pub fn into_inner(self) -> T {
        match self {
            TryPutError::Full(item) | TryPutError::Closed(item) => item,
        }
    }
}

impl<T> fmt::Debug for TryPutError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TryPutError::Full(_) => "Full(..)",
            TryPutError::Closed(_) => "Closed(..)",
        })
    }
}

impl<T> fmt::Display for TryPutError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TryPutError::Full(_) => "the item was not put: the queue is full",
            TryPutError::Closed(_) => "the item was not put: the queue was shut down",
        })
    }
}

impl<T> Error for TryPutError<T> {}

/// Says why no item could be taken without waiting.
///
/// # Examples
///
/// ```
/// use trill_sync::queue::{Queue, Shutdown, TryGetError};
///
/// let queue = Queue::<u8>::unbounded();
/// assert_eq!(queue.try_get(), Err(TryGetError::Empty));
/// queue.shutdown(Shutdown::Graceful);
/// assert_eq!(queue.try_get(), Err(TryGetError::Closed));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
// Exhaustive: programs match both variants, and there is no third reason.
pub enum TryGetError {
    /// The queue is empty, or its items are for those who wait.
    Empty,
    /// The queue was shut down and is empty.
    Closed,
}

impl fmt::Display for TryGetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TryGetError::Empty => "nothing to get: the queue is empty",
            TryGetError::Closed => "nothing to get: the queue was shut down and is empty",
        })
    }
}

impl Error for TryGetError {}

/// Says that more items were marked as done than were taken out.
///
/// # Examples
///
/// ```
/// use trill_sync::queue::{Queue, TooManyDone};
///
/// assert_eq!(Queue::<u8>::unbounded().task_done(), Err(TooManyDone));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooManyDone;

impl fmt::Display for TooManyDone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "no item is in anybody's hands: call task_done once for each item that was taken out",
        )
    }
}

impl Error for TooManyDone {}
