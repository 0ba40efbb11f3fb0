//! The future that waits until everything is done.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use trill_cell::Kind;

use super::base::BaseQueue;
use super::store::Store;
use crate::leaf::leaf;
use crate::waiters::Ticket;

/// Waits until nothing in a queue is unfinished; made by [`BaseQueue::join`].
///
/// # Cancel safety
///
/// Cancel safe: dropping the future changes nothing for anybody else.
///
/// # Examples
///
/// See [`BaseQueue::get_item`].
#[must_use = "futures do nothing unless awaited"]
pub struct Join<'a, S: Store> {
    queue: &'a BaseQueue<S>,
    ticket: Ticket,
}

impl<'a, S: Store> Join<'a, S> {
    pub(super) fn new(queue: &'a BaseQueue<S>) -> Join<'a, S> {
        Join {
            queue,
            ticket: Ticket::new(),
        }
    }
}

impl<S: Store> Future for Join<'_, S> {
    type Output = ();

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Join { queue, ticket } = self.get_mut();
        leaf(Kind::Notification, *queue, Location::caller(), cx, |cx| {
            queue.shared.poll_join(ticket, cx.waker())
        })
    }
}

impl<S: Store> Drop for Join<'_, S> {
    fn drop(&mut self) {
        self.queue.shared.leave_joining(&mut self.ticket);
    }
}

impl<S: Store> fmt::Debug for Join<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Join")
            .field("waits", &self.ticket.is_registered())
            .finish_non_exhaustive()
    }
}
