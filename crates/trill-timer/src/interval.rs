//! Ticks with a period.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use futures_core::Stream;

use crate::alarm::Alarm;
use crate::missed_tick::MissedTick;

/// Ticks with a period; see [`interval`] and [`interval_at`].
///
/// Also a stream of the instants of the ticks, which never ends.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use trill_timer::{Interval, MissedTick, interval};
///
/// let mut ticks: Interval = interval(Duration::from_millis(1));
/// ticks.set_missed_tick(MissedTick::Skip);
/// trill_park::block_on(async {
///     for _ in 0..3 {
///         ticks.tick().await;
///     }
/// });
/// ```
pub struct Interval {
    alarm: Alarm,
    /// Above zero.
    period: Duration,
    missed_tick: MissedTick,
}

/// Makes an interval whose first tick is due at once, and further ones each `period` from now.
///
/// # Panics
///
/// If `period` is zero.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use trill_timer::interval;
///
/// trill_park::block_on(async {
///     let period = Duration::from_millis(1);
///     let mut ticks = interval(period);
///     let first = ticks.tick().await;
///     assert_eq!(ticks.tick().await, first + period);
/// });
/// ```
#[track_caller]
pub fn interval(period: Duration) -> Interval {
    interval_at(trill_world::now(), period)
}

/// Makes an interval whose first tick is due at `start`, and further ones each `period` after that.
///
/// # Panics
///
/// If `period` is zero.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use trill_timer::interval_at;
///
/// trill_park::block_on(async {
///     let period = Duration::from_millis(1);
///     let start = trill_world::now() + period;
///     assert_eq!(interval_at(start, period).tick().await, start);
/// });
/// ```
#[track_caller]
pub fn interval_at(start: Instant, period: Duration) -> Interval {
    assert!(
        !period.is_zero(),
        "an interval needs a period above zero: with none its ticks would all be due at once"
    );
    Interval {
        alarm: Alarm::at(Some(start)),
        period,
        missed_tick: MissedTick::default(),
    }
}

impl Interval {
    /// Waits for the next tick and returns the instant at which it was due.
    ///
    /// # Panics
    ///
    /// In a simulated world, if it is polled outside a `block_on` of that world.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: a tick is taken only in the poll that returns it.
    ///
    /// # Examples
    ///
    /// See [`interval`].
    #[inline]
    pub fn tick(&mut self) -> Tick<'_> {
        Tick { interval: self }
    }

    /// Takes the next tick if it is due; else the task is woken when it is.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::future::poll_fn;
    /// use std::time::Duration;
    /// use trill_timer::interval;
    ///
    /// let mut ticks = interval(Duration::from_millis(1));
    /// trill_park::block_on(poll_fn(|cx| ticks.poll_tick(cx)));
    /// ```
    #[inline]
    #[track_caller]
    pub fn poll_tick(&mut self, cx: &mut Context<'_>) -> Poll<Instant> {
        let due = ready!(self.alarm.poll(cx.waker()));
        ready!(trill_cell::proceed(cx));
        let now = match self.missed_tick {
            // Does not matter, and costs.
            MissedTick::Burst => due,
            MissedTick::Delay | MissedTick::Skip => trill_world::now(),
        };
        self.alarm.set(self.missed_tick.next(due, now, self.period));
        Poll::Ready(due)
    }

    /// Returns the time between ticks.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use trill_timer::interval;
    ///
    /// let period = Duration::from_secs(1);
    /// assert_eq!(interval(period).period(), period);
    /// ```
    pub fn period(&self) -> Duration {
        self.period
    }

    /// Returns when the next tick is due, or `None` if never, because an instant cannot hold that.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use trill_timer::interval_at;
    ///
    /// let start = trill_world::now();
    /// assert_eq!(interval_at(start, Duration::from_secs(1)).deadline(), Some(start));
    /// ```
    pub fn deadline(&self) -> Option<Instant> {
        self.alarm.deadline()
    }

    /// Returns what happens after a tick that was taken late.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use trill_timer::{MissedTick, interval};
    ///
    /// assert_eq!(interval(Duration::from_secs(1)).missed_tick(), MissedTick::Burst);
    /// ```
    pub fn missed_tick(&self) -> MissedTick {
        self.missed_tick
    }

    /// Chooses what happens after a tick that is taken late.
    ///
    /// # Examples
    ///
    /// See [`Interval`].
    pub fn set_missed_tick(&mut self, missed_tick: MissedTick) {
        self.missed_tick = missed_tick;
    }

    /// Makes the next tick due one period from now.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use trill_timer::interval;
    ///
    /// let mut ticks = interval(Duration::from_secs(1));
    /// ticks.reset();
    /// assert!(ticks.deadline() > Some(trill_world::now()));
    /// ```
    pub fn reset(&mut self) {
        self.alarm.set(trill_world::now().checked_add(self.period));
    }

    /// Makes the next tick due at `deadline`, and further ones each period after that.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use trill_timer::interval;
    ///
    /// let mut ticks = interval(Duration::from_secs(1));
    /// let deadline = trill_world::now() + Duration::from_secs(5);
    /// ticks.reset_at(deadline);
    /// assert_eq!(ticks.deadline(), Some(deadline));
    /// ```
    pub fn reset_at(&mut self, deadline: Instant) {
        self.alarm.set(Some(deadline));
    }
}

impl Stream for Interval {
    type Item = Instant;

    #[inline]
    #[track_caller]
    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Instant>> {
        self.poll_tick(cx).map(Some)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (usize::MAX, None)
    }
}

impl fmt::Debug for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Interval")
            .field("alarm", &self.alarm)
            .field("period", &self.period)
            .field("missed_tick", &self.missed_tick)
            .finish()
    }
}

/// Waits for a tick; see [`Interval::tick`].
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use trill_timer::{Tick, interval};
///
/// let mut ticks = interval(Duration::from_millis(1));
/// let tick: Tick<'_> = ticks.tick();
/// trill_park::block_on(tick);
/// ```
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct Tick<'a> {
    interval: &'a mut Interval,
}

impl Future for Tick<'_> {
    type Output = Instant;

    #[inline]
    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Instant> {
        self.interval.poll_tick(cx)
    }
}
