//! The loop itself, as a future.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use trill_cell::{Kind, waiting};
use trill_timer::{Sleep, sleep_until};

use crate::core::{Core, Step};
use crate::reach::{AnyThread, Reach};

/// Runs the callbacks of a loop until it is stopped; made by [`Callbacks::run`](crate::Callbacks::run).
///
/// # Cancel safety
///
/// See [`Callbacks::run`](crate::Callbacks::run).
///
/// # Examples
///
/// See [`Callbacks`](crate::Callbacks).
#[must_use = "futures do nothing unless awaited"]
pub struct Run<R: Reach = AnyThread> {
    core: Arc<Core<R>>,
    /// Whether it runs the loop: from its first poll until it ends.
    is_runner: bool,
    /// The last place of the turn that is under way.
    turn: Option<u64>,
    /// Wakes at the first deadline.
    sleep: Option<Sleep>,
}

impl<R: Reach> Run<R> {
    pub(crate) fn new(core: Arc<Core<R>>) -> Run<R> {
        Run {
            core,
            is_runner: false,
            turn: None,
            sleep: None,
        }
    }

    /// Becomes the one who runs the loop.
    #[track_caller]
    fn claim(&mut self) {
        if self.is_runner {
            return;
        }
        let was_running = std::mem::replace(&mut self.core.queue().is_running, true);
        assert!(
            !was_running,
            "the callbacks are run already, and they run one at a time: await `run` in one task only"
        );
        self.is_runner = true;
    }

    /// Lets somebody else run the loop.
    fn release(&mut self) {
        if std::mem::take(&mut self.is_runner) {
            self.turn = None;
            self.core.queue().is_running = false;
            self.core.bell.set_waker(None);
        }
    }

    /// Runs what is left of the turn. Pending if the task's budget ends before.
    fn turn(&mut self, cx: &mut Context<'_>, location: &'static Location<'static>) -> Poll<()> {
        let last = match self.turn {
            Some(last) => last,
            None => *self.turn.insert(self.core.begin_turn(location)),
        };
        loop {
            let Poll::Ready(unit) = trill_cell::proceed(cx) else {
                waiting(Kind::Turn, 0, location);
                return Poll::Pending;
            };
            match self.core.step(last) {
                Step::Local(due) => self.core.run(due),
                Step::Sent(callback, mut origin) => {
                    origin.run(callback);
                    origin.discard(());
                }
                Step::Nothing => unit.refund(),
                Step::End => {
                    unit.refund();
                    self.turn = None;
                    return Poll::Ready(());
                }
            }
        }
    }

    /// Makes sure that the task is woken for the next turn.
    #[track_caller]
    fn wait(&mut self, cx: &mut Context<'_>) {
        // The waker first and then the look, see the bell's page.
        self.core.bell.set_waker(Some(cx.waker().clone()));
        let (has_work, deadline) = {
            let queue = self.core.queue();
            (queue.has_work(), queue.deadline())
        };
        if has_work || self.core.bell.has_work() {
            self.core.bell.set_waker(None);
            // Not again at once: descriptors, timers and other tasks have their chance in between.
            cx.waker().wake_by_ref();
            waiting(Kind::Turn, 0, Location::caller());
            return;
        }
        waiting(
            Kind::Notification,
            std::ptr::from_ref(&*self.core).addr() as u64,
            Location::caller(),
        );
        let Some(deadline) = deadline else {
            self.sleep = None;
            return;
        };
        let sleep = match &mut self.sleep {
            Some(sleep) => {
                if sleep.deadline() != Some(deadline) {
                    sleep.reset(deadline);
                }
                sleep
            }
            None => self.sleep.insert(sleep_until(deadline)),
        };
        if Pin::new(sleep).poll(cx).is_ready() {
            cx.waker().wake_by_ref();
        }
    }
}

impl<R: Reach> Future for Run<R> {
    type Output = ();

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let location = Location::caller();
        let this = self.get_mut();
        this.claim();
        if this.turn(cx, location).is_pending() {
            return Poll::Pending;
        }
        if std::mem::take(&mut this.core.queue().is_stopping) {
            this.release();
            return Poll::Ready(());
        }
        this.wait(cx);
        Poll::Pending
    }
}

impl<R: Reach> Drop for Run<R> {
    fn drop(&mut self) {
        self.release();
    }
}

impl<R: Reach> fmt::Debug for Run<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run")
            .field("is_running", &self.is_runner)
            .finish_non_exhaustive()
    }
}
