//! Waiting for all of several futures.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use super::ready_set::ReadySet;
use super::row::{Futures, Row};

/// Waits for all futures of a tuple or an iterator, and returns their outputs in that order.
///
/// They run within the task that awaits this: at the same time, but not in parallel. Only those that were woken are
/// polled, so a wake costs the same however many there are. None at all are ready at once. If one panics, the panic
/// leaves the poll, and the others are dropped with this future.
///
/// To wait for tasks, see [`join_all`](crate::join_all).
///
/// # Cancel safety
///
/// As cancel safe as the futures are: dropping this drops them all, and the outputs that were there already.
///
/// # Examples
///
/// ```
/// use trill_task::gather;
///
/// let (number, text) = trill_park::block_on(gather((async { 1 }, async { "a" })));
/// assert_eq!((number, text), (1, "a"));
///
/// let squares = (1..4).map(|n| async move { n * n });
/// assert_eq!(trill_park::block_on(gather(squares)), [1, 4, 9]);
/// ```
pub fn gather<Shape, F>(futures: F) -> Gather<F::Row>
where
    F: Futures<Shape>,
    F::Row: Row,
{
    let row = futures.into_row();
    let (ready, wakers) = ReadySet::with_members(row.size());
    Gather {
        pending: wakers.len(),
        row,
        ready,
        wakers,
    }
}

/// Waits for all of several futures; made by [`gather`].
///
/// # Cancel safety
///
/// See [`gather`].
///
/// # Examples
///
/// See [`gather`].
#[must_use = "futures do nothing unless awaited"]
pub struct Gather<R> {
    row: R,
    ready: ReadySet,
    wakers: Vec<Waker>,
    /// How many have not ended.
    pending: usize,
}

// Rows keep their futures in boxes.
impl<R> Unpin for Gather<R> {}

impl<R: Row> Future for Gather<R> {
    type Output = R::Outputs;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<R::Outputs> {
        let this = self.get_mut();
        for _ in 0..this.ready.begin(cx.waker()) {
            let Some(index) = this.ready.pop() else { break };
            let mut cx = Context::from_waker(&this.wakers[index]);
            if this.row.poll_at(index, &mut cx).is_ready() {
                this.ready.leave(index);
                this.pending -= 1;
            }
        }
        if this.pending > 0 {
            return Poll::Pending;
        }
        Poll::Ready(this.row.outputs())
    }
}

impl<R> fmt::Debug for Gather<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gather")
            .field("all", &self.wakers.len())
            .field("pending", &self.pending)
            .finish_non_exhaustive()
    }
}
