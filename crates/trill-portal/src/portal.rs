//! The way into a runtime.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::sync::Arc;

use trill_cell::{Locals, Spawned, in_locals};
use trill_executor::{Executor, Task, ambient};

use crate::error::PortalError;
use crate::order::Spawn;
use crate::pump::Pump;
use crate::queue::Queue;
use crate::slot::Slot;
use crate::task::PortalTask;

/// A way from threads into the tasks of a runtime. Clones lead to the same one.
///
/// # Examples
///
/// See the [crate's page](crate).
#[derive(Clone)]
pub struct Portal(Arc<Handle>);

/// Shared by the clones of a portal, and not by its task.
struct Handle(Arc<Queue>);

impl Portal {
    /// Makes a portal into the runtime that this thread works for, else into the executor that polls here, else into the
    /// process-wide runtime if a facade provides one; see [`ambient::spawn`].
    ///
    /// It has a task there, which ends when the last clone is dropped.
    ///
    /// # Errors
    ///
    /// [`PortalError::NoExecutor`] if there is none of these.
    ///
    /// # Examples
    ///
    /// See the [crate's page](crate).
    #[track_caller]
    pub fn current() -> Result<Portal, PortalError> {
        let queue = Arc::new(Queue::new(ambient::current_id()));
        let spawned = Spawned::at(Location::caller()).named(TASK_NAME);
        match without_locals(|| ambient::spawn_as(Pump(queue.clone()), spawned)) {
            Ok(task) => Ok(Portal::of(queue, task)),
            Err(_) => Err(PortalError::NoExecutor),
        }
    }

    /// Makes a portal into `executor`, from anywhere.
    ///
    /// Its tasks are spawned by [`ambient::spawn`] where the executor is polled: so if a thread of another runtime
    /// polls it, they go to that one.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_executor::Executor;
    /// use trill_portal::Portal;
    ///
    /// let ex = Executor::new();
    /// let portal = Portal::on(&ex);
    /// let thread = std::thread::spawn(move || portal.call(async { 1 + 2 }));
    /// while !thread.is_finished() {
    ///     ex.try_tick();
    /// }
    /// assert_eq!(thread.join().unwrap().unwrap(), 3);
    /// ```
    #[track_caller]
    pub fn on(executor: &Executor<'_>) -> Portal {
        let queue = Arc::new(Queue::new(Some(executor.id())));
        let site = Location::caller();
        let pump = Pump(queue.clone());
        let task = without_locals(|| executor.builder().name(TASK_NAME).site(site).spawn(pump));
        Portal::of(queue, task)
    }

