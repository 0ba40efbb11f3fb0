//! Waiting for a future no longer than to a point in time.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use crate::alarm::Alarm;
use crate::elapsed::Elapsed;

mod projection;

/// Waits for a future no longer than to a deadline; see [`timeout`] and [`timeout_at`].
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use trill_timer::{Timeout, timeout};
///
/// let limited: Timeout<_> = timeout(Duration::from_secs(1), std::future::ready(5));
/// assert_eq!(trill_park::block_on(limited), Ok(5));
/// ```
#[must_use = "futures do nothing unless awaited"]
pub struct Timeout<F> {
    /// Pinned whenever the timeout is.
    body: F,
    /// Never pinned.
    limit: Limit,
}

/// The time limit of a timeout.
struct Limit {
    alarm: Alarm,
    /// How many milliseconds away the deadline was when the timeout was made; 0 from the first poll that waits on, and
    /// if that is unknown or short.
    young_ms: u32,
}

/// Waits for `future`, but no longer than `delay` from now.
///
/// The future is polled first: it wins if it is ready in the poll in which the time is over. A `delay` of zero lets it
/// run to where it first waits. A `delay` longer than an [`Instant`] can hold, as `Duration::MAX`, is no limit.
///
/// # Errors
///
/// The output is [`Elapsed`] if the time is over first. The future is then not polled any more, and dropped with the
/// timeout.
///
/// # Panics
///
/// In a simulated world, if it is polled outside a `block_on` of that world.
///
/// # Cancel safety
///
/// As cancel safe as `future`, which is dropped with the timeout, both when the time is over and when the timeout is
/// dropped. Pass `&mut future` to keep it.
///
/// # Examples
///
/// ```
/// use std::future::{pending, ready};
/// use std::time::Duration;
/// use trill_timer::timeout;
///
/// trill_park::block_on(async {
///     assert_eq!(timeout(Duration::from_secs(1), ready(5)).await, Ok(5));
///     assert!(timeout(Duration::from_millis(1), pending::<()>()).await.is_err());
/// });
/// ```
#[inline]
pub fn timeout<F: IntoFuture>(delay: Duration, future: F) -> Timeout<F::IntoFuture> {
    // Below a millisecond it is 0, which means that the first poll reads the clock, as one that is late would have to.
    let young_ms = u32::try_from(delay.as_millis()).unwrap_or(u32::MAX);
    Timeout {
        body: future.into_future(),
        limit: Limit {
            alarm: Alarm::after(delay),
            young_ms,
        },
    }
}

/// Waits for `future`, but no longer than to `deadline`; as [`timeout`].
///
/// # Errors
///
/// As [`timeout`].
///
/// # Panics
///
/// As [`timeout`].
///
/// # Cancel safety
///
/// As [`timeout`].
///
/// # Examples
///
/// ```
/// use std::future::pending;
/// use trill_timer::timeout_at;
///
/// let past = trill_world::now();
/// assert!(trill_park::block_on(timeout_at(past, pending::<()>())).is_err());
/// ```
#[inline]
pub fn timeout_at<F: IntoFuture>(deadline: Instant, future: F) -> Timeout<F::IntoFuture> {
    Timeout {
        body: future.into_future(),
        limit: Limit {
            alarm: Alarm::at(Some(deadline)),
            young_ms: 0,
        },
    }
}

impl<F> Timeout<F> {
    /// Returns when the time is over, or `None` if never.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use trill_timer::timeout;
    ///
    /// assert!(timeout(Duration::from_secs(1), async {}).deadline().is_some());
    /// assert!(timeout(Duration::MAX, async {}).deadline().is_none());
    /// ```
    pub fn deadline(&self) -> Option<Instant> {
        self.limit.alarm.deadline()
    }

    /// Returns the future.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use trill_timer::{sleep, timeout};
    ///
    /// let limited = timeout(Duration::from_secs(1), sleep(Duration::ZERO));
    /// assert!(limited.get_ref().is_elapsed());
    /// ```
    pub fn get_ref(&self) -> &F {
        &self.body
    }

    /// Returns the future, to change it.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use trill_timer::{sleep, timeout};
    ///
    /// let mut limited = timeout(Duration::from_secs(1), sleep(Duration::MAX));
    /// limited.get_mut().reset(trill_world::now());
    /// assert_eq!(trill_park::block_on(limited), Ok(()));
    /// ```
    pub fn get_mut(&mut self) -> &mut F {
        &mut self.body
    }

    /// Takes the future out, without a limit.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use trill_timer::timeout;
    ///
    /// let future = timeout(Duration::ZERO, async { 5 }).into_inner();
    /// assert_eq!(trill_park::block_on(future), 5);
    /// ```
    pub fn into_inner(self) -> F {
        self.body
    }
}

impl<F: Future> Future for Timeout<F> {
    type Output = Result<F::Output, Elapsed>;

    #[inline]
    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let (body, limit) = self.split();
        if let Poll::Ready(output) = body.poll(cx) {
            limit.alarm.disarm();
            return Poll::Ready(Ok(output));
        }
        // No budget is asked: a body that used it up would else never time out.
        limit.poll(cx).map(|()| Err(Elapsed::new()))
    }
}

impl Limit {
    #[inline]
    #[track_caller]
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.alarm.deadline().is_none() {
            // The body alone decides.
            return Poll::Pending;
        }
        match std::mem::take(&mut self.young_ms) {
            0 => self.alarm.poll(cx.waker()).map(drop),
            // Without reading the clock, which costs 25 ns: it hardly ever comes late.
            ms => self.alarm.poll_young(ms, cx.waker()).map(drop),
        }
    }
}

impl<F: fmt::Debug> fmt::Debug for Timeout<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timeout")
            .field("future", &self.body)
            .field("alarm", &self.limit.alarm)
            .finish()
    }
}
