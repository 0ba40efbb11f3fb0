//! The futures that receive messages.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use trill_cell::Kind;

use crate::channel::error::RecvError;
use crate::channel::receiver::Receiver;
use crate::channel::shared::{Line, Shared};
use crate::leaf::leaf;
use crate::waiters::Ticket;

/// Receives a message; made by [`Receiver::recv`].
///
/// # Errors
///
/// [`RecvError`] once the channel is empty and closed.
///
/// # Cancel safety
///
/// Cancel safe: a message leaves the channel only in the poll that returns it. If the future was woken, its turn goes
/// to the next one that waits.
///
/// # Examples
///
/// ```
/// use trill_sync::channel::unbounded;
///
/// # trill_park::block_on(async {
/// let (sender, receiver) = unbounded();
/// sender.send(7).await.unwrap();
/// let recv = receiver.recv();
/// assert_eq!(recv.await, Ok(7));
/// # });
/// ```
#[must_use = "futures do nothing unless awaited"]
pub struct Recv<'a, T> {
    receiver: &'a Receiver<T>,
    ticket: Ticket,
}

impl<'a, T> Recv<'a, T> {
    pub(crate) fn new(receiver: &'a Receiver<T>) -> Recv<'a, T> {
        Recv {
            receiver,
            ticket: Ticket::new(),
        }
    }
}

impl<T> Future for Recv<'_, T> {
    type Output = Result<T, RecvError>;

    #[track_caller]
    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Recv { receiver, ticket } = &mut *self;
        let shared = receiver.shared();
        leaf(Kind::Receive, shared, Location::caller(), cx, |cx| {
            shared.poll_recv(Line::Futures, ticket, cx.waker(), Shared::try_recv)
        })
    }
}

impl<T> Drop for Recv<'_, T> {
    #[inline]
    fn drop(&mut self) {
        leave(self.receiver, &mut self.ticket);
    }
}

impl<T> fmt::Debug for Recv<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recv")
            .field("waits", &self.ticket.is_registered())
            .finish_non_exhaustive()
    }
}

/// Receives several messages at once; made by [`Receiver::recv_many`].
///
/// # Errors
///
/// [`RecvError`] once the channel is empty and closed.
///
/// # Cancel safety
///
/// Cancel safe: messages leave the channel only in the poll that returns. If the future was woken, its turn goes to
/// the next one that waits.
///
/// # Examples
///
/// See [`Receiver::recv_many`].
#[must_use = "futures do nothing unless awaited"]
pub struct RecvMany<'a, T> {
    receiver: &'a Receiver<T>,
    to: &'a mut Vec<T>,
    limit: usize,
    ticket: Ticket,
}

impl<'a, T> RecvMany<'a, T> {
    pub(crate) fn new(
        receiver: &'a Receiver<T>,
        to: &'a mut Vec<T>,
        limit: usize,
    ) -> RecvMany<'a, T> {
        RecvMany {
            receiver,
            to,
            limit,
            ticket: Ticket::new(),
        }
    }
}

impl<T> Future for RecvMany<'_, T> {
    type Output = Result<usize, RecvError>;

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let RecvMany {
            receiver,
            to,
            limit,
            ticket,
        } = &mut *self;
        let shared = receiver.shared();
        leaf(Kind::Receive, shared, Location::caller(), cx, |cx| {
            shared.poll_recv(Line::Futures, ticket, cx.waker(), |shared| {
                shared.try_recv_many(to, *limit)
            })
        })
    }
}

impl<T> Drop for RecvMany<'_, T> {
    fn drop(&mut self) {
        leave(self.receiver, &mut self.ticket);
    }
}

impl<T> fmt::Debug for RecvMany<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecvMany")
            .field("limit", &self.limit)
            .field("waits", &self.ticket.is_registered())
            .finish_non_exhaustive()
    }
}

/// Takes a future out of line that may be waiting.
#[inline]
fn leave<T>(receiver: &Receiver<T>, ticket: &mut Ticket) {
    if ticket.is_registered() {
        receiver.shared().leave_receiving(Line::Futures, ticket);
    }
}
