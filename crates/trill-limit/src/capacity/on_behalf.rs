//! Borrowing for somebody else.

use crate::capacity::acquire::AcquireCapacity;
use crate::capacity::borrower::Borrower;
use crate::capacity::error::{AlreadyBorrowed, TryAcquireCapacityError};
use crate::capacity::limiter::CapacityLimiter;
use crate::capacity::token::CapacityToken;

/// A limiter, as one borrower sees it; made by [`CapacityLimiter::on_behalf_of`].
///
/// # Examples
///
/// See [`CapacityLimiter::on_behalf_of`].
#[derive(Clone, Copy, Debug)]
#[must_use = "it borrows nothing until `acquire` or `try_acquire` is called"]
pub struct OnBehalfOf<'a> {
    limiter: &'a CapacityLimiter,
    borrower: Borrower,
}

impl<'a> OnBehalfOf<'a> {
    pub(crate) fn new(limiter: &'a CapacityLimiter, borrower: Borrower) -> OnBehalfOf<'a> {
        OnBehalfOf { limiter, borrower }
    }

    /// Borrows a token, waiting for its turn.
    ///
    /// # Errors
    ///
    /// [`AlreadyBorrowed`] if the borrower has a token, or waits for one.
    ///
    /// # Cancel safety
    ///
    /// As [`CapacityLimiter::acquire`].
    ///
    /// # Examples
    ///
    /// See [`CapacityLimiter::on_behalf_of`].
    pub fn acquire(self) -> AcquireCapacity<&'a CapacityLimiter> {
        AcquireCapacity::new(self.limiter, Some(self.borrower))
    }

    /// Borrows a token, blocking the thread until its turn.
    ///
    /// # Errors
    ///
    /// As [`acquire`](OnBehalfOf::acquire).
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_limit::{Borrower, CapacityLimiter};
    ///
    /// let limiter = CapacityLimiter::new(1);
    /// let token = limiter.on_behalf_of(Borrower::new()).acquire_blocking()?;
    /// # drop(token);
    /// # Ok::<(), trill_limit::AlreadyBorrowed>(())
    /// ```
    pub fn acquire_blocking(self) -> Result<CapacityToken<&'a CapacityLimiter>, AlreadyBorrowed> {
        trill_park::block_on(self.acquire())
    }

    /// Borrows a token if there is one and nobody waits.
    ///
    /// # Errors
    ///
    /// [`TryAcquireCapacityError`] says why not.
    ///
    /// # Examples
    ///
    /// See [`AlreadyBorrowed`].
    pub fn try_acquire(
        self,
    ) -> Result<CapacityToken<&'a CapacityLimiter>, TryAcquireCapacityError> {
        self.limiter.queue().try_take(self.borrower)?;
        Ok(CapacityToken::new(self.limiter, self.borrower))
    }
}
