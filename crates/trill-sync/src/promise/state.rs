//! What the two sides of a promise share.
//!
//! The outcome is set once, under a mutex, and moved out once, by whoever looks at it. So a failure that still lies
//! here when the last handle goes is one that nobody looked at.

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind};
use std::sync::{Arc, PoisonError};
use std::task::{Poll, Waker};

use trill_cell::{Unhandled, What, report};

use super::callbacks::{Callback, CallbackId, Callbacks};
use super::error::{Ending, PromiseError};
use crate::primitive::{Mutex, MutexGuard};
use crate::waiters::{Ticket, Waiters};

/// How a promise ended, with its value or error.
pub(super) type Outcome<T, E> = Result<T, PromiseError<E>>;

/// The state of a promise.
pub(super) struct State<T, E> {
    inner: Mutex<Inner<T, E>>,
    waiters: Waiters,
    /// Where the promise was made.
    site: &'static Location<'static>,
    /// Writes an error that nobody looked at.
    describe: fn(&E, &mut fmt::Formatter<'_>) -> fmt::Result,
}

struct Inner<T, E> {
    ending: Option<Ending>,
    /// There from the end until somebody looks.
    outcome: Option<Outcome<T, E>>,
    /// Made when the first one is added.
    callbacks: Option<Arc<Callbacks>>,
}

impl<T, E> State<T, E> {
    pub(super) fn new(site: &'static Location<'static>) -> State<T, E>
    where
        E: fmt::Debug,
    {
        State {
            inner: Mutex::new(Inner {
                ending: None,
                outcome: None,
                callbacks: None,
            }),
            waiters: Waiters::new(),
            site,
            describe: |error, f| error.fmt(f),
        }
    }

    /// Sets the outcome, wakes who waits and runs the callbacks; gives the outcome back if there is one already.
    pub(super) fn settle(&self, outcome: Outcome<T, E>) -> Result<(), Outcome<T, E>> {
        let ending = Ending::of(&outcome);
        let mut inner = self.inner();
        if inner.ending.is_some() {
            return Err(outcome);
        }
        inner.ending = Some(ending);
        inner.outcome = Some(outcome);
        let callbacks = inner.callbacks.clone();
        drop(inner);
        // A waker that panics keeps no callback from running.
        let woken: Result<usize, Box<dyn Any + Send>> =
            catch_unwind(AssertUnwindSafe(|| self.waiters.broadcast()));
        if let Some(callbacks) = callbacks {
            callbacks.end(ending);
        }
        if let Err(payload) = woken {
            resume_unwind(payload);
        }
        Ok(())
    }

    /// How the promise ended, if it has.
    pub(super) fn ending(&self) -> Option<Ending> {
        self.inner().ending
    }

    /// Moves the outcome out, if it is there.
    pub(super) fn take(&self) -> Option<Outcome<T, E>> {
        self.inner().outcome.take()
    }

    /// Moves the outcome to `place`, if it is there. `place` runs under the lock.
    pub(super) fn move_to(&self, place: impl FnOnce(Outcome<T, E>)) {
        let mut inner = self.inner();
        if let Some(outcome) = inner.outcome.take() {
            place(outcome);
        }
    }

    /// Waits until `look` finds something, which it does once the promise has ended.
    pub(super) fn poll_with<R>(
        &self,
        ticket: &mut Ticket,
        waker: &Waker,
        look: impl Fn() -> Option<R>,
    ) -> Poll<R> {
        let found = look().or_else(|| {
            self.waiters.register(ticket, waker);
            look()
        });
        match found {
            Some(found) => {
                self.waiters.remove(ticket);
                Poll::Ready(found)
            }
            None => Poll::Pending,
        }
    }

    /// Takes one out of line that may be waiting.
    pub(super) fn leave(&self, ticket: &mut Ticket) {
        self.waiters.remove(ticket);
    }

    /// Adds a callback.
    pub(super) fn add_callback(
        &self,
        site: &'static Location<'static>,
        callback: Callback,
    ) -> CallbackId {
        let callbacks = {
            let mut inner = self.inner();
            let ending = inner.ending;
            let make = || Arc::new(Callbacks::new(ending));
            inner.callbacks.get_or_insert_with(make).clone()
        };
        callbacks.add(site, callback)
    }

    /// Removes a callback that has not run; returns whether there was one.
    pub(super) fn remove_callback(&self, id: CallbackId) -> bool {
        let callbacks = self.inner().callbacks.clone();
        callbacks.is_some_and(|callbacks| callbacks.remove(id))
    }

    fn inner(&self) -> MutexGuard<'_, Inner<T, E>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T, E> Drop for State<T, E> {
    fn drop(&mut self) {
        if let Some(Err(PromiseError::Failed(error))) = self.take() {
            let described = Described(&error, self.describe);
            let unhandled = Unhandled::new(What::Failure, &described);
            report(&unhandled.named("promise").at(self.site));
        }
    }
}

impl<T, E> fmt::Debug for State<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State")
            .field("ending", &self.ending())
            .finish_non_exhaustive()
    }
}

/// An error, and how to write it.
struct Described<'a, E>(&'a E, fn(&E, &mut fmt::Formatter<'_>) -> fmt::Result);

impl<E> fmt::Display for Described<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (self.1)(self.0, f)
    }
}
