//! Making a group.

use std::any::Any;
use std::error::Error;
use std::fmt;
use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use super::handle::Group;
use super::run::RunGroup;
use super::state::{Settings, Shared};
use crate::token::{Cancelled, CancelledError};

/// Runs a body with a [`TaskGroup`] of default settings; `TaskGroup::new().run(body)`.
///
/// # Errors
///
/// As [`TaskGroup::run`].
///
/// # Panics
///
/// As [`TaskGroup::run`].
///
/// # Cancel safety
///
/// As [`TaskGroup::run`].
///
/// # Examples
///
/// ```
/// use trill_task::{Group, group};
///
/// let ex = trill_executor::Executor::new();
/// let sum = trill_park::block_on(ex.run(group(async |g: Group<String>| {
///     let one = g.spawn(async { Ok(1) }).unwrap();
///     let two = g.spawn(async { Ok(2) }).unwrap();
///     Ok(one.await.unwrap() + two.await.unwrap())
/// })));
/// assert_eq!(sum.unwrap(), Some(3));
/// ```
pub fn group<E, R, B, Fut>(body: B) -> RunGroup<E, B, Fut, R>
where
    E: Send + 'static,
    B: FnOnce(Group<E>) -> Fut,
    Fut: Future<Output = Result<R, E>>,
{
    TaskGroup::new().run(body)
}

/// A group of tasks that end together: the first failure cancels the others, and whoever runs the group gets all
/// failures, once all have ended.
///
/// Children run in parallel, on the executor that is found where they are spawned (see [`trill_executor::ambient`]). They
/// may return values of any type; `E` is the one type of error of them all.
///
/// # How children end
///
/// * **Well**: the value goes to the child's [handle](crate::Child).
/// * **With an error or a panic**: that is a failure. The group's token is cancelled, and with it the body and all other
///   children. What fails meanwhile is added to the [`GroupError`](crate::GroupError), in the order in which it happens.
/// * **Cancelled**: that is no failure, and the group goes on. A child has ended cancelled if it was dropped, or if its
///   error is a [`Cancelled`], see [`cancelled_if`](TaskGroup::cancelled_if).
///
/// # How children are cancelled
///
/// The group has a [`CancelToken`](crate::CancelToken) below the one that was current where it began to run, and each
/// child one below the group's, which is the child's current token. Once that is cancelled the child gets one more poll
/// and is dropped where it next waits; with a [`grace`](TaskGroup::grace) it may go on for so long, to clean up. A child
/// that was never polled never will be.
///
/// # Examples
///
/// ```
/// use std::future::pending;
/// use trill_task::{Group, TaskGroup};
///
/// let ex = trill_executor::Executor::new();
/// let error = trill_park::block_on(ex.run(TaskGroup::new().run(async |g: Group<&str>| {
///     let never = g.spawn(pending::<Result<(), &str>>()).unwrap();
///     let _ = g.spawn(async { Err::<(), _>("no luck") });
///     let _ = never.await;
///     Ok(())
/// })))
/// .unwrap_err();
/// assert_eq!(error.failures()[0].error(), Some(&"no luck"));
/// ```
#[must_use = "a group does nothing until it is run"]
pub struct TaskGroup<E> {
    settings: Settings<E>,
}

