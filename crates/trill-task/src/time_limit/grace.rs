//! Running a future that is asked to end at a limit.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use trill_timer::Elapsed;

use super::core::{Shared, Watch};
use crate::pinned::split;
use crate::token::{CancelToken, Cancelled, RunToken};

/// Runs a future that is asked to end at a limit; made by [`TimeLimit::run_with_grace`](super::TimeLimit::run_with_grace).
///
/// # Cancel safety
///
/// As cancel safe as the future in it.
///
/// # Examples
///
/// See [`TimeLimit::run_with_grace`](super::TimeLimit::run_with_grace).
#[must_use = "futures do nothing unless awaited"]
pub struct LimitedWithGrace<F> {
    /// Pinned whenever this is.
    body: RunToken<F>,
    /// Never pinned.
    asking: Asking,
}

/// The limit's side.
struct Asking {
    watch: Watch,
    token: CancelToken,
    /// Whether the token is below the one outside yet: that is the one at the first poll, as for all else.
    is_below: bool,
    request: Cancelled,
    /// That the limit asked, and not somebody else before.
    elapsed: Option<Elapsed>,
}

split!(LimitedWithGrace<F>, body: RunToken<F>, asking: Asking);

impl<F> LimitedWithGrace<F> {
    #[track_caller]
    pub(super) fn new(shared: &Arc<Shared>, grace: Duration, future: F) -> LimitedWithGrace<F>
    where
        F: Future,
    {
        let token = CancelToken::new();
        LimitedWithGrace {
            body: token.run_with_grace(grace, future),
            asking: Asking {
                watch: Watch::new(shared),
                token,
                is_below: false,
                request: Cancelled::new("the time was over"),
                elapsed: None,
            },
        }
    }
}

impl<F: Future> Future for LimitedWithGrace<F> {
    type Output = Result<F::Output, LimitError>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let (mut body, asking) = self.split();
        if !asking.is_below {
            asking.is_below = true;
            if let Some(outer) = CancelToken::current() {
                asking.token = outer.child();
                body.as_mut().move_under(&asking.token);
            }
        }
        match body.poll(cx) {
            Poll::Ready(ended) => {
                asking.watch.leave();
                Poll::Ready(ended.map_err(|cancelled| match asking.elapsed {
                    Some(elapsed) => LimitError::Elapsed(elapsed),
                    None => LimitError::Cancelled(cancelled),
                }))
            }
            Poll::Pending => {
                asking.poll(cx);
                Poll::Pending
            }
        }
    }
}

impl Asking {
    /// Asks the work to end if the limit expired. The work is woken by it.
    #[track_caller]
    fn poll(&mut self, cx: &mut Context<'_>) {
        if self.token.is_cancelled() {
            return;
        }
        if let Poll::Ready(elapsed) = self.watch.poll(cx) {
            // Another thread may have been faster.
            if self.token.cancel_as(&self.request) {
                self.elapsed = Some(elapsed);
            }
        }
    }
}

impl<F> fmt::Debug for LimitedWithGrace<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LimitedWithGrace")
            .field("body", &self.body)
            .finish_non_exhaustive()
    }
}

/// Why work under a limit was dropped; see [`TimeLimit::run_with_grace`](super::TimeLimit::run_with_grace).
///
/// # Examples
///
/// ```
/// use std::future::pending;
/// use std::time::Duration;
/// use trill_task::{LimitError, TimeLimit};
///
/// let limit = TimeLimit::after(Duration::from_millis(1));
/// let work = limit.run_with_grace(Duration::from_millis(1), pending::<()>());
/// assert!(matches!(trill_park::block_on(work), Err(LimitError::Elapsed(_))));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LimitError {
    /// The limit expired, and the grace was over.
    Elapsed(Elapsed),
    /// A request from outside came first, and the grace was over.
    Cancelled(Cancelled),
}

impl fmt::Display for LimitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LimitError::Elapsed(elapsed) => elapsed.fmt(f),
            LimitError::Cancelled(cancelled) => cancelled.fmt(f),
        }
    }
}

impl Error for LimitError {}
