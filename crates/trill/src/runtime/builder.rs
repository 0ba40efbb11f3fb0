//! How many threads a runtime has, what they are called, and what happens when a task panics.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::io;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use trill_cell::Header;
use trill_reactor::{Backend, Reactor};

use super::inner::Inner;
use super::{Runtime, hook};

/// Called when a task panics: with the task's header and the panic's payload.
pub(crate) type PanicHook = Box<dyn Fn(&Header, &(dyn Any + Send)) + Send + Sync>;

/// Sets up a [`Runtime`].
///
/// # Examples
///
/// ```
/// let runtime = trill::Runtime::builder().workers(2).name("doc").build()?;
/// assert_eq!(runtime.run(async { trill::spawn(async { 1 + 2 }).await }), 3);
/// # Ok::<(), std::io::Error>(())
/// ```
#[must_use]
pub struct Builder {
    workers: Option<NonZeroUsize>,
    name: String,
    reactor: Option<Backend>,
    blocking_threads: Option<NonZeroUsize>,
    shutdown_max: Duration,
    hook: Option<PanicHook>,
}

impl Builder {
    pub(super) fn new() -> Builder {
        Builder {
            workers: None,
            name: "trill".to_owned(),
            reactor: None,
            blocking_threads: None,
            shutdown_max: SHUTDOWN_MAX,
            hook: None,
        }
    }

    /// Sets how many threads run tasks, the one that calls [`Runtime::run`] among them; the default is one for each
    /// core, or the number in the environment variable `TRILL_WORKERS`.
    ///
    /// # Panics
    ///
    /// If `workers` is 0.
    ///
    /// # Examples
    ///
    /// See [`Builder`].
    #[track_caller]
    pub fn workers(mut self, workers: usize) -> Builder {
        let workers = NonZeroUsize::new(workers);
        assert!(workers.is_some(), "a runtime needs at least one worker");
        self.workers = workers;
        self
    }

    /// Sets what the worker threads are called: `name-1`, `name-2` and so on; the default is `trill`.
    ///
    /// # Examples
    ///
    /// See [`Builder`].
    pub fn name(mut self, name: impl Into<String>) -> Builder {
        self.name = name.into();
        self
    }

