//! The future that puts an item into a queue.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use trill_cell::Kind;

use super::base::BaseQueue;
use super::error::PutError;
use super::store::Store;
use crate::leaf::leaf;
use crate::waiters::Ticket;

/// Puts an item into a queue when there is room; made by [`BaseQueue::put`].
///
/// # Errors
///
/// [`PutError`] with the item if the queue is shut down before there is room.
///
/// # Panics
///
/// When polled after it completed, and if comparing items of a priority queue panics.
///
/// # Cancel safety
///
/// Dropped before it is ready, the item is dropped with it and was not put. A turn that it had been given goes to the
/// next. [`into_inner`](Put::into_inner) gives up and keeps the item.
///
/// # Examples
///
/// See [`BaseQueue::put`].
#[must_use = "futures do nothing unless awaited"]
pub struct Put<'a, S: Store> {
    queue: &'a BaseQueue<S>,
    /// Taken when it is put or given back.
    item: Option<S::Item>,
    ticket: Ticket,
}

impl<'a, S: Store> Put<'a, S> {
    pub(super) fn new(queue: &'a BaseQueue<S>, item: S::Item) -> Put<'a, S> {
        Put {
            queue,
            item: Some(item),
            ticket: Ticket::new(),
        }
    }

    /// Gives up waiting and returns the item, or `None` if it was put or given back already.
    ///
    /// # Examples
    ///
    /// ```
    /// use futures_lite::future::poll_once;
    /// use trill_sync::queue::Queue;
    ///
    /// trill_park::block_on(async {
    ///     let queue = Queue::bounded(1);
    ///     queue.put(1).await.unwrap();
    ///     let mut put = queue.put(2);
    ///     assert!(poll_once(&mut put).await.is_none());
    ///     assert_eq!(put.into_inner(), Some(2));
    /// });
    /// ```
    pub fn into_inner(mut self) -> Option<S::Item> {
        self.item.take()
    }
}

impl<S: Store> Future for Put<'_, S> {
    type Output = Result<(), PutError<S::Item>>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Put {
            queue,
            item,
            ticket,
        } = self.get_mut();
        leaf(Kind::Send, *queue, Location::caller(), cx, |cx| {
            queue.shared.poll_put(item, ticket, cx.waker())
        })
    }
}

impl<S: Store> Drop for Put<'_, S> {
    fn drop(&mut self) {
        self.queue.shared.leave_putting(&mut self.ticket);
    }
}

// The item is never pinned.
impl<S: Store> Unpin for Put<'_, S> {}

impl<S: Store> fmt::Debug for Put<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Put")
            .field("waits", &self.ticket.is_registered())
            .finish_non_exhaustive()
    }
}
