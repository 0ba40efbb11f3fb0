//! Waiting for a point in time.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use crate::alarm::Alarm;

/// Waits until a point in time; see [`sleep`] and [`sleep_until`].
///
/// It is `Send`, `Sync` and `Unpin`, can be reset in place, and may be polled by one task after another: the last that
/// polled it is woken. Once it is ready it stays ready until it is reset.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use trill_timer::Sleep;
///
/// let sleep: Sleep = trill_timer::sleep(Duration::from_millis(1));
/// trill_park::block_on(sleep);
/// ```
#[must_use = "futures do nothing unless awaited"]
pub struct Sleep {
    alarm: Alarm,
}

/// Waits for `delay` from now.
///
/// Never ends if `delay` is longer than an [`Instant`] can hold, as `Duration::MAX` is. A `delay` of zero is ready in
/// its first poll.
///
/// # Panics
///
/// In a simulated world, if it is polled outside a `block_on` of that world.
///
/// # Cancel safety
///
/// Cancel safe: dropping the future only takes the timer out of its wheel.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use trill_timer::sleep;
///
/// trill_park::block_on(async {
///     sleep(Duration::from_millis(1)).await;
/// });
/// ```
pub fn sleep(delay: Duration) -> Sleep {
    Sleep {
        alarm: Alarm::after(delay),
    }
}

/// Waits until `deadline`; ready in its first poll if that has passed.
///
/// # Panics
///
/// In a simulated world, if it is polled outside a `block_on` of that world.
///
/// # Cancel safety
///
/// Cancel safe: dropping the future only takes the timer out of its wheel.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use trill_timer::sleep_until;
///
/// let deadline = trill_world::now() + Duration::from_millis(1);
/// trill_park::block_on(sleep_until(deadline));
/// assert!(trill_world::now() >= deadline);
/// ```
pub fn sleep_until(deadline: Instant) -> Sleep {
    Sleep {
        alarm: Alarm::at(Some(deadline)),
    }
}

impl Sleep {
    /// Returns when it ends, or `None` if never.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use trill_timer::sleep;
    ///
    /// assert!(sleep(Duration::from_secs(1)).deadline().is_some());
    /// assert!(sleep(Duration::MAX).deadline().is_none());
    /// ```
    #[inline]
    pub fn deadline(&self) -> Option<Instant> {
        self.alarm.deadline()
    }

    /// Moves the end to `deadline`, earlier or later, in place.
    ///
    /// A task that waits for it need not poll it again: it is woken at the new deadline.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use trill_timer::sleep;
    ///
    /// let mut sleep = sleep(Duration::from_secs(3600));
    /// sleep.reset(trill_world::now());
    /// trill_park::block_on(sleep);
    /// ```
    pub fn reset(&mut self, deadline: Instant) {
        self.alarm.set(Some(deadline));
    }

    /// Says whether the deadline has passed, by the clock.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use trill_timer::sleep;
    ///
    /// assert!(sleep(Duration::ZERO).is_elapsed());
    /// assert!(!sleep(Duration::from_secs(3600)).is_elapsed());
    /// ```
    pub fn is_elapsed(&self) -> bool {
        self.deadline()
            .is_some_and(|deadline| trill_world::now() >= deadline)
    }
}

impl Future for Sleep {
    type Output = ();

    #[inline]
    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        ready!(self.alarm.poll(cx.waker()));
        ready!(trill_cell::proceed(cx));
        Poll::Ready(())
    }
}

impl fmt::Debug for Sleep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Sleep").field(&self.alarm).finish()
    }
}
