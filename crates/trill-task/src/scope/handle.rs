//! A child of a scope, as others see it.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use trill_cell::{Kind, TaskId, waiting};

use super::child::Shared;
use crate::group::child_error::ChildError;

/// A child of a [`scope`](crate::scope): await it for its value.
///
/// Dropping it changes nothing, because the child belongs to the scope.
///
/// # Panics
///
/// Awaiting it panics if the child was cancelled, and when it already gave its value. A child that panicked takes the
/// whole scope with it, so nobody awaits that one to the end.
///
/// # Cancel safety
///
/// Polled by reference it loses nothing: the value is taken in the poll that returns it. Dropping it loses the value.
///
/// # Examples
///
/// ```
/// use trill_task::scope;
///
/// let sum = trill_park::block_on(scope(async |s| s.spawn(async { 1 + 2 }).await));
/// assert_eq!(sum, 3);
/// ```
pub struct Scoped<T> {
    id: TaskId,
    shared: Arc<Shared<T>>,
}

impl<T> Scoped<T> {
    pub(super) fn new(id: TaskId, shared: Arc<Shared<T>>) -> Scoped<T> {
        Scoped { id, shared }
    }

    /// Returns the child's identity, unique in the process.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_task::scope;
    ///
    /// trill_park::block_on(scope(async |s| {
    ///     let child = s.spawn(async { trill_cell::current_id() });
    ///     let id = child.id();
    ///     assert_eq!(child.await, Some(id));
    /// }));
    /// ```
    pub fn id(&self) -> TaskId {
        self.id
    }

    /// Says whether the child has ended.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_task::scope;
    ///
    /// trill_park::block_on(scope(async |s| {
    ///     let child = s.spawn(async {});
    ///     assert!(!child.is_finished());
    ///     trill_executor::yield_now().await;
    ///     assert!(child.is_finished());
    /// }));
    /// ```
    pub fn is_finished(&self) -> bool {
        self.shared.outcome.is_set()
    }

    /// Asks for the child to be dropped where it waits, in the scope's next poll. One that has ended is left alone.
    ///
    /// # Examples
    ///
    /// See [`ChildError`].
    pub fn cancel(&self) {
        self.shared.stop.ask();
    }

    /// Returns a future of the child's end: its value, or why there is none.
    ///
    /// # Cancel safety
    ///
    /// As [`Scoped`].
    ///
    /// # Examples
    ///
    /// See [`ChildError`].
    pub fn join(self) -> JoinScoped<T> {
        JoinScoped { child: self }
    }

    #[track_caller]
    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<Result<T, ChildError>> {
        if self.shared.outcome.poll_set(cx).is_pending() {
            waiting(Kind::Task, self.id.as_u64(), Location::caller());
            return Poll::Pending;
        }
        let result = self.shared.outcome.take();
        Poll::Ready(result.map_err(|why| ChildError::new(self.id, why)))
    }
}

impl<T> Future for Scoped<T> {
    type Output = T;

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        self.poll_end(cx).map(|result| match result {
            Ok(value) => value,
            Err(error) => panic!("awaited a child without a value: {error}; use `join`"),
        })
    }
}

impl<T> fmt::Debug for Scoped<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scoped")
            .field("id", &self.id)
            .field("is_finished", &self.is_finished())
            .finish()
    }
}

/// Waits for a child's end; made by [`Scoped::join`].
///
/// # Cancel safety
///
/// As [`Scoped`].
///
/// # Examples
///
/// See [`ChildError`].
#[must_use = "futures do nothing unless awaited"]
pub struct JoinScoped<T> {
    child: Scoped<T>,
}

impl<T> Future for JoinScoped<T> {
    type Output = Result<T, ChildError>;

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.child.poll_end(cx)
    }
}

impl<T> fmt::Debug for JoinScoped<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("JoinScoped").field(&self.child).finish()
    }
}
