//! Waiting for a cancel.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use trill_cell::{Kind, proceed, waiting};

use super::cancelled::Cancelled;
use super::node::{Listening, Node};

/// Waits until a token is cancelled; made by [`CancelToken::cancelled`](super::CancelToken::cancelled).
///
/// Once it is ready it stays so.
///
/// # Cancel safety
///
/// Cancel safe: dropping it loses nothing.
///
/// # Examples
///
/// See [`CancelToken::cancelled`](super::CancelToken::cancelled).
#[must_use = "futures do nothing unless awaited"]
pub struct WhenCancelled {
    listening: Listening,
}

impl WhenCancelled {
    pub(super) fn new(node: Arc<Node>) -> WhenCancelled {
        WhenCancelled {
            listening: Listening::new(node),
        }
    }
}

impl Future for WhenCancelled {
    type Output = Cancelled;

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Cancelled> {
        let location = Location::caller();
        let Poll::Ready(cancelled) = self.listening.poll(cx.waker()) else {
            let address = Arc::as_ptr(self.listening.node()).addr();
            waiting(Kind::Notification, address as u64, location);
            return Poll::Pending;
        };
        if proceed(cx).is_pending() {
            waiting(Kind::Turn, 0, location);
            return Poll::Pending;
        }
        Poll::Ready(cancelled)
    }
}

impl fmt::Debug for WhenCancelled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WhenCancelled")
            .field("is_cancelled", &self.listening.node().is_cancelled())
            .finish()
    }
}
