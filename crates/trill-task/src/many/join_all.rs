//! Waiting for several tasks, and owning them.

use std::any::Any;
use std::error::Error;
use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use trill_cell::{Kind, TaskId, waiting};
use trill_executor::{FallibleTask, Join, JoinError, Task};

use super::gather::{Gather, gather};
use super::row::Slot;
use super::try_gather::try_gather;

/// Waits for all these tasks and returns how each ended, in their order.
///
/// No task at all is ready at once.
///
/// # Cancel safety
///
/// This owns the tasks: dropping it cancels them all, and drops the values that were there already. To wait without
/// owning see [`wait`](crate::wait).
///
/// # Examples
///
/// ```
/// use trill_task::join_all;
///
/// let ex = trill_executor::Executor::new();
/// let tasks = (0..3).map(|n| ex.spawn(async move { n }));
/// let ends = trill_park::block_on(ex.run(join_all(tasks)));
/// assert_eq!(ends.into_iter().map(Result::unwrap).collect::<Vec<_>>(), [0, 1, 2]);
/// ```
pub fn join_all<T>(tasks: impl IntoIterator<Item = Task<T>>) -> JoinAll<T> {
    JoinAll(gather(tasks.into_iter().map(Task::join)))
}

/// Waits for several tasks; made by [`join_all`].
///
/// # Cancel safety
///
/// See [`join_all`].
///
/// # Examples
///
/// See [`join_all`].
#[must_use = "the tasks are cancelled when this is dropped: await it"]
pub struct JoinAll<T>(Gather<Vec<Slot<Join<T>>>>);

impl<T> Future for JoinAll<T> {
    type Output = Vec<Result<T, JoinError>>;

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let polled = Pin::new(&mut self.0).poll(cx);
        if polled.is_pending() {
            waiting(Kind::Other, 0, Location::caller());
        }
        polled
    }
}

impl<T> fmt::Debug for JoinAll<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("JoinAll").field(&self.0).finish()
    }
}

/// Waits for all these tasks and returns their values in order; at the first failure it cancels the others and returns
/// once they have ended.
///
/// An error, a panic and a cancellation from elsewhere are failures. No task at all is ready at once.
///
/// # Errors
///
/// The first failure. Failures of the others after that are dropped.
///
/// # Cancel safety
///
/// This owns the tasks: dropping it cancels them all, and drops the values that were there already.
///
/// # Examples
///
/// ```
/// use trill_task::try_join_all;
///
/// let ex = trill_executor::Executor::new();
/// let never = ex.spawn(std::future::pending::<Result<(), &str>>());
/// let fails = ex.spawn(async { Err("no") });
/// let failure = trill_park::block_on(ex.run(try_join_all([never, fails]))).unwrap_err();
/// assert_eq!(failure.into_error().unwrap(), "no");
/// ```
pub fn try_join_all<T, E>(
    tasks: impl IntoIterator<Item = Task<Result<T, E>>>,
) -> TryJoinAll<impl Future<Output = Result<Vec<T>, JoinFailure<E>>>> {
    let mut tasks: Vec<Owned<T, E>> = tasks.into_iter().map(Owned::new).collect();
    TryJoinAll(Box::pin(async move {
        let failure = match try_gather(&mut tasks).await {
            Ok(values) => return Ok(values),
            Err(failure) => failure,
        };
        let others = tasks.into_iter().filter_map(|task| task.task);
        gather(others.map(FallibleTask::cancel)).await;
        Err(failure)
    }))
}

/// Waits for several tasks, or the first failure; made by [`try_join_all`].
///
/// # Cancel safety
///
/// See [`try_join_all`].
///
/// # Examples
///
/// See [`try_join_all`].
#[must_use = "the tasks are cancelled when this is dropped: await it"]
pub struct TryJoinAll<F>(Pin<Box<F>>);

impl<F: Future> Future for TryJoinAll<F> {
    type Output = F::Output;

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let polled = self.0.as_mut().poll(cx);
        if polled.is_pending() {
            waiting(Kind::Other, 0, Location::caller());
        }
        polled
    }
}

impl<F> fmt::Debug for TryJoinAll<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TryJoinAll").finish_non_exhaustive()
    }
}

/// Why one of several tasks has no value; from [`try_join_all`].
///
/// # Examples
///
/// See [`try_join_all`].
pub struct JoinFailure<E> {
    id: TaskId,
    cause: Cause<E>,
}

enum Cause<E> {
    Error(E),
    /// The lock is never waited for: it only makes the failure `Sync`.
    Panic(Mutex<Box<dyn Any + Send>>),
    Cancelled,
}

