//! A task's handle that keeps how the task ended.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use trill_cell::{Kind, TaskId, waiting};
use trill_executor::{Join, JoinError, Task};

/// A task's handle that can be waited for without taking the task's value.
///
/// This is what [`wait`](crate::wait) works on. Awaiting the handle itself takes the value. Dropping it cancels the task,
/// as dropping a [`Task`] does.
///
/// # Panics
///
/// If it is awaited again after it gave its value.
///
/// # Cancel safety
///
/// Polled by reference it loses nothing: the value is taken in the poll that returns it.
///
/// # Examples
///
/// ```
/// use trill_task::TaskHandle;
///
/// let ex = trill_executor::Executor::new();
/// let mut handle = TaskHandle::new(ex.spawn(async { 5 }));
/// trill_park::block_on(ex.run(async {
///     handle.ended().await;
///     assert!(handle.result().unwrap().is_ok());
///     assert_eq!(handle.await.unwrap(), 5);
/// }));
/// ```
#[must_use = "a task is cancelled when its handle is dropped: await it"]
pub struct TaskHandle<T> {
    id: TaskId,
    join: Join<T>,
    end: End<T>,
    is_failure: fn(&Result<T, JoinError>) -> bool,
}

enum End<T> {
    Awaited,
    Here(Result<T, JoinError>),
    Taken,
}

impl<T> TaskHandle<T> {
    /// Takes over a task, which has failed if it panicked.
    ///
    /// # Cancel safety
    ///
    /// Dropping the handle cancels the task, see [`TaskHandle`].
    ///
    /// # Examples
    ///
    /// See [`TaskHandle`].
    pub fn new(task: Task<T>) -> TaskHandle<T> {
        TaskHandle::with(task, |end| end.as_ref().is_err_and(JoinError::is_panic))
    }

    fn with(task: Task<T>, is_failure: fn(&Result<T, JoinError>) -> bool) -> TaskHandle<T> {
        TaskHandle {
            id: task.id(),
            join: task.join(),
            end: End::Awaited,
            is_failure,
        }
    }

    /// Returns the task's identity.
    ///
    /// # Examples
    ///
    /// ```
    /// let ex = trill_executor::Executor::new();
    /// let task = ex.spawn(async {});
    /// let id = task.id();
    /// assert_eq!(trill_task::TaskHandle::new(task).id(), id);
    /// ```
    pub fn id(&self) -> TaskId {
        self.id
    }

    /// Returns how the task ended, if this handle has seen it and the value was not taken.
    ///
    /// # Examples
    ///
    /// See [`TaskHandle`].
    pub fn result(&self) -> Option<&Result<T, JoinError>> {
        match &self.end {
            End::Here(end) => Some(end),
            End::Awaited | End::Taken => None,
        }
    }

    /// Waits until the task has ended; its value stays here.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: dropping the future loses nothing and cancels nothing.
    ///
    /// # Examples
    ///
    /// See [`TaskHandle`].
    pub fn ended(&mut self) -> Ended<'_, T> {
        Ended { handle: self }
    }

    #[track_caller]
    fn poll_here(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let End::Awaited = self.end {
            self.end = End::Here(ready!(Pin::new(&mut self.join).poll(cx)));
        }
        Poll::Ready(())
    }
}

impl<T, E> TaskHandle<Result<T, E>> {
    /// Takes over a task, which has failed if it panicked or returned an error.
    ///
    /// # Cancel safety
    ///
    /// Dropping the handle cancels the task, see [`TaskHandle`].
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_task::{TaskHandle, Until, wait};
    ///
    /// let ex = trill_executor::Executor::new();
    /// let never = ex.spawn(std::future::pending());
    /// let fails = ex.spawn(async { Err::<(), _>("no") });
    /// let mut handles = [never, fails].map(TaskHandle::of_result);
    /// let waited = trill_park::block_on(ex.run(wait(&mut handles, Until::FirstFailed, None)));
    /// assert_eq!((waited.done, waited.pending), (vec![1], vec![0]));
    /// ```
    pub fn of_result(task: Task<Result<T, E>>) -> TaskHandle<Result<T, E>> {
        TaskHandle::with(task, |end| match end {
            Ok(output) => output.is_err(),
            Err(error) => error.is_panic(),
        })
    }
}

impl<T> From<Task<T>> for TaskHandle<T> {
    fn from(task: Task<T>) -> TaskHandle<T> {
        TaskHandle::new(task)
    }
}

// The value is never pinned.
impl<T> Unpin for TaskHandle<T> {}

impl<T> Future for TaskHandle<T> {
    type Output = Result<T, JoinError>;

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        ready!(self.poll_here(cx));
        match std::mem::replace(&mut self.end, End::Taken) {
            End::Here(end) => Poll::Ready(end),
            End::Awaited | End::Taken => {
                panic!("awaited task {}, which already gave its value", self.id)
            }
        }
    }
}

impl<T> fmt::Debug for TaskHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskHandle")
            .field("id", &self.id)
            .field("has_ended", &!matches!(self.end, End::Awaited))
            .finish_non_exhaustive()
    }
}

/// Waits until a task has ended; made by [`TaskHandle::ended`].
///
/// # Cancel safety
///
/// See [`TaskHandle::ended`].
///
/// # Examples
///
/// See [`TaskHandle`].
#[must_use = "futures do nothing unless awaited"]
pub struct Ended<'a, T> {
    handle: &'a mut TaskHandle<T>,
}

impl<T> Future for Ended<'_, T> {
    type Output = ();

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.handle.poll_here(cx)
    }
}

impl<T> fmt::Debug for Ended<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Ended").field(&self.handle).finish()
    }
}

/// What [`wait`](crate::wait) can wait for: a handle that keeps how its task ended.
///
/// # Examples
///
/// See [`wait`](crate::wait).
pub trait Waitable {
    /// Polls for the end and keeps it; says whether it is a failure.
    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<bool>;
}

impl<T> Waitable for TaskHandle<T> {
    #[track_caller]
    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        if self.poll_here(cx).is_pending() {
            waiting(Kind::Task, self.id.as_u64(), Location::caller());
            return Poll::Pending;
        }
        Poll::Ready(self.result().is_some_and(self.is_failure))
    }
}
