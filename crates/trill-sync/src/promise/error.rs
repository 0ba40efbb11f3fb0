//! Why there is no value.

use std::error::Error;
use std::fmt;

/// Says why a promise did not end with a value.
///
/// # Examples
///
/// ```
/// use trill_sync::promise::{PromiseError, promise};
///
/// let (promise, promised) = promise::<i32, String>();
/// promise.fail("the disk is full".into()).unwrap();
/// let error = promised.wait_blocking().unwrap_err();
/// assert_eq!(error, PromiseError::Failed("the disk is full".into()));
/// assert_eq!(error.to_string(), "the disk is full");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
// Exhaustive: with a value, these are all ways in which a promise ends.
pub enum PromiseError<E> {
    /// It failed with this error.
    Failed(E),
    /// It was cancelled, by either side.
    Cancelled,
    /// It was dropped without an outcome.
    Abandoned,
}

impl<E> PromiseError<E> {
    /// Returns the error with which the promise failed, if it did.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_sync::promise::PromiseError;
    ///
    /// assert_eq!(PromiseError::Failed(7).into_failure(), Some(7));
    /// assert_eq!(PromiseError::<i32>::Cancelled.into_failure(), None);
    /// ```
    pub fn into_failure(self) -> Option<E> {
        match self {
            PromiseError::Failed(error) => Some(error),
            PromiseError::Cancelled | PromiseError::Abandoned => None,
        }
    }
}

impl<E: fmt::Display> fmt::Display for PromiseError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PromiseError::Failed(error) => error.fmt(f),
            PromiseError::Cancelled => f.write_str("the promise was cancelled"),
            PromiseError::Abandoned => f.write_str("the promise was dropped without an outcome"),
        }
    }
}

impl<E: Error + 'static> Error for PromiseError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            // `Display` shows the error itself, so that its own source comes next.
            PromiseError::Failed(error) => error.source(),
            PromiseError::Cancelled | PromiseError::Abandoned => None,
        }
    }
}

/// Gives back what came too late: the promise had been cancelled.
///
/// # Examples
///
/// ```
/// use trill_sync::promise::{TooLate, promise};
///
/// let (promise, promised) = promise::<i32, ()>();
/// promised.cancel();
/// assert_eq!(promise.complete(7), Err(TooLate(7)));
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TooLate<T>(pub T);

impl<T> TooLate<T> {
    /// Unwraps what came too late.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(trill_sync::promise::TooLate(7).into_inner(), 7);
    /// ```
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> fmt::Debug for TooLate<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TooLate(..)")
    }
}

impl<T> fmt::Display for TooLate<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the promise had been cancelled before")
    }
}

impl<T> Error for TooLate<T> {}

/// Tells how a promise ended, without its value or error.
///
/// # Examples
///
/// See [`Promised::on_done`](super::Promised::on_done).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
// Exhaustive, as `PromiseError`.
pub enum Ending {
    /// With a value.
    Completed,
    /// With an error.
    Failed,
    /// It was cancelled, by either side.
    Cancelled,
    /// It was dropped without an outcome.
    Abandoned,
}

impl Ending {
    /// Finds the ending that belongs to an outcome.
    pub(super) fn of<T, E>(outcome: &Result<T, PromiseError<E>>) -> Ending {
        match outcome {
            Ok(_) => Ending::Completed,
            Err(PromiseError::Failed(_)) => Ending::Failed,
            Err(PromiseError::Cancelled) => Ending::Cancelled,
            Err(PromiseError::Abandoned) => Ending::Abandoned,
        }
    }
}
