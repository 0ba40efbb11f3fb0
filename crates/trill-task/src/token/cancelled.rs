//! Why something was cancelled.

use std::error::Error;
use std::fmt;
use std::panic::Location;
use std::sync::Arc;

/// Says that work was asked to end: why, and where in the program the request was made.
///
/// It is not an [`Error`] on purpose: `?` must not turn a request to end into one failure among others. A function that
/// can be cancelled says so in its type, or ends with [`Cancelled::into_error`].
///
/// # Examples
///
/// ```
/// use trill_task::CancelToken;
///
/// let token = CancelToken::new();
/// token.cancel("the user left");
/// let cancelled = token.check().unwrap_err();
/// assert_eq!(cancelled.reason(), "the user left");
/// assert_eq!(cancelled.origin().file(), file!());
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Cancelled(Arc<Cause>);

#[derive(PartialEq, Eq)]
struct Cause {
    reason: Box<str>,
    origin: &'static Location<'static>,
}

impl Cancelled {
    /// Makes one, for code that has its own way to be cancelled and tells others of it.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_task::{CancelToken, Cancelled};
    ///
    /// let token = CancelToken::new();
    /// let cancelled = Cancelled::new("shutting down");
    /// token.cancel_as(&cancelled);
    /// assert_eq!(token.check(), Err(cancelled));
    /// ```
    #[track_caller]
    pub fn new(reason: impl Into<Box<str>>) -> Cancelled {
        Cancelled::at(reason, Location::caller())
    }

    pub(crate) fn at(reason: impl Into<Box<str>>, origin: &'static Location<'static>) -> Cancelled {
        let reason = reason.into();
        Cancelled(Arc::new(Cause { reason, origin }))
    }

    /// Returns the reason that was given.
    ///
    /// # Examples
    ///
    /// See [`Cancelled`].
    pub fn reason(&self) -> &str {
        &self.0.reason
    }

    /// Returns where in the program the request was made.
    ///
    /// # Examples
    ///
    /// See [`Cancelled`].
    pub fn origin(&self) -> &'static Location<'static> {
        self.0.origin
    }

    /// Makes this an [`Error`], where a cancelled operation is one failure among others.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::error::Error;
    /// use trill_task::{CancelToken, Cancelled};
    ///
    /// fn step(token: &CancelToken) -> Result<(), Box<dyn Error>> {
    ///     token.check().map_err(Cancelled::into_error)?;
    ///     Ok(())
    /// }
    ///
    /// let token = CancelToken::new();
    /// token.cancel("too late");
    /// assert!(step(&token).unwrap_err().to_string().starts_with("cancelled: too late"));
    /// ```
    pub fn into_error(self) -> CancelledError {
        CancelledError(self)
    }
}

impl fmt::Display for Cancelled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cancelled: {} (at {})", self.reason(), self.origin())
    }
}

impl fmt::Debug for Cancelled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cancelled")
            .field("reason", &self.reason())
            .field("origin", &format_args!("{}", self.origin()))
            .finish()
    }
}

/// A [`Cancelled`] that became an error; made by [`Cancelled::into_error`].
///
/// # Examples
///
/// See [`Cancelled::into_error`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CancelledError(Cancelled);

impl CancelledError {
    /// Returns what it was made of.
    ///
    /// # Examples
    ///
    /// ```
    /// let cancelled = trill_task::Cancelled::new("too late");
    /// assert_eq!(cancelled.clone().into_error().cancelled(), &cancelled);
    /// ```
    pub fn cancelled(&self) -> &Cancelled {
        &self.0
    }
}

impl fmt::Display for CancelledError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Error for CancelledError {}
