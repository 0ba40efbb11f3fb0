//! The half that sends the message.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use trill_cell::Kind;

use super::state::State;
use crate::channel::error::SendError;
use crate::leaf::leaf;
use crate::primitive::Arc;

/// Sends the one message of a oneshot channel.
///
/// Dropped without sending, it lets the receiver fail.
///
/// # Examples
///
/// See the [module's page](super).
pub struct Sender<T> {
    state: Arc<State<T>>,
    /// There is nothing left to tell the receiver.
    sent: bool,
}

impl<T> Sender<T> {
    pub(super) fn new(state: Arc<State<T>>) -> Sender<T> {
        Sender { state, sent: false }
    }

    /// Sends the message, without waiting.
    ///
    /// # Errors
    ///
    /// [`SendError`] with the message if the receiver is gone or closed the channel.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_sync::channel::{SendError, oneshot};
    ///
    /// let (sender, receiver) = oneshot::channel();
    /// drop(receiver);
    /// assert_eq!(sender.send(7), Err(SendError(7)));
    /// ```
    pub fn send(mut self, message: T) -> Result<(), SendError<T>> {
        self.sent = true;
        self.state.send(message).map_err(SendError)
    }

    /// Waits until the receiver is gone or closes the channel: nobody wants the message any more.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: nothing is lost.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_sync::channel::oneshot;
    ///
    /// # trill_park::block_on(async {
    /// let (mut sender, receiver) = oneshot::channel::<i32>();
    /// drop(receiver);
    /// sender.closed().await;
    /// # });
    /// ```
    pub fn closed(&mut self) -> Closed<'_, T> {
        Closed { sender: self }
    }

    /// Returns whether the receiver is gone or closed the channel.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, receiver) = trill_sync::channel::oneshot::channel::<i32>();
    /// assert!(!sender.is_closed());
    /// drop(receiver);
    /// assert!(sender.is_closed());
    /// ```
    pub fn is_closed(&self) -> bool {
        self.state.is_closed()
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        if !self.sent {
            self.state.drop_sender();
        }
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender")
            .field("is_closed", &self.is_closed())
            .finish_non_exhaustive()
    }
}

/// Waits until nobody wants the message any more; made by [`Sender::closed`].
///
/// # Cancel safety
///
/// Cancel safe: nothing is lost.
///
/// # Examples
///
/// See [`Sender::closed`].
#[must_use = "futures do nothing unless awaited"]
pub struct Closed<'a, T> {
    sender: &'a mut Sender<T>,
}

impl<T> Future for Closed<'_, T> {
    type Output = ();

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let state = &self.sender.state;
        leaf(Kind::Notification, &**state, Location::caller(), cx, |cx| {
            state.poll_closed(cx.waker())
        })
    }
}

impl<T> fmt::Debug for Closed<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Closed").finish_non_exhaustive()
    }
}
