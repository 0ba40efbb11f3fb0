//! Why no token was given.

use std::error::Error;
use std::fmt;

use crate::capacity::borrower::Borrower;

/// The borrower has a token of the limiter, or waits for one, already: it would wait for itself.
///
/// # Examples
///
/// ```
/// use trill_limit::{Borrower, CapacityLimiter};
///
/// let limiter = CapacityLimiter::new(2);
/// let me = Borrower::new();
/// let _token = limiter.on_behalf_of(me).try_acquire()?;
/// let refused = trill_park::block_on(limiter.on_behalf_of(me).acquire()).unwrap_err();
/// assert_eq!(refused.borrower(), me);
/// # Ok::<(), trill_limit::TryAcquireCapacityError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AlreadyBorrowed {
    borrower: Borrower,
}

impl AlreadyBorrowed {
    pub(crate) fn new(borrower: Borrower) -> AlreadyBorrowed {
        AlreadyBorrowed { borrower }
    }

    /// Returns who it is.
    ///
    /// # Examples
    ///
    /// See [`AlreadyBorrowed`].
    pub fn borrower(&self) -> Borrower {
        self.borrower
    }
}

impl fmt::Display for AlreadyBorrowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "borrower {} has a token of this limiter or waits for one: \
             drop that first, or acquire on behalf of another borrower",
            self.borrower
        )
    }
}

impl Error for AlreadyBorrowed {}

/// No token could be had at once.
///
/// # Examples
///
/// ```
/// use trill_limit::{CapacityLimiter, TryAcquireCapacityError};
///
/// let closed = CapacityLimiter::new(0);
/// assert_eq!(closed.try_acquire().unwrap_err(), TryAcquireCapacityError::Full);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TryAcquireCapacityError {
    /// The borrower has one, or waits for one.
    AlreadyBorrowed(AlreadyBorrowed),
    /// All are borrowed, or others wait for the next.
    Full,
}

impl fmt::Display for TryAcquireCapacityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TryAcquireCapacityError::AlreadyBorrowed(error) => error.fmt(f),
            TryAcquireCapacityError::Full => {
                f.write_str("all tokens are borrowed or promised: wait with `acquire`")
            }
        }
    }
}

impl Error for TryAcquireCapacityError {}

impl From<AlreadyBorrowed> for TryAcquireCapacityError {
    fn from(error: AlreadyBorrowed) -> TryAcquireCapacityError {
        TryAcquireCapacityError::AlreadyBorrowed(error)
    }
}
