//! One operation on its way through its attempts.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use trill_timer::{Sleep, Timeout, timeout, timeout_at};

use crate::retry::backoff::Delays;
use crate::retry::error::{GaveUp, RetryError};
use crate::retry::policy::Retry;

/// Runs an operation until it succeeds; made by [`Retry::run`].
///
/// # Cancel safety
///
/// See [`Retry::run`].
///
/// # Examples
///
/// See [`Retry`].
#[must_use = "futures do nothing unless awaited"]
pub struct Retrying<Op, Fut, E, If = Worth<E>, On = Hook<E>, After = Hint<E>> {
    policy: Retry,
    operation: Op,
    is_worth: If,
    on_retry: On,
    retry_after: After,
    delays: Delays,
    /// When all time is over.
    until: Option<Instant>,
    attempts: u32,
    stage: Stage,
    /// The attempt that runs. One allocation serves all of them.
    attempt: Pin<Box<Option<Timeout<Fut>>>>,
    /// The last error that an attempt returned.
    last: Option<E>,
}

/// Where an operation stands.
enum Stage {
    /// Not polled yet.
    New,
    /// An attempt runs, or is to begin.
    Attempt,
    /// It is not time yet for the next attempt.
    Delay(Sleep),
    /// It has succeeded or given up.
    Ended,
}

/// A failed attempt that is followed by another; what [`Retrying::on_retry`] is told.
///
/// # Examples
///
/// See [`Retrying::on_retry`].
#[derive(Debug)]
#[non_exhaustive]
pub struct Retried<'a, E> {
    /// Which attempt failed; the first is 1.
    pub attempt: u32,
    /// How long it is to the next.
    pub delay: Duration,
    /// What it failed with; none if it ran out of time.
    pub error: Option<&'a E>,
}

/// Says of an error whether another attempt may help; what [`Retrying::retry_if`] replaces.
pub type Worth<E> = fn(&E) -> bool;

