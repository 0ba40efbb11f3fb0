//! Waiting for the first of several futures.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use trill_cell::{Kind, waiting};

use super::ready_set::ReadySet;
use super::row::{Futures, RaceRow};

/// Waits for the first future of a tuple or an iterator that ends; the others are dropped before its output is
/// returned.
///
/// All have the same type of output. In the first poll they are polled in order until one is ready; later the one that
/// was woken first wins. A race of nobody never ends, because nobody can win it.
///
/// # Cancel safety
///
/// What the losers lose is what a drop loses at the place where each of them waits; pass `&mut future` or a
/// [`TaskHandle`](crate::TaskHandle) by reference to keep one. Dropping the race drops all.
///
/// # Examples
///
/// ```
/// use std::future::pending;
/// use trill_task::race;
///
/// assert_eq!(trill_park::block_on(race((pending(), async { 5 }))), 5);
/// ```
pub fn race<Shape, F>(futures: F) -> Race<F::Row>
where
    F: Futures<Shape>,
    F::Row: RaceRow,
{
    let row = futures.into_row();
    let (ready, wakers) = ReadySet::with_members(row.size());
    Race {
        row: Some(row),
        ready,
        wakers,
    }
}

/// Waits for the first of several futures; made by [`race`].
///
/// # Cancel safety
///
/// See [`race`].
///
/// # Examples
///
/// See [`race`].
#[must_use = "futures do nothing unless awaited"]
pub struct Race<R> {
    /// Gone once there is a winner.
    row: Option<R>,
    ready: ReadySet,
    wakers: Vec<Waker>,
}

// Rows keep their futures in boxes.
impl<R> Unpin for Race<R> {}

impl<R: RaceRow> Future for Race<R> {
    type Output = R::Output;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<R::Output> {
        let this = self.get_mut();
        let row = this
            .row
            .as_mut()
            .expect("a future is not polled after it was ready");
        for _ in 0..this.ready.begin(cx.waker()) {
            let Some(index) = this.ready.pop() else { break };
            let mut cx = Context::from_waker(&this.wakers[index]);
            if let Poll::Ready(output) = row.race_at(index, &mut cx) {
                this.row = None;
                return Poll::Ready(output);
            }
        }
        if this.wakers.is_empty() {
            // Nobody else would say where this program waits for ever.
            waiting(Kind::Other, 0, Location::caller());
        }
        Poll::Pending
    }
}

impl<R> fmt::Debug for Race<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Race")
            .field("all", &self.wakers.len())
            .finish_non_exhaustive()
    }
}
