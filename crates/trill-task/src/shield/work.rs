//! The shielded future in its task, and what it and the handle agree on.

use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::sync::{Arc, PoisonError};
use std::task::{Context, Poll};

use trill_cell::{TaskId, Unhandled, What};

use crate::caught::{catch, discard};
use crate::local::LocalScope;
use crate::pinned::split;
use crate::primitive::Mutex;
use crate::token::shielded;

/// Who tells of an error: the handle while it is there, else the task. The lock decides, so it is told of once.
pub(super) struct Shared {
    state: Mutex<State>,
    site: &'static Location<'static>,
}

#[derive(Default)]
struct State {
    /// The handle was dropped before the task ended.
    is_abandoned: bool,
    /// The task's error while there was a handle. If that takes the end, nobody looks here any more.
    failure: Option<String>,
}

impl Shared {
    pub(super) fn new(site: &'static Location<'static>) -> Shared {
        Shared {
            state: Mutex::new(State::default()),
            site,
        }
    }

    pub(super) fn site(&self) -> &'static Location<'static> {
        self.site
    }

    /// The handle is dropped: tells of a failure that was not taken, or leaves that to the task.
    pub(super) fn abandon(&self, task: TaskId) {
        let failure = self.locked(|state| {
            state.is_abandoned = true;
            state.failure.take()
        });
        if let Some(failure) = failure {
            self.tell(failure, Some(task));
        }
    }

    /// The task ended with an error: leaves it to the handle, or tells of it.
    fn failed(&self, message: String) {
        let mut failure = Some(message);
        self.locked(|state| {
            if !state.is_abandoned {
                state.failure = failure.take();
            }
        });
        if let Some(failure) = failure {
            self.tell(failure, trill_cell::current_id());
        }
    }

    fn tell(&self, message: String, task: Option<TaskId>) {
        let mut unhandled = Unhandled::new(What::Failure, &message).at(self.site);
        unhandled.task = task;
        trill_cell::report(&unhandled);
    }

    fn locked<R>(&self, with: impl FnOnce(&mut State) -> R) -> R {
        with(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The future in its task.
pub(super) struct Work<F: Future> {
    /// Pinned whenever this is.
    body: LocalScope<F>,
    /// Never pinned.
    end: End<F::Output>,
}

/// What happens at the end.
struct End<T> {
    failure: fn(&T) -> Option<String>,
    shared: Arc<Shared>,
}

impl<F: Future> Work<F> {
    pub(super) fn new(
        future: F,
        failure: fn(&F::Output) -> Option<String>,
        shared: Arc<Shared>,
    ) -> Work<F> {
        Work {
            body: shielded(future),
            end: End { failure, shared },
        }
    }

    /// Gives the future back; it was never polled.
    pub(super) fn into_inner(self) -> F {
        let future = self.body.into_inner();
        future.expect("the future is there until it is polled")
    }
}

split!(Work<F: Future>, body: LocalScope<F>, end: End<F::Output>);

impl<F: Future> Future for Work<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let (body, end) = self.split();
        // A panic is the task's: its executor tells of it if nobody awaits the task.
        let polled = body.poll(cx);
        if let Poll::Ready(value) = &polled {
            if let Some(message) = end.failure_of(value) {
                end.shared.failed(message);
            }
        }
        polled
    }
}

impl<T> End<T> {
    /// The error's text, if the value is one. The text is the program's code and may panic.
    fn failure_of(&self, value: &T) -> Option<String> {
        let failure = self.failure;
        catch(|| failure(value)).unwrap_or_else(|payload| {
            discard(payload);
            Some("an error whose text cannot be had, because that panicked".to_string())
        })
    }
}
