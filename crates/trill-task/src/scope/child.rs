//! A child of a scope: the user's future with what makes it a task.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use trill_cell::{Ended, Header, Listed, Spawned, current_id, observers};

use super::handle::Scoped;
use super::nest::ChildEnd;
use crate::caught::{self, Payload, catch};
use crate::group::child_error::Why;
use crate::group::holder::{self, Holder};
use crate::group::outcome::Outcome;
use crate::pinned::split;

/// Makes a child and its handle.
pub(super) fn new<F: Future>(
    future: F,
    spawned: Spawned,
) -> (Member<F, F::Output>, Scoped<F::Output>) {
    let header = Arc::new(Header::new(spawned));
    let shared = Arc::new(Shared {
        outcome: Outcome::new(),
        stop: Stop::default(),
    });
    let handle = Scoped::new(header.id(), shared.clone());
    let child = Member {
        future: Some(future),
        rest: Rest {
            header,
            listed: None,
            shared,
            holder: holder::current(),
        },
    };
    (child, handle)
}

/// What a child and its handle share.
pub(super) struct Shared<T> {
    pub(super) outcome: Outcome<T>,
    pub(super) stop: Stop,
}

/// A request to drop a child.
#[derive(Default)]
pub(super) struct Stop(Mutex<(bool, Option<Waker>)>);

impl Stop {
    /// Makes the request.
    pub(super) fn ask(&self) {
        let child = {
            let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            state.0 = true;
            state.1.take()
        };
        if let Some(child) = child {
            child.wake();
        }
    }

    /// Says whether the request was made; else the child is woken when it is.
    fn poll(&self, child: &Waker) -> bool {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !state.0 && !state.1.as_ref().is_some_and(|known| known.will_wake(child)) {
            state.1 = Some(child.clone());
        }
        state.0
    }
}

/// A child of a scope.
pub(super) struct Member<F, T> {
    /// `None` once it has ended. Pinned whenever this is.
    future: Option<F>,
    /// Never pinned.
    rest: Rest<T>,
}

struct Rest<T> {
    header: Arc<Header>,
    /// Where those find it who look at all tasks, from the end of its first poll, if it is pending, to its own end.
    listed: Option<Listed>,
    shared: Arc<Shared<T>>,
    /// What the child keeps open, until its first poll.
    holder: Option<Holder>,
}

split!(Member<F, T>, future: Option<F>, rest: Rest<T>);

impl<F: Future> Future for Member<F, F::Output> {
    type Output = ChildEnd;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<ChildEnd> {
        let (mut future, rest) = self.split();
        if rest.shared.stop.poll(cx.waker()) {
            return Poll::Ready(cancelled(future, rest));
        }
        let holder = rest.holder.take();
        let polled = catch(|| {
            rest.header.poll(|| {
                if let Some(holder) = holder {
                    holder::set(holder);
                }
                match future.as_mut().as_pin_mut() {
                    Some(future) => future.poll(cx),
                    None => Poll::Pending,
                }
            })
        });
        let result = match polled {
            // A child that asks for its own end is woken, because the request found its waker.
            Ok(Poll::Pending) => {
                if rest.listed.is_none() && future.is_some() {
                    // Out here the current task is the one that runs the scope.
                    rest.listed = Some(Listed::new(Arc::clone(&rest.header), current_id()));
                }
                return Poll::Pending;
            }
            Ok(Poll::Ready(value)) => Ok(value),
            Err(payload) => Err(payload),
        };
        Poll::Ready(finished(future, rest, result))
    }
}

/// Ends a child with what it returned or panicked with.
fn finished<F, T>(
    mut future: Pin<&mut Option<F>>,
    rest: &mut Rest<T>,
    result: Result<T, Payload>,
) -> ChildEnd {
    rest.listed = None;
    // A panic in the future's drop is the child's panic; a value it had returned is dropped with it.
    let dropped = catch(|| future.set(None));
    let result = match (result, dropped) {
        (result, Ok(())) => result,
        (Ok(value), Err(payload)) => {
            caught::discard(value);
            Err(payload)
        }
        (Err(payload), Err(second)) => {
            caught::discard(second);
            Err(payload)
        }
    };
    observers(|observer| match &result {
        Ok(_) => observer.ended(&rest.header, Ended::Finished),
        Err(payload) => observer.ended(&rest.header, Ended::Panicked(&**payload)),
    });
    match result {
        Ok(value) => {
            // If nobody has the handle the value is dropped here, and its panic is the child's, too.
            let kept = catch(|| rest.shared.outcome.set(Ok(value)));
            kept.err()
        }
        Err(payload) => {
            rest.shared.outcome.set(Err(Why::Panicked(None)));
            Some(payload)
        }
    }
}

/// Drops a child's future before its end; returns its panic.
fn cancelled<F, T>(mut future: Pin<&mut Option<F>>, rest: &mut Rest<T>) -> ChildEnd {
    rest.listed = None;
    let dropped = catch(|| future.set(None));
    observers(|observer| observer.ended(&rest.header, Ended::Dropped));
    rest.shared.outcome.set(Err(Why::Cancelled(None)));
    dropped.err()
}

impl<F, T> Drop for Member<F, T> {
    fn drop(&mut self) {
        if self.future.is_none() {
            return;
        }
        self.rest.listed = None;
        // Assigning drops the future where it is, as its pin demands.
        let dropped = catch(|| self.future = None);
        observers(|observer| observer.ended(&self.rest.header, Ended::Dropped));
        self.rest.shared.outcome.set(Err(Why::Cancelled(None)));
        match dropped {
            Err(payload) if !std::thread::panicking() => std::panic::resume_unwind(payload),
            dropped => caught::discard(dropped),
        }
    }
}
