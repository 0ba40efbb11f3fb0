//! Where a thread's handle and the task it stands for meet.
//!
//! | stage | meaning | leaves it by |
//! | --- | --- | --- |
//! | `Ordered` | the future waits for the portal's task | `placed`, `close`, `cancel`, `detach` |
//! | `Placed` | it is a task | `poll`, `cancel`, `detach` |
//! | `Polled` | whoever waits looks at the task right now | the end of that `poll`; `cancel` |
//! | `Detached` | nobody will look; the task, once there, runs on | |
//! | `Cancelled`, `Closed`, `Done` | the end | |
//!
//! The mutex is held for a few instructions; tasks, futures, values and wakers are dropped and called outside.

use std::fmt;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use trill_cell::TaskId;
use trill_executor::{FallibleTask, Task};

use crate::error::PortalError;

/// Where a thread's handle and the task it stands for meet.
pub(crate) struct Slot<T>(Mutex<State<T>>);

struct State<T> {
    stage: Stage<T>,
    /// The task's identity, once it is one.
    id: Option<TaskId>,
    /// Of whoever waits for the next stage.
    waker: Option<Waker>,
}

enum Stage<T> {
    Ordered,
    Placed(FallibleTask<T>),
    Polled,
    Detached,
    Cancelled,
    Closed,
    Done,
}

impl<T> Slot<T> {
    pub(crate) fn new() -> Slot<T> {
        Slot(Mutex::new(State {
            stage: Stage::Ordered,
            id: None,
            waker: None,
        }))
    }

    /// Says whether the future shall become a task.
    pub(crate) fn is_wanted(&self) -> bool {
        matches!(self.lock().stage, Stage::Ordered | Stage::Detached)
    }

    /// The future is a task now.
    pub(crate) fn placed(&self, task: Task<T>) {
        let id = task.id();
        let task = task.fallible();
        let mut state = self.lock();
        state.id = Some(id);
        match state.stage {
            Stage::Ordered => {
                state.stage = Stage::Placed(task);
                wake(state);
            }
            Stage::Detached => {
                drop(state);
                task.detach();
            }
            // Cancelled since it was asked for: dropping the handle cancels the task before its first poll.
            _ => {
                drop(state);
                drop(task);
            }
        }
    }

    /// The future is gone and was never a task.
    pub(crate) fn close(&self) {
        let mut state = self.lock();
        if matches!(state.stage, Stage::Ordered) {
            state.stage = Stage::Closed;
            wake(state);
        }
    }

    /// Drops the task, or keeps it from becoming one; says whether it had not ended.
    pub(crate) fn cancel(&self) -> bool {
        let mut state = self.lock();
        match &state.stage {
            Stage::Placed(task) if task.is_finished() => false,
            Stage::Ordered | Stage::Placed(_) | Stage::Polled => {
                let before = mem::replace(&mut state.stage, Stage::Cancelled);
                wake(state);
                drop(before);
                true
            }
            _ => false,
        }
    }

    /// Lets the task run on without a handle.
    pub(crate) fn detach(&self) {
        let mut state = self.lock();
        if let Stage::Ordered | Stage::Placed(_) = state.stage {
            let before = mem::replace(&mut state.stage, Stage::Detached);
            drop(state);
            if let Stage::Placed(task) = before {
                task.detach();
            }
        }
    }

    /// Says whether waiting would return at once.
    pub(crate) fn is_finished(&self) -> bool {
        match &self.lock().stage {
            Stage::Ordered | Stage::Polled | Stage::Detached => false,
            Stage::Placed(task) => task.is_finished(),
            Stage::Cancelled | Stage::Closed | Stage::Done => true,
        }
    }

    /// Returns the task's identity, once it is one.
    pub(crate) fn id(&self) -> Option<TaskId> {
        self.lock().id
    }

    /// Polls for the task's end.
    pub(crate) fn poll(&self, cx: &mut Context<'_>) -> Poll<Result<T, PortalError>> {
        let waker = cx.waker().clone();
        let mut state = self.lock();
        // Kept in every stage: a cancel from elsewhere is heard, too.
        let stale = state.waker.replace(waker);
        let polled = match mem::replace(&mut state.stage, Stage::Polled) {
            Stage::Placed(mut task) => {
                drop(state);
                let polled = poll_task(&mut task, cx);
                self.look_up(task, polled)
            }
            Stage::Ordered => {
                state.stage = Stage::Ordered;
                drop(state);
                Poll::Pending
            }
            end => {
                let error = match end {
                    Stage::Cancelled => PortalError::Cancelled,
                    _ => PortalError::Closed,
                };
                state.stage = end;
                drop(state);
                Poll::Ready(Err(error))
            }
        };
        drop(stale);
        polled
    }

    /// Ends a poll of the task: a cancel may have come meanwhile.
    fn look_up(
        &self,
        task: FallibleTask<T>,
        polled: Poll<Result<T, PortalError>>,
    ) -> Poll<Result<T, PortalError>> {
        let mut state = self.lock();
        if polled.is_ready() {
            // The value was there before the cancel that may have said otherwise: it is not thrown away.
            state.stage = Stage::Done;
            let waker = state.waker.take();
            drop(state);
            drop(waker);
            return polled;
        }
        match state.stage {
            Stage::Polled => {
                state.stage = Stage::Placed(task);
                Poll::Pending
            }
            _ => {
                drop(state);
                drop(task);
                Poll::Ready(Err(PortalError::Cancelled))
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> fmt::Debug for Slot<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.lock().stage {
            Stage::Ordered => "Ordered",
            Stage::Placed(_) | Stage::Polled => "Placed",
            Stage::Detached => "Detached",
            Stage::Cancelled => "Cancelled",
            Stage::Closed => "Closed",
            Stage::Done => "Done",
        })
    }
}

/// Lets go of the lock, then wakes whoever waits.
fn wake<T>(mut state: MutexGuard<'_, State<T>>) {
    let waker = state.waker.take();
    drop(state);
    waker.into_iter().for_each(trill_park::wake);
}

/// Polls a task; its panic is a value here.
fn poll_task<T>(task: &mut FallibleTask<T>, cx: &mut Context<'_>) -> Poll<Result<T, PortalError>> {
    // A task that panicked is not polled again, and nothing else is touched.
    let polled = catch_unwind(AssertUnwindSafe(|| {
        std::future::Future::poll(Pin::new(task), cx)
    }));
    match polled {
        Ok(Poll::Pending) => Poll::Pending,
        Ok(Poll::Ready(Some(value))) => Poll::Ready(Ok(value)),
        // Only the runtime's end cancels a task whose handle is here.
        Ok(Poll::Ready(None)) => Poll::Ready(Err(PortalError::Closed)),
        Err(payload) => Poll::Ready(Err(PortalError::panicked(payload))),
    }
}
