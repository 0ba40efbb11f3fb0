//! The futures that run an executor.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use trill_cell::{Kind, waiting};

use crate::executor;
use crate::runner::Runner;
use crate::state::State;

/// Runs an executor until a future is ready; made by [`Executor::run`](crate::Executor::run).
///
/// # Cancel safety
///
/// See [`Executor::run`](crate::Executor::run).
///
/// # Examples
///
/// See [`Executor`](crate::Executor).
#[must_use = "futures do nothing unless polled or awaited"]
pub struct Run<'e, F> {
    state: &'static State,
    /// From the first poll until the end.
    runner: Option<Runner>,
    /// Structurally pinned.
    future: F,
    /// See [`RunHere`].
    is_fixed: bool,
    /// The executor cannot be dropped while it runs.
    _executor: PhantomData<&'e ()>,
}

impl<F> Run<'_, F> {
    pub(crate) fn new(state: &'static State, future: F) -> Self {
        Run {
            state,
            runner: None,
            future,
            is_fixed: false,
            _executor: PhantomData,
        }
    }
}

impl<F: Future> Future for Run<'_, F> {
    type Output = F::Output;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let (state, is_fixed) = (self.state, self.is_fixed);
        let (runner, future) = project(self);
        let polled = runner
            .get_or_insert_with(|| Runner::new(state, is_fixed))
            .poll(future, cx);
        if polled.is_ready() {
            // Others may come for what is left at once.
            *runner = None;
        }
        polled
    }
}

impl<F> fmt::Debug for Run<'_, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run")
            .field("runner", &self.runner)
            .finish_non_exhaustive()
    }
}

/// Projects the pin of a [`Run`].
#[allow(unsafe_code)]
fn project<'p, F>(run: Pin<&'p mut Run<'_, F>>) -> (&'p mut Option<Runner>, Pin<&'p mut F>) {
    // SAFETY: nothing is moved out of `future`, which is pinned again at once. This function upholds it; Miri on
    // `tests/executor.rs` would fail.
    let run = unsafe { run.get_unchecked_mut() };
    // SAFETY: `future` is structurally pinned: `Run` has no `Drop`, is `Unpin` only if `F` is, and gives no other
    // access to it. This file upholds it; Miri on `tests/executor.rs` would fail.
    let future = unsafe { Pin::new_unchecked(&mut run.future) };
    (&mut run.runner, future)
}

/// Runs an executor on one thread until a future is ready; made by [`Executor::run_here`](crate::Executor::run_here).
///
/// It is not `Send`: what polls it first does so until its end. Then what that thread's reactor and timers wake goes into
/// the runner's own queue, without a lock.
///
/// # Cancel safety
///
/// See [`Executor::run_here`](crate::Executor::run_here).
///
/// # Examples
///
/// See [`Executor::run_here`](crate::Executor::run_here).
#[must_use = "futures do nothing unless polled or awaited"]
pub struct RunHere<'e, F> {
    /// Structurally pinned.
    run: Run<'e, F>,
    /// Keeps it on this thread.
    _here: PhantomData<*const ()>,
}

impl<F> RunHere<'_, F> {
    pub(crate) fn new(state: &'static State, future: F) -> Self {
        let run = Run {
            is_fixed: true,
            ..Run::new(state, future)
        };
        RunHere {
            run,
            _here: PhantomData,
        }
    }
}

impl<F: Future> Future for RunHere<'_, F> {
    type Output = F::Output;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        project_here(self).poll(cx)
    }
}

impl<F> fmt::Debug for RunHere<'_, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunHere")
            .field("runner", &self.run.runner)
            .finish_non_exhaustive()
    }
}

/// Projects the pin of a [`RunHere`].
#[allow(unsafe_code)]
fn project_here<'p, 'e, F>(here: Pin<&'p mut RunHere<'e, F>>) -> Pin<&'p mut Run<'e, F>> {
    // SAFETY: `run` is structurally pinned: `RunHere` has no `Drop`, is `Unpin` only if `Run` is, and gives no other
    // access to it. This file upholds it; Miri on `tests/run_here.rs` would fail.
    unsafe { here.map_unchecked_mut(|here| &mut here.run) }
}

/// Waits for a ready task and polls it once; made by [`Executor::tick`](crate::Executor::tick).
///
/// # Cancel safety
///
/// See [`Executor::tick`](crate::Executor::tick).
///
/// # Examples
///
/// See [`Executor::tick`](crate::Executor::tick).
#[must_use = "futures do nothing unless polled or awaited"]
pub struct Tick<'e> {
    state: &'static State,
    /// While it waits it sleeps like a runner.
    sleeper: Option<Runner>,
    _executor: PhantomData<&'e ()>,
}

impl Tick<'_> {
    pub(crate) fn new(state: &'static State) -> Self {
        Tick {
            state,
            sleeper: None,
            _executor: PhantomData,
        }
    }
}

impl Future for Tick<'_> {
    type Output = ();

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let state = self.state;
        loop {
            if executor::try_tick(state) {
                self.sleeper = None;
                return Poll::Ready(());
            }
            let sleeper = self
                .sleeper
                .get_or_insert_with(|| Runner::new(state, false));
            if sleeper.sleep(cx) {
                // No task in particular: the next that is ready.
                waiting(Kind::Other, 0, Location::caller());
                return Poll::Pending;
            }
        }
    }
}

impl fmt::Debug for Tick<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tick")
            .field("sleeper", &self.sleeper)
            .finish_non_exhaustive()
    }
}
