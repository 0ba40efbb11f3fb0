//! A timer that is both a future and a stream.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use futures_core::Stream;

use crate::alarm::Alarm;

/// A future that yields the instant for which it was set, and a stream that yields one for each period.
///
/// A timer can be set anew at any time. A task that waits for it is then woken by the new setting: the last task that
/// polled the timer, also if the timer would never have fired before.
///
/// A timer that fires once stays pending when it is polled after that, until it is set again.
///
/// # Cancel safety
///
/// Cancel safe: dropping the timer only takes it out of its wheel. As a stream it keeps its schedule when a wait for
/// the next item is dropped.
///
/// # Panics
///
/// In a simulated world, if it is polled outside a `block_on` of that world.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use trill_timer::Timer;
///
/// trill_park::block_on(async {
///     let set_for = trill_world::now() + Duration::from_millis(1);
///     assert_eq!(Timer::at(set_for).await, set_for);
/// });
/// ```
///
/// As a stream:
///
/// ```
/// use futures_lite::StreamExt;
/// use std::time::Duration;
/// use trill_timer::Timer;
///
/// trill_park::block_on(async {
///     let period = Duration::from_millis(1);
///     let mut timer = Timer::interval(period);
///     let first = timer.next().await.unwrap();
///     assert_eq!(timer.next().await, Some(first + period));
/// });
/// ```
#[must_use = "futures and streams do nothing unless polled"]
pub struct Timer {
    alarm: Alarm,
    /// `Duration::MAX` if it fires once.
    period: Duration,
}

impl Timer {
    /// Makes a timer that never fires, until it is set.
    ///
    /// # Cancel safety
    ///
    /// See [`Timer`].
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_timer::Timer;
    ///
    /// assert!(!Timer::never().will_fire());
    /// ```
    pub const fn never() -> Timer {
        Timer {
            alarm: Alarm::at(None),
            period: Duration::MAX,
        }
    }

    /// Makes a timer that fires once, `delay` from now; never if an instant cannot hold that.
    ///
    /// # Cancel safety
    ///
    /// See [`Timer`].
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use trill_timer::Timer;
    ///
    /// trill_park::block_on(Timer::after(Duration::from_millis(1)));
    /// assert!(!Timer::after(Duration::MAX).will_fire());
    /// ```
    pub fn after(delay: Duration) -> Timer {
        Timer {
            alarm: Alarm::after(delay),
            period: Duration::MAX,
        }
    }

    /// Makes a timer that fires once, at `deadline`.
    ///
    /// # Cancel safety
    ///
    /// See [`Timer`].
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_timer::Timer;
    ///
    /// let now = trill_world::now();
    /// assert_eq!(trill_park::block_on(Timer::at(now)), now);
    /// ```
    pub fn at(deadline: Instant) -> Timer {
        Timer::interval_at(deadline, Duration::MAX)
    }

    /// Makes a timer that fires each `period`, for the first time after one period.
    ///
    /// # Cancel safety
    ///
    /// See [`Timer`].
    ///
    /// # Examples
    ///
    /// See [`Timer`].
    pub fn interval(period: Duration) -> Timer {
        Timer {
            alarm: Alarm::after(period),
            period,
        }
    }

    /// Makes a timer that fires each `period`, for the first time at `start`.
    ///
    /// Instants that have passed are made up for: each further one is the one before plus the period.
    ///
    /// # Cancel safety
    ///
    /// See [`Timer`].
    ///
    /// # Examples
    ///
    /// ```
    /// use futures_lite::StreamExt;
    /// use std::time::Duration;
    /// use trill_timer::Timer;
    ///
    /// trill_park::block_on(async {
    ///     let (start, period) = (trill_world::now(), Duration::from_millis(1));
    ///     let mut timer = Timer::interval_at(start, period);
    ///     assert_eq!(timer.next().await, Some(start));
    ///     assert_eq!(timer.next().await, Some(start + period));
    /// });
    /// ```
    pub fn interval_at(start: Instant, period: Duration) -> Timer {
        Timer {
            alarm: Alarm::at(Some(start)),
            period,
        }
    }

    /// Says whether the timer is set and has not fired for the last time.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_timer::Timer;
    ///
    /// let mut timer = Timer::at(trill_world::now());
    /// assert!(timer.will_fire());
    /// trill_park::block_on(&mut timer);
    /// assert!(!timer.will_fire());
    /// ```
    #[inline]
    pub fn will_fire(&self) -> bool {
        self.alarm.deadline().is_some()
    }

    /// Sets the timer to fire `delay` from now; never if an instant cannot hold that. Keeps the period.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use trill_timer::Timer;
    ///
    /// let mut timer = Timer::never();
    /// timer.set_after(Duration::from_millis(1));
    /// trill_park::block_on(timer);
    /// ```
    pub fn set_after(&mut self, delay: Duration) {
        self.alarm.set(trill_world::now().checked_add(delay));
    }

    /// Sets the timer to fire at `deadline`. Keeps the period.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_timer::Timer;
    ///
    /// let mut timer = Timer::never();
    /// timer.set_at(trill_world::now());
    /// trill_park::block_on(timer);
    /// ```
    pub fn set_at(&mut self, deadline: Instant) {
        self.alarm.set(Some(deadline));
    }

    /// Sets the timer to fire each `period`, for the first time after one period.
    ///
    /// # Examples
    ///
    /// ```
    /// use futures_lite::StreamExt;
    /// use std::time::Duration;
    /// use trill_timer::Timer;
    ///
    /// let mut timer = Timer::never();
    /// timer.set_interval(Duration::from_millis(1));
    /// trill_park::block_on(async { timer.next().await.unwrap(); timer.next().await.unwrap() });
    /// ```
    pub fn set_interval(&mut self, period: Duration) {
        self.period = period;
        self.set_after(period);
    }

    /// Sets the timer to fire each `period`, for the first time at `start`.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use trill_timer::Timer;
    ///
    /// let mut timer = Timer::never();
    /// timer.set_interval_at(trill_world::now(), Duration::from_millis(1));
    /// trill_park::block_on(timer);
    /// ```
    pub fn set_interval_at(&mut self, start: Instant, period: Duration) {
        self.period = period;
        self.alarm.set(Some(start));
    }

    /// Makes the timer never fire, until it is set again.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use trill_timer::Timer;
    ///
    /// let mut timer = Timer::after(Duration::from_secs(1));
    /// timer.clear();
    /// assert!(!timer.will_fire());
    /// ```
    pub fn clear(&mut self) {
        self.alarm.set(None);
    }

    /// Waits for the next instant and steps to the one after it.
    #[inline]
    #[track_caller]
    fn poll_fire(&mut self, cx: &mut Context<'_>) -> Poll<Instant> {
        let fired = ready!(self.alarm.poll(cx.waker()));
        ready!(trill_cell::proceed(cx));
        // Overflows into "never" for a timer that fires once.
        self.alarm.set(fired.checked_add(self.period));
        Poll::Ready(fired)
    }
}

impl Future for Timer {
    type Output = Instant;

    #[inline]
    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Instant> {
        self.poll_fire(cx)
    }
}

impl Stream for Timer {
    type Item = Instant;

    #[inline]
    #[track_caller]
    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Instant>> {
        self.poll_fire(cx).map(Some)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (usize::from(self.will_fire()), None)
    }
}

impl fmt::Debug for Timer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timer")
            .field("alarm", &self.alarm)
            .field("period", &self.period)
            .finish()
    }
}
