//! Asking whether to go on.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use trill_cell::{Kind, proceed, waiting};

use super::CancelToken;
use super::cancelled::Cancelled;

/// Asks whether to go on: gives way to other tasks if it is their turn, and says whether the
/// [current](CancelToken::current) token is cancelled.
///
/// Once that is so every further checkpoint says it, too. Without a current token it only gives way.
///
/// # Errors
///
/// The output is [`Cancelled`] if the current token is.
///
/// # Cancel safety
///
/// Cancel safe: dropping the future loses nothing.
///
/// # Examples
///
/// ```
/// use trill_task::{CancelToken, Cancelled, checkpoint};
///
/// async fn count() -> Result<u32, Cancelled> {
///     let mut total = 0;
///     loop {
///         checkpoint().await?;
///         total += 1;
///         if total == 3 {
///             CancelToken::current().unwrap().cancel("enough");
///         }
///     }
/// }
///
/// let token = CancelToken::new();
/// let ended = trill_park::block_on(token.scope(count()));
/// assert_eq!(ended.unwrap_err().reason(), "enough");
/// ```
pub fn checkpoint() -> Checkpoint {
    Checkpoint { _private: () }
}

/// Asks whether to go on; made by [`checkpoint`].
///
/// # Cancel safety
///
/// Cancel safe: dropping it loses nothing.
///
/// # Examples
///
/// See [`checkpoint`].
#[must_use = "futures do nothing unless awaited"]
pub struct Checkpoint {
    _private: (),
}

impl Future for Checkpoint {
    type Output = Result<(), Cancelled>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        // Also when cancelled: a loop that does not listen must not keep its thread for ever.
        if proceed(cx).is_pending() {
            waiting(Kind::Turn, 0, Location::caller());
            return Poll::Pending;
        }
        let checked = super::CURRENT.try_with(CancelToken::check);
        Poll::Ready(checked.unwrap_or(Ok(())))
    }
}

impl fmt::Debug for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Checkpoint").finish_non_exhaustive()
    }
}
