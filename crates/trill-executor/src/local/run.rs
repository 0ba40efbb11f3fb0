//! The futures that run an executor of one thread.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::panic::Location;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use trill_cell::{Kind, Stopwatch, waiting};
use trill_world::World;

use super::executor::{runnable, tick};
use super::state::LocalState;

/// Runs an executor until a future is ready; made by [`LocalExecutor::run`](crate::LocalExecutor::run).
///
/// # Cancel safety
///
/// See [`LocalExecutor::run`](crate::LocalExecutor::run).
///
/// # Examples
///
/// See [`LocalExecutor`](crate::LocalExecutor).
#[must_use = "futures do nothing unless polled or awaited"]
pub struct LocalRun<'e, F> {
    runner: LocalRunner,
    /// Structurally pinned.
    future: F,
    /// The executor cannot be dropped while it runs.
    _executor: PhantomData<&'e ()>,
}

impl<F> LocalRun<'_, F> {
    pub(super) fn new(state: &'static LocalState, future: F) -> Self {
        LocalRun {
            runner: LocalRunner::new(state),
            future,
            _executor: PhantomData,
        }
    }
}

impl<F: Future> Future for LocalRun<'_, F> {
    type Output = F::Output;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let (runner, future) = project(self);
        runner.get_up();
        let LocalRunner {
            state,
            number,
            is_asleep,
            turn,
            stopwatch,
            ..
        } = runner;
        let current = state.current().timed_by(stopwatch);
        let _inside = current.enter();
        if let Poll::Ready(output) = future.poll(cx) {
            state.pass_on();
            return Poll::Ready(output);
        }
        let is_simulated = !World::current().is_os();
        stopwatch.start(is_simulated || !trill_park::thread().watch());
        for _ in 0..BATCH_POLLS {
            *turn = turn.wrapping_add(1);
            let next = match is_simulated {
                false => state.pop(*turn),
                true => state.pick(),
            };
            match next {
                Some(item) => {
                    current.with_task(item, |tab| runnable(item).run(tab));
                }
                None => {
                    *is_asleep = state.fall_asleep(*number, cx.waker());
                    if *is_asleep {
                        return Poll::Pending;
                    }
                }
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl<F> fmt::Debug for LocalRun<'_, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalRun")
            .field("runner", &self.runner)
            .finish_non_exhaustive()
    }
}

/// Projects the pin of a [`LocalRun`].
#[allow(unsafe_code)]
fn project<'p, F>(run: Pin<&'p mut LocalRun<'_, F>>) -> (&'p mut LocalRunner, Pin<&'p mut F>) {
    // SAFETY: nothing is moved out of `future`, which is pinned again at once. This function upholds it; Miri on
    // `tests/local.rs` would fail.
    let run = unsafe { run.get_unchecked_mut() };
    // SAFETY: `future` is structurally pinned: `LocalRun` has no `Drop`, is `Unpin` only if `F` is, and gives no other
    // access to it. This file upholds it; Miri on `tests/local.rs` would fail.
    let future = unsafe { Pin::new_unchecked(&mut run.future) };
    (&mut run.runner, future)
}

/// Waits for a ready task and polls it once; made by [`LocalExecutor::tick`](crate::LocalExecutor::tick).
///
/// # Cancel safety
///
/// See [`LocalExecutor::tick`](crate::LocalExecutor::tick).
///
/// # Examples
///
/// See [`Executor::tick`](crate::Executor::tick).
#[must_use = "futures do nothing unless polled or awaited"]
pub struct LocalTick<'e> {
    runner: LocalRunner,
    _executor: PhantomData<&'e ()>,
}

impl LocalTick<'_> {
    pub(super) fn new(state: &'static LocalState) -> Self {
        LocalTick {
            runner: LocalRunner::new(state),
            _executor: PhantomData,
        }
    }
}

impl Future for LocalTick<'_> {
    type Output = ();

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let runner = &mut self.runner;
        runner.get_up();
        loop {
            runner.turn = runner.turn.wrapping_add(1);
            if tick(runner.state, runner.turn) {
                runner.state.pass_on();
                return Poll::Ready(());
            }
            if runner.sleep(cx) {
                // No task in particular: the next that is ready.
                waiting(Kind::Other, 0, Location::caller());
                return Poll::Pending;
            }
        }
    }
}

impl fmt::Debug for LocalTick<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalTick")
            .field("runner", &self.runner)
            .finish_non_exhaustive()
    }
}

/// The part that one future takes in running the executor.
#[derive(Debug)]
struct LocalRunner {
    state: &'static LocalState,
    number: u64,
    is_asleep: bool,
    /// Counts runnables taken.
    turn: u32,
    stopwatch: Stopwatch,
    /// Stays on the executor's thread.
    _not_send: PhantomData<Rc<()>>,
}

impl LocalRunner {
    fn new(state: &'static LocalState) -> LocalRunner {
        LocalRunner {
            state,
            number: state.next_runner(),
            is_asleep: false,
            turn: 0,
            stopwatch: Stopwatch::new(),
            _not_send: PhantomData,
        }
    }

    /// Falls asleep; returns `false` if there is something to run after all.
    fn sleep(&mut self, cx: &Context<'_>) -> bool {
        self.is_asleep = self.state.fall_asleep(self.number, cx.waker());
        self.is_asleep
    }

    /// Counts as awake from now on.
    fn get_up(&mut self) {
        if std::mem::take(&mut self.is_asleep) {
            self.state.get_up(self.number);
        }
    }
}

impl Drop for LocalRunner {
    fn drop(&mut self) {
        self.get_up();
        self.state.pass_on();
    }
}

/// As that of the shared executor's runner.
const BATCH_POLLS: u32 = 64;
