//! Tasks for other schedulers: a cell without an executor.
//!
//! A blocking pool or an executor of your own makes its tasks here, so that they are [`Task`]s like all others: with a
//! header, with panics caught, with the same ways to cancel and to join.
#![allow(unsafe_code)] // The cell leaves lifetimes and threads to its callers.

use std::fmt;
use std::future::Future;
use std::task::Waker;

use trill_cell::Spawned;

use crate::cell::{self, Parts, Tab, allocate};
use crate::home::Home;
use crate::task::Task;

/// Makes a task that `schedule` is told of each time it is ready to be polled.
///
/// The task is not scheduled yet: call [`Runnable::schedule`] or [`Runnable::run`] on the returned half. `schedule` must
/// not panic, and may be called from any thread. A future of 2 KiB or more is boxed.
///
/// # Examples
///
/// ```
/// use std::sync::mpsc;
/// use trill_cell::Spawned;
/// use trill_executor::raw;
///
/// let (queue, runnables) = mpsc::channel::<raw::Runnable>();
/// let schedule = move |runnable| { let _ = queue.send(runnable); };
/// let (runnable, task) = raw::task(async { 5 }, schedule, Spawned::here());
/// runnable.schedule();
/// runnables.recv()?.run();
/// assert_eq!(trill_park::block_on(task), 5);
/// # Ok::<(), mpsc::RecvError>(())
/// ```
pub fn task<F, S>(future: F, schedule: S, spawned: Spawned) -> (Runnable, Task<F::Output>)
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
    S: Fn(Runnable) + Send + Sync + 'static,
{
    let parts = Parts {
        future,
        schedule: move |runnable, _is_end_of_poll: bool| schedule(Runnable(runnable)),
        home: Home::none(),
        spawned,
    };
    // SAFETY: everything is 'static, the future and its output are `Send`, the function is `Send` and `Sync`. Miri on
    // `tests/task.rs` would fail.
    let (runnable, handle) = unsafe { allocate::<_, _, false>(parts) };
    (Runnable(runnable), Task::new(handle))
}

/// A task that is ready to be polled. Dropping it cancels the task.
///
/// # Examples
///
/// See [`task`].
pub struct Runnable(cell::Runnable);

impl Runnable {
    /// Polls the task once. Panics of the task do not leave this call.
    ///
    /// Returns whether the task was woken meanwhile and has been scheduled again.
    ///
    /// # Examples
    ///
    /// See [`task`].
    #[inline]
    pub fn run(self) -> bool {
        self.0.run(&Tab::default())
    }

    /// Hands it to the task's schedule function.
    ///
    /// # Examples
    ///
    /// See [`task`].
    #[inline]
    pub fn schedule(self) {
        self.0.schedule();
    }

    /// Returns a waker of the task.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_cell::Spawned;
    ///
    /// let (runnable, _task) = trill_executor::raw::task(async {}, drop, Spawned::here());
    /// runnable.waker().wake(); // scheduled already, so this does nothing
    /// ```
    pub fn waker(&self) -> Waker {
        self.0.waker()
    }
}

impl fmt::Debug for Runnable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runnable").finish_non_exhaustive()
    }
}
