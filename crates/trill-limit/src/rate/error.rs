//! Why no permit was given.

use std::error::Error;
use std::fmt;
use std::time::Duration;

/// More permits were asked for at once than the burst holds, so they could never be had.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use trill_limit::RateLimiter;
///
/// let limiter = RateLimiter::new(100, Duration::from_secs(1)).burst(5);
/// let refused = trill_park::block_on(limiter.acquire(6)).unwrap_err();
/// assert_eq!((refused.asked(), refused.burst()), (6, 5));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BurstExceeded {
    asked: u32,
    burst: u32,
}

impl BurstExceeded {
    pub(crate) fn new(asked: u32, burst: u32) -> BurstExceeded {
        BurstExceeded { asked, burst }
    }

    /// Returns how many permits were asked for.
    ///
    /// # Examples
    ///
    /// See [`BurstExceeded`].
    pub fn asked(&self) -> u32 {
        self.asked
    }

    /// Returns how many there may be at once.
    ///
    /// # Examples
    ///
    /// See [`BurstExceeded`].
    pub fn burst(&self) -> u32 {
        self.burst
    }
}

impl fmt::Display for BurstExceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} permits were asked for at once, and the burst is {}: \
             acquire at most that many at a time, or make the limiter with `burst({})`",
            self.asked, self.burst, self.asked
        )
    }
}

impl Error for BurstExceeded {}

/// The permits could not be had at once.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use trill_limit::{RateLimiter, TryAcquireRateError};
/// use trill_world::VirtualWorld;
///
/// VirtualWorld::new(1).run(|| {
///     let limiter = RateLimiter::new(10, Duration::from_secs(1));
///     assert_eq!(limiter.try_acquire(1), Ok(()));
///     let tenth = Duration::from_millis(100);
///     assert_eq!(limiter.try_acquire(1), Err(TryAcquireRateError::TooSoon { retry_after: tenth }));
/// });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TryAcquireRateError {
    /// They can never be had at once.
    BurstExceeded(BurstExceeded),
    /// They cannot be had yet.
    TooSoon {
        /// When they could be had, if those who wait now get theirs before and nobody else comes.
        retry_after: Duration,
    },
}

impl fmt::Display for TryAcquireRateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TryAcquireRateError::BurstExceeded(error) => error.fmt(f),
            TryAcquireRateError::TooSoon { retry_after } => {
                write!(
                    f,
                    "the rate is used up: try again in {retry_after:?}, or wait with `acquire`"
                )
            }
        }
    }
}

impl Error for TryAcquireRateError {}

impl From<BurstExceeded> for TryAcquireRateError {
    fn from(error: BurstExceeded) -> TryAcquireRateError {
        TryAcquireRateError::BurstExceeded(error)
    }
}
