//! The future that waits for a certain value.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use trill_cell::Kind;

use super::reference::Ref;
use super::shared::{Shared, Version};
use crate::channel::error::RecvError;
use crate::channel::wait::poll_with;
use crate::leaf::leaf;
use crate::waiters::Ticket;

/// Waits for a value that is accepted; made by [`Receiver::wait_for`](super::Receiver::wait_for).
///
/// # Errors
///
/// [`RecvError`] if all senders are gone and the last value is not accepted.
///
/// # Cancel safety
///
/// Cancel safe: nothing is lost. Values that were tried and not accepted are marked as seen.
///
/// # Examples
///
/// See [`Receiver::wait_for`](super::Receiver::wait_for).
#[must_use = "futures do nothing unless awaited"]
pub struct WaitFor<'a, T, F> {
    shared: &'a Shared<T>,
    seen: &'a mut Version,
    accept: F,
    /// The version that was not accepted.
    tried: Option<Version>,
    ticket: Ticket,
}

impl<'a, T, F> WaitFor<'a, T, F> {
    pub(super) fn new(
        shared: &'a Shared<T>,
        seen: &'a mut Version,
        accept: F,
    ) -> WaitFor<'a, T, F> {
        WaitFor {
            shared,
            seen,
            accept,
            tried: None,
            ticket: Ticket::new(),
        }
    }
}

impl<'a, T, F: FnMut(&T) -> bool> Future for WaitFor<'a, T, F> {
    type Output = Result<Ref<'a, T>, RecvError>;

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let WaitFor {
            shared,
            seen,
            accept,
            tried,
            ticket,
        } = &mut *self;
        let shared: &'a Shared<T> = shared;
        leaf(Kind::Receive, shared, Location::caller(), cx, |cx| {
            poll_with(&shared.receiving, ticket, cx.waker(), || {
                // The same value is not tried twice, and an unchanged one costs no lock.
                let version = shared.version();
                if tried.is_none_or(|tried| version.differs(tried)) {
                    let value = shared.read();
                    // Under the lock this version belongs to the value.
                    let version = shared.version();
                    let changed = version.differs(**seen);
                    let accepted = accept(&value);
                    **seen = version;
                    *tried = Some(version);
                    if accepted {
                        return Some(Ok(Ref::new(value, changed)));
                    }
                }
                version.is_last().then_some(Err(RecvError))
            })
        })
    }
}

impl<T, F> Drop for WaitFor<'_, T, F> {
    fn drop(&mut self) {
        // All that wait are woken together, so there is no turn to pass on.
        self.shared.receiving.remove(&mut self.ticket);
    }
}

// The closure is never pinned.
impl<T, F> Unpin for WaitFor<'_, T, F> {}

impl<T, F> fmt::Debug for WaitFor<'_, T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WaitFor").finish_non_exhaustive()
    }
}
