//! Running a future no longer than to a limit.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use trill_timer::Elapsed;

use super::core::{Shared, Watch};
use crate::pinned::split;

/// Runs a future no longer than to a limit; made by [`TimeLimit::run`](super::TimeLimit::run).
///
/// # Cancel safety
///
/// As cancel safe as the future in it.
///
/// # Examples
///
/// See [`TimeLimit`](super::TimeLimit).
#[must_use = "futures do nothing unless awaited"]
pub struct Limited<F> {
    /// `None` once it is over. Pinned whenever this is.
    body: Option<F>,
    /// Never pinned.
    watch: Watch,
}

split!(Limited<F>, body: Option<F>, watch: Watch);

impl<F> Limited<F> {
    pub(super) fn new(shared: &Arc<Shared>, future: F) -> Limited<F> {
        Limited {
            body: Some(future),
            watch: Watch::new(shared),
        }
    }
}

impl<F: Future> Future for Limited<F> {
    type Output = Result<F::Output, Elapsed>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let (mut body, watch) = self.split();
        let future = body.as_mut().as_pin_mut();
        let future = future.expect("it is not polled again after it was ready");
        let ended = match future.poll(cx) {
            Poll::Ready(value) => {
                watch.leave();
                Ok(value)
            }
            Poll::Pending => match watch.poll(cx) {
                Poll::Ready(elapsed) => Err(elapsed),
                Poll::Pending => return Poll::Pending,
            },
        };
        // The program may rely on it that nothing of the body is left.
        body.set(None);
        Poll::Ready(ended)
    }
}

impl<F> fmt::Debug for Limited<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Limited")
            .field("is_done", &self.body.is_none())
            .finish_non_exhaustive()
    }
}
