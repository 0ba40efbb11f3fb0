//! The protocol of a queue, for any order of its items.
//!
//! # The protocol
//!
//! All that changes lies behind one mutex; consumers, producers and those who join wait in a queue of waiters each.
//!
//! 1. A newcomer takes an item, or a place, only while nobody waits for one and it is not promised.
//! 2. Otherwise it registers, then looks once more under the mutex.
//! 3. Who puts an item in promises items to waiting consumers, and who takes one out promises places to waiting
//!    producers, from the front of the line. A promised item stays in the store until the poll that returns it.
//! 4. A waiter that was promised something and is dropped gives the promise back, and the next one gets it.
//! 5. Shut down and empty is the end: the store stays empty. Only then, or for producers once it is shut down, are
//!    waiters notified without a promise, all at once. So a notified consumer that finds an item was promised it, and
//!    a notified producer that finds the queue open was promised a place.
//!
//! The mutex is the innermost lock: it is never held while a waiter is notified or removed, nor while an item is
//! dropped. The one piece of the user's code that runs under it is the comparison of items by their priority.
//!
//! # Tested by
//!
//! loom: `tests/loom_queue.rs`; 10,000 schedules and more: `tests/queue_schedules.rs`.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::PoisonError;
use std::task::{Poll, Waker};

use super::error::{Closed, PutError, TooManyDone, TryGetError, TryPutError};
use super::stats::QueueStats;
use super::store::Store;
use crate::primitive::{Mutex, MutexGuard};
use crate::waiters::{Ticket, Waiters};

/// A queue: what its handles and futures work on.
#[derive(Debug)]
pub(super) struct Shared<S> {
    state: Mutex<State<S>>,
    /// For how many items there is room in all.
    capacity: usize,
    consumers: Waiters,
    producers: Waiters,
    joiners: Waiters,
}

/// What the mutex protects.
#[derive(Debug)]
struct State<S> {
    store: S,
    capacity: usize,
    /// Items that belong to consumers which were notified and have not run yet.
    promised_items: usize,
    /// Places that belong to producers which were notified and have not run yet.
    promised_places: usize,
    /// Items that were taken out and not marked as done.
    in_hands: usize,
    shut_down: bool,
}

impl<S: Store> State<S> {
    fn has_item(&self) -> bool {
        self.store.len() > self.promised_items
    }

    fn has_place(&self) -> bool {
        !self.shut_down && self.store.len() + self.promised_places < self.capacity
    }

    /// Nothing will ever be taken out again.
    fn is_over(&self) -> bool {
        self.shut_down && self.store.is_empty()
    }

    fn unfinished(&self) -> usize {
        self.store.len() + self.in_hands
    }

    /// Takes the next item out for a consumer that has a right to it.
    fn take(&mut self) -> Option<S::Item> {
        let item = self.store.pop()?;
        self.in_hands += 1;
        Some(item)
    }
}

impl<S: Store> Shared<S> {
    pub(super) fn new(capacity: usize) -> Shared<S> {
        Shared {
            state: Mutex::new(State {
                store: S::new(),
                capacity,
                promised_items: 0,
                promised_places: 0,
                in_hands: 0,
                shut_down: false,
            }),
            capacity,
            consumers: Waiters::new(),
            producers: Waiters::new(),
            joiners: Waiters::new(),
        }
    }

    /// Takes an item if that is this one's turn; the error says why not.
    pub(super) fn try_get(&self) -> Result<S::Item, TryGetError> {
        let mut state = self.state();
        if state.is_over() {
            return Err(TryGetError::Closed);
        }
        if !state.has_item() || !self.consumers.is_empty() {
            return Err(TryGetError::Empty);
        }
        let item = state.take().ok_or(TryGetError::Empty)?;
        self.after_take(state);
        Ok(item)
    }

    /// Takes an item, or waits.
    pub(super) fn poll_get(
        &self,
        ticket: &mut Ticket,
        waker: &Waker,
    ) -> Poll<Result<S::Item, Closed>> {
        if !ticket.is_registered() {
            match self.try_get() {
                Ok(item) => return Poll::Ready(Ok(item)),
                Err(TryGetError::Closed) => return Poll::Ready(Err(Closed)),
                Err(TryGetError::Empty) => {}
            }
        }
        if self.consumers.register(ticket, waker) {
            return Poll::Ready(self.get_promised());
        }
        let (over, has_item) = {
            let state = self.state();
            (state.is_over(), state.has_item())
        };
        if over {
            self.consumers.remove(ticket);
            return Poll::Ready(Err(Closed));
        }
        if has_item && self.serve_consumers() > 0 && self.consumers.is_notified(ticket) {
            self.consumers.remove(ticket);
            return Poll::Ready(self.get_promised());
        }
        Poll::Pending
    }