    /// Gives the runtime a reactor of its own with this back end; the default is the process-wide one.
    ///
    /// # Examples
    ///
    /// ```
    /// let runtime = trill::Runtime::builder().reactor(trill::Backend::Polling).build()?;
    /// assert_eq!(runtime.reactor()?.backend().backend, trill::Backend::Polling);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn reactor(mut self, backend: Backend) -> Builder {
        self.reactor = Some(backend);
        self
    }

    /// Sets how many threads of the blocking pool may exist at once; the default is the process-wide pool's.
    ///
    /// With this the runtime has a pool of its own.
    ///
    /// # Panics
    ///
    /// If `threads` is 0.
    ///
    /// # Examples
    ///
    /// ```
    /// let runtime = trill::Runtime::builder().max_blocking_threads(2).build()?;
    /// assert_eq!(runtime.run(async { trill::unblock(|| 5).await }), 5);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn max_blocking_threads(mut self, threads: usize) -> Builder {
        let threads = NonZeroUsize::new(threads);
        assert!(
            threads.is_some(),
            "a blocking pool needs at least one thread"
        );
        self.blocking_threads = threads;
        self
    }

    /// Sets how long dropping the runtime waits for tasks that are in the middle of a poll; the default is 5 s.
    ///
    /// Tasks that wait are dropped at once in any case. A thread that is still stuck afterwards is left alone: it
    /// drops its task when it comes back.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let runtime = trill::Runtime::builder().shutdown_max(Duration::from_millis(100)).build()?;
    /// drop(runtime);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn shutdown_max(mut self, delay: Duration) -> Builder {
        self.shutdown_max = delay;
        self
    }

    /// Calls `hook` whenever a task of this runtime panics, with what is known of the task and the panic's payload.
    ///
    /// It runs on the worker, after the process-wide panic hook, which has printed the message by then.
    /// Whoever awaits the task learns of the panic as well.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicUsize, Ordering};
    ///
    /// let panics = Arc::new(AtomicUsize::new(0));
    /// let counted = panics.clone();
    /// let runtime = trill::Runtime::builder()
    ///     .panic_hook(move |task, _payload| {
    ///         assert!(task.id().as_u64() > 0);
    ///         counted.fetch_add(1, Ordering::Relaxed);
    ///     })
    ///     .build()?;
    /// let failed = runtime.run(async { trill::spawn(async { panic!("expected") }).join().await });
    /// assert!(failed.is_err());
    /// assert_eq!(panics.load(Ordering::Relaxed), 1);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn panic_hook(
        mut self,
        hook: impl Fn(&Header, &(dyn Any + Send)) + Send + Sync + 'static,
    ) -> Builder {
        self.hook = Some(Box::new(hook));
        self
    }

    /// Starts the runtime: all worker threads but the one that will call [`Runtime::run`].
    ///
    /// # Errors
    ///
    /// What the operating system says when it refuses a thread or the reactor, or if `TRILL_WORKERS` is not a whole
    /// number above 0. Threads that were started are stopped again.
    ///
    /// # Examples
    ///
    /// See [`Builder`].
    pub fn build(self) -> io::Result<Runtime> {
        let workers = self.worker_count()?;
        let shutdown_max = self.shutdown_max;
        let runtime = Runtime::from_inner(Arc::new(self.into_inner()?), shutdown_max);
        for number in 1..workers.get() {
            runtime.inner().start_worker(number)?;
        }
        Ok(runtime)
    }

    /// Starts a runtime, with fewer threads if the operating system refuses some, and runs `future` on it.
    pub(crate) fn run_with_what_there_is<F: Future>(self, future: F) -> io::Result<F::Output> {
        let workers = self.worker_count()?;
        let shutdown_max = self.shutdown_max;
        let runtime = Runtime::from_inner(Arc::new(self.into_inner()?), shutdown_max);
        for number in 1..workers.get() {
            // The calling thread runs tasks, too, so the program works with however many were started.
            if runtime.inner().start_worker(number).is_err() {
                break;
            }
        }
        Ok(runtime.run(future))
    }

    pub(super) fn into_inner(self) -> io::Result<Inner> {
        let reactor = match self.reactor {
            Some(backend) => Some(Reactor::builder().backend(backend).build()?),
            None => None,
        };
        let pool = self.blocking_threads.map(|max| {
            trill_blocking::Pool::builder()
                .max_threads(max.get())
                .build()
        });
        if self.hook.is_some() {
            hook::listen();
        }
        Ok(Inner::new(self.name, reactor, pool.transpose()?, self.hook))
    }

    /// The number of workers: as set, from the environment, or one for each core.
    pub(super) fn worker_count(&self) -> io::Result<NonZeroUsize> {
        if let Some(workers) = self.workers {
            return Ok(workers);
        }
        match std::env::var(WORKERS_VARIABLE) {
            Ok(text) => text.trim().parse().map_err(|_| {
                io::Error::new(
                    io::ErrorKind::InvalidInput,
                    format!("{WORKERS_VARIABLE} is {text:?}: set it to a whole number above 0, or unset it"),
                )
            }),
            // A machine that does not tell its cores gets one worker.
            Err(_) => Ok(std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)),
        }
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("workers", &self.workers)
            .field("name", &self.name)
            .field("reactor", &self.reactor)
            .field("blocking_threads", &self.blocking_threads)
            .field("shutdown_max", &self.shutdown_max)
            .finish_non_exhaustive()
    }
}

/// The environment variable that sets the default number of workers.
const WORKERS_VARIABLE: &str = "TRILL_WORKERS";

/// Longer than any poll should take, short enough that a program with a stuck task still ends.
const SHUTDOWN_MAX: Duration = Duration::from_secs(5);
