//! Waiting for a spawned task no longer than for a time, and then until it has ended.

use std::convert::Infallible;
use std::error::Error;
use std::fmt;
use std::future::{Future, Pending, pending};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use trill_executor::{Cancel, FallibleTask, Task};
use trill_timer::{Elapsed, Timeout, timeout};

use crate::token::{CancelToken, Cancelled};

/// Waits for a spawned task no longer than `delay` from now, cancels it then, and returns only when it has ended.
///
/// So it may take longer than `delay`: a task is dropped where it next waits, and that is what this waits for. The value
/// of a task that is done is returned, however late. With a `delay` of zero a task that was never polled is not polled any
/// more.
///
/// With [`asking`](TimeoutJoin::asking) the task is asked first, and can clean up.
///
/// # Errors
///
/// [`TimeoutJoinError`] if the task ended without a value.
///
/// # Panics
///
/// With the task's own payload, if it panicked. In a simulated world, if it is polled outside a `block_on` of that world.
///
/// # Cancel safety
///
/// Dropping the future cancels the task, without waiting for its end.
///
/// # Examples
///
/// ```
/// use std::future::pending;
/// use std::time::Duration;
/// use trill_task::timeout_join;
///
/// let ex = trill_executor::Executor::new();
/// let task = ex.spawn(pending::<()>());
/// let ended = trill_park::block_on(ex.run(timeout_join(Duration::from_millis(1), task)));
/// assert!(ended.is_err());
/// ```
pub fn timeout_join<T>(delay: Duration, task: Task<T>) -> TimeoutJoin<T> {
    TimeoutJoin {
        stage: Stage::Awaited(task.fallible()),
        alarm: timeout(delay, pending()),
        request: None,
        elapsed: None,
    }
}

/// Waits for a spawned task no longer than for a time; made by [`timeout_join`].
///
/// # Cancel safety
///
/// See [`timeout_join`].
///
/// # Examples
///
/// See [`timeout_join`].
#[must_use = "the task is cancelled when this is dropped: await it"]
pub struct TimeoutJoin<T> {
    stage: Stage<T>,
    /// Rings when the time is over, and again when the grace is.
    alarm: Timeout<Pending<Infallible>>,
    /// Who is asked before the task is cancelled, and how long it then gets.
    request: Option<Request>,
    /// That the time is over.
    elapsed: Option<Elapsed>,
}

enum Stage<T> {
    Awaited(FallibleTask<T>),
    Cancelled(Cancel<T>),
    Over,
}

struct Request {
    token: CancelToken,
    why: Cancelled,
    grace: Duration,
}

impl<T> TimeoutJoin<T> {
    /// Asks the task through `token` when the time is over, and gives it `grace` before it is cancelled.
    ///
    /// `Duration::MAX` waits for as long as it takes.
    ///
    /// # Cancel safety
    ///
    /// See [`timeout_join`].
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use trill_task::{CancelToken, timeout_join};
    ///
    /// let ex = trill_executor::Executor::new();
    /// let token = CancelToken::new();
    /// let asked = token.cancelled();
    /// let task = ex.spawn(async {
    ///     asked.await;
    ///     "cleaned up"
    /// });
    /// let joined = timeout_join(Duration::ZERO, task).asking(token, Duration::from_secs(60));
    /// assert_eq!(trill_park::block_on(ex.run(joined)).unwrap(), "cleaned up");
    /// ```
    #[track_caller]
    pub fn asking(mut self, token: CancelToken, grace: Duration) -> TimeoutJoin<T> {
        self.request = Some(Request {
            token,
            why: Cancelled::new("the time was over"),
            grace,
        });
        self
    }

    /// Asks or cancels the task.
    fn time_is_over(&mut self, elapsed: Elapsed) {
        self.elapsed = Some(elapsed);
        if let Some(Request { token, why, grace }) = self.request.take() {
            self.alarm = timeout(grace, pending());
            token.cancel_as(&why);
            return;
        }
        if let Stage::Awaited(task) = std::mem::replace(&mut self.stage, Stage::Over) {
            self.stage = Stage::Cancelled(task.cancel());
        }
    }
}

// The value is never pinned.
impl<T> Unpin for TimeoutJoin<T> {}

impl<T> Future for TimeoutJoin<T> {
    type Output = Result<T, TimeoutJoinError>;

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let value = loop {
            match &mut self.stage {
                Stage::Awaited(task) => {
                    if let Poll::Ready(value) = Pin::new(task).poll(cx) {
                        break value;
                    }
                    match Pin::new(&mut self.alarm).poll(cx) {
                        Poll::Ready(Err(elapsed)) => self.time_is_over(elapsed),
                        Poll::Ready(Ok(never)) => match never {},
                        Poll::Pending => return Poll::Pending,
                    }
                }
                Stage::Cancelled(cancel) => match Pin::new(cancel).poll(cx) {
                    Poll::Ready(value) => break value,
                    Poll::Pending => return Poll::Pending,
                },
                Stage::Over => panic!("it is not polled again after it was ready"),
            }
        };
        self.stage = Stage::Over;
        Poll::Ready(value.ok_or(match self.elapsed {
            Some(elapsed) => TimeoutJoinError::Elapsed(elapsed),
            None => TimeoutJoinError::Cancelled,
        }))
    }
}

impl<T> fmt::Debug for TimeoutJoin<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TimeoutJoin")
            .field("deadline", &self.alarm.deadline())
            .field("elapsed", &self.elapsed.is_some())
            .finish_non_exhaustive()
    }
}

/// Why a task has no value; see [`timeout_join`].
///
/// # Examples
///
/// ```
/// use std::future::pending;
/// use std::time::Duration;
/// use trill_task::{TimeoutJoinError, timeout_join};
///
/// let ex = trill_executor::Executor::new();
/// let task = ex.spawn(pending::<()>());
/// let ended = trill_park::block_on(ex.run(timeout_join(Duration::ZERO, task)));
/// assert!(matches!(ended, Err(TimeoutJoinError::Elapsed(_))));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TimeoutJoinError {
    /// The time was over, and the task was cancelled.
    Elapsed(Elapsed),
    /// The task's executor was dropped before the time was over.
    Cancelled,
}

impl fmt::Display for TimeoutJoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TimeoutJoinError::Elapsed(elapsed) => elapsed.fmt(f),
            TimeoutJoinError::Cancelled => f.write_str("the task's executor was dropped"),
        }
    }
}

impl Error for TimeoutJoinError {}