    /// Runs `future` as a task of the runtime, and blocks this thread until it has ended.
    ///
    /// # Errors
    ///
    /// [`PortalError::Panicked`] if the task panicked, [`PortalError::Closed`] if the runtime has ended or ends before the
    /// task. [`PortalError::Deadlock`] at once, and the future is dropped, if this thread is polling a future that would have
    /// to wait:
    ///
    /// * the portal's own runtime is polled further up on this thread, by whatever `block_on`. It may have other threads
    ///   that could answer, until their tasks call, too.
    /// * a task of another runtime, or the future of a [`trill_park::block_on`]. Two runtimes whose tasks call each other
    ///   would wait for ever, and neither call could see it; and whatever shares the thread would wait in any case.
    ///   [`start`](Portal::start) and an `.await` do the same without that.
    ///
    /// [`trill_park::may_block`] lifts the second one for whoever knows better, and never the first.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_executor::Executor;
    /// use trill_portal::{Portal, PortalError};
    ///
    /// let ex = Executor::new();
    /// let portal = Portal::on(&ex);
    /// let thread = std::thread::spawn(move || portal.call(async { std::panic::panic_any(7) }));
    /// while !thread.is_finished() {
    ///     ex.try_tick();
    /// }
    /// let error: PortalError = thread.join().unwrap().unwrap_err();
    /// assert_eq!(error.try_into_panic().unwrap().downcast_ref(), Some(&7));
    /// ```
    #[track_caller]
    pub fn call<F>(&self, future: F) -> Result<F::Output, PortalError>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        if would_hold_up(&self.0.0) {
            return Err(PortalError::Deadlock);
        }
        self.start(future).wait()
    }

    /// As [`call`](Portal::call), for a future that must be made inside the runtime: `make` is called in the task.
    ///
    /// # Errors
    ///
    /// As [`call`](Portal::call).
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_executor::{Executor, ambient};
    /// use trill_portal::Portal;
    ///
    /// let ex = Executor::new();
    /// let portal = Portal::on(&ex);
    /// let thread = std::thread::spawn(move || {
    ///     portal.call_with(|| {
    ///         let task = ambient::spawn(async { 5 }).expect("an executor polls here");
    ///         async move { task.await + 1 }
    ///     })
    /// });
    /// while !thread.is_finished() {
    ///     ex.try_tick();
    /// }
    /// assert_eq!(thread.join().unwrap().unwrap(), 6);
    /// ```
    #[track_caller]
    pub fn call_with<M, F>(&self, make: M) -> Result<F::Output, PortalError>
    where
        M: FnOnce() -> F + Send + 'static,
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.call(async move { make().await })
    }

    /// Runs `work`, which must not block, inside the runtime, and blocks this thread until it returns.
    ///
    /// # Errors
    ///
    /// As [`call`](Portal::call).
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_executor::Executor;
    /// use trill_portal::Portal;
    ///
    /// let ex = Executor::new();
    /// let portal = Portal::on(&ex);
    /// let thread = std::thread::spawn(move || portal.run(trill_cell::current_id));
    /// while !thread.is_finished() {
    ///     ex.try_tick();
    /// }
    /// assert!(thread.join().unwrap().unwrap().is_some());
    /// ```
    #[track_caller]
    pub fn run<T, W>(&self, work: W) -> Result<T, PortalError>
    where
        T: Send + 'static,
        W: FnOnce() -> T + Send + 'static,
    {
        self.call(async move { work() })
    }

    /// Starts `future` as a task of the runtime, and returns at once. Any thread and any task may call it.
    ///
    /// The task keeps the place of this call as the one where it was spawned. If the runtime has ended, `future` is
    /// dropped, and waiting for the handle says so.
    ///
    /// # Cancel safety
    ///
    /// Dropping the handle cancels the task, see [`PortalTask`].
    ///
    /// # Examples
    ///
    /// See [`PortalTask`].
    #[track_caller]
    pub fn start<F>(&self, future: F) -> PortalTask<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let slot = Arc::new(Slot::new());
        let spawned = Spawned::at(Location::caller());
        let order = Spawn::new(future, spawned, slot.clone());
        self.0.0.push(Box::new(order));
        PortalTask::new(slot, self.0.0.clone())
    }

    /// As [`start`](Portal::start), for a future that must be made inside the runtime: `make` is called in the task.
    ///
    /// # Cancel safety
    ///
    /// As [`start`](Portal::start).
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_executor::Executor;
    /// use trill_portal::Portal;
    ///
    /// let ex = Executor::new();
    /// let task = Portal::on(&ex).start_with(|| async { trill_cell::current_id() });
    /// assert!(trill_park::block_on(ex.run(task)).unwrap().is_some());
    /// ```
    #[track_caller]
    pub fn start_with<M, F>(&self, make: M) -> PortalTask<F::Output>
    where
        M: FnOnce() -> F + Send + 'static,
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.start(async move { make().await })
    }

    /// Says whether the runtime has ended, so that every call fails.
    ///
    /// # Examples
    ///
    /// ```
    /// let ex = trill_executor::Executor::new();
    /// let portal = trill_portal::Portal::on(&ex);
    /// assert!(!portal.is_closed());
    /// drop(ex);
    /// assert!(portal.is_closed());
    /// ```
    pub fn is_closed(&self) -> bool {
        self.0.0.is_closed()
    }

    fn of(queue: Arc<Queue>, task: Task<()>) -> Portal {
        task.detach();
        Portal(Arc::new(Handle(queue)))
    }
}

impl fmt::Debug for Portal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Portal").field(&self.0.0).finish()
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.0.abandon();
    }
}

/// Says whether blocking this thread until the portal answers would hold up a future, maybe the answer itself.
pub(crate) fn would_hold_up(queue: &Queue) -> bool {
    // A foreign `block_on` is known only by the executor that it polls.
    trill_park::is_polling() || queue.needs_this_thread()
}

/// Runs `body` so that what it spawns inherits nothing: a portal lives longer than the task that makes it.
fn without_locals<R>(body: impl FnOnce() -> R) -> R {
    in_locals(&mut Locals::new(), body)
}

/// What the task of a portal is called. A debug mode knows by the beginning that it belongs to the runtime itself.
const TASK_NAME: &str = "trill: portal";
