//! The runtime: an executor, worker threads, a reactor and a blocking pool that belong together.

mod builder;
pub(crate) mod current;
#[cfg_attr(not(feature = "debug"), path = "no_debug.rs")]
mod debug;
mod exits;
mod handle;
mod hook;
mod inner;
#[cfg_attr(not(feature = "signal"), path = "no_interrupt.rs")]
mod interrupt;
mod interrupted;
mod main_task;
mod runner;
mod shared;
mod shutdown_token;
mod teardown;
mod unfinished;

use std::fmt;
use std::future::Future;
use std::io;
use std::panic::Location;
use std::sync::Arc;

use trill_cell::Locals;
use trill_executor::Task;
use trill_reactor::Reactor;

pub use builder::Builder;
use exits::Exit;
pub use exits::{AtExit, at_exit};
pub use handle::Handle;
use inner::Inner;
use interrupt::Watch;
pub use interrupted::Interrupted;
use main_task::MainTask;
pub use runner::{RunError, Runner};
pub use shutdown_token::shutdown_token;
use teardown::Limits;

/// An executor, worker threads, a reactor and a blocking pool that belong together.
///
/// # How it ends
///
/// When it is dropped, or [shut down](Runtime::shutdown), this happens in this order:
///
/// 1. Tasks are asked to end, through the [token](shutdown_token), and get the [grace](Builder::shutdown_grace) to do so;
///    by default there is none.
/// 2. The background workers leave. Tasks in the middle of a poll come to its end, [up to a
///    limit](Builder::shutdown_max).
/// 3. All tasks that are left are dropped where they wait, and what their destructors spawn is dropped, too.
/// 4. What was registered with [`at_exit`] runs, the last first, [up to a limit](Builder::exits_max). The runtime is
///    there as before, so it may spawn, wait, and use the blocking pool.
/// 5. The runtime's own blocking pool comes to the end of its work, [up to a limit](Builder::blocking_max).
/// 6. The reactor is let go of.
///
/// What does not keep to its limit is reported, see [`Builder::unhandled_hook`], and left alone. So are panics. In debug
/// builds a runtime that is dropped also reports which tasks had not ended; in debug mode every runtime does.
///
/// Dropping the runtime in one of its own tasks cannot wait for that task: then the workers are told to leave, the tasks
/// are dropped when the last has left, and nothing else happens.
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
    limits: Limits,
}

/// Why a runtime ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ending {
    /// Somebody asked for it, and knows that tasks may be left.
    Asked,
    /// It was dropped.
    Dropped,
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

    fn from_inner(inner: Arc<Inner>, limits: Limits) -> Runtime {
        Runtime {
            inner: Some(inner),
            limits,
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
    /// The future is a task named `main`: [`task::current`](crate::task::current) and task-locals work in it.
    /// Tasks that are still there afterwards go on when `run` is called again, or on the background workers.
    ///
    /// It hears no signals: [`Builder::run`] and [`Runner`] do. Calls may nest, see [`run`](crate::run).
    ///
    /// # Panics
    ///
    /// If the future panics.
    ///
    /// # Examples
    ///
    /// See [`Runtime`].
    #[track_caller]
    pub fn run<F: Future>(&self, future: F) -> F::Output {
        match self.run_main(false, false, None, future, Location::caller()) {
            Ok(output) => output,
            Err(interrupted) => unreachable!("nobody listened, and yet {interrupted}"),
        }
    }

    /// Runs a main that signals may cancel.
    fn run_main<F: Future>(
        &self,
        ctrl_c: bool,
        terminate: bool,
        locals: Option<&mut Locals>,
        future: F,
        site: &'static Location<'static>,
    ) -> Result<F::Output, Interrupted> {
        let grace = self.limits.grace;
        // Inside another runtime signals are left to that one's main.
        let is_outermost = current::try_with(|_| ()).is_none();
        let main = MainTask {
            // Entered, so that the signals come to the reactor in which this thread parks.
            watch: match is_outermost {
                true => self.inner().enter(|| Watch::new(ctrl_c, terminate)),
                false => None,
            },
            grace,
            // Every task inherits it, which costs each an allocation: only where it is of use.
            token: (!grace.is_zero()).then(|| self.inner().shared.token.0.child()),
            locals,
        };
        main.run(self.inner(), future, site)
    }

    /// Runs `work` when the runtime ends, after its tasks have ended; see [`at_exit`].
    ///
    /// # Examples
    ///
    /// ```
    /// let runtime = trill::Runtime::builder().workers(1).build()?;
    /// runtime.at_exit(|| async { println!("goodbye") });
    /// runtime.shutdown();
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn at_exit<F>(&self, work: impl FnOnce() -> F + Send + 'static) -> AtExit
    where
        F: Future<Output = ()> + 'static,
    {
        let exit = Exit::new(work, Location::caller());
        AtExit::new(&self.inner().shared, exit)
    }

    /// Ends the runtime, as dropping it does, and says that tasks which have not ended are expected: in debug builds a
    /// drop reports them.
    ///
    /// # Examples
    ///
    /// See [`Runtime::at_exit`].
    pub fn shutdown(self) {
        self.end(Ending::Asked);
    }

    /// Ends the runtime, if that has not happened.
    fn end(mut self, ending: Ending) {
        self.end_now(ending);
    }

    fn end_now(&mut self, ending: Ending) {
        if let Some(inner) = self.inner.take() {
            teardown::tear_down(inner, &self.limits, ending);
        }
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
        match &self.inner().shared.pool {
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
        self.inner().shared.reactor()
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
        self.end_now(Ending::Dropped);
    }
}
