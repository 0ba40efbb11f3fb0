//! How many threads a runtime has, what they are called, and what happens when a task panics.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::io;
use std::num::NonZeroUsize;
use std::panic::Location;
use std::sync::Arc;
use std::time::Duration;

use trill_blocking::Pool;
use trill_cell::{Header, Unhandled};
use trill_reactor::{Backend, Reactor};

use super::debug;
use super::hook::{self, PanicHook, UnhandledHook};
use super::inner::Inner;
use super::shared::Shared;
use super::teardown::Limits;
use super::{RunError, Runner, Runtime};

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
    rings: bool,
    blocking_threads: Option<NonZeroUsize>,
    limits: Limits,
    panic_hook: Option<PanicHook>,
    unhandled_hook: Option<UnhandledHook>,
    pub(super) ctrl_c: bool,
    pub(super) terminate: bool,
    debug: bool,
}

impl Builder {
    pub(super) fn new() -> Builder {
        Builder {
            workers: None,
            name: "trill".to_owned(),
            reactor: None,
            rings: true,
            blocking_threads: None,
            limits: Limits::new(),
            panic_hook: None,
            unhandled_hook: None,
            ctrl_c: true,
            terminate: false,
            debug: false,
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
    /// On Linux [`Backend::Polling`] needs the feature `polling`; without it, [`Builder::build`] refuses.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "polling")] {
    /// let runtime = trill::Runtime::builder().reactor(trill::Backend::Polling).build()?;
    /// assert_eq!(runtime.reactor()?.backend().backend, trill::Backend::Polling);
    /// # }
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn reactor(mut self, backend: Backend) -> Builder {
        self.reactor = Some(backend);
        self
    }

    /// Lets files use io_uring where the system has it, or forbids it; the default is `true`. Forbidding it gives the
    /// runtime a reactor of its own. The environment variable `TRILL_URING=off` forbids it to all runtimes.
    ///
    /// # Examples
    ///
    /// ```
    /// let runtime = trill::Runtime::builder().rings(false).build()?;
    /// println!("{}", runtime.reactor()?.rings()); // no io_uring (switched off by the program)
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn rings(mut self, rings: bool) -> Builder {
        self.rings = rings;
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

    /// Sets how long the end of the runtime waits for tasks that are in the middle of a poll; the default is 5 s.
    ///
    /// A thread that is still stuck afterwards is reported and left alone. The tasks are dropped when it comes back.
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
        self.limits.polls = delay;
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
        self.panic_hook = Some(Box::new(hook));
        self
    }

    /// Calls `hook` for failures that nobody can receive: the error or panic of work whose handle is gone, a panic in an
    /// async drop, what is left behind when the runtime ends.
    ///
    /// It is called for failures on this runtime's threads, where they are noticed. Those of other threads, and of
    /// runtimes without a hook, are printed to standard error, unless the program listens by
    /// [`on_unhandled`](trill_cell::on_unhandled). A panic in the hook is caught, and the failure is printed.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::{Arc, Mutex};
    ///
    /// let failures = Arc::new(Mutex::new(Vec::new()));
    /// let log = failures.clone();
    /// trill::Runtime::builder()
    ///     .unhandled_hook(move |failure| log.lock().unwrap().push(failure.to_string()))
    ///     .run(async {
    ///         trill::at_exit(|| async { panic!("expected") });
    ///     })?;
    /// assert!(failures.lock().unwrap()[0].contains("an async drop panicked"));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn unhandled_hook(
        mut self,
        hook: impl Fn(&Unhandled<'_>) + Send + Sync + 'static,
    ) -> Builder {
        self.unhandled_hook = Some(Box::new(hook));
        self
    }

    /// Sets how long tasks may go on when the runtime ends, and main when a signal has cancelled it, before they are
    /// dropped where they wait; the default is not at all.
    ///
    /// They are asked to end through the [`shutdown_token`](crate::shutdown_token), main through the token that is
    /// [current](crate::task::CancelToken::current) in it. Main is waited for until the grace is over, whether it looks or
    /// not.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicBool, Ordering};
    /// use std::time::Duration;
    ///
    /// let saved = Arc::new(AtomicBool::new(false));
    /// let save = saved.clone();
    /// trill::Runtime::builder().shutdown_grace(Duration::from_secs(10)).run(async move {
    ///     trill::spawn(async move {
    ///         trill::time::sleep(Duration::from_millis(1)).await;
    ///         save.store(true, Ordering::Relaxed);
    ///     })
    ///     .detach();
    /// })?;
    /// assert!(saved.load(Ordering::Relaxed));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn shutdown_grace(mut self, delay: Duration) -> Builder {
        self.limits.grace = delay;
        self
    }

    /// Sets how long all that was registered with [`at_exit`](crate::at_exit) may take together; the default is 5 s.
    ///
    /// What has not ended then is dropped, and reported.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// trill::Runtime::builder().exits_max(Duration::from_millis(100)).run(async {})?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn exits_max(mut self, delay: Duration) -> Builder {
        self.limits.exits = delay;
        self
    }