impl<E> JoinFailure<E> {
    /// Returns the identity of the task that failed.
    ///
    /// # Examples
    ///
    /// ```
    /// let ex = trill_executor::Executor::new();
    /// let task = ex.spawn(async { Err::<(), _>("no") });
    /// let id = task.id();
    /// let failure = trill_park::block_on(ex.run(trill_task::try_join_all([task]))).unwrap_err();
    /// assert_eq!(failure.id(), id);
    /// ```
    pub fn id(&self) -> TaskId {
        self.id
    }

    /// Says whether the task was cancelled by somebody else.
    ///
    /// # Examples
    ///
    /// ```
    /// let ex = trill_executor::Executor::new();
    /// let task = ex.spawn(std::future::pending::<Result<(), ()>>());
    /// drop(ex);
    /// let failure = trill_park::block_on(trill_task::try_join_all([task])).unwrap_err();
    /// assert!(failure.is_cancelled());
    /// ```
    pub fn is_cancelled(&self) -> bool {
        matches!(self.cause, Cause::Cancelled)
    }

    /// Returns the error that the task returned.
    ///
    /// # Errors
    ///
    /// Gives the failure back if it is another.
    ///
    /// # Examples
    ///
    /// See [`try_join_all`].
    pub fn into_error(self) -> Result<E, JoinFailure<E>> {
        match self.cause {
            Cause::Error(error) => Ok(error),
            cause => Err(JoinFailure { id: self.id, cause }),
        }
    }

    /// Returns what the task panicked with, for [`std::panic::resume_unwind`].
    ///
    /// # Errors
    ///
    /// Gives the failure back if it is another.
    ///
    /// # Examples
    ///
    /// ```
    /// let ex = trill_executor::Executor::new();
    /// let task = ex.spawn(async { if true { std::panic::panic_any(7) } Ok::<(), ()>(()) });
    /// let failure = trill_park::block_on(ex.run(trill_task::try_join_all([task]))).unwrap_err();
    /// assert_eq!(failure.into_panic().unwrap().downcast_ref(), Some(&7));
    /// ```
    pub fn into_panic(self) -> Result<Box<dyn Any + Send>, JoinFailure<E>> {
        match self.cause {
            Cause::Panic(payload) => {
                Ok(payload.into_inner().unwrap_or_else(PoisonError::into_inner))
            }
            cause => Err(JoinFailure { id: self.id, cause }),
        }
    }
}

impl<E: fmt::Display> fmt::Display for JoinFailure<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.cause {
            Cause::Error(error) => write!(f, "task {} failed: {error}", self.id),
            Cause::Panic(_) => write!(f, "task {} panicked", self.id),
            Cause::Cancelled => write!(f, "task {} was cancelled", self.id),
        }
    }
}

impl<E: fmt::Debug> fmt::Debug for JoinFailure<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.cause {
            Cause::Error(error) => write!(f, "JoinFailure(task {} failed: {error:?})", self.id),
            Cause::Panic(_) => write!(f, "JoinFailure(task {} panicked)", self.id),
            Cause::Cancelled => write!(f, "JoinFailure(task {} was cancelled)", self.id),
        }
    }
}

impl<E: Error + 'static> Error for JoinFailure<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.cause {
            Cause::Error(error) => Some(error),
            Cause::Panic(_) | Cause::Cancelled => None,
        }
    }
}

/// A task until it has ended.
struct Owned<T, E> {
    id: TaskId,
    task: Option<FallibleTask<Result<T, E>>>,
}

impl<T, E> Owned<T, E> {
    fn new(task: Task<Result<T, E>>) -> Owned<T, E> {
        Owned {
            id: task.id(),
            task: Some(task.fallible()),
        }
    }
}

impl<T, E> Unpin for Owned<T, E> {}

impl<T, E> Future for Owned<T, E> {
    type Output = Result<T, JoinFailure<E>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(task) = &mut self.task else {
            return Poll::Pending;
        };
        // The task's panic comes out of its poll, and leaves nothing half changed here.
        let polled = catch_unwind(AssertUnwindSafe(|| Pin::new(task).poll(cx)));
        let end = match polled {
            Ok(polled) => Ok(ready!(polled)),
            Err(payload) => Err(payload),
        };
        self.task = None;
        let cause = match end {
            Ok(Some(Ok(value))) => return Poll::Ready(Ok(value)),
            Ok(Some(Err(error))) => Cause::Error(error),
            Ok(None) => Cause::Cancelled,
            Err(payload) => Cause::Panic(Mutex::new(payload)),
        };
        Poll::Ready(Err(JoinFailure { id: self.id, cause }))
    }
}
