//! What the loom models in `tests/` need of the private queue of waiters.

use std::task::Waker;

/// The crate's queue of waiters.
#[derive(Debug)]
pub struct Waiters(crate::waiters::Waiters);

/// A place in the queue.
#[derive(Debug, Default)]
pub struct Ticket(crate::waiters::Ticket);

#[allow(missing_docs, clippy::new_without_default)]
impl Waiters {
    pub fn new() -> Waiters {
        Waiters(crate::waiters::Waiters::new())
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn register(&self, ticket: &mut Ticket, waker: &Waker) -> bool {
        self.0.register(&mut ticket.0, waker)
    }

    pub fn register_front(&self, ticket: &mut Ticket, waker: &Waker) -> bool {
        self.0.register_front(&mut ticket.0, waker)
    }

    pub fn is_notified(&self, ticket: &Ticket) -> bool {
        self.0.is_notified(&ticket.0)
    }

    pub fn remove(&self, ticket: &mut Ticket) -> bool {
        self.0.remove(&mut ticket.0)
    }

    pub fn notify_one(&self) -> usize {
        self.0.notify_one()
    }

    pub fn notify(&self, count: usize) -> usize {
        self.0.notify(count)
    }

    pub fn broadcast(&self) -> usize {
        self.0.broadcast()
    }
}
