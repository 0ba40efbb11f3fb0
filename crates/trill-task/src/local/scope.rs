//! A future that runs with a task-local value of its own.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use trill_cell::Local;

use super::carried::Carried;
use crate::pinned::split;

/// Runs a future with a value of its own; made by [`TaskLocal::scope`](crate::TaskLocal::scope).
///
/// # Cancel safety
///
/// As cancel safe as the future in it.
///
/// # Examples
///
/// See [`TaskLocal::scope`](crate::TaskLocal::scope).
#[must_use = "futures do nothing unless awaited"]
pub struct LocalScope<F> {
    /// `None` once it has returned. Pinned whenever this is.
    body: Option<F>,
    /// Never pinned.
    carried: Carried,
}

split!(LocalScope<F>, body: Option<F>, carried: Carried);

impl<F> LocalScope<F> {
    pub(crate) fn new(carried: Carried, future: F) -> LocalScope<F> {
        LocalScope {
            body: Some(future),
            carried,
        }
    }

    /// Gives the future back; it was never polled.
    pub(crate) fn into_inner(mut self) -> Option<F> {
        self.body.take()
    }

    /// Runs the body with another value from now on; it was never polled.
    pub(crate) fn replace(self: Pin<&mut Self>, value: Local) {
        self.split().1.replace(value);
    }

    /// Drops the body, inside.
    pub(crate) fn end(self: Pin<&mut Self>) {
        let (mut body, carried) = self.split();
        let _inside = carried.enter();
        body.set(None);
    }
}

impl<F: Future> Future for LocalScope<F> {
    type Output = F::Output;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let (mut body, carried) = self.split();
        let _inside = carried.enter();
        let future = body.as_mut().as_pin_mut();
        let polled = future
            .expect("it is not polled again after it was ready")
            .poll(cx);
        if polled.is_ready() {
            body.set(None);
        }
        polled
    }
}

impl<F> Drop for LocalScope<F> {
    fn drop(&mut self) {
        if self.body.is_some() {
            let _inside = self.carried.enter();
            // Assigning drops the future where it is, as its pin demands.
            self.body = None;
        }
    }
}

impl<F> fmt::Debug for LocalScope<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalScope")
            .field("is_done", &self.body.is_none())
            .finish_non_exhaustive()
    }
}
