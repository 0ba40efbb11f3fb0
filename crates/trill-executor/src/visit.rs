//! Looking at tasks from outside: at those of one executor, or of all in the process.
#![allow(unsafe_code)] // Cells are reached through addresses that the registry keeps alive.

use std::fmt;
use std::marker::PhantomData;

use trill_cell::{Header, TaskId};

use crate::cell::Prefix;
use crate::executor::Executor;
use crate::local::{LocalExecutor, LocalState};
use crate::queue::Item;
use crate::registry::Registry;
use crate::state::State;

/// A task that somebody looks at; it does not end meanwhile.
///
/// # Examples
///
/// See [`Executor::each_task`].
pub struct TaskRef<'a> {
    cell: Item,
    _kept: PhantomData<&'a ()>,
}

impl TaskRef<'_> {
    /// Returns what is known of the task.
    ///
    /// # Examples
    ///
    /// See [`Executor::each_task`].
    pub fn header(&self) -> &Header {
        &self.prefix().header
    }

    /// Says whether the task only waits: it is neither being polled nor ready to be.
    ///
    /// # Examples
    ///
    /// See [`Executor::each_task`].
    pub fn is_waiting(&self) -> bool {
        !self.prefix().is_held()
    }

    /// Returns which task polled this one's handle last and is still to be told of its end.
    ///
    /// It is known whatever lies in between: a combinator with wakers of its own, or a task of another executor. A handle
    /// that was polled through such a combinator and is then kept without being awaited counts until it is dropped. It is unknown in the instant
    /// in which the handle changes hands, and where no task polled it, but `block_on` or a thread did.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_executor::Executor;
    ///
    /// let ex = Executor::new();
    /// let child = ex.spawn(std::future::pending::<()>());
    /// let child_id = child.id();
    /// let parent = ex.spawn(child);
    /// while ex.try_tick() {}
    /// ex.each_task(|task| {
    ///     if task.header().id() == child_id {
    ///         assert_eq!(task.awaiter(), Some(parent.id()));
    ///     }
    /// });
    /// ```
    pub fn awaiter(&self) -> Option<TaskId> {
        // SAFETY: the registry keeps the task in its slot while its visitor runs. `look` upholds it; Miri on
        // `tests/each_task.rs` would fail.
        unsafe { self.prefix().read_task() }
    }

    /// For models: looks at a task that is not in a registry; it must not end meanwhile.
    #[cfg(loom)]
    pub fn of_model<T>(task: &crate::Task<T>) -> TaskRef<'static> {
        TaskRef {
            cell: task.cell(),
            _kept: PhantomData,
        }
    }

    fn prefix(&self) -> &Prefix {
        // SAFETY: the registry holds cells of this crate, which begin with a prefix, and keeps this one alive while its
        // visitor runs; the lifetime is that visitor's. `each` upholds it; as above.
        unsafe { self.cell.cast::<Prefix>().as_ref() }
    }
}

impl fmt::Debug for TaskRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskRef")
            .field("header", self.header())
            .field("is_waiting", &self.is_waiting())
            .field("awaiter", &self.awaiter())
            .finish()
    }
}

impl Executor<'_> {
    /// Runs `visit` on every task that has been polled and has not ended; from any thread, while others run the executor.
    ///
    /// Tasks that were never polled are only counted, see [`task_count`](Executor::task_count). While a task is visited
    /// its end waits, so `visit` must be quick, and must neither run nor wait for tasks. A task that another thread visits
    /// at this moment is left out.
    ///
    /// # Examples
    ///
    /// ```
    /// let ex = trill_executor::Executor::new();
    /// let task = ex.spawn(std::future::pending::<()>());
    /// ex.try_tick();
    /// let mut seen = Vec::new();
    /// ex.each_task(|task| seen.push((task.header().id(), task.is_waiting())));
    /// assert_eq!(seen, [(task.id(), true)]);
    /// ```
    pub fn each_task(&self, visit: impl FnMut(&TaskRef<'_>)) {
        if let Some(state) = self.known_state() {
            each(&state.registry, visit);
        }
    }

    /// Returns how many tasks have not ended; an estimate while others run.
    ///
    /// # Examples
    ///
    /// ```
    /// let ex = trill_executor::Executor::new();
    /// let task = ex.spawn(async {});
    /// assert_eq!(ex.task_count(), 1);
    /// ex.try_tick();
    /// assert_eq!(ex.task_count(), 0);
    /// # drop(task);
    /// ```
    pub fn task_count(&self) -> usize {
        self.known_state().map_or(0, count)
    }
}

impl LocalExecutor<'_> {
    /// Runs `visit` on every task that has been polled and has not ended; see [`Executor::each_task`].
    ///
    /// # Examples
    ///
    /// See [`Executor::each_task`].
    pub fn each_task(&self, visit: impl FnMut(&TaskRef<'_>)) {
        if let Some(state) = self.known_state() {
            each(&state.registry, visit);
        }
    }

    /// Returns how many tasks have not ended.
    ///
    /// # Examples
    ///
    /// See [`Executor::task_count`].
    pub fn task_count(&self) -> usize {
        self.known_state().map_or(0, count_local)
    }
}

/// Runs `visit` on every task of every executor in the process, also of those that belong to other threads, as
/// [`Executor::each_task`] does for one.
///
/// # Examples
///
/// ```
/// use std::sync::mpsc;
/// use trill_executor::LocalExecutor;
///
/// let (send, receive) = mpsc::channel::<()>();
/// let (started, wait) = mpsc::channel();
/// let other = trill_world::start_thread("other", move || {
///     let ex = LocalExecutor::new();
///     let task = ex.spawn(std::future::pending::<()>());
///     ex.try_tick();
///     started.send(task.id()).unwrap();
///     receive.recv().ok();
/// });
/// let id = wait.recv()?;
/// let mut seen = Vec::new();
/// trill_executor::each_task(|task| seen.push(task.header().id()));
/// assert!(seen.contains(&id));
/// drop(send);
/// # other.ok();
/// # Ok::<(), mpsc::RecvError>(())
/// ```
pub fn each_task(mut visit: impl FnMut(&TaskRef<'_>)) {
    for state in State::all() {
        each(&state.registry, &mut visit);
    }
    for state in LocalState::all() {
        each(&state.registry, &mut visit);
    }
}

/// Returns how many tasks of all executors in the process have not ended; an estimate while others run.
///
/// # Examples
///
/// ```
/// let ex = trill_executor::Executor::new();
/// let task = ex.spawn(async {});
/// assert!(trill_executor::task_count() >= 1);
/// # drop(task);
/// ```
pub fn task_count() -> usize {
    let mut sum = 0;
    for state in State::all() {
        sum += count(state);
    }
    for state in LocalState::all() {
        sum += count_local(state);
    }
    sum
}

/// Visits the tasks of a registry.
pub(crate) fn each(registry: &Registry, mut visit: impl FnMut(&TaskRef<'_>)) {
    registry.each(&mut |cell| {
        visit(&TaskRef {
            cell,
            _kept: PhantomData,
        });
    });
}

/// How many tasks of an executor have not ended.
pub(crate) fn count(state: &'static State) -> usize {
    state.task_count()
}

fn count_local(state: &'static LocalState) -> usize {
    state.tally.left(None)
}