    /// Takes a consumer out of line that may be waiting.
    pub(super) fn leave_getting(&self, ticket: &mut Ticket) {
        if ticket.is_registered() && self.consumers.remove(ticket) {
            self.unpromise_item();
            self.serve_consumers();
        }
    }

    /// Puts an item in if that is this one's turn; the error gives it back and says why not.
    pub(super) fn try_put(&self, item: S::Item) -> Result<(), TryPutError<S::Item>> {
        let mut state = self.state();
        if state.shut_down {
            return Err(TryPutError::Closed(item));
        }
        if !state.has_place() || !self.producers.is_empty() {
            return Err(TryPutError::Full(item));
        }
        state.store.push(item);
        drop(state);
        self.serve_consumers();
        Ok(())
    }

    /// Puts the item in, or waits; on return it is gone or in the error.
    pub(super) fn poll_put(
        &self,
        item: &mut Option<S::Item>,
        ticket: &mut Ticket,
        waker: &Waker,
    ) -> Poll<Result<(), PutError<S::Item>>> {
        if !ticket.is_registered() {
            match self.try_put(owned(item)) {
                Ok(()) => return Poll::Ready(Ok(())),
                Err(TryPutError::Closed(item)) => return Poll::Ready(Err(PutError(item))),
                Err(TryPutError::Full(back)) => *item = Some(back),
            }
        }
        if self.producers.register(ticket, waker) {
            return Poll::Ready(self.put_promised(owned(item)));
        }
        let (shut_down, has_place) = {
            let state = self.state();
            (state.shut_down, state.has_place())
        };
        if shut_down {
            self.producers.remove(ticket);
            return Poll::Ready(Err(PutError(owned(item))));
        }
        if has_place && self.serve_producers() > 0 && self.producers.is_notified(ticket) {
            self.producers.remove(ticket);
            return Poll::Ready(self.put_promised(owned(item)));
        }
        Poll::Pending
    }

    /// Takes a producer out of line that may be waiting.
    pub(super) fn leave_putting(&self, ticket: &mut Ticket) {
        if ticket.is_registered() && self.producers.remove(ticket) {
            self.unpromise_place();
            self.serve_producers();
        }
    }

    /// Marks an item as done.
    pub(super) fn task_done(&self) -> Result<(), TooManyDone> {
        let mut state = self.state();
        state.in_hands = state.in_hands.checked_sub(1).ok_or(TooManyDone)?;
        let finished = state.unfinished() == 0;
        drop(state);
        if finished {
            self.joiners.broadcast();
        }
        Ok(())
    }

    /// Waits until nothing is unfinished.
    pub(super) fn poll_join(&self, ticket: &mut Ticket, waker: &Waker) -> Poll<()> {
        let finished = || self.state().unfinished() == 0;
        // A notified one is ready although more may have come since: there was a moment with nothing left.
        if finished() || self.joiners.register(ticket, waker) || finished() {
            self.joiners.remove(ticket);
            return Poll::Ready(());
        }
        Poll::Pending
    }

    pub(super) fn leave_joining(&self, ticket: &mut Ticket) {
        self.joiners.remove(ticket);
    }

    /// Refuses new items from now on, and returns those that were queued if they are to be dropped.
    pub(super) fn shut_down(&self, drain: bool) -> Vec<S::Item> {
        let mut drained = Vec::new();
        let mut state = self.state();
        state.shut_down = true;
        if drain {
            drained.reserve_exact(state.store.len());
            while let Some(item) = state.store.pop() {
                drained.push(item);
            }
            state.promised_items = 0;
        }
        let (over, finished) = (state.is_over(), state.unfinished() == 0);
        drop(state);
        all([
            &|| notify_all(&self.producers, true),
            &|| notify_all(&self.consumers, over),
            &|| notify_all(&self.joiners, finished),
        ]);
        drained
    }

    pub(super) fn is_shut_down(&self) -> bool {
        self.state().shut_down
    }