impl<E: Send + 'static> TaskGroup<E> {
    /// Makes a group with default settings: any number of children, no grace, no name.
    ///
    /// # Examples
    ///
    /// See [`TaskGroup`].
    #[allow(clippy::new_without_default)] // A group that nobody runs is never meant.
    pub fn new() -> TaskGroup<E> {
        TaskGroup {
            settings: Settings {
                name: None,
                width: None,
                grace: Duration::ZERO,
                is_cancellation: Box::new(is_cancellation::<E>),
            },
        }
    }

    /// Gives the group a name, for its error and for people.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_task::TaskGroup;
    ///
    /// let ex = trill_executor::Executor::new();
    /// let group = TaskGroup::new().name("readers");
    /// let error = trill_park::block_on(ex.run(group.run(async |_| Err::<(), _>("no")))).unwrap_err();
    /// assert!(error.to_string().contains("readers"));
    /// ```
    pub fn name(mut self, name: impl Into<Box<str>>) -> TaskGroup<E> {
        self.settings.name = Some(name.into());
        self
    }

    /// Lets no more than `children` live at once: spawning one more is refused, or waits with
    /// [`spawn_when_free`](Group::spawn_when_free).
    ///
    /// # Panics
    ///
    /// If it is 0.
    ///
    /// # Examples
    ///
    /// See [`Group::spawn_when_free`].
    #[track_caller]
    pub fn width(mut self, children: u32) -> TaskGroup<E> {
        assert!(children > 0, "give the group a width of at least 1");
        self.settings.width = Some(children);
        self
    }

    /// Lets children and body go on for `delay` after they were cancelled, so that they can clean up; what is left then
    /// is dropped where it next waits. `Duration::MAX` waits for as long as it takes.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use trill_task::{CancelToken, Group, TaskGroup};
    ///
    /// let ex = trill_executor::Executor::new();
    /// let group = TaskGroup::new().grace(Duration::from_secs(5));
    /// let ended = trill_park::block_on(ex.run(group.run(async |g: Group<()>| {
    ///     let child = g.spawn(async {
    ///         let reason = CancelToken::current().unwrap().cancelled().await;
    ///         trill_executor::yield_now().await; // Cleans up.
    ///         Ok(reason.reason().to_string())
    ///     });
    ///     g.cancel("enough");
    ///     Ok(child.unwrap().await)
    /// })));
    /// # drop(ended);
    /// ```
    pub fn grace(mut self, delay: Duration) -> TaskGroup<E> {
        self.settings.grace = delay;
        self
    }

    /// Says which errors mean that a child was cancelled, and did not fail.
    ///
    /// By default those are [`Cancelled`] and [`CancelledError`], also within an [`io::Error`] or a boxed [`Error`], and
    /// as the source of one. An error type of your own needs this if it has a case for them.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_task::{Cancelled, Group, TaskGroup};
    ///
    /// enum Trouble { Cancelled(Cancelled), Broken }
    ///
    /// let ex = trill_executor::Executor::new();
    /// let group = TaskGroup::new().cancelled_if(|trouble| matches!(trouble, Trouble::Cancelled(_)));
    /// let ended = trill_park::block_on(ex.run(group.run(async |g: Group<Trouble>| {
    ///     let cancelled = Trouble::Cancelled(Cancelled::new("not needed"));
    ///     let _ = g.spawn(async { Err::<(), _>(cancelled) });
    ///     Ok(())
    /// })));
    /// assert!(ended.is_ok());
    /// # let _ = Trouble::Broken;
    /// ```
    pub fn cancelled_if(
        mut self,
        is_cancellation: impl Fn(&E) -> bool + Send + Sync + 'static,
    ) -> TaskGroup<E> {
        self.settings.is_cancellation = Box::new(is_cancellation);
        self
    }

    /// Runs a body that may spawn children, and waits until body and children have ended.
    ///
    /// Returns what the body returned; `None` if the group was [cancelled](Group::cancel) and the body did not get that
    /// far. The body is polled by whoever awaits this, the children in parallel. A child that still runs when the body
    /// ends is waited for.
    ///
    /// # Errors
    ///
    /// A [`GroupError`](crate::GroupError) with all failures, if a child failed or the body returned an error. The body's error
    /// is a failure, too, unless the group was cancelled and the error says so.
    ///
    /// It is without failures if the token around the group was cancelled and the body did not get to its end. Whether or
    /// not there were failures, that request stays: the next [`checkpoint`](crate::checkpoint) outside sees it.
    ///
    /// # Panics
    ///
    /// If the body panics. The panic goes on when all children have ended; their failures are
    /// [reported](trill_cell::report).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future cancels all children without grace: each is dropped by its executor as soon as it waits, and
    /// nobody waits for that, except that a group of which this runs in a child or in the body does. Failures that nobody
    /// received are [reported](trill_cell::report).
    ///
    /// # Examples
    ///
    /// See [`TaskGroup`].
    pub fn run<R, B, Fut>(self, body: B) -> RunGroup<E, B, Fut, R>
    where
        B: FnOnce(Group<E>) -> Fut,
        Fut: Future<Output = Result<R, E>>,
    {
        RunGroup::new(Arc::new(Shared::new(self.settings)), body)
    }

    /// Splits the group in a handle and what runs it, for code that wants to cancel it before it runs.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::future::pending;
    /// use trill_task::TaskGroup;
    ///
    /// let ex = trill_executor::Executor::new();
    /// let (handle, run) = TaskGroup::<()>::new().split(async |_| pending::<Result<(), ()>>().await);
    /// handle.cancel("not needed any more");
    /// assert_eq!(trill_park::block_on(ex.run(run)).unwrap(), None);
    /// ```
    pub fn split<R, B, Fut>(self, body: B) -> (Group<E>, RunGroup<E, B, Fut, R>)
    where
        B: FnOnce(Group<E>) -> Fut,
        Fut: Future<Output = Result<R, E>>,
    {
        let shared = Arc::new(Shared::new(self.settings));
        (Group::new(shared.clone()), RunGroup::new(shared, body))
    }
}

impl<E> fmt::Debug for TaskGroup<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskGroup")
            .field("name", &self.settings.name)
            .field("width", &self.settings.width)
            .field("grace", &self.settings.grace)
            .finish_non_exhaustive()
    }
}

/// Says whether an error only tells of a cancel.
fn is_cancellation<E: 'static>(error: &E) -> bool {
    let error: &dyn Any = error;
    if error.is::<Cancelled>() || error.is::<CancelledError>() {
        return true;
    }
    if let Some(error) = error.downcast_ref::<io::Error>() {
        return is_caused_by_cancel(error);
    }
    if let Some(error) = error.downcast_ref::<Box<dyn Error + Send + Sync>>() {
        return is_caused_by_cancel(&**error);
    }
    if let Some(error) = error.downcast_ref::<Box<dyn Error + Send>>() {
        return is_caused_by_cancel(&**error);
    }
    false
}

/// Looks through an error and its sources.
fn is_caused_by_cancel(error: &(dyn Error + 'static)) -> bool {
    let mut next = Some(error);
    for _ in 0..SOURCES_MAX {
        let Some(error) = next else { return false };
        let inner = error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref);
        if error.is::<CancelledError>() || inner.is_some_and(|inner| inner.is::<CancelledError>()) {
            return true;
        }
        next = error.source();
    }
    false
}

/// How far down the sources of an error are looked at: an error may be its own source.
const SOURCES_MAX: usize = 64;
