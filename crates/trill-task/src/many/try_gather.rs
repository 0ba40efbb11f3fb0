//! Waiting for all of several futures, or the first error.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use super::ready_set::ReadySet;
use super::row::{Futures, TryRow};

/// Waits for the values of all futures of a tuple or an iterator, or for the first error.
///
/// This owns the futures: at the first error the others are dropped, before the error is returned. Else it is as
/// [`gather`](crate::gather). Of two errors in one poll the one of the future that was woken first is returned.
///
/// # Errors
///
/// The first error of a future.
///
/// # Cancel safety
///
/// As cancel safe as the futures are: dropping this drops them all, and the values that were there already.
///
/// # Examples
///
/// ```
/// use trill_task::try_gather;
///
/// async fn parse(text: &str) -> Result<u32, std::num::ParseIntError> {
///     text.parse()
/// }
/// let all = try_gather(["1", "2"].map(parse));
/// assert_eq!(trill_park::block_on(all), Ok(vec![1, 2]));
/// assert!(trill_park::block_on(try_gather((parse("1"), parse("x")))).is_err());
/// ```
pub fn try_gather<Shape, F>(futures: F) -> TryGather<F::Row>
where
    F: Futures<Shape>,
    F::Row: TryRow,
{
    let row = futures.into_row();
    let (ready, wakers) = ReadySet::with_members(row.size());
    TryGather {
        pending: wakers.len(),
        row: Some(row),
        ready,
        wakers,
    }
}

/// Waits for all of several futures, or the first error; made by [`try_gather`].
///
/// # Cancel safety
///
/// See [`try_gather`].
///
/// # Examples
///
/// See [`try_gather`].
#[must_use = "futures do nothing unless awaited"]
pub struct TryGather<R> {
    /// Gone after an error.
    row: Option<R>,
    ready: ReadySet,
    wakers: Vec<Waker>,
    /// How many have not ended.
    pending: usize,
}

// Rows keep their futures in boxes.
impl<R> Unpin for TryGather<R> {}

impl<R: TryRow> Future for TryGather<R> {
    type Output = Result<R::Values, R::Error>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let row = this
            .row
            .as_mut()
            .expect("a future is not polled after it was ready");
        for _ in 0..this.ready.begin(cx.waker()) {
            let Some(index) = this.ready.pop() else { break };
            let mut cx = Context::from_waker(&this.wakers[index]);
            match row.try_poll_at(index, &mut cx) {
                Poll::Pending => {}
                Poll::Ready(Ok(())) => {
                    this.ready.leave(index);
                    this.pending -= 1;
                }
                Poll::Ready(Err(error)) => {
                    this.row = None;
                    return Poll::Ready(Err(error));
                }
            }
        }
        if this.pending > 0 {
            return Poll::Pending;
        }
        Poll::Ready(Ok(row.values()))
    }
}

impl<R> fmt::Debug for TryGather<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TryGather")
            .field("all", &self.wakers.len())
            .field("pending", &self.pending)
            .finish_non_exhaustive()
    }
}
