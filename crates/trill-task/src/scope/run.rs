//! The future that runs a scope: its body, and its children beside it.

use std::fmt;
use std::future::Future;
use std::ops::ControlFlow;
use std::panic::{self, Location};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use trill_cell::{Kind, waiting};

use super::nest::{Nest, Nested};
use crate::caught::{FirstPanic, catch};
use crate::many::members::Members;

/// Runs a body and the children that it spawns; made by [`scope`](crate::scope) and its like.
///
/// # Cancel safety
///
/// See [`scope`](crate::scope).
///
/// # Examples
///
/// See [`scope`](crate::scope).
#[must_use = "futures do nothing unless awaited"]
pub struct RunScope<S: Nested, B, Fut: Future> {
    body: Body<B, Fut>,
    /// What the body returned, while children are waited for.
    output: Option<Fut::Output>,
    nest: Arc<Nest<S::Child>>,
    children: Members<S::Child>,
    /// Says of the body's output whether the children are to be dropped.
    is_failure: fn(&Fut::Output) -> bool,
}

enum Body<B, Fut> {
    Fresh(B),
    Running(Pin<Box<Fut>>),
    Ended,
}

impl<S: Nested, B, Fut: Future> RunScope<S, B, Fut> {
    pub(super) fn new(body: B, is_failure: fn(&Fut::Output) -> bool) -> Self {
        RunScope {
            body: Body::Fresh(body),
            output: None,
            nest: Arc::new(Nest::new()),
            children: Members::new(),
            is_failure,
        }
    }

    /// Drops body and children, every one of them, and returns the first panic of all.
    fn end(&mut self, mut first: FirstPanic) -> FirstPanic {
        let spawned = self.nest.close();
        first.drop(std::mem::replace(&mut self.body, Body::Ended));
        self.drop_children(&mut first);
        spawned.into_iter().for_each(|child| first.drop(child));
        first
    }

    fn drop_children(&mut self, first: &mut FirstPanic) {
        for child in self.children.take_all() {
            first.drop(child);
        }
    }
}

impl<S, B, Fut> RunScope<S, B, Fut>
where
    S: Nested,
    B: FnOnce(S) -> Fut,
    Fut: Future,
{
    #[track_caller]
    fn poll_body(&mut self, cx: &mut Context<'_>) {
        if let Body::Fresh(_) = self.body {
            let Body::Fresh(body) = std::mem::replace(&mut self.body, Body::Ended) else {
                unreachable!("it was fresh in the line above")
            };
            self.body = Body::Running(Box::pin(body(S::new(self.nest.clone()))));
        }
        let Body::Running(body) = &mut self.body else {
            return;
        };
        if let Poll::Ready(output) = body.as_mut().poll(cx) {
            self.body = Body::Ended;
            self.output = Some(output);
        }
    }

    #[track_caller]
    fn poll_all(&mut self, cx: &mut Context<'_>) -> Poll<Fut::Output> {
        // What the body spawns is found below without a wake.
        self.nest.forget_driver();
        self.poll_body(cx);
        if self.output.as_ref().is_some_and(self.is_failure) {
            self.end(FirstPanic::default()).resume();
        }
        let found = self.nest.take(cx.waker());
        if found.is_closed {
            let mut first = FirstPanic::default();
            self.drop_children(&mut first);
            found
                .spawned
                .into_iter()
                .for_each(|child| first.drop(child));
            first.resume();
        } else {
            for child in found.spawned {
                self.children.insert(child);
            }
        }
        let panicked = self.children.poll_woken(cx, |_, end| match end {
            Some(payload) => ControlFlow::Break(payload),
            None => ControlFlow::Continue(()),
        });
        if let Some(payload) = panicked {
            panic::resume_unwind(payload);
        }
        if !self.children.is_empty() || self.output.is_none() {
            return Poll::Pending;
        }
        // The last child may have spawned another one.
        let late = self.nest.take(cx.waker());
        if !late.spawned.is_empty() && !late.is_closed {
            for child in late.spawned {
                self.children.insert(child);
            }
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let mut first = FirstPanic::default();
        late.spawned.into_iter().for_each(|child| first.drop(child));
        let mut first = self.end(first);
        match self.output.take() {
            Some(output) => match first.into_payload() {
                None => Poll::Ready(output),
                Some(payload) => {
                    first = FirstPanic::default();
                    first.drop(output);
                    panic::resume_unwind(payload)
                }
            },
            None => Poll::Pending,
        }
    }
}

impl<S, B, Fut> Future for RunScope<S, B, Fut>
where
    S: Nested,
    B: FnOnce(S) -> Fut,
    Fut: Future,
{
    type Output = Fut::Output;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Fut::Output> {
        let this = self.get_mut();
        let location = Location::caller();
        match catch(|| this.poll_all(cx)) {
            Ok(polled) => {
                if polled.is_pending() && this.output.is_some() {
                    waiting(Kind::Other, this.children.len() as u64, location);
                }
                polled
            }
            Err(payload) => {
                let mut first = FirstPanic::default();
                first.keep(payload);
                this.end(first).resume();
                unreachable!("the panic that was caught goes on")
            }
        }
    }
}

// Body and children are in boxes, and the output is never pinned.
impl<S: Nested, B, Fut: Future> Unpin for RunScope<S, B, Fut> {}

impl<S: Nested, B, Fut: Future> Drop for RunScope<S, B, Fut> {
    fn drop(&mut self) {
        self.end(FirstPanic::default()).resume();
    }
}

impl<S: Nested, B, Fut: Future> fmt::Debug for RunScope<S, B, Fut> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunScope")
            .field("has_output", &self.output.is_some())
            .field("children", &self.children)
            .finish_non_exhaustive()
    }
}
