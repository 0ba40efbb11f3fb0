//! The future that waits for the last receiver to go.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use trill_cell::Kind;

use super::sender::Sender;
use crate::channel::wait::poll_with;
use crate::leaf::leaf;
use crate::waiters::Ticket;

/// Waits until there is no receiver; made by [`Sender::closed`].
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
    sender: &'a Sender<T>,
    ticket: Ticket,
}

impl<'a, T> Closed<'a, T> {
    pub(super) fn new(sender: &'a Sender<T>) -> Closed<'a, T> {
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
            poll_with(&shared.closing, ticket, cx.waker(), || {
                (shared.receivers() == 0).then_some(())
            })
        })
    }
}

impl<T> Drop for Closed<'_, T> {
    fn drop(&mut self) {
        let shared = self.sender.shared();
        shared.closing.remove(&mut self.ticket);
    }
}

impl<T> fmt::Debug for Closed<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Closed").finish_non_exhaustive()
    }
}
