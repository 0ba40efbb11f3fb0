//! How a future waits in line: look, take a place, look again.

use std::task::{Poll, Waker};

use crate::waiters::{Ticket, Waiters};

/// Tries until `attempt` has a result or `ticket` waits in line.
///
/// `attempt` looks by a sequentially consistent access or under a mutex, as
/// [`register_unfenced`](Waiters::register_unfenced) asks.
#[inline]
pub(crate) fn poll_with<R>(
    waiters: &Waiters,
    ticket: &mut Ticket,
    waker: &Waker,
    mut attempt: impl FnMut() -> Option<R>,
) -> Poll<R> {
    let mut robbed = false;
    loop {
        if let Some(result) = attempt() {
            if ticket.is_registered() {
                // If it was woken, what it just did is what it was woken for.
                waiters.remove(ticket);
            }
            return Poll::Ready(result);
        }
        robbed = match robbed {
            false => waiters.register_unfenced(ticket, waker),
            // It was woken and somebody else came first; it keeps its place in line.
            true => waiters.register_front(ticket, waker),
        };
        if robbed {
            continue;
        }
        // The second look: from here on somebody who changes the queue sees the ticket.
        if let Some(result) = attempt() {
            waiters.remove(ticket);
            return Poll::Ready(result);
        }
        return Poll::Pending;
    }
}
