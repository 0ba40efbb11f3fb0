//! The future that waits for a channel to be closed.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use trill_cell::Kind;

use crate::channel::sender::Sender;
use crate::leaf::leaf;
use crate::waiters::Ticket;

/// Waits until the channel is closed; made by [`Sender::closed`].
///
/// # Cancel safety
///
/// Cancel safe: nothing is lost.
///
/// # Examples
///
/// ```
/// use trill_sync::channel::unbounded;
///
/// # trill_park::block_on(async {
/// let (sender, receiver) = unbounded::<i32>();
/// drop(receiver);
/// sender.closed().await;
/// # });
/// ```
#[must_use = "futures do nothing unless awaited"]
pub struct Closed<'a, T> {
    sender: &'a Sender<T>,
    ticket: Ticket,
}

impl<'a, T> Closed<'a, T> {
    pub(crate) fn new(sender: &'a Sender<T>) -> Closed<'a, T> {
        Closed {
            sender,
            ticket: Ticket::new(),
        }
    }
}

impl<T> Future for Closed<'_, T> {
    type Output = ();

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Closed { sender, ticket } = &mut *self;
        let shared = sender.shared();
        leaf(Kind::Notification, shared, Location::caller(), cx, |cx| {
            shared.poll_closed(ticket, cx.waker())
        })
    }
}

impl<T> Drop for Closed<'_, T> {
    fn drop(&mut self) {
        self.sender.shared().leave_closing(&mut self.ticket);
    }
}

impl<T> fmt::Debug for Closed<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Closed").finish_non_exhaustive()
    }
}
