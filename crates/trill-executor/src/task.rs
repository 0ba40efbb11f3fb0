//! A spawned task, as its owner sees it.

use std::fmt;
use std::future::Future;
use std::panic::{self, Location};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use trill_cell::{Kind, TaskId, waiting};

use crate::cell::Handle;
use crate::join_error::JoinError;
use crate::quiet::{self, Payload};

/// A spawned task: await it for its value, drop it to cancel it.
///
/// # Panics
///
/// A panic of a task that nobody awaited is [reported](trill_cell::report) once: when the task ends if its handle is gone by
/// then, else when the handle is dropped.
///
/// Awaiting it panics with the task's own payload if the task panicked, and with a message of its own if the task was
/// cancelled; [`join`](Task::join) and [`fallible`](Task::fallible) do not.
///
/// # Cancel safety
///
/// The future is polled by reference as often as you like: a task's value is taken in the poll that returns it, so
/// nothing is lost. Dropping the task itself cancels it.
///
/// # Examples
///
/// ```
/// let ex = trill_executor::Executor::new();
/// let task = ex.spawn(async { 1 + 2 });
/// assert_eq!(trill_park::block_on(ex.run(task)), 3);
/// ```
#[must_use = "a task is cancelled when its handle is dropped: await it, or `detach` it to let it run on"]
pub struct Task<T> {
    handle: Handle<T>,
}

impl<T> Task<T> {
    #[inline]
    pub(crate) fn new(handle: Handle<T>) -> Task<T> {
        Task { handle }
    }

    /// Lets the task run on by itself; its value is dropped when it ends.
    ///
    /// A panic in it is [reported](trill_cell::report) once, and goes no further.
    ///
    /// # Examples
    ///
    /// ```
    /// let ex = trill_executor::Executor::new();
    /// let (done, seen) = std::sync::mpsc::channel();
    /// ex.spawn(async move { done.send(1).unwrap() }).detach();
    /// while ex.try_tick() {}
    /// assert_eq!(seen.recv(), Ok(1));
    /// ```
    #[inline]
    pub fn detach(self) {
        self.handle.detach();
    }

    /// Cancels the task and waits until its future is dropped.
    ///
    /// Returns its value if it had ended before. A panic it had ended with goes no further.
    ///
    /// # Cancel safety
    ///
    /// Dropping the returned future cancels the task as well, without waiting.
    ///
    /// # Examples
    ///
    /// ```
    /// let ex = trill_executor::Executor::new();
    /// let task = ex.spawn(std::future::pending::<()>());
    /// assert_eq!(trill_park::block_on(ex.run(task.cancel())), None);
    /// ```
    pub fn cancel(mut self) -> Cancel<T> {
        self.handle.close();
        Cancel { task: self }
    }

    /// Turns this into a handle that is awaited for an `Option`: `None` if the task was cancelled.
    ///
    /// # Cancel safety
    ///
    /// Dropping the handle cancels the task, see [`Task`].
    ///
    /// # Examples
    ///
    /// ```
    /// let ex = trill_executor::Executor::new();
    /// let task = ex.spawn(std::future::pending::<()>()).fallible();
    /// drop(ex);
    /// assert_eq!(trill_park::block_on(task), None);
    /// ```
    pub fn fallible(self) -> FallibleTask<T> {
        FallibleTask { task: self }
    }

    /// Returns a future of the task's end: its value, or why there is none.
    ///
    /// # Cancel safety
    ///
    /// As [`Task`]: polling by reference loses nothing, dropping the returned future cancels the task.
    ///
    /// # Examples
    ///
    /// ```
    /// let ex = trill_executor::Executor::new();
    /// let good = ex.spawn(async { 5 });
    /// let bad = ex.spawn(async { panic!("no luck") });
    /// trill_park::block_on(ex.run(async {
    ///     assert_eq!(good.join().await.unwrap(), 5);
    ///     assert!(bad.join().await.unwrap_err().is_panic());
    /// }));
    /// ```
    pub fn join(self) -> Join<T> {
        Join { task: self }
    }

    /// Says whether the task has ended or was cancelled.
    ///
    /// # Examples
    ///
    /// ```
    /// let ex = trill_executor::Executor::new();
    /// let task = ex.spawn(async {});
    /// assert!(!task.is_finished());
    /// ex.try_tick();
    /// assert!(task.is_finished());
    /// ```
    pub fn is_finished(&self) -> bool {
        self.handle.is_finished()
    }

    /// Returns the task's identity, unique in the process.
    ///
    /// # Examples
    ///
    /// ```
    /// let ex = trill_executor::Executor::new();
    /// let task = ex.spawn(async { trill_cell::current_id() });
    /// let id = task.id();
    /// assert_eq!(trill_park::block_on(ex.run(task)), Some(id));
    /// ```
    pub fn id(&self) -> TaskId {
        self.handle.header().id()
    }

    /// For models: where the task is.
    #[cfg(loom)]
    pub(crate) fn cell(&self) -> crate::queue::Item {
        self.handle.cell()
    }

    /// Polls for the end: `None` if the task was cancelled.
    #[inline]
    fn poll_end(
        &mut self,
        cx: &mut Context<'_>,
        location: &'static Location<'static>,
    ) -> Poll<Option<Result<T, Payload>>> {
        let polled = self.handle.poll(cx.waker());
        if polled.is_pending() {
            waiting(Kind::Task, self.id().as_u64(), location);
        }
        polled
    }
}

