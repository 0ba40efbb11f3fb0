//! The futures that take an item out of a queue.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use trill_cell::Kind;

use super::base::BaseQueue;
use super::error::Closed;
use super::item::Item;
use super::store::Store;
use crate::leaf::leaf;
use crate::waiters::Ticket;

/// Takes an item out of a queue; made by [`BaseQueue::get`].
///
/// # Errors
///
/// [`Closed`] once the queue was shut down and is empty.
///
/// # Cancel safety
///
/// Cancel safe: an item leaves the queue only in the poll that returns it. A turn that it had been given goes to the
/// next.
///
/// # Examples
///
/// See [`BaseQueue::get`].
#[must_use = "futures do nothing unless awaited"]
pub struct Get<'a, S: Store> {
    queue: &'a BaseQueue<S>,
    ticket: Ticket,
}

impl<'a, S: Store> Get<'a, S> {
    pub(super) fn new(queue: &'a BaseQueue<S>) -> Get<'a, S> {
        Get {
            queue,
            ticket: Ticket::new(),
        }
    }
}

impl<S: Store> Future for Get<'_, S> {
    type Output = Result<S::Item, Closed>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Get { queue, ticket } = self.get_mut();
        leaf(Kind::Receive, *queue, Location::caller(), cx, |cx| {
            queue.shared.poll_get(ticket, cx.waker())
        })
    }
}

impl<S: Store> Drop for Get<'_, S> {
    fn drop(&mut self) {
        self.queue.shared.leave_getting(&mut self.ticket);
    }
}

impl<S: Store> fmt::Debug for Get<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Get")
            .field("waits", &self.ticket.is_registered())
            .finish_non_exhaustive()
    }
}

/// Takes an item out of a queue in a guard that marks it as done; made by [`BaseQueue::get_item`].
///
/// # Errors
///
/// [`Closed`] once the queue was shut down and is empty.
///
/// # Cancel safety
///
/// As [`Get`].
///
/// # Examples
///
/// See [`BaseQueue::get_item`].
#[must_use = "futures do nothing unless awaited"]
pub struct GetItem<'a, S: Store> {
    get: Get<'a, S>,
}

impl<'a, S: Store> GetItem<'a, S> {
    pub(super) fn new(queue: &'a BaseQueue<S>) -> GetItem<'a, S> {
        GetItem {
            get: Get::new(queue),
        }
    }
}

impl<'a, S: Store> Future for GetItem<'a, S> {
    type Output = Result<Item<'a, S>, Closed>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let get = &mut self.get_mut().get;
        let queue = get.queue;
        match Pin::new(get).poll(cx) {
            Poll::Ready(Ok(item)) => Poll::Ready(Ok(Item::new(queue, item))),
            Poll::Ready(Err(closed)) => Poll::Ready(Err(closed)),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<S: Store> fmt::Debug for GetItem<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("GetItem").field(&self.get).finish()
    }
}
