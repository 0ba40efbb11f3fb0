//! The future that waits for a change.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use trill_cell::Kind;

use super::receiver::Receiver;
use crate::channel::error::RecvError;
use crate::channel::wait::poll_with;
use crate::leaf::leaf;
use crate::waiters::Ticket;

/// Waits for a value that was not seen; made by [`Receiver::changed`].
///
/// # Errors
///
/// [`RecvError`] if the last value was seen and all senders are gone.
///
/// # Cancel safety
///
/// Cancel safe: a value is marked as seen only in the poll that returns.
///
/// # Examples
///
/// See [`Receiver::changed`].
#[must_use = "futures do nothing unless awaited"]
pub struct Changed<'a, T> {
    receiver: &'a mut Receiver<T>,
    ticket: Ticket,
}

impl<'a, T> Changed<'a, T> {
    pub(super) fn new(receiver: &'a mut Receiver<T>) -> Changed<'a, T> {
        Changed {
            receiver,
            ticket: Ticket::new(),
        }
    }
}

impl<T> Future for Changed<'_, T> {
    type Output = Result<(), RecvError>;

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Changed { receiver, ticket } = &mut *self;
        let (shared, seen) = receiver.parts();
        leaf(Kind::Receive, shared, Location::caller(), cx, |cx| {
            poll_with(&shared.receiving, ticket, cx.waker(), || {
                let version = shared.version();
                if version.differs(*seen) {
                    *seen = version;
                    return Some(Ok(()));
                }
                version.is_last().then_some(Err(RecvError))
            })
        })
    }
}

impl<T> Drop for Changed<'_, T> {
    fn drop(&mut self) {
        // All that wait are woken together, so there is no turn to pass on.
        let (shared, _) = self.receiver.parts();
        shared.receiving.remove(&mut self.ticket);
    }
}

impl<T> fmt::Debug for Changed<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Changed").finish_non_exhaustive()
    }
}
