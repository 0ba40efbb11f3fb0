//! Running one main after another.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::io;
use std::panic::Location;

use trill_cell::Locals;

use super::builder::Builder;
use super::interrupted::Interrupted;
use super::{Ending, Runtime};

/// Runs one main future after another, in one runtime that is started when it is first needed.
///
/// * All mains share their task-locals: what one sets, the next one finds.
/// * Tasks go on while a main runs, and between mains on the background workers.
/// * Ctrl-C cancels the main that runs, see [`Builder::ctrl_c`]; the next one can be run all the same.
/// * [`Runner::close`], or a drop, ends the runtime [in order](crate::Runtime#how-it-ends).
///
/// # Examples
///
/// ```
/// let mut runner = trill::Runner::new();
/// let task = runner.run(async { trill::spawn(async { 1 + 2 }) })?;
/// assert_eq!(runner.run(task)?, 3);
/// runner.close();
/// assert!(runner.run(async {}).is_err());
/// # Ok::<(), trill::RunError>(())
/// ```
#[derive(Debug)]
pub struct Runner {
    state: State,
    ctrl_c: bool,
    terminate: bool,
    /// What the mains carry, from the first run on.
    locals: Option<Locals>,
}

#[derive(Debug)]
enum State {
    New(Box<Builder>),
    Started(Runtime),
    Closed,
}

impl Runner {
    /// Returns a runner that starts a runtime with a worker for each core when it is first used.
    ///
    /// # Examples
    ///
    /// See [`Runner`].
    #[allow(clippy::new_without_default)] // `Builder` has the defaults, and `Runtime` has no `Default` either.
    pub fn new() -> Runner {
        Runtime::builder().runner()
    }

    pub(super) fn from_builder(builder: Builder) -> Runner {
        Runner {
            ctrl_c: builder.ctrl_c,
            terminate: builder.terminate,
            state: State::New(Box::new(builder)),
            locals: None,
        }
    }

    /// Runs `main`, and tasks beside it, on this thread until main ends; returns what it returns.
    ///
    /// # Errors
    ///
    /// * [`RunError::Interrupted`] if a signal has cancelled main and main has not returned a value all the same.
    /// * [`RunError::Start`] if the operating system refuses the runtime; the next call tries again.
    /// * [`RunError::Closed`] after [`Runner::close`].
    ///
    /// # Panics
    ///
    /// If main panics. The runner stays usable.
    ///
    /// # Examples
    ///
    /// See [`Runner`].
    #[track_caller]
    pub fn run<F: Future>(&mut self, main: F) -> Result<F::Output, RunError> {
        self.run_at(main, Location::caller())
    }

    /// See [`Runner::run`].
    pub(super) fn run_at<F: Future>(
        &mut self,
        main: F,
        site: &'static Location<'static>,
    ) -> Result<F::Output, RunError> {
        self.start()?;
        let State::Started(runtime) = &self.state else {
            return Err(RunError::Closed);
        };
        // Like the first task of a thread; later ones find what the one before has left.
        let locals = self
            .locals
            .get_or_insert_with(|| trill_cell::locals().inheritable());
        let main = runtime.run_main(self.ctrl_c, self.terminate, Some(locals), main, site);
        Ok(main?)
    }

    /// Returns the runtime, which is started now if it was not.
    ///
    /// # Errors
    ///
    /// As [`Runner::run`], except [`RunError::Interrupted`].
    ///
    /// # Examples
    ///
    /// ```
    /// let mut runner = trill::Runner::new();
    /// let handle = runner.runtime()?.handle();
    /// let task = handle.spawn(async { 5 }).ok().unwrap();
    /// assert_eq!(runner.run(task)?, 5);
    /// # Ok::<(), trill::RunError>(())
    /// ```
    pub fn runtime(&mut self) -> Result<&Runtime, RunError> {
        self.start()?;
        match &self.state {
            State::Started(runtime) => Ok(runtime),
            _ => Err(RunError::Closed),
        }
    }

    /// Ends the runtime in order. Does nothing if that has happened; a runner that was not used is closed without a
    /// runtime.
    ///
    /// # Examples
    ///
    /// See [`Runner`].
    pub fn close(&mut self) {
        if let State::Started(runtime) = std::mem::replace(&mut self.state, State::Closed) {
            runtime.end(Ending::Asked);
        }
        self.locals = None;
    }

    /// Says whether [`Runner::close`] was called.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut runner = trill::Runner::new();
    /// assert!(!runner.is_closed());
    /// runner.close();
    /// assert!(runner.is_closed());
    /// ```
    pub fn is_closed(&self) -> bool {
        matches!(self.state, State::Closed)
    }

    /// Starts the runtime, unless that has happened.
    fn start(&mut self) -> Result<(), RunError> {
        if let State::New(builder) = &mut self.state {
            self.state = State::Started(builder.start().map_err(RunError::Start)?);
        }
        Ok(())
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        self.close();
    }
}

/// Why [`Runner::run`] has no value of main to return.
///
/// # Examples
///
/// ```
/// let mut runner = trill::Runner::new();
/// runner.close();
/// let error = runner.run(async {}).unwrap_err();
/// assert!(matches!(error, trill::RunError::Closed));
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum RunError {
    /// A signal has cancelled main.
    Interrupted(Interrupted),
    /// The runner was closed.
    Closed,
    /// The operating system refused the runtime.
    Start(io::Error),
}

impl From<Interrupted> for RunError {
    fn from(interrupted: Interrupted) -> RunError {
        RunError::Interrupted(interrupted)
    }
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RunError::Interrupted(interrupted) => interrupted.fmt(f),
            RunError::Closed => f.write_str("the runner was closed: make a new one"),
            RunError::Start(error) => write!(f, "the runtime cannot be started: {error}"),
        }
    }
}

impl Error for RunError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            RunError::Interrupted(interrupted) => Some(interrupted),
            RunError::Closed => None,
            RunError::Start(error) => Some(error),
        }
    }
}