    /// Sets how long the end of the runtime waits for work of its own blocking pool; the default is 1 s.
    ///
    /// Work that has not ended then is reported and left alone; with a limit of zero it is left alone without a word.
    /// [`Builder::run`] and [`Runner`] give each runtime a pool of its own. A runtime from [`Builder::build`] has one if
    /// [`Builder::max_blocking_threads`] is set; else it uses the process-wide pool, for which nobody waits.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// trill::Runtime::builder().blocking_max(Duration::from_secs(300)).run(async {
    ///     trill::unblock(|| "a long backup").detach();
    /// })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn blocking_max(mut self, delay: Duration) -> Builder {
        self.limits.blocking = delay;
        self
    }

    /// Sets whether Ctrl-C cancels the main of [`Builder::run`] and [`Runner::run`]; the default is that it does.
    /// Needs the feature `signal`; without it Ctrl-C ends the process, as ever.
    ///
    /// * The first Ctrl-C cancels main, and main alone: it is dropped where it next waits, once it has used up the
    ///   [grace](Builder::shutdown_grace). If it returns a value all the same, that is its value. Then the runtime ends
    ///   [in order](Runtime#how-it-ends).
    /// * A second one ends the process at once, whatever its threads do. So does a first one that comes when main has
    ///   returned and the runtime is ending.
    /// * While the program itself listens, by `trill::signal`, Ctrl-C is the program's and cancels nothing.
    /// * If Ctrl-C was ignored or had a handler when main began, it is left so.
    /// * Each main of the process that is running hears it, on whatever thread, except those inside another's.
    ///
    /// # Examples
    ///
    /// ```
    /// trill::Runtime::builder().ctrl_c(false).run(async {})?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn ctrl_c(mut self, cancels: bool) -> Builder {
        self.ctrl_c = cancels;
        self
    }

    /// Sets whether `SIGTERM` cancels main as [Ctrl-C](Builder::ctrl_c) does; the default is that it ends the process.
    ///
    /// # Examples
    ///
    /// ```
    /// trill::Runtime::builder().terminate(true).run(async {})?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn terminate(mut self, cancels: bool) -> Builder {
        self.terminate = cancels;
        self
    }

    /// Turns debug mode on when the runtime starts, for the whole process; see `trill::debug`. Needs the feature `debug`.
    ///
    /// The environment variable `TRILL_DEBUG=1` does the same. What was enabled before stays as it was configured.
    ///
    /// # Examples
    ///
    /// ```
    /// trill::Runtime::builder().debug(true).run(async {
    ///     assert!(trill::debug::is_enabled());
    /// })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[cfg(feature = "debug")]
    pub fn debug(mut self, is_wanted: bool) -> Builder {
        self.debug = is_wanted;
        self
    }

    /// Starts the runtime: all worker threads but the one that will call [`Runtime::run`].
    ///
    /// # Errors
    ///
    /// What the operating system says when it refuses a thread or the reactor, or if `TRILL_WORKERS` is not a whole
    /// number above 0, or the back end asked for is not there. Threads that were started are stopped again.
    ///
    /// # Examples
    ///
    /// See [`Builder`].
    pub fn build(mut self) -> io::Result<Runtime> {
        let workers = self.worker_count()?;
        let pool = match self.blocking_threads {
            Some(_) => Some(self.own_pool()?),
            None => None,
        };
        let runtime = self.assemble(pool)?;
        for number in 1..workers.get() {
            runtime.inner().start_worker(number)?;
        }
        Ok(runtime)
    }

    /// Starts a runtime, runs `main` on it, and ends the runtime [in order](Runtime#how-it-ends); returns what main
    /// returns. [`run`](crate::run) does this with the defaults.
    ///
    /// If the operating system refuses some of the threads it goes on with fewer; the calling thread is one of them.
    ///
    /// If a signal has [cancelled](Builder::ctrl_c) main and main has not returned a value all the same, this does not
    /// return either: once the runtime has ended, the process ends as the signal would have ended it. Use a [`Runner`] to
    /// go on instead.
    ///
    /// # Errors
    ///
    /// As [`Builder::build`], except for threads.
    ///
    /// # Panics
    ///
    /// If main panics. The runtime is ended in order before that.
    ///
    /// # Examples
    ///
    /// ```
    /// let sum = trill::Runtime::builder().workers(2).run(async { trill::spawn(async { 1 + 2 }).await })?;
    /// assert_eq!(sum, 3);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn run<F: Future>(self, main: F) -> io::Result<F::Output> {
        self.run_at(main, Location::caller())
    }

    /// See [`Builder::run`].
    pub(crate) fn run_at<F: Future>(
        self,
        main: F,
        site: &'static Location<'static>,
    ) -> io::Result<F::Output> {
        let mut runner = self.runner();
        let ended = runner.run_at(main, site);
        // Also when main panics: dropping the runner does it then.
        runner.close();
        match ended {
            Ok(output) => Ok(output),
            Err(RunError::Interrupted(interrupted)) => interrupted.end_process(),
            Err(RunError::Start(error)) => Err(error),
            Err(RunError::Closed) => unreachable!("it is closed above, after the only run"),
        }
    }

    /// Returns a runner that starts the runtime when it is first used.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut runner = trill::Runtime::builder().workers(2).runner();
    /// assert_eq!(runner.run(async { 5 })?, 5);
    /// # Ok::<(), trill::RunError>(())
    /// ```
    pub fn runner(self) -> Runner {
        Runner::from_builder(self)
    }

    /// Starts a runtime with a blocking pool of its own, with fewer threads if the operating system refuses some.
    ///
    /// If it fails, it can be tried again.
    pub(super) fn start(&mut self) -> io::Result<Runtime> {
        let workers = self.worker_count()?;
        let pool = self.own_pool()?;
        let runtime = self.assemble(Some(pool))?;
        for number in 1..workers.get() {
            // The calling thread runs tasks, too, so the program works with however many were started.
            if runtime.inner().start_worker(number).is_err() {
                break;
            }
        }
        Ok(runtime)
    }

    /// Makes a runtime without workers.
    fn assemble(&mut self, pool: Option<Pool>) -> io::Result<Runtime> {
        let described = Reactor::builder().rings(self.rings);
        let reactor = match self.reactor {
            Some(backend) => Some(described.backend(backend).build()?),
            None if !self.rings => Some(described.build()?),
            None => None,
        };
        debug::start(self.debug);
        if self.panic_hook.is_some() {
            hook::listen_to_panics();
        }
        if self.unhandled_hook.is_some() {
            hook::listen_to_unhandled();
        }
        let shared = Shared {
            name: self.name.clone(),
            reactor,
            pool,
            panic_hook: self.panic_hook.take(),
            unhandled_hook: self.unhandled_hook.take(),
            ..Shared::default()
        };
        let inner = Arc::new(Inner::new(Arc::new(shared)));
        Ok(Runtime::from_inner(inner, self.limits.clone()))
    }

    /// Makes a blocking pool; it starts threads only when there is work.
    fn own_pool(&self) -> io::Result<Pool> {
        let builder = match self.blocking_threads {
            Some(max) => Pool::builder().max_threads(max.get()),
            None => trill_blocking::Builder::from_env()?,
        };
        builder.build()
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
            .field("rings", &self.rings)
            .field("blocking_threads", &self.blocking_threads)
            .field("limits", &self.limits)
            .field("ctrl_c", &self.ctrl_c)
            .field("terminate", &self.terminate)
            .finish_non_exhaustive()
    }
}

/// The environment variable that sets the default number of workers.
const WORKERS_VARIABLE: &str = "TRILL_WORKERS";
