//! Running a future until its token is cancelled.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use trill_timer::{Sleep, sleep};

use super::CancelToken;
use super::cancelled::Cancelled;
use super::node::Listening;
use crate::local::LocalScope;
use crate::pinned::split;

/// Runs a future until it is done or its token is cancelled; made by [`CancelToken::run`] and
/// [`CancelToken::run_with_grace`].
///
/// # Cancel safety
///
/// As cancel safe as the future in it.
///
/// # Examples
///
/// See [`CancelToken::run`].
#[must_use = "futures do nothing unless awaited"]
pub struct RunToken<F> {
    /// Pinned whenever this is.
    body: LocalScope<F>,
    /// Never pinned.
    watch: Watch,
}

/// The token's side.
struct Watch {
    listening: Listening,
    /// How long the future may go on after the cancel.
    grace: Duration,
    /// The end of that time, once the cancel was seen.
    end: Option<Sleep>,
}

split!(RunToken<F>, body: LocalScope<F>, watch: Watch);

impl<F> RunToken<F> {
    pub(super) fn new(token: &CancelToken, body: LocalScope<F>, grace: Duration) -> RunToken<F> {
        RunToken {
            body,
            watch: Watch {
                listening: Listening::new(Arc::clone(&token.node)),
                grace,
                end: None,
            },
        }
    }
}

impl<F> RunToken<F> {
    /// Runs the future under another token; it was never polled.
    pub(crate) fn move_under(self: Pin<&mut Self>, token: &CancelToken) {
        let (body, watch) = self.split();
        body.replace(Arc::new(token.clone()));
        watch.listening = Listening::new(Arc::clone(&token.node));
    }
}

impl<F: Future> Future for RunToken<F> {
    type Output = Result<F::Output, Cancelled>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let (mut body, watch) = self.split();
        // Before the body, so that it has a poll in which it can see the request.
        let seen = watch.listening.node().cause();
        if let Poll::Ready(value) = body.as_mut().poll(cx) {
            watch.listening.end();
            return Poll::Ready(Ok(value));
        }
        let Some(cancelled) = seen else {
            if watch.listening.poll(cx.waker()).is_ready() {
                // Cancelled during the poll.
                cx.waker().wake_by_ref();
            }
            return Poll::Pending;
        };
        if !watch.is_over(cx) {
            return Poll::Pending;
        }
        // The program may rely on it that nothing of the body is left.
        body.end();
        Poll::Ready(Err(cancelled))
    }
}

impl Watch {
    /// Whether the grace is over; else the task is woken at its end.
    #[track_caller]
    fn is_over(&mut self, cx: &mut Context<'_>) -> bool {
        if self.grace.is_zero() {
            return true;
        }
        let grace = self.grace;
        let end = self.end.get_or_insert_with(|| sleep(grace));
        // By the clock: the sleep takes budget, which the body may have used up.
        end.is_elapsed() || Pin::new(end).poll(cx).is_ready()
    }
}

impl<F> fmt::Debug for RunToken<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunToken")
            .field("body", &self.body)
            .field("grace", &self.watch.grace)
            .field("end", &self.watch.end)
            .finish_non_exhaustive()
    }
}

/// Runs a future with a token of its own as the current one, so that a request from outside is not seen within.
///
/// It protects from requests, not from being dropped: an outer [`CancelToken::run`] whose grace is over drops it as it
/// drops everything else. What must run to its end whatever happens around it goes into [`shield`](crate::shield).
///
/// # Cancel safety
///
/// As cancel safe as `future`, which is dropped with it.
///
/// # Examples
///
/// ```
/// use trill_task::{CancelToken, checkpoint, shielded};
///
/// let token = CancelToken::new();
/// token.cancel("too late");
/// trill_park::block_on(token.scope(async {
///     assert!(checkpoint().await.is_err());
///     shielded(async { assert!(checkpoint().await.is_ok()) }).await;
/// }));
/// ```
pub fn shielded<F: IntoFuture>(future: F) -> LocalScope<F::IntoFuture> {
    CancelToken::new().scope(future)
}
