//! A task that a thread has started through a portal.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use trill_cell::{Kind, TaskId, waiting};

use crate::error::PortalError;
use crate::portal::would_hold_up;
use crate::queue::Queue;
use crate::slot::Slot;

/// A task that was started through a [`Portal`](crate::Portal), as its thread sees it.
///
/// A thread waits for it with [`wait`](PortalTask::wait); a task, also one of another runtime, awaits it. Dropping the handle
/// cancels the task; [`detach`](PortalTask::detach) lets it run on.
///
/// # Cancel safety
///
/// It can be polled by reference as often as you like: the value is taken in the poll that returns it. Dropping it cancels
/// the task.
///
/// # Examples
///
/// ```
/// use trill_executor::Executor;
/// use trill_portal::Portal;
///
/// // Awaited in a runtime of its own:
/// let (here, there) = (Executor::new(), Executor::new());
/// let task = Portal::on(&there).start(async { 1 + 2 });
/// let sum = trill_park::block_on(there.run(here.run(task)));
/// assert_eq!(sum.unwrap(), 3);
/// ```
#[must_use = "the task is cancelled when this is dropped: wait for it, or `detach` it to let it run on"]
pub struct PortalTask<T> {
    slot: Arc<Slot<T>>,
    /// Where it was ordered.
    queue: Arc<Queue>,
}

impl<T> PortalTask<T> {
    pub(crate) fn new(slot: Arc<Slot<T>>, queue: Arc<Queue>) -> PortalTask<T> {
        PortalTask { slot, queue }
    }

    /// Blocks this thread until the task has ended, and returns its value.
    ///
    /// # Errors
    ///
    /// [`PortalError::Panicked`] if the task panicked, [`PortalError::Cancelled`] after [`cancel`](PortalTask::cancel),
    /// [`PortalError::Closed`] if the runtime ended first. [`PortalError::Deadlock`], and the task is cancelled, where
    /// [`Portal::call`](crate::Portal::call) is refused: await the handle there.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_executor::Executor;
    /// use trill_portal::Portal;
    ///
    /// let ex = Executor::new();
    /// let portal = Portal::on(&ex);
    /// let thread = std::thread::spawn(move || portal.start(async { 5 }).wait());
    /// while !thread.is_finished() {
    ///     ex.try_tick();
    /// }
    /// assert_eq!(thread.join().unwrap().unwrap(), 5);
    /// ```
    #[track_caller]
    pub fn wait(self) -> Result<T, PortalError> {
        if would_hold_up(&self.queue) {
            return Err(PortalError::Deadlock);
        }
        trill_park::block_on(self)
    }

    /// Blocks this thread until the task has ended, but not longer than `delay`.
    ///
    /// The task goes on when the time is over.
    ///
    /// # Errors
    ///
    /// Gives the handle back when the time is over. The inner result is that of [`wait`](PortalTask::wait), also where it
    /// is refused.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use trill_executor::Executor;
    /// use trill_portal::{Portal, PortalError};
    ///
    /// let ex = Executor::new();
    /// let task = Portal::on(&ex).start(async { 5 });
    /// // Nobody runs the executor:
    /// let task = task.wait_timeout(Duration::from_millis(1)).unwrap_err();
    /// assert!(task.cancel());
    /// assert!(matches!(task.wait(), Err(PortalError::Cancelled)));
    /// ```
    #[track_caller]
    pub fn wait_timeout(mut self, delay: Duration) -> Result<Result<T, PortalError>, Self> {
        if would_hold_up(&self.queue) {
            return Ok(Err(PortalError::Deadlock));
        }
        match trill_park::block_on(trill_timer::timeout(delay, &mut self)) {
            Ok(result) => Ok(result),
            Err(_) => Err(self),
        }
    }

    /// Asks the task to end, and does not wait for that; returns whether it had not ended.
    ///
    /// A task that was not polled yet never is. Another one is dropped at the await where it is, on its runtime. Waiting
    /// then returns [`PortalError::Cancelled`] at once, or the value if the task ended at this very moment.
    ///
    /// # Examples
    ///
    /// See [`wait_timeout`](PortalTask::wait_timeout).
    pub fn cancel(&self) -> bool {
        self.slot.cancel()
    }

    /// Says whether waiting would return at once.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_executor::Executor;
    /// use trill_portal::Portal;
    ///
    /// let ex = Executor::new();
    /// let task = Portal::on(&ex).start(async { 5 });
    /// assert!(!task.is_finished());
    /// while ex.try_tick() {}
    /// assert!(task.is_finished());
    /// ```
    pub fn is_finished(&self) -> bool {
        self.slot.is_finished()
    }

    /// Lets the task run on by itself; its value is dropped when it ends.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_executor::Executor;
    /// use trill_portal::Portal;
    ///
    /// let ex = Executor::new();
    /// let (done, seen) = std::sync::mpsc::channel();
    /// Portal::on(&ex).start(async move { done.send(1).unwrap() }).detach();
    /// while ex.try_tick() {}
    /// assert_eq!(seen.recv(), Ok(1));
    /// ```
    pub fn detach(self) {
        self.slot.detach();
    }

    /// Returns a handle that cancels the task from elsewhere, while this one is waited for.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_executor::Executor;
    /// use trill_portal::{Portal, PortalError};
    ///
    /// let ex = Executor::new();
    /// let task = Portal::on(&ex).start(std::future::pending::<()>());
    /// let canceller = task.canceller();
    /// std::thread::spawn(move || canceller.cancel());
    /// assert!(matches!(task.wait(), Err(PortalError::Cancelled)));
    /// ```
    pub fn canceller(&self) -> Canceller
    where
        T: Send + 'static,
    {
        Canceller(self.slot.clone())
    }
}

impl<T> Future for PortalTask<T> {
    type Output = Result<T, PortalError>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let polled = self.slot.poll(cx);
        if polled.is_pending() {
            let id = self.slot.id().map_or(0, TaskId::as_u64);
            waiting(Kind::Task, id, Location::caller());
        }
        polled
    }
}

impl<T> Drop for PortalTask<T> {
    fn drop(&mut self) {
        self.slot.cancel();
    }
}

impl<T> fmt::Debug for PortalTask<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PortalTask").field(&self.slot).finish()
    }
}

/// Cancels a [`PortalTask`] from elsewhere; made by [`PortalTask::canceller`].
///
/// # Examples
///
/// See [`PortalTask::canceller`].
#[derive(Clone)]
pub struct Canceller(Arc<dyn Cancel>);

impl Canceller {
    /// Asks the task to end, as [`PortalTask::cancel`].
    ///
    /// # Examples
    ///
    /// See [`PortalTask::canceller`].
    pub fn cancel(&self) -> bool {
        self.0.cancel()
    }
}

impl fmt::Debug for Canceller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Canceller").finish_non_exhaustive()
    }
}

/// A slot, whatever its task returns.
trait Cancel: Send + Sync {
    fn cancel(&self) -> bool;
}

impl<T: Send> Cancel for Slot<T> {
    fn cancel(&self) -> bool {
        Slot::cancel(self)
    }
}
