//! The future that receives a message.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use trill_cell::Kind;

use super::error::{RecvError, TryRecvError};
use super::receiver::Receiver;
use super::shared::Shared;
use crate::channel::wait::poll_with;
use crate::leaf::leaf;
use crate::waiters::Ticket;

/// Receives the next message; made by [`Receiver::recv`].
///
/// # Errors
///
/// [`RecvError::Lagged`] if messages were missed, [`RecvError::Closed`] once all were received and all senders are gone.
///
/// # Cancel safety
///
/// Cancel safe: the receiver's position moves only in the poll that returns.
///
/// # Examples
///
/// See [`Receiver::recv`].
#[must_use = "futures do nothing unless awaited"]
pub struct Recv<'a, T> {
    receiver: &'a mut Receiver<T>,
    ticket: Ticket,
}

impl<'a, T> Recv<'a, T> {
    pub(super) fn new(receiver: &'a mut Receiver<T>) -> Recv<'a, T> {
        Recv {
            receiver,
            ticket: Ticket::new(),
        }
    }
}

impl<T: Clone> Future for Recv<'_, T> {
    type Output = Result<T, RecvError>;

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Recv { receiver, ticket } = &mut *self;
        let (shared, position) = receiver.parts();
        leaf(Kind::Receive, shared, Location::caller(), cx, |cx| {
            poll_recv(shared, position, ticket, cx.waker())
        })
    }
}

impl<T> Drop for Recv<'_, T> {
    fn drop(&mut self) {
        // All that wait are woken together, so there is no turn to pass on.
        let (shared, _) = self.receiver.parts();
        shared.receiving.remove(&mut self.ticket);
    }
}

impl<T> fmt::Debug for Recv<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recv")
            .field("waits", &self.ticket.is_registered())
            .finish_non_exhaustive()
    }
}

/// Receives a message or leaves the waker.
pub(super) fn poll_recv<T: Clone>(
    shared: &Shared<T>,
    position: &mut u64,
    ticket: &mut Ticket,
    waker: &Waker,
) -> Poll<Result<T, RecvError>> {
    poll_with(&shared.receiving, ticket, waker, || {
        match shared.try_recv(position) {
            Ok(message) => Some(Ok(message)),
            Err(TryRecvError::Lagged(missed)) => Some(Err(RecvError::Lagged(missed))),
            Err(TryRecvError::Closed) => Some(Err(RecvError::Closed)),
            Err(TryRecvError::Empty) => None,
        }
    })
}