    pub(super) fn capacity(&self) -> Option<usize> {
        (self.capacity != UNBOUNDED).then_some(self.capacity)
    }

    pub(super) fn stats(&self) -> QueueStats {
        let state = self.state();
        QueueStats {
            len: state.store.len(),
            capacity: self.capacity(),
            unfinished: state.unfinished(),
            waiting_consumers: self.consumers.len(),
            waiting_producers: self.producers.len(),
            waiting_joiners: self.joiners.len(),
            is_shut_down: state.shut_down,
        }
    }

    /// Takes the item of a consumer that was notified.
    fn get_promised(&self) -> Result<S::Item, Closed> {
        let mut state = self.state();
        // Without an item it was notified because the queue is over.
        let item = state.take().ok_or(Closed)?;
        debug_assert!(state.promised_items > 0, "a notified consumer has an item");
        state.promised_items -= 1;
        self.after_take(state);
        Ok(item)
    }

    /// Puts the item of a producer that was notified in.
    fn put_promised(&self, item: S::Item) -> Result<(), PutError<S::Item>> {
        let mut place = PromisedPlace {
            shared: self,
            used: false,
        };
        let mut state = self.state();
        if state.shut_down {
            place.used = true;
            return Err(PutError(item));
        }
        debug_assert!(state.promised_places > 0, "a notified producer has a place");
        state.store.push(item);
        state.promised_places -= 1;
        drop(state);
        place.used = true;
        self.serve_consumers();
        Ok(())
    }

    /// Tells those whom it concerns that an item was taken out.
    fn after_take(&self, state: MutexGuard<'_, State<S>>) {
        let over = state.is_over();
        drop(state);
        if over {
            self.consumers.broadcast();
        } else {
            self.serve_producers();
        }
    }

    /// Promises items to the first who wait for one; returns to how many.
    fn serve_consumers(&self) -> usize {
        if self.consumers.is_empty() {
            return 0;
        }
        self.consumers.grant(
            |_| {
                let mut state = self.state();
                let has_item = state.has_item();
                state.promised_items += usize::from(has_item);
                has_item
            },
            |_| self.unpromise_item(),
        )
    }

    /// Promises places to the first who wait for one; returns to how many.
    fn serve_producers(&self) -> usize {
        if self.producers.is_empty() {
            return 0;
        }
        self.producers.grant(
            |_| {
                let mut state = self.state();
                let has_place = state.has_place();
                state.promised_places += usize::from(has_place);
                has_place
            },
            |_| self.unpromise_place(),
        )
    }

    /// Takes a promise back, unless a shutdown has taken all of them back.
    fn unpromise_item(&self) {
        let mut state = self.state();
        if !state.is_over() {
            state.promised_items -= 1;
        }
    }

    /// Takes a promise back, which means nothing any more after a shutdown.
    fn unpromise_place(&self) {
        let mut state = self.state();
        if !state.shut_down {
            state.promised_places -= 1;
        }
    }

    /// Locks the state. It is whole even after a panic in a comparison, which comes before any change.
    fn state(&self) -> MutexGuard<'_, State<S>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A producer's promise, which the next one gets if comparing the item panics.
struct PromisedPlace<'a, S: Store> {
    shared: &'a Shared<S>,
    used: bool,
}

impl<S: Store> Drop for PromisedPlace<'_, S> {
    fn drop(&mut self) {
        if !self.used {
            self.shared.unpromise_place();
            self.shared.serve_producers();
        }
    }
}

/// Takes the item that a future puts.
fn owned<T>(item: &mut Option<T>) -> T {
    item.take()
        .expect("a future is not polled after it was ready")
}

/// Notifies all who wait, if there is a reason to.
fn notify_all(waiters: &Waiters, if_so: bool) {
    if if_so {
        waiters.broadcast();
    }
}

/// Does each step, also if a waker panics in another one; the first panic goes on after that.
fn all(steps: [&dyn Fn(); 3]) {
    let mut panicked: Option<Box<dyn Any + Send>> = None;
    for step in steps {
        if let Err(payload) = catch_unwind(AssertUnwindSafe(step)) {
            panicked.get_or_insert(payload);
        }
    }
    if let Some(payload) = panicked {
        resume_unwind(payload);
    }
}

/// The capacity of a queue without one.
pub(super) const UNBOUNDED: usize = usize::MAX;
