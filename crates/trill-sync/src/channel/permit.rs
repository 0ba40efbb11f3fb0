//! Places in a channel that are reserved before there is a message.

use std::fmt;
use std::future::Future;
use std::mem;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use trill_cell::Kind;

use crate::channel::error::SendError;
use crate::channel::sender::Sender;
use crate::leaf::leaf;
use crate::waiters::Ticket;

/// A place in a channel for one message; from [`Sender::reserve`] or [`Sender::try_reserve`].
///
/// Dropped without a message, it gives the place back.
///
/// # Examples
///
/// ```
/// use trill_sync::channel::bounded;
///
/// # trill_park::block_on(async {
/// let (sender, receiver) = bounded(1);
/// let permit = sender.reserve().await.unwrap();
/// assert!(sender.is_full());
/// permit.send("hello").unwrap();
/// assert_eq!(receiver.recv().await, Ok("hello"));
/// # });
/// ```
#[must_use = "a permit that is dropped gives its place back"]
pub struct Permit<'a, T> {
    sender: &'a Sender<T>,
}

impl<'a, T> Permit<'a, T> {
    pub(crate) fn new(sender: &'a Sender<T>) -> Permit<'a, T> {
        Permit { sender }
    }

    /// Sends a message into the reserved place, without waiting.
    ///
    /// # Errors
    ///
    /// [`SendError`] with the message if the channel was closed since the place was reserved.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_sync::channel::{SendError, bounded};
    ///
    /// let (sender, receiver) = bounded(1);
    /// let permit = sender.try_reserve().unwrap();
    /// receiver.close();
    /// assert_eq!(permit.send(7), Err(SendError(7)));
    /// ```
    pub fn send(self, message: T) -> Result<(), SendError<T>> {
        let sender = self.sender;
        // The place goes to the message, or back if there is an error.
        mem::forget(self);
        sender.shared().send_reserved(message)
    }
}

impl<T> Drop for Permit<'_, T> {
    fn drop(&mut self) {
        self.sender.shared().release();
    }
}

impl<T> fmt::Debug for Permit<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit").finish_non_exhaustive()
    }
}

/// Reserves a place for a message; made by [`Sender::reserve`].
///
/// # Errors
///
/// [`SendError`] if the channel is closed before there is room.
///
/// # Cancel safety
///
/// Cancel safe: no place stays reserved. If the future was woken, its turn goes to the next one that waits.
///
/// # Examples
///
/// See [`Sender::reserve`].
#[must_use = "futures do nothing unless awaited"]
pub struct Reserve<'a, T> {
    sender: &'a Sender<T>,
    ticket: Ticket,
}

impl<'a, T> Reserve<'a, T> {
    pub(crate) fn new(sender: &'a Sender<T>) -> Reserve<'a, T> {
        Reserve {
            sender,
            ticket: Ticket::new(),
        }
    }
}

impl<'a, T> Future for Reserve<'a, T> {
    type Output = Result<Permit<'a, T>, SendError<()>>;

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Reserve { sender, ticket } = &mut *self;
        let sender = *sender;
        let shared = sender.shared();
        leaf(Kind::Send, shared, Location::caller(), cx, |cx| {
            shared.poll_reserve(ticket, cx.waker())
        })
        .map_ok(|()| Permit::new(sender))
    }
}

impl<T> Drop for Reserve<'_, T> {
    fn drop(&mut self) {
        if self.ticket.is_registered() {
            self.sender.shared().leave_sending(&mut self.ticket);
        }
    }
}

impl<T> fmt::Debug for Reserve<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reserve")
            .field("waits", &self.ticket.is_registered())
            .finish_non_exhaustive()
    }
}
