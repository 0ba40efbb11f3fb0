//! A token while it is borrowed.

use std::fmt;
use std::ops::Deref;

use crate::capacity::borrower::Borrower;
use crate::capacity::limiter::CapacityLimiter;

/// A borrowed token of a [`CapacityLimiter`]; dropping it gives it back.
///
/// It may be dropped by another task than the one it belongs to.
///
/// # Examples
///
/// See [`CapacityLimiter`].
#[must_use = "the token is given back when it is dropped"]
pub struct CapacityToken<L: Deref<Target = CapacityLimiter>> {
    limiter: L,
    borrower: Borrower,
}

impl<L: Deref<Target = CapacityLimiter>> CapacityToken<L> {
    /// Makes the token that the borrower has just been given.
    pub(crate) fn new(limiter: L, borrower: Borrower) -> CapacityToken<L> {
        CapacityToken { limiter, borrower }
    }

    /// Returns whom it belongs to.
    ///
    /// # Examples
    ///
    /// See [`CapacityLimiter::on_behalf_of`].
    pub fn borrower(&self) -> Borrower {
        self.borrower
    }
}

impl<L: Deref<Target = CapacityLimiter>> Drop for CapacityToken<L> {
    fn drop(&mut self) {
        self.limiter
            .change(|queue, woken| queue.give_back(self.borrower, woken));
    }
}

impl<L: Deref<Target = CapacityLimiter>> fmt::Debug for CapacityToken<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CapacityToken")
            .field("borrower", &self.borrower)
            .finish_non_exhaustive()
    }
}