impl<T> Future for Task<T> {
    type Output = T;

    #[track_caller]
    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        match ready!(self.poll_end(cx, Location::caller())) {
            Some(Ok(value)) => Poll::Ready(value),
            Some(Err(payload)) => panic::resume_unwind(payload),
            None => panic!(
                "awaited task {}, which was cancelled or already gave its value: \
                 use `join` or `fallible` if its executor may be dropped",
                self.id()
            ),
        }
    }
}

impl<T> panic::UnwindSafe for Task<T> {}
impl<T> panic::RefUnwindSafe for Task<T> {}

impl<T> fmt::Debug for Task<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Task")
            .field("id", &self.id())
            .field("is_finished", &self.is_finished())
            .finish()
    }
}

/// A task that is awaited for an `Option`; made by [`Task::fallible`].
///
/// # Panics
///
/// Awaiting it panics with the task's own payload if the task panicked.
///
/// # Cancel safety
///
/// As [`Task`].
///
/// # Examples
///
/// See [`Task::fallible`].
#[must_use = "a task is cancelled when its handle is dropped: await it, or `detach` it to let it run on"]
pub struct FallibleTask<T> {
    task: Task<T>,
}

impl<T> FallibleTask<T> {
    /// Lets the task run on by itself, as [`Task::detach`].
    ///
    /// # Examples
    ///
    /// See [`Task::detach`].
    pub fn detach(self) {
        self.task.detach();
    }

    /// Cancels the task and waits until its future is dropped, as [`Task::cancel`].
    ///
    /// # Cancel safety
    ///
    /// As [`Task::cancel`].
    ///
    /// # Examples
    ///
    /// See [`Task::cancel`].
    pub fn cancel(self) -> Cancel<T> {
        self.task.cancel()
    }

    /// Says whether the task has ended or was cancelled.
    ///
    /// # Examples
    ///
    /// See [`Task::is_finished`].
    pub fn is_finished(&self) -> bool {
        self.task.is_finished()
    }
}

impl<T> Future for FallibleTask<T> {
    type Output = Option<T>;

    #[track_caller]
    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        match ready!(self.task.poll_end(cx, Location::caller())) {
            Some(Ok(value)) => Poll::Ready(Some(value)),
            Some(Err(payload)) => panic::resume_unwind(payload),
            None => Poll::Ready(None),
        }
    }
}

impl<T> panic::UnwindSafe for FallibleTask<T> {}
impl<T> panic::RefUnwindSafe for FallibleTask<T> {}

impl<T> fmt::Debug for FallibleTask<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FallibleTask").field(&self.task).finish()
    }
}

/// Waits for a task's end; made by [`Task::join`].
///
/// # Cancel safety
///
/// As [`Task`].
///
/// # Examples
///
/// See [`Task::join`].
#[must_use = "a task is cancelled when its handle is dropped: await it"]
pub struct Join<T> {
    task: Task<T>,
}

impl<T> Join<T> {
    /// Cancels the task; this future then waits for its end.
    ///
    /// A task that ends in the poll it is in still gives its value.
    ///
    /// # Examples
    ///
    /// ```
    /// let ex = trill_executor::Executor::new();
    /// let mut join = ex.spawn(std::future::pending::<()>()).join();
    /// join.abort();
    /// assert!(trill_park::block_on(ex.run(join)).unwrap_err().is_cancelled());
    /// ```
    pub fn abort(&mut self) {
        self.task.handle.close();
    }

    /// Lets the task run on by itself, as [`Task::detach`].
    ///
    /// # Examples
    ///
    /// See [`Task::detach`].
    pub fn detach(self) {
        self.task.detach();
    }

    /// Says whether the task has ended or was cancelled.
    ///
    /// # Examples
    ///
    /// See [`Task::is_finished`].
    pub fn is_finished(&self) -> bool {
        self.task.is_finished()
    }

    /// Returns the task's identity.
    ///
    /// # Examples
    ///
    /// See [`Task::id`].
    pub fn id(&self) -> TaskId {
        self.task.id()
    }
}

impl<T> Future for Join<T> {
    type Output = Result<T, JoinError>;

    #[track_caller]
    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let id = self.task.id();
        let end = ready!(self.task.poll_end(cx, Location::caller()));
        Poll::Ready(match end {
            Some(result) => result.map_err(|payload| JoinError::panicked(id, payload)),
            None => Err(JoinError::cancelled(id)),
        })
    }
}

impl<T> fmt::Debug for Join<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Join").field(&self.task).finish()
    }
}

/// Waits until a cancelled task's future is dropped; made by [`Task::cancel`].
///
/// # Cancel safety
///
/// See [`Task::cancel`].
///
/// # Examples
///
/// See [`Task::cancel`].
#[must_use = "futures do nothing unless polled; dropping this one cancels the task as well"]
pub struct Cancel<T> {
    task: Task<T>,
}

impl<T> Future for Cancel<T> {
    type Output = Option<T>;

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let output = ready!(self.task.poll_end(cx, Location::caller()));
        Poll::Ready(output.and_then(|result| result.map_err(quiet::discard).ok()))
    }
}

impl<T> fmt::Debug for Cancel<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Cancel").field(&self.task).finish()
    }
}
