//! Strict order of arrival for whatever a [`Gate`] admits: the part that fair locks and semaphores share.
//!
//! # The protocol
//!
//! A gate is an atomic state from which somebody *takes* and to which he *puts back*.
//!
//! 1. A newcomer takes from the gate only while the queue is empty.
//! 2. Otherwise it registers with what it asks for, then looks at the gate once more, which may have opened before, and
//!    serves the queue.
//! 3. Whoever puts back serves the queue, and so does whoever leaves it.
//! 4. To serve is to take on behalf of the first waiter and to notify it: from then on it owns what it asked for, and a
//!    newcomer finds the gate closed. A first waiter whose ask does not fit holds up those behind it.
//! 5. A waiter that was notified and is dropped puts back what it owns.
//!
//! Every access to the gate's state is sequentially consistent, as [`Waiters::grant`] asks.
//!
//! # Tested by
//!
//! loom: `tests/loom_lock_fair_mutex.rs`, `tests/loom_lock_semaphore.rs`, `tests/loom_lock_rwlock.rs`.

use std::task::{Context, Poll};

use crate::primitive::fence_for_loom;
use crate::waiters::{Ticket, Waiters};

/// What a fair queue stands before.
pub(crate) trait Gate {
    /// Takes what is asked for, if it is there.
    fn take(&self, ask: u32) -> bool;

    /// Whether what is asked for is there now.
    fn has(&self, ask: u32) -> bool;

    /// Gives back what was taken.
    fn put_back(&self, ask: u32);

    /// Wakes whoever waits inside for what was put back; it runs after the queue was served.
    #[inline]
    fn settle(&self) {}
}

/// A gate and the queue before it.
#[derive(Debug)]
pub(crate) struct Fifo<G> {
    pub(crate) gate: G,
    pub(crate) waiters: Waiters,
}

impl<G: Gate> Fifo<G> {
    /// Takes what is asked for, if it is there and nobody waits.
    #[inline]
    pub(crate) fn try_enter(&self, ask: u32) -> bool {
        self.waiters.is_empty() && self.gate.take(ask)
    }

    /// Takes what is asked for, or waits.
    #[inline]
    pub(crate) fn poll_enter(
        &self,
        ticket: &mut Ticket,
        ask: u32,
        cx: &mut Context<'_>,
    ) -> Poll<()> {
        if !ticket.is_registered() && self.try_enter(ask) {
            return Poll::Ready(());
        }
        self.poll_queued(ticket, ask, cx)
    }

    /// Gives back what was taken and serves the queue.
    #[inline]
    pub(crate) fn leave(&self, ask: u32) {
        self.gate.put_back(ask);
        self.serve();
    }

    /// Gives up waiting; what the waiter already owned goes to the next.
    #[inline]
    pub(crate) fn cancel(&self, ticket: &mut Ticket, ask: u32) {
        if ticket.is_registered() {
            self.cancel_queued(ticket, ask);
        }
    }

    /// Lets in those at the front for whom there is room; returns how many.
    #[inline]
    pub(crate) fn serve(&self) -> usize {
        // Also if a waker panics.
        let _settle = Settle(&self.gate);
        if self.waiters.is_empty() {
            return 0;
        }
        self.waiters.grant(
            |ask| {
                fence_for_loom();
                self.gate.take(ask)
            },
            |ask| self.gate.put_back(ask),
        )
    }

    /// The part of [`poll_enter`](Fifo::poll_enter) for those who wait.
    #[cold]
    fn poll_queued(&self, ticket: &mut Ticket, ask: u32, cx: &mut Context<'_>) -> Poll<()> {
        if self.waiters.register_weighted(ticket, ask, cx.waker()) {
            return Poll::Ready(());
        }
        fence_for_loom();
        // If the gate is closed for this one, whoever opens it serves; so does whoever is before it and leaves.
        if self.gate.has(ask) && self.serve() > 0 && self.waiters.is_notified(ticket) {
            self.waiters.remove(ticket);
            return Poll::Ready(());
        }
        Poll::Pending
    }

    /// The part of [`cancel`](Fifo::cancel) for those who wait.
    #[cold]
    fn cancel_queued(&self, ticket: &mut Ticket, ask: u32) {
        if self.waiters.remove(ticket) {
            self.gate.put_back(ask);
        }
        // Also when it only held up those behind it.
        self.serve();
    }
}

/// Settles a gate when dropped.
struct Settle<'a, G: Gate>(&'a G);

impl<G: Gate> Drop for Settle<'_, G> {
    #[inline]
    fn drop(&mut self) {
        self.0.settle();
    }
}
