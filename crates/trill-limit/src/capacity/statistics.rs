//! What can be told of a capacity limiter.

use crate::capacity::borrower::Borrower;

/// Tells of a [`CapacityLimiter`](crate::CapacityLimiter) at one moment.
///
/// # Examples
///
/// ```
/// use trill_limit::{Borrower, CapacityLimiter};
///
/// let limiter = CapacityLimiter::new(2);
/// let me = Borrower::new();
/// let _token = limiter.on_behalf_of(me).try_acquire()?;
/// let now = limiter.statistics();
/// assert_eq!((now.total, now.borrowed, now.waiting), (2, 1, 0));
/// assert_eq!(now.borrowers, [me]);
/// # Ok::<(), trill_limit::TryAcquireCapacityError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CapacityStatistics {
    /// How many tokens may be borrowed at a time.
    pub total: usize,
    /// How many are borrowed; more than `total` for a while after that shrank.
    pub borrowed: usize,
    /// How many futures wait for one.
    pub waiting: usize,
    /// Who has a token, in no order that means anything.
    pub borrowers: Vec<Borrower>,
}
