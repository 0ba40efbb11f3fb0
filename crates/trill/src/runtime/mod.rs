//! The runtime: an executor, worker threads, a reactor and a blocking pool that belong together.

mod builder;
pub(crate) mod current;
mod handle;
mod hook;
mod inner;

use std::fmt;
use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use trill_executor::Task;
use trill_reactor::Reactor;

pub use builder::Builder;
pub use handle::Handle;
use inner::Inner;

/// An executor, worker threads, a reactor and a blocking pool that belong together.
///
/// Dropping it drops all its tasks: those that wait at once, those in the middle of a poll when that poll ends, for
/// which the drop waits [up to a limit](Builder::shutdown_max).
///
/// # Examples
///
/// ```
/// let runtime = trill::Runtime::new()?;
/// let sum = runtime.run(async {
///     let task = trill::spawn(async { 1 + 2 });
///     task.await
/// });
/// assert_eq!(sum, 3);
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Runtime {
    /// `None` only while being dropped.
    inner: Option<Arc<Inner>>,
    shutdown_max: Duration,
}

impl Runtime {
    /// Starts a runtime with a worker for each core.
    ///
    /// # Errors
    ///
    /// As [`Builder::build`].
    ///
    /// # Examples
    ///
    /// See [`Runtime`].
    pub fn new() -> io::Result<Runtime> {
        Runtime::builder().build()
    }

    /// Sets up a runtime.
    ///
    /// # Examples
    ///
    /// See [`Builder`].
    pub fn builder() -> Builder {
        Builder::new()
    }

    fn from_inner(inner: Arc<Inner>, shutdown_max: Duration) -> Runtime {
        Runtime {
            inner: Some(inner),
            shutdown_max,
        }
    }

    fn inner(&self) -> &Arc<Inner> {
        match &self.inner {
            Some(inner) => inner,
            None => unreachable!("a runtime is not used while it is being dropped"),
        }
    }

    /// Runs `future` to its end on this thread, which is a worker meanwhile, and returns what it returns.
    ///
    /// Tasks that are still there afterwards go on when `run` is called again, or on the background workers.
    ///
    /// # Panics
    ///
    /// If the future panics.
    ///
    /// # Examples
    ///
    /// See [`Runtime`].
    pub fn run<F: Future>(&self, future: F) -> F::Output {
        self.inner().run(future)
    }

    /// Runs `future` to its end on this thread without running tasks on it.
    ///
    /// With one worker nobody runs tasks meanwhile, so a future that waits for a task needs [`Runtime::run`].
    ///
    /// # Panics
    ///
    /// If the future panics.
    ///
    /// # Examples
    ///
    /// ```
    /// let runtime = trill::Runtime::builder().workers(2).build()?;
    /// let task = runtime.spawn(async { 5 });
    /// assert_eq!(runtime.block_on(task), 5);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.inner().enter(|| inner::block_on(future))
    }

    /// Spawns a task.
    ///
    /// # Examples
    ///
    /// See [`Runtime::block_on`].
    #[track_caller]
    pub fn spawn<T: Send + 'static>(
        &self,
        future: impl Future<Output = T> + Send + 'static,
    ) -> Task<T> {
        self.inner().executor.spawn(future)
    }

    /// Runs `work`, which may block, on the runtime's blocking pool.
    ///
    /// # Cancel safety
    ///
    /// Dropping the returned [`Task`] cancels work that has not begun; work that has begun goes on to its end and its
    /// output is dropped.
    ///
    /// # Examples
    ///
    /// ```
    /// let runtime = trill::Runtime::new()?;
    /// let sum = runtime.run(runtime.unblock(|| (1..=100).sum::<u32>()));
    /// assert_eq!(sum, 5050);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn unblock<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Task<T> {
        match self.inner().pool() {
            Some(pool) => pool.unblock(work),
            None => trill_blocking::unblock(work),
        }
    }

    /// Returns a handle that other threads can keep; it does not keep the runtime alive.
    ///
    /// # Examples
    ///
    /// See [`Handle`].
    pub fn handle(&self) -> Handle {
        Handle::new(self.inner())
    }

    /// Returns the reactor in which the workers park.
    ///
    /// # Errors
    ///
    /// If it is the process-wide one, was not used yet, and the operating system refuses it.
    ///
    /// # Examples
    ///
    /// See [`Builder::reactor`].
    pub fn reactor(&self) -> io::Result<Reactor> {
        self.inner().reactor()
    }
}

impl fmt::Debug for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runtime")
            .field("executor", &self.inner().executor)
            .finish_non_exhaustive()
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        let Some(inner) = self.inner.take() else {
            return;
        };
        inner.crew().stop();
        // On a worker of its own the runtime cannot wait for itself.
        let on_worker = current::try_with(|current| Arc::ptr_eq(current, &inner)).unwrap_or(false);
        if !on_worker {
            // Late workers drop their task when they come back from it.
            let _ =
                trill_park::block_on(trill_timer::timeout(self.shutdown_max, inner.crew().left()));
        }
    }
}