/// Learns of a failed attempt; what [`Retrying::on_retry`] replaces.
pub type Hook<E> = fn(Retried<'_, E>);

/// Finds in an error how long the other side asks to wait; what [`Retrying::retry_after`] replaces.
pub type Hint<E> = fn(&E) -> Option<Duration>;

impl<Op, Fut, E> Retrying<Op, Fut, E> {
    pub(crate) fn new(policy: Retry, operation: Op) -> Self {
        Retrying {
            delays: policy.delays(),
            policy,
            operation,
            is_worth: |_| true,
            on_retry: |_| {},
            retry_after: |_| None,
            until: None,
            attempts: 0,
            stage: Stage::New,
            attempt: Box::pin(None),
            last: None,
        }
    }
}

impl<Op, Fut, E, If, On, After> Retrying<Op, Fut, E, If, On, After> {
    /// Tries again only after errors for which `is_worth` returns true. An attempt that ran out of time is always worth
    /// another.
    ///
    /// # Cancel safety
    ///
    /// As [`Retry::run`].
    ///
    /// # Examples
    ///
    /// See [`GaveUp`](crate::GaveUp).
    pub fn retry_if<New>(self, is_worth: New) -> Retrying<Op, Fut, E, New, On, After>
    where
        New: FnMut(&E) -> bool,
    {
        self.with(|_, on_retry, retry_after| (is_worth, on_retry, retry_after))
    }

    /// Calls `hook` after each failed attempt that is followed by another, before the delay.
    ///
    /// # Cancel safety
    ///
    /// As [`Retry::run`].
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use trill_limit::{Jitter, Retry};
    ///
    /// let mut log = Vec::new();
    /// let retry = Retry::new(Duration::from_millis(1)).jitter(Jitter::None).attempts_max(3);
    /// let failed = retry
    ///     .run(async || Err::<(), _>("busy"))
    ///     .on_retry(|retried| log.push((retried.attempt, retried.delay.as_millis(), retried.error.copied())));
    /// assert!(trill_park::block_on(failed).is_err());
    /// assert_eq!(log, [(1, 1, Some("busy")), (2, 2, Some("busy"))]);
    /// ```
    pub fn on_retry<New>(self, hook: New) -> Retrying<Op, Fut, E, If, New, After>
    where
        New: FnMut(Retried<'_, E>),
    {
        self.with(|is_worth, _, retry_after| (is_worth, hook, retry_after))
    }

    /// Waits at least as long as `hint` finds in an error, as the header `Retry-After` of an answer, and longer if the back-off
    /// is. A hint may be longer than the longest delay, up to [`retry_after_max`](Retry::retry_after_max).
    ///
    /// # Cancel safety
    ///
    /// As [`Retry::run`].
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use trill_limit::{GaveUp, Retry};
    /// use trill_world::VirtualWorld;
    ///
    /// let world = VirtualWorld::new(1);
    /// let failed = world.run(|| {
    ///     let retry = Retry::new(Duration::from_millis(1)).retry_after_max(Duration::from_secs(60));
    ///     let mut asks = [7, 100].into_iter();
    ///     trill_park::block_on(
    ///         retry
    ///             .run(|| std::future::ready(Err::<(), _>(asks.next())))
    ///             .retry_after(|seconds| seconds.map(Duration::from_secs)),
    ///     )
    /// });
    /// let error = failed.unwrap_err();
    /// assert_eq!((error.attempts(), error.gave_up()), (2, GaveUp::RetryAfter));
    /// assert_eq!(world.elapsed(), Duration::from_secs(7));
    /// ```
    pub fn retry_after<New>(self, hint: New) -> Retrying<Op, Fut, E, If, On, New>
    where
        New: FnMut(&E) -> Option<Duration>,
    {
        self.with(|is_worth, on_retry, _| (is_worth, on_retry, hint))
    }

    /// Exchanges the functions that are asked.
    fn with<If2, On2, After2>(
        self,
        change: impl FnOnce(If, On, After) -> (If2, On2, After2),
    ) -> Retrying<Op, Fut, E, If2, On2, After2> {
        let (is_worth, on_retry, retry_after) =
            change(self.is_worth, self.on_retry, self.retry_after);
        Retrying {
            policy: self.policy,
            operation: self.operation,
            is_worth,
            on_retry,
            retry_after,
            delays: self.delays,
            until: self.until,
            attempts: self.attempts,
            stage: self.stage,
            attempt: self.attempt,
            last: self.last,
        }
    }

    /// Limits an attempt to its own time and to what is left of all time.
    fn limited(&self, attempt: Fut) -> Timeout<Fut>
    where
        Fut: Future,
    {
        let own = self.policy.attempt_timeout;
        let own = own.and_then(|own| trill_world::now().checked_add(own));
        match [own, self.until].into_iter().flatten().min() {
            Some(deadline) => timeout_at(deadline, attempt),
            None => timeout(Duration::MAX, attempt),
        }
    }

    /// Notes a failed attempt; returns the delay to the next one, or why there is none.
    fn failed(&mut self, error: Option<E>) -> Result<Duration, GaveUp>
    where
        If: FnMut(&E) -> bool,
        On: FnMut(Retried<'_, E>),
        After: FnMut(&E) -> Option<Duration>,
    {
        let is_timed_out = error.is_none();
        if let Some(error) = error {
            self.last = Some(error);
        }
        let error = self.last.as_ref().filter(|_| !is_timed_out);
        if error.is_some_and(|error| !(self.is_worth)(error)) {
            return Err(GaveUp::NotWorthIt);
        }
        if self.attempts >= self.policy.attempts_max {
            return Err(GaveUp::Attempts);
        }
        let hint = error.and_then(&mut self.retry_after);
        if hint.is_some_and(|hint| hint > self.policy.retry_after_max) {
            return Err(GaveUp::RetryAfter);
        }
        let own = self.delays.next().unwrap_or_default();
        let delay = hint.map_or(own, |hint| hint.max(own));
        if let Some(until) = self.until {
            let left = until.saturating_duration_since(trill_world::now());
            if delay >= left {
                return Err(GaveUp::Time);
            }
        }
        (self.on_retry)(Retried {
            attempt: self.attempts,
            delay,
            error,
        });
        Ok(delay)
    }
}

impl<Op, Fut, T, E, If, On, After> Future for Retrying<Op, Fut, E, If, On, After>
where
    Op: FnMut() -> Fut,
    Fut: Future<Output = Result<T, E>>,
    If: FnMut(&E) -> bool,
    On: FnMut(Retried<'_, E>),
    After: FnMut(&E) -> Option<Duration>,
{
    type Output = Result<T, RetryError<E>>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        // Every round but the first begins with a timer, which takes a unit of the task's budget.
        loop {
            match &mut this.stage {
                Stage::New => {
                    let total = this.policy.total;
                    this.until = total.and_then(|total| trill_world::now().checked_add(total));
                }
                Stage::Attempt => {}
                Stage::Delay(sleep) => ready!(Pin::new(sleep).poll(cx)),
                Stage::Ended => panic!("a future is not polled after it was ready"),
            }
            this.stage = Stage::Attempt;
            if this.attempt.is_none() {
                this.attempts += 1;
                let attempt = (this.operation)();
                let attempt = this.limited(attempt);
                this.attempt.set(Some(attempt));
            }
            let Some(attempt) = this.attempt.as_mut().as_pin_mut() else {
                unreachable!("it was begun just now");
            };
            let output = ready!(attempt.poll(cx));
            this.attempt.set(None);
            let error = match output {
                Ok(Ok(value)) => {
                    this.stage = Stage::Ended;
                    return Poll::Ready(Ok(value));
                }
                Ok(Err(error)) => Some(error),
                Err(_elapsed) => None,
            };
            let is_timed_out = error.is_none();
            match this.failed(error) {
                Ok(delay) => this.stage = Stage::Delay(trill_timer::sleep(delay)),
                Err(gave_up) => {
                    this.stage = Stage::Ended;
                    return Poll::Ready(Err(RetryError {
                        attempts: this.attempts,
                        gave_up,
                        is_timed_out,
                        last: this.last.take(),
                    }));
                }
            }
        }
    }
}

/// The attempt is pinned in its own allocation, and nothing else ever is.
impl<Op, Fut, E, If, On, After> Unpin for Retrying<Op, Fut, E, If, On, After> {}

impl<Op, Fut, E, If, On, After> fmt::Debug for Retrying<Op, Fut, E, If, On, After> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Retrying")
            .field("policy", &self.policy)
            .field("attempts", &self.attempts)
            .finish_non_exhaustive()
    }
}
