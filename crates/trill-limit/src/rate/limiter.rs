//! The limiter of how many do something in a period.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::rate::acquire::AcquireRate;
use crate::rate::error::{BurstExceeded, TryAcquireRateError};
use crate::rate::gcra::Gcra;
use crate::rate::line::{Line, duration};

/// Limits how much is done in a period: so many permits, evenly spaced, and up to a burst of them at once.
///
/// In a window of time `w` there are never more than `burst + permits × w ÷ period` permits, wherever the window begins. With
/// a burst of 1, which is the default, a window of one period that does not include its end has at most `permits`.
///
/// Permits go strictly to those who came first, and one that asks for many holds up those behind it. A permit is used up
/// when it is given: there is nothing to give back. A waiter that leaves has used nothing.
///
/// The first in line is the only one that watches the clock, so one that nobody polls holds up those behind it until it is
/// dropped. The clock is the one of the world in which the limiter is used first.
///
/// With a burst of 1 each permit is at least its spacing after the one before, so what a busy machine loses by waking late is
/// lost. A burst of a few lets it catch up.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use trill_limit::RateLimiter;
/// use trill_world::VirtualWorld;
///
/// static REQUESTS: RateLimiter = RateLimiter::new(10, Duration::from_secs(1)).burst(2);
///
/// let world = VirtualWorld::new(1);
/// world.run(|| trill_park::block_on(async {
///     for _ in 0..5 {
///         REQUESTS.acquire(1).await?;
///     }
///     // Two at once, then one each 100 ms.
///     assert_eq!(world.elapsed(), Duration::from_millis(300));
///     Ok::<(), trill_limit::BurstExceeded>(())
/// }))?;
/// # Ok::<(), trill_limit::BurstExceeded>(())
/// ```
pub struct RateLimiter {
    line: Mutex<Line>,
    permits: u32,
    period: Duration,
    burst: u32,
}

impl RateLimiter {
    /// Allows `permits` in each `period`, one at a time; see [`burst`](RateLimiter::burst).
    ///
    /// # Panics
    ///
    /// If `permits` is zero, which would let nobody in for ever, or `period` is, which would be no limit.
    ///
    /// # Examples
    ///
    /// See [`RateLimiter`].
    #[track_caller]
    pub const fn new(permits: u32, period: Duration) -> RateLimiter {
        assert!(
            permits > 0,
            "a rate limiter needs at least one permit in a period"
        );
        assert!(
            !period.is_zero(),
            "a rate limiter needs a period longer than zero"
        );
        RateLimiter::build(permits, period, 1)
    }

    /// Allows up to `burst` permits at once after a rest, and in one request.
    ///
    /// # Panics
    ///
    /// If `burst` is zero, which would let nobody in for ever.
    ///
    /// # Examples
    ///
    /// See [`RateLimiter`].
    #[track_caller]
    pub const fn burst(self, burst: u32) -> RateLimiter {
        assert!(
            burst > 0,
            "a rate limiter needs a burst of at least one permit"
        );
        let limiter = RateLimiter::build(self.permits, self.period, burst);
        // It is fresh and owns no memory, and what has a destructor cannot be dropped in a constant.
        std::mem::forget(self);
        limiter
    }

    const fn build(permits: u32, period: Duration, burst: u32) -> RateLimiter {
        RateLimiter {
            line: Mutex::new(Line::new(Gcra::new(permits, period, burst))),
            permits,
            period,
            burst,
        }
    }

    /// Takes `count` permits, waiting until the rate allows it and everybody who came before has theirs.
    ///
    /// # Errors
    ///
    /// [`BurstExceeded`] in the first poll if `count` is more than the burst: so many could never be had.
    ///
    /// # Panics
    ///
    /// In a simulated world, if it is polled outside a `block_on` of that world.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: dropping the future gives up its place, and those behind it move up. Permits are taken only in the poll
    /// that returns.
    ///
    /// # Examples
    ///
    /// See [`RateLimiter`].
    pub fn acquire(&self, count: u32) -> AcquireRate<'_> {
        AcquireRate::new(self, count)
    }

    /// Takes `count` permits, blocking the thread until the rate allows it.
    ///
    /// # Errors
    ///
    /// As [`acquire`](RateLimiter::acquire).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let limiter = trill_limit::RateLimiter::new(1000, Duration::from_secs(1));
    /// limiter.acquire_blocking(1)?;
    /// limiter.acquire_blocking(1)?;
    /// # Ok::<(), trill_limit::BurstExceeded>(())
    /// ```
    pub fn acquire_blocking(&self, count: u32) -> Result<(), BurstExceeded> {
        trill_park::block_on(self.acquire(count))
    }

    /// Takes `count` permits if the rate allows it now and nobody waits.
    ///
    /// # Errors
    ///
    /// [`TryAcquireRateError`] says why not, and when it would be worth another try.
    ///
    /// # Examples
    ///
    /// See [`TryAcquireRateError`].
    pub fn try_acquire(&self, count: u32) -> Result<(), TryAcquireRateError> {
        self.check(count)?;
        let now = trill_world::now();
        let taken = self.line().try_take(now, count);
        taken.map_err(|nanos| TryAcquireRateError::TooSoon {
            retry_after: duration(nanos),
        })
    }

    /// Returns how many permits there are in a [`period`](RateLimiter::period).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let limiter = trill_limit::RateLimiter::new(10, Duration::from_secs(1)).burst(3);
    /// assert_eq!(limiter.permits(), 10);
    /// assert_eq!(limiter.period(), Duration::from_secs(1));
    /// assert_eq!(limiter.burst_max(), 3);
    /// assert_eq!(limiter.waiting(), 0);
    /// ```
    pub const fn permits(&self) -> u32 {
        self.permits
    }

    /// Returns how long the period is.
    ///
    /// # Examples
    ///
    /// See [`permits`](RateLimiter::permits).
    pub const fn period(&self) -> Duration {
        self.period
    }

    /// Returns how many permits there may be at once.
    ///
    /// # Examples
    ///
    /// See [`permits`](RateLimiter::permits).
    pub const fn burst_max(&self) -> u32 {
        self.burst
    }

    /// Returns how many futures stand in line.
    ///
    /// # Examples
    ///
    /// See [`permits`](RateLimiter::permits).
    pub fn waiting(&self) -> usize {
        self.line().waiting()
    }

    /// Refuses what could never be had.
    pub(crate) fn check(&self, count: u32) -> Result<(), BurstExceeded> {
        match count <= self.burst {
            true => Ok(()),
            false => Err(BurstExceeded::new(count, self.burst)),
        }
    }

    /// Locks. Nothing panics inside that would leave the line half changed.
    pub(crate) fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for RateLimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateLimiter")
            .field("permits", &self.permits)
            .field("period", &self.period)
            .field("burst", &self.burst)
            .field("waiting", &self.waiting())
            .finish()
    }
}
