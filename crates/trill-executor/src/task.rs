//! A spawned task, as its owner sees it.

use std::fmt;
use std::future::Future;
use std::panic::{self, Location};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use trill_cell::{Kind, TaskId, waiting};

use crate::cell::{Handle, Output};
use crate::home::Home;
use crate::join_error::JoinError;
use crate::quiet::{self, Payload};

/// A spawned task: await it for its value, drop it to cancel it.
///
/// # Panics
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
    id: TaskId,
}

impl<T> Task<T> {
    #[inline]
    pub(crate) fn new(task: async_task::Task<Output<T>, Home>, id: TaskId) -> Task<T> {
        Task {
            handle: task.fallible(),
            id,
        }
    }

    /// Lets the task run on by itself; its value is dropped when it ends.
    ///
    /// A panic in it is reported by the panic hook and goes no further.
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
    pub fn cancel(self) -> Cancel<impl Future<Output = Option<T>> + use<T>> {
        self.fallible().cancel()
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
        self.id
    }

    /// Polls for the end: `None` if the task was cancelled.
    #[inline]
    fn poll_end(
        &mut self,
        cx: &mut Context<'_>,
        location: &'static Location<'static>,
    ) -> Poll<Option<Result<T, Payload>>> {
        let handle = &mut self.handle;
        let polled = quiet::with(cx.waker(), |waker| {
            Pin::new(handle).poll(&mut Context::from_waker(waker))
        });
        if polled.is_pending() {
            waiting(Kind::Task, self.id.as_u64(), location);
        }
        polled.map(|output| output.map(Output::into_result))
    }
}

impl<T> Future for Task<T> {
    type Output = T;

    #[track_caller]
    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        let id = self.id;
        match ready!(self.poll_end(cx, Location::caller())) {
            Some(Ok(value)) => Poll::Ready(value),
            Some(Err(payload)) => panic::resume_unwind(payload),
            None => panic!(
                "awaited task {id}, which was cancelled or already gave its value: \
                 use `join` or `fallible` if its executor may be dropped"
            ),
        }
    }
}

impl<T> panic::UnwindSafe for Task<T> {}
impl<T> panic::RefUnwindSafe for Task<T> {}

impl<T> fmt::Debug for Task<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Task")
            .field("id", &self.id)
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
    pub fn cancel(self) -> Cancel<impl Future<Output = Option<T>> + use<T>> {
        let Task { handle, id } = self.task;
        Cancel {
            id,
            waits: async move {
                let output = Quietly(handle.cancel()).await;
                output?.into_result().map_err(quiet::discard).ok()
            },
        }
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

impl<T> Future for Join<T> {
    type Output = Result<T, JoinError>;

    #[track_caller]
    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let id = self.task.id;
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
pub struct Cancel<F> {
    id: TaskId,
    waits: F,
}

impl<F: Future> Future for Cancel<F> {
    type Output = F::Output;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let id = self.id;
        let polled = waits(self).poll(cx);
        if polled.is_pending() {
            waiting(Kind::Task, id.as_u64(), Location::caller());
        }
        polled
    }
}

impl<F> fmt::Debug for Cancel<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cancel")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// Polls a future of async-task with a waker that cannot panic.
struct Quietly<F>(F);

impl<F: Future> Future for Quietly<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        quiet::with(cx.waker(), |waker| {
            inner(self).poll(&mut Context::from_waker(waker))
        })
    }
}

/// Projects the pin of a [`Cancel`].
#[allow(unsafe_code)]
fn waits<F>(cancel: Pin<&mut Cancel<F>>) -> Pin<&mut F> {
    // SAFETY: `waits` is structurally pinned: `Cancel` has no `Drop`, is `Unpin` only if `F` is, and gives no other
    // access to it. This file upholds it; Miri on `tests/task.rs` would fail.
    unsafe { cancel.map_unchecked_mut(|cancel| &mut cancel.waits) }
}

/// Projects the pin of a [`Quietly`].
#[allow(unsafe_code)]
fn inner<F>(quietly: Pin<&mut Quietly<F>>) -> Pin<&mut F> {
    // SAFETY: as for `waits`. This file upholds it; Miri on `tests/task.rs` would fail.
    unsafe { quietly.map_unchecked_mut(|quietly| &mut quietly.0) }
}
