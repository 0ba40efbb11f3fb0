//! The outputs of several futures, as they come.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::ops::ControlFlow;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;

use super::members::Members;

/// Returns a stream of the outputs of these futures, in the order in which they end.
///
/// They run within the task that reads the stream, while it waits for the next output. Only those that were woken are
/// polled. To know which future an output is from, let the future return that, too.
///
/// # Cancel safety
///
/// Dropping the stream drops the futures that have not ended. Dropping what [`next`](AsCompleted::next) returned loses
/// nothing.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use trill_task::as_completed;
/// use trill_timer::sleep;
///
/// let delays = [30, 10, 20].map(|ms| async move {
///     sleep(Duration::from_millis(ms)).await;
///     ms
/// });
/// trill_world::VirtualWorld::new(1).run(|| trill_park::block_on(async {
///     let mut ended = as_completed(delays);
///     let mut order = Vec::new();
///     while let Some(ms) = ended.next().await {
///         order.push(ms);
///     }
///     assert_eq!(order, [10, 20, 30]);
/// }));
/// ```
pub fn as_completed<I>(futures: I) -> AsCompleted<<I::Item as IntoFuture>::IntoFuture>
where
    I: IntoIterator,
    I::Item: IntoFuture,
{
    let mut all = AsCompleted::new();
    for future in futures {
        all.push(future.into_future());
    }
    all
}

/// A stream of the outputs of several futures, as they come; see [`as_completed`].
///
/// # Examples
///
/// Futures may be added at any time:
///
/// ```
/// use trill_task::many::AsCompleted;
///
/// let mut ended = AsCompleted::new();
/// ended.push(std::future::ready(1));
/// ended.push(std::future::ready(2));
/// trill_park::block_on(async {
///     assert_eq!(ended.next().await, Some(1));
///     assert_eq!(ended.next().await, Some(2));
///     assert_eq!(ended.next().await, None);
/// });
/// ```
#[must_use = "streams do nothing unless they are read"]
pub struct AsCompleted<F> {
    members: Members<F>,
}

impl<F> AsCompleted<F> {
    /// Starts without futures.
    ///
    /// # Examples
    ///
    /// See [`AsCompleted`].
    pub fn new() -> AsCompleted<F> {
        AsCompleted {
            members: Members::new(),
        }
    }

    /// Adds a future; it is polled when the stream is read next.
    ///
    /// # Examples
    ///
    /// See [`AsCompleted`].
    pub fn push(&mut self, future: F) {
        self.members.insert(Box::pin(future));
    }

    /// Returns how many futures have not ended.
    ///
    /// # Examples
    ///
    /// ```
    /// let ended = trill_task::as_completed((0..3).map(|n| async move { n }));
    /// assert_eq!(ended.len(), 3);
    /// ```
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Says whether all futures have ended.
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(!trill_task::as_completed([async {}]).is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Waits for the next output; `None` if all have ended.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: an output is taken only in the poll that returns it, and the futures stay here.
    ///
    /// # Examples
    ///
    /// See [`as_completed`].
    #[allow(clippy::should_implement_trait)] // It waits, as that of a stream.
    pub fn next(&mut self) -> Next<'_, F> {
        Next { all: self }
    }
}

impl<F: Future> AsCompleted<F> {
    #[track_caller]
    fn poll_next_output(&mut self, cx: &mut Context<'_>) -> Poll<Option<F::Output>> {
        if self.members.is_empty() {
            return Poll::Ready(None);
        }
        match self
            .members
            .poll_woken(cx, |_, output| ControlFlow::Break(output))
        {
            Some(output) => Poll::Ready(Some(output)),
            None => Poll::Pending,
        }
    }
}

impl<F: Future> Stream for AsCompleted<F> {
    type Item = F::Output;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<F::Output>> {
        self.get_mut().poll_next_output(cx)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.len(), Some(self.len()))
    }
}

// Each future is in a box.
impl<F> Unpin for AsCompleted<F> {}

impl<F> Default for AsCompleted<F> {
    fn default() -> Self {
        AsCompleted::new()
    }
}

impl<F: Future> Extend<F> for AsCompleted<F> {
    fn extend<I: IntoIterator<Item = F>>(&mut self, futures: I) {
        futures.into_iter().for_each(|future| self.push(future));
    }
}

impl<F> fmt::Debug for AsCompleted<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsCompleted")
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}

/// Waits for the next output; made by [`AsCompleted::next`].
///
/// # Cancel safety
///
/// See [`AsCompleted::next`].
///
/// # Examples
///
/// See [`as_completed`].
#[must_use = "futures do nothing unless awaited"]
pub struct Next<'a, F> {
    all: &'a mut AsCompleted<F>,
}

impl<F: Future> Future for Next<'_, F> {
    type Output = Option<F::Output>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<F::Output>> {
        self.get_mut().all.poll_next_output(cx)
    }
}

impl<F> fmt::Debug for Next<'_, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Next").field("all", &self.all).finish()
    }
}
