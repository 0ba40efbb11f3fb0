//! The future that sends a message.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use trill_cell::Kind;

use crate::channel::error::SendError;
use crate::channel::sender::Sender;
use crate::leaf::leaf;
use crate::waiters::Ticket;

/// Sends a message when there is room; made by [`Sender::send`].
///
/// # Errors
///
/// [`SendError`] with the message if the channel is closed before there is room.
///
/// # Panics
///
/// When polled after it completed.
///
/// # Cancel safety
///
/// Dropped before it is ready, the message is dropped with it and was not sent. To keep the message, wait for a place
/// with [`Sender::reserve`] first. If the future was woken, its turn goes to the next one that waits.
///
/// # Examples
///
/// ```
/// use trill_sync::channel::bounded;
///
/// # trill_park::block_on(async {
/// let (sender, receiver) = bounded(1);
/// let send = sender.send("hello");
/// send.await.unwrap();
/// assert_eq!(receiver.recv().await, Ok("hello"));
/// # });
/// ```
#[must_use = "futures do nothing unless awaited"]
pub struct Send<'a, T> {
    sender: &'a Sender<T>,
    /// Taken when it is sent or given back.
    message: Option<T>,
    ticket: Ticket,
}

impl<'a, T> Send<'a, T> {
    pub(crate) fn new(sender: &'a Sender<T>, message: T) -> Send<'a, T> {
        Send {
            sender,
            message: Some(message),
            ticket: Ticket::new(),
        }
    }
}

impl<T> Future for Send<'_, T> {
    type Output = Result<(), SendError<T>>;

    #[track_caller]
    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Send {
            sender,
            message,
            ticket,
        } = &mut *self;
        let shared = sender.shared();
        leaf(Kind::Send, shared, Location::caller(), cx, |cx| {
            shared.poll_send(message, ticket, cx.waker())
        })
    }
}

impl<T> Drop for Send<'_, T> {
    #[inline]
    fn drop(&mut self) {
        if self.ticket.is_registered() {
            self.sender.shared().leave_sending(&mut self.ticket);
        }
    }
}

// The message is never pinned.
impl<T> Unpin for Send<'_, T> {}

impl<T> fmt::Debug for Send<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Send")
            .field("waits", &self.ticket.is_registered())
            .finish_non_exhaustive()
    }
}
