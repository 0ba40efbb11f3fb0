//! Why there was no further attempt.

use std::error::Error;
use std::fmt;

/// Why a [`Retry`](crate::Retry) gave up.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use trill_limit::{GaveUp, Retry};
///
/// let retry = Retry::new(Duration::from_millis(1));
/// let failed = retry.run(async || Err::<(), _>("forbidden")).retry_if(|error| *error == "busy");
/// assert_eq!(trill_park::block_on(failed).unwrap_err().gave_up(), GaveUp::NotWorthIt);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum GaveUp {
    /// There were as many attempts as allowed.
    Attempts,
    /// The time for all of them together is over, or would be before the next could begin.
    Time,
    /// `retry_if` said that another attempt would not help.
    NotWorthIt,
    /// The delay that `retry_after` named is longer than the longest that is honoured.
    RetryAfter,
}

impl fmt::Display for GaveUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            GaveUp::Attempts => "no attempt is left",
            GaveUp::Time => "no time is left",
            GaveUp::NotWorthIt => "another attempt would not help",
            GaveUp::RetryAfter => "the other side asks to wait for too long",
        })
    }
}

/// All attempts failed: the last error, how many there were, and why there is no other.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use trill_limit::{GaveUp, Retry};
/// use trill_world::VirtualWorld;
///
/// let failed = VirtualWorld::new(1).run(|| {
///     let retry = Retry::new(Duration::from_millis(100)).attempts_max(3);
///     trill_park::block_on(retry.run(async || Err::<(), _>("busy")))
/// });
/// let error = failed.unwrap_err();
/// assert_eq!(error.to_string(), "failed after 3 attempts, no attempt is left: busy");
/// assert_eq!((error.attempts(), error.gave_up()), (3, GaveUp::Attempts));
/// assert_eq!(error.into_last(), Some("busy"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetryError<E> {
    pub(crate) attempts: u32,
    pub(crate) gave_up: GaveUp,
    pub(crate) is_timed_out: bool,
    pub(crate) last: Option<E>,
}

impl<E> RetryError<E> {
    /// Returns how many attempts were begun.
    ///
    /// # Examples
    ///
    /// See [`RetryError`].
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// Returns why there was no further attempt.
    ///
    /// # Examples
    ///
    /// See [`RetryError`].
    pub fn gave_up(&self) -> GaveUp {
        self.gave_up
    }

    /// Says whether the last attempt ran out of time instead of returning an error.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::future::pending;
    /// use std::time::Duration;
    /// use trill_limit::Retry;
    ///
    /// let retry = Retry::new(Duration::ZERO).attempts_max(2).attempt_timeout(Duration::from_millis(1));
    /// let error = trill_park::block_on(retry.run(pending::<Result<(), ()>>)).unwrap_err();
    /// assert!(error.is_timed_out() && error.last().is_none());
    /// ```
    pub fn is_timed_out(&self) -> bool {
        self.is_timed_out
    }

    /// Returns the last error that an attempt returned; none if all ran out of time.
    ///
    /// # Examples
    ///
    /// See [`is_timed_out`](RetryError::is_timed_out).
    pub fn last(&self) -> Option<&E> {
        self.last.as_ref()
    }

    /// Takes the last error that an attempt returned.
    ///
    /// # Examples
    ///
    /// See [`RetryError`].
    pub fn into_last(self) -> Option<E> {
        self.last
    }
}

impl<E: fmt::Display> fmt::Display for RetryError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.attempts == 1 { "" } else { "s" };
        write!(
            f,
            "failed after {} attempt{plural}, {}",
            self.attempts, self.gave_up
        )?;
        if self.is_timed_out {
            f.write_str(": the last attempt ran out of time")?;
        }
        match &self.last {
            Some(error) if self.is_timed_out => write!(f, ", one before it failed: {error}"),
            Some(error) => write!(f, ": {error}"),
            None => Ok(()),
        }
    }
}

impl<E: Error + 'static> Error for RetryError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.last.as_ref().map(|error| error as _)
    }
}
