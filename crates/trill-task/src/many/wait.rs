//! Waiting for handles without owning them.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use trill_cell::{Kind, waiting};
use trill_timer::{Sleep, sleep};

use super::ready_set::ReadySet;
use super::task_handle::Waitable;

/// Waits until some of the tasks of these handles have ended, but no longer than `delay` if there is one.
///
/// It owns no task and cancels none: neither when the time is over nor when it is dropped. The values stay in the
/// handles. No handles at all are ready at once. A task that was cancelled has ended, but has not failed.
///
/// Each call looks at all handles once, so calling it again for each task that ends takes time with the square of their
/// number; [`as_completed`](crate::as_completed) and [`TaskSet`](crate::TaskSet) do not.
///
/// # Panics
///
/// With a `delay` in a simulated world, if it is polled outside a `block_on` of that world.
///
/// # Cancel safety
///
/// Cancel safe: dropping the future cancels nothing, and values stay in the handles.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use trill_task::{TaskHandle, Until, wait};
///
/// # trill_world::VirtualWorld::new(1).run(|| {
/// let ex = trill_executor::Executor::new();
/// let ready = ex.spawn(async { 5 });
/// let never = ex.spawn(std::future::pending());
/// let mut handles = [never, ready].map(TaskHandle::new);
///
/// let limit = Some(Duration::from_millis(1));
/// let waited = trill_park::block_on(ex.run(wait(&mut handles, Until::All, limit)));
/// assert_eq!((waited.done, waited.pending), (vec![1], vec![0]));
/// # });
/// ```
pub fn wait<H: Waitable>(handles: &mut [H], until: Until, delay: Option<Duration>) -> Wait<'_, H> {
    let (ready, wakers) = ReadySet::with_members(handles.len());
    Wait {
        is_done: vec![false; handles.len()],
        done: Vec::new(),
        has_failed: false,
        until,
        limit: delay.map(sleep),
        handles,
        ready,
        wakers,
    }
}

/// How long [`wait`] waits.
///
/// # Examples
///
/// See [`wait`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Until {
    /// Until one task has ended.
    FirstCompleted,
    /// Until one task has failed, or all have ended.
    FirstFailed,
    /// Until all tasks have ended.
    All,
}

/// Which tasks have ended; from [`wait`].
///
/// # Examples
///
/// See [`wait`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Waited {
    /// Indices of the handles whose tasks have ended, ascending.
    pub done: Vec<usize>,
    /// Indices of the others, ascending.
    pub pending: Vec<usize>,
}

/// Waits for handles without owning them; made by [`wait`].
///
/// # Cancel safety
///
/// See [`wait`].
///
/// # Examples
///
/// See [`wait`].
#[must_use = "futures do nothing unless awaited"]
pub struct Wait<'a, H> {
    handles: &'a mut [H],
    until: Until,
    limit: Option<Sleep>,
    ready: ReadySet,
    wakers: Vec<Waker>,
    is_done: Vec<bool>,
    done: Vec<usize>,
    has_failed: bool,
}

impl<H> Wait<'_, H> {
    /// Says whether what was asked for has come.
    fn is_over(&self) -> bool {
        if self.done.len() == self.handles.len() {
            return true;
        }
        match self.until {
            Until::FirstCompleted => !self.done.is_empty(),
            Until::FirstFailed => self.has_failed,
            Until::All => false,
        }
    }

    fn outcome(&mut self) -> Waited {
        let mut done = std::mem::take(&mut self.done);
        done.sort_unstable();
        let pending = (0..self.handles.len()).filter(|&index| !self.is_done[index]);
        Waited {
            done,
            pending: pending.collect(),
        }
    }
}

impl<H: Waitable> Future for Wait<'_, H> {
    type Output = Waited;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Waited> {
        let this = self.get_mut();
        for _ in 0..this.ready.begin(cx.waker()) {
            let Some(index) = this.ready.pop() else { break };
            let mut cx = Context::from_waker(&this.wakers[index]);
            if let Poll::Ready(has_failed) = this.handles[index].poll_end(&mut cx) {
                this.ready.leave(index);
                this.is_done[index] = true;
                this.done.push(index);
                this.has_failed |= has_failed;
            }
        }
        if this.is_over() {
            return Poll::Ready(this.outcome());
        }
        let limit = this.limit.as_mut();
        if limit.is_some_and(|limit| Pin::new(limit).poll(cx).is_ready()) {
            return Poll::Ready(this.outcome());
        }
        waiting(Kind::Other, 0, Location::caller());
        Poll::Pending
    }
}

impl<H> fmt::Debug for Wait<'_, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wait")
            .field("until", &self.until)
            .field("all", &self.handles.len())
            .field("done", &self.done.len())
            .finish_non_exhaustive()
    }
}
