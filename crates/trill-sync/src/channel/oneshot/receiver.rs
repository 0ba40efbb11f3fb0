//! The half that waits for the message.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use trill_cell::Kind;

use super::state::State;
use crate::channel::error::{RecvError, TryRecvError};
use crate::leaf::leaf;
use crate::primitive::Arc;

/// Receives the one message of a oneshot channel; it is a future.
///
/// # Errors
///
/// [`RecvError`] if the sender is gone without a message, if this receiver closed the channel before one was sent, and
/// after the message was received.
///
/// # Cancel safety
///
/// Polled by `&mut receiver` it is cancel safe: the message leaves the channel only in the poll that returns it.
/// Dropping the receiver itself closes the channel, and drops a message that was already sent.
///
/// # Examples
///
/// See the [module's page](super).
#[must_use = "futures do nothing unless awaited"]
pub struct Receiver<T> {
    state: Arc<State<T>>,
    /// The message left the channel.
    received: bool,
}

impl<T> Receiver<T> {
    pub(super) fn new(state: Arc<State<T>>) -> Receiver<T> {
        Receiver {
            state,
            received: false,
        }
    }

    /// Receives the message if it is there now.
    ///
    /// # Errors
    ///
    /// [`TryRecvError::Empty`] if it may still come, [`TryRecvError::Closed`] if not.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_sync::channel::{TryRecvError, oneshot};
    ///
    /// let (sender, mut receiver) = oneshot::channel();
    /// assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
    /// sender.send(7).unwrap();
    /// assert_eq!(receiver.try_recv(), Ok(7));
    /// assert_eq!(receiver.try_recv(), Err(TryRecvError::Closed));
    /// ```
    pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
        if self.received {
            return Err(TryRecvError::Closed);
        }
        let taken = self.state.try_take();
        self.received = taken.is_ok();
        taken
    }

    /// Receives the message, blocking the thread until it is there.
    ///
    /// Meant for threads outside the runtime; inside a task it keeps other tasks of the thread waiting.
    ///
    /// # Errors
    ///
    /// [`RecvError`] if there will be no message.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, receiver) = trill_sync::channel::oneshot::channel();
    /// sender.send(7).unwrap();
    /// assert_eq!(receiver.recv_blocking(), Ok(7));
    /// ```
    #[track_caller]
    pub fn recv_blocking(self) -> Result<T, RecvError> {
        trill_park::block_on(self)
    }

    /// Closes the channel: no message can be sent any more; one that was sent can still be received.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, mut receiver) = trill_sync::channel::oneshot::channel();
    /// receiver.close();
    /// assert!(sender.send(7).is_err());
    /// ```
    pub fn close(&mut self) {
        self.state.close();
    }

    /// Returns whether a message is there to be received.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, receiver) = trill_sync::channel::oneshot::channel();
    /// assert!(receiver.is_empty());
    /// sender.send(7).unwrap();
    /// assert!(!receiver.is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.received || !self.state.is_sent()
    }

    /// Returns whether no message will come: it was received, the sender is gone, or the channel was closed.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, receiver) = trill_sync::channel::oneshot::channel::<i32>();
    /// assert!(!receiver.is_terminated());
    /// drop(sender);
    /// assert!(receiver.is_terminated());
    /// ```
    pub fn is_terminated(&self) -> bool {
        self.received || self.state.is_barren()
    }
}

impl<T> Future for Receiver<T> {
    type Output = Result<T, RecvError>;

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if self.received {
            return Poll::Ready(Err(RecvError));
        }
        let state = &*self.state;
        let poll = leaf(Kind::Receive, state, Location::caller(), cx, |cx| {
            state.poll_take(cx.waker())
        });
        self.received = matches!(poll, Poll::Ready(Ok(_)));
        poll.map_err(|_| RecvError)
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        let sent = self.state.close();
        if sent && !self.received {
            // Nobody else can take it.
            self.received = true;
            drop(self.state.try_take());
        }
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver")
            .field("is_empty", &self.is_empty())
            .field("is_terminated", &self.is_terminated())
            .finish_non_exhaustive()
    }
}
