//! The future that runs a group.

use std::fmt;
use std::future::Future;
use std::panic::{self, Location};
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};

use trill_cell::{Kind, waiting};

use super::error::GroupError;
use super::failure::Failure;
use super::handle::Group;
use super::holder::{self, HOLDER, Hold};
use super::state::{self, Shared};
use crate::caught::{self, FirstPanic, Payload, catch};
use crate::local::LocalScope;
use crate::token::{CancelToken, Cancelled, RunToken};

/// Runs a group's body and waits for its children; made by [`TaskGroup::run`](crate::TaskGroup::run).
///
/// # Cancel safety
///
/// See [`TaskGroup::run`](crate::TaskGroup::run).
///
/// # Examples
///
/// See [`TaskGroup`](crate::TaskGroup).
#[must_use = "futures do nothing unless awaited"]
pub struct RunGroup<E, B, Fut, R> {
    shared: Arc<Shared<E>>,
    body: Body<B, Fut>,
    value: Option<R>,
    /// The body's panic, while children are waited for.
    panicked: Option<Payload>,
    /// The token around the group.
    outer: Option<CancelToken>,
}

enum Body<B, Fut> {
    Fresh(B),
    Running {
        future: Pin<Box<RunToken<LocalScope<Fut>>>>,
        /// Keeps the group open while groups that the body ran still end. Dropped after the future, which clones it.
        _hold: Hold,
    },
    Ended,
}

impl<E, B, Fut, R> RunGroup<E, B, Fut, R> {
    pub(super) fn new(shared: Arc<Shared<E>>, body: B) -> Self {
        RunGroup {
            shared,
            body: Body::Fresh(body),
            value: None,
            panicked: None,
            outer: None,
        }
    }

    /// Drops the body, if it is there.
    fn end_body(&mut self) {
        let body = std::mem::replace(&mut self.body, Body::Ended);
        if let Err(payload) = catch(|| drop(body)) {
            self.body_panicked(payload);
        }
    }

    fn body_panicked(&mut self, payload: Payload) {
        let mut first = FirstPanic::default();
        if let Some(before) = self.panicked.take() {
            first.keep(before);
        }
        first.keep(payload);
        self.panicked = first.into_payload();
        self.shared.cancel(&Cancelled::new("the body panicked"));
    }
}

impl<E, B, Fut, R> RunGroup<E, B, Fut, R>
where
    E: Send + 'static,
    B: FnOnce(Group<E>) -> Fut,
    Fut: Future<Output = Result<R, E>>,
{
    /// Opens the group and makes the body's future.
    fn begin(&mut self) {
        let Body::Fresh(body) = std::mem::replace(&mut self.body, Body::Ended) else {
            return;
        };
        self.outer = CancelToken::current();
        let outer_hold = holder::current().and_then(|holder| Weak::upgrade(&holder));
        let tokens = self.shared.open(outer_hold);
        let hold: Hold = Arc::new(self.shared.enter_body());
        let holder = Arc::downgrade(&hold);
        let group = Group::new(self.shared.clone());
        match catch(|| body(group)) {
            Ok(future) => {
                let future = HOLDER.scope(holder, future);
                let grace = self.shared.settings.grace;
                let run = tokens.token.run_with_grace(grace, future);
                self.body = Body::Running {
                    future: Box::pin(run),
                    _hold: hold,
                };
            }
            Err(payload) => self.body_panicked(payload),
        }
    }

    /// Polls the body, if it has not ended.
    #[track_caller]
    fn poll_body(&mut self, cx: &mut Context<'_>) {
        let Body::Running { future, .. } = &mut self.body else {
            return;
        };
        match catch(|| future.as_mut().poll(cx)) {
            Ok(Poll::Pending) => return,
            Ok(Poll::Ready(Ok(Ok(value)))) => self.value = Some(value),
            Ok(Poll::Ready(Ok(Err(error)))) => self.body_failed(error),
            // It was dropped where it waited.
            Ok(Poll::Ready(Err(_cancelled))) => {}
            Err(payload) => self.body_panicked(payload),
        }
        self.end_body();
    }

    fn body_failed(&mut self, error: E) {
        let tokens = self.shared.tokens();
        let is_cancelled = tokens.is_some_and(|tokens| tokens.token.is_cancelled());
        // Otherwise the error speaks of another token, and it must not be lost.
        if is_cancelled {
            match catch(|| (self.shared.settings.is_cancellation)(&error)) {
                Ok(true) => return,
                Ok(false) => {}
                Err(payload) => self.body_panicked(payload),
            }
        }
        self.shared.fail(Failure::error_of(None, None, error));
    }

    /// What the group ends with.
    fn outcome(&mut self, failures: Vec<Failure<E>>) -> Result<Option<R>, GroupError<E>> {
        if let Some(payload) = self.panicked.take() {
            state::report_lost(&failures);
            caught::discard(failures);
            caught::discard(self.value.take());
            panic::resume_unwind(payload);
        }
        let cancelled = self.outer.as_ref().and_then(CancelToken::reason);
        let is_cancelled = cancelled.is_some() && self.value.is_none();
        if !failures.is_empty() || is_cancelled {
            let name = self.shared.settings.name.clone();
            return Err(GroupError::new(name, failures, cancelled));
        }
        Ok(self.value.take())
    }
}

impl<E, B, Fut, R> Future for RunGroup<E, B, Fut, R>
where
    E: Send + 'static,
    B: FnOnce(Group<E>) -> Fut,
    Fut: Future<Output = Result<R, E>>,
{
    type Output = Result<Option<R>, GroupError<E>>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        if let Body::Fresh(_) = this.body {
            this.begin();
        }
        this.poll_body(cx);
        if let Body::Running { .. } = this.body {
            return Poll::Pending;
        }
        match this.shared.finish(cx.waker()) {
            Some(failures) => Poll::Ready(this.outcome(failures)),
            None => {
                waiting(
                    Kind::Other,
                    this.shared.children() as u64,
                    Location::caller(),
                );
                Poll::Pending
            }
        }
    }
}

// The body is in a box, and nothing else is ever pinned.
impl<E, B, Fut, R> Unpin for RunGroup<E, B, Fut, R> {}

impl<E, B, Fut, R> Drop for RunGroup<E, B, Fut, R> {
    fn drop(&mut self) {
        // First the children, which run in parallel with the body's drop.
        self.shared.abandon();
        let mut first = FirstPanic::default();
        first.drop(std::mem::replace(&mut self.body, Body::Ended));
        if let Some(payload) = self.panicked.take() {
            caught::discard(payload);
        }
        first.resume();
    }
}

impl<E, B, Fut, R> fmt::Debug for RunGroup<E, B, Fut, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunGroup")
            .field("group", &self.shared)
            .field("has_value", &self.value.is_some())
            .finish_non_exhaustive()
    }
}
