//! A child of a group, as others see it.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use trill_cell::{Kind, TaskId, waiting};

use super::child_error::ChildError;
use super::failure::Origin;
use super::outcome::Outcome;
use crate::many::Waitable;
use crate::token::CancelToken;

/// A child of a [`TaskGroup`](crate::TaskGroup): await it for its value, or cancel it alone.
///
/// Dropping it changes nothing, because the child belongs to the group.
///
/// # Panics
///
/// If it is awaited again after it gave its value.
///
/// # Cancel safety
///
/// Polled by reference it loses nothing: the value is taken in the poll that returns it. Dropping it loses the value.
///
/// # Examples
///
/// ```
/// use trill_task::{Group, group};
///
/// let ex = trill_executor::Executor::new();
/// trill_park::block_on(ex.run(group(async |g: Group<()>| {
///     let child = g.spawn(async { Ok(5) }).unwrap();
///     assert_eq!(child.await.unwrap(), 5);
///     Ok(())
/// })))
/// .unwrap();
/// ```
pub struct Child<V> {
    id: TaskId,
    origin: Origin,
    outcome: Arc<Outcome<V>>,
    token: CancelToken,
}

impl<V> Child<V> {
    pub(super) fn new(
        id: TaskId,
        origin: Origin,
        outcome: Arc<Outcome<V>>,
        token: CancelToken,
    ) -> Child<V> {
        Child {
            id,
            origin,
            outcome,
            token,
        }
    }

    /// Returns the child's identity, unique in the process.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_task::{Group, group};
    ///
    /// let ex = trill_executor::Executor::new();
    /// trill_park::block_on(ex.run(group(async |g: Group<()>| {
    ///     let child = g.spawn(async { Ok(trill_cell::current_id()) }).unwrap();
    ///     let id = child.id();
    ///     assert_eq!(child.await.unwrap(), Some(id));
    ///     Ok(())
    /// })))
    /// .unwrap();
    /// ```
    pub fn id(&self) -> TaskId {
        self.id
    }

    /// Returns the child's name, if it was given one.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_cell::Spawned;
    /// use trill_task::{Group, group};
    ///
    /// let ex = trill_executor::Executor::new();
    /// trill_park::block_on(ex.run(group(async |g: Group<()>| {
    ///     let child = g.spawn_as(async { Ok(()) }, Spawned::here().named("reader")).unwrap();
    ///     assert_eq!((child.name(), child.site().file()), (Some("reader"), file!()));
    ///     Ok(())
    /// })))
    /// .unwrap();
    /// ```
    pub fn name(&self) -> Option<&str> {
        self.origin.name.as_deref()
    }

    /// Returns where the child was spawned.
    ///
    /// # Examples
    ///
    /// See [`Child::name`].
    pub fn site(&self) -> &'static Location<'static> {
        self.origin.site
    }

    /// Says whether the child has ended.
    ///
    /// # Examples
    ///
    /// See [`Child::ended`].
    pub fn is_finished(&self) -> bool {
        self.outcome.is_set()
    }

    /// Asks this child alone to end; returns whether nobody did before. One that has ended is left alone.
    ///
    /// With the group's grace it may clean up; then it is dropped where it next waits. The others go on.
    ///
    /// # Examples
    ///
    /// See [`ChildError::cancelled`].
    #[track_caller]
    pub fn cancel(&self, reason: impl Into<Box<str>>) -> bool {
        !self.is_finished() && self.token.cancel(reason)
    }

    /// Waits until the child has ended; its value stays here.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: dropping the future loses nothing and cancels nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_task::{Group, group};
    ///
    /// let ex = trill_executor::Executor::new();
    /// trill_park::block_on(ex.run(group(async |g: Group<()>| {
    ///     let mut child = g.spawn(async { Ok(5) }).unwrap();
    ///     child.ended().await;
    ///     assert!(child.is_finished());
    ///     assert_eq!(child.await.unwrap(), 5);
    ///     Ok(())
    /// })))
    /// .unwrap();
    /// ```
    pub fn ended(&mut self) -> ChildEnded<'_, V> {
        ChildEnded { child: self }
    }

    #[track_caller]
    fn poll_ended(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let polled = self.outcome.poll_set(cx);
        if polled.is_pending() {
            waiting(Kind::Task, self.id.as_u64(), Location::caller());
        }
        polled
    }
}

impl<V> Future for Child<V> {
    type Output = Result<V, ChildError>;

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        ready!(self.poll_ended(cx));
        let result = self.outcome.take();
        Poll::Ready(result.map_err(|why| ChildError::new(self.id, why)))
    }
}

impl<V> Waitable for Child<V> {
    #[track_caller]
    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        ready!(self.poll_ended(cx));
        Poll::Ready(self.outcome.is_failure())
    }
}

impl<V> fmt::Debug for Child<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Child")
            .field("id", &self.id)
            .field("name", &self.name())
            .field("is_finished", &self.is_finished())
            .finish()
    }
}

/// Waits until a child has ended; made by [`Child::ended`].
///
/// # Cancel safety
///
/// See [`Child::ended`].
///
/// # Examples
///
/// See [`Child::ended`].
#[must_use = "futures do nothing unless awaited"]
pub struct ChildEnded<'a, V> {
    child: &'a mut Child<V>,
}

impl<V> Future for ChildEnded<'_, V> {
    type Output = ();

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.child.poll_ended(cx)
    }
}

impl<V> fmt::Debug for ChildEnded<'_, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ChildEnded").field(&self.child).finish()
    }
}
