//! The executor that belongs to one thread.
#![allow(unsafe_code)] // Tasks may borrow; the executor's drop is what makes that sound.

use std::cell::{Cell, UnsafeCell};
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::panic::{Location, RefUnwindSafe, UnwindSafe};
use std::rc::Rc;

use trill_cell::Spawned;

use super::run::{LocalRun, LocalTick};
use super::schedule;
use super::state::LocalState;
use crate::builder::TaskBuilder;
use crate::cell::Runnable;
use crate::executor::{wake_all, waker};
use crate::primitive::relax;
use crate::queue::Item;
use crate::task::Task;

/// An executor whose tasks stay on the thread that made it, and need not be `Send`.
///
/// Its queue takes no atomic operation. Wakers of its tasks may be called from any thread all the same.
///
/// Tasks may borrow what outlives the executor. Dropping it drops every task that has not ended before `drop` returns.
///
/// # Examples
///
/// ```
/// use std::rc::Rc;
/// use trill_executor::LocalExecutor;
///
/// let text = Rc::new(String::from("not Send"));
/// let ex = LocalExecutor::new();
/// let length = ex.spawn(async { text.len() });
/// assert_eq!(trill_park::block_on(ex.run(length)), 8);
/// ```
///
/// It cannot go to another thread:
///
/// ```compile_fail,E0277
/// fn send<T: Send>(_: T) {}
/// send(trill_executor::LocalExecutor::new());
/// ```
///
/// nor be shared with one:
///
/// ```compile_fail,E0277
/// fn share<T: Sync>(_: T) {}
/// share(trill_executor::LocalExecutor::new());
/// ```
pub struct LocalExecutor<'a> {
    /// The queues, once used.
    state: Cell<Option<&'static LocalState>>,
    /// Invariant: a task may both read and write what it borrows for `'a`. Neither `Send` nor `Sync`.
    _tasks: PhantomData<(UnsafeCell<&'a ()>, Rc<()>)>,
}

impl UnwindSafe for LocalExecutor<'_> {}
impl RefUnwindSafe for LocalExecutor<'_> {}

impl<'a> LocalExecutor<'a> {
    /// Returns an executor without tasks; allocates nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(trill_executor::LocalExecutor::new().is_empty());
    /// ```
    pub const fn new() -> LocalExecutor<'a> {
        LocalExecutor {
            state: Cell::new(None),
            _tasks: PhantomData,
        }
    }

    /// Says whether every task that was spawned has ended.
    ///
    /// # Examples
    ///
    /// See [`Executor::is_empty`](crate::Executor::is_empty).
    pub fn is_empty(&self) -> bool {
        self.state.get().is_none_or(LocalState::is_empty)
    }

    /// Spawns a task.
    ///
    /// Its header keeps the place of this call. A future of 2 KiB or more takes a second allocation.
    ///
    /// # Cancel safety
    ///
    /// Dropping the handle cancels the task, see [`Task`].
    ///
    /// # Examples
    ///
    /// See [`LocalExecutor`].
    #[track_caller]
    #[inline]
    pub fn spawn<T: 'a>(&self, future: impl Future<Output = T> + 'a) -> Task<T> {
        self.spawn_as(future, Spawned::at(Location::caller()))
    }

    /// Spawns a task for each future of an iterator and adds the handles to `handles`.
    ///
    /// # Examples
    ///
    /// See [`Executor::spawn_many`](crate::Executor::spawn_many).
    #[track_caller]
    pub fn spawn_many<T, F>(
        &self,
        futures: impl IntoIterator<Item = F>,
        handles: &mut impl Extend<Task<T>>,
    ) where
        T: 'a,
        F: Future<Output = T> + 'a,
    {
        let site = Location::caller();
        handles.extend(
            futures
                .into_iter()
                .map(|future| self.spawn_as(future, Spawned::at(site))),
        );
    }

    /// Begins a task that gets a name.
    ///
    /// # Examples
    ///
    /// See [`TaskBuilder`].
    pub fn builder(&self) -> TaskBuilder<&LocalExecutor<'a>> {
        TaskBuilder::new(self)
    }

    /// Polls one task, if any is ready; says whether one was.
    ///
    /// # Examples
    ///
    /// ```
    /// let ex = trill_executor::LocalExecutor::new();
    /// let task = ex.spawn(async {});
    /// assert!(ex.try_tick());
    /// assert!(task.is_finished() && !ex.try_tick());
    /// ```
    pub fn try_tick(&self) -> bool {
        self.state.get().is_some_and(|state| tick(state, 0))
    }

    /// Waits until a task is ready, and polls it once.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost when the returned future is dropped: a task is polled in the poll that returns, or not at all.
    ///
    /// # Examples
    ///
    /// See [`Executor::tick`](crate::Executor::tick).
    pub fn tick(&self) -> LocalTick<'_> {
        LocalTick::new(self.state())
    }

    /// Polls `future`, and tasks beside it, until `future` is ready; returns what it returns.
    ///
    /// Several such futures may be polled on the executor's thread, also one inside the other.
    ///
    /// # Cancel safety
    ///
    /// Dropping the returned future drops `future`; tasks wait for the next runner.
    ///
    /// # Examples
    ///
    /// See [`LocalExecutor`].
    pub fn run<F: Future>(&self, future: F) -> LocalRun<'_, F> {
        LocalRun::new(self.state(), future)
    }

    /// Spawns a task that is known by more than its future.
    #[inline]
    pub(crate) fn spawn_as<T: 'a>(
        &self,
        future: impl Future<Output = T> + 'a,
        spawned: Spawned,
    ) -> Task<T> {
        // SAFETY: future and output live for 'a. The executor cannot outlive 'a, stays on its thread, and `drop` ends
        // every task; if it is forgotten instead, so are its queues. A waker that outlives it finds the future gone.
        // `tests/local.rs` would fail.
        unsafe { schedule::spawn(self.state(), future, spawned) }
    }

    /// The queues, if they were used.
    pub(crate) fn known_state(&self) -> Option<&'static LocalState> {
        self.state.get()
    }

    /// The queues, which are taken from the pool on first use.
    #[inline]
    fn state(&self) -> &'static LocalState {
        match self.state.get() {
            Some(state) => state,
            None => self.make_state(),
        }
    }

    #[cold]
    fn make_state(&self) -> &'static LocalState {
        let state = LocalState::acquire();
        self.state.set(Some(state));
        state
    }
}

impl Drop for LocalExecutor<'_> {
    fn drop(&mut self) {
        if let Some(state) = self.state.get() {
            end_all(state);
            state.release();
        }
    }
}

impl Default for LocalExecutor<'_> {
    fn default() -> Self {
        LocalExecutor::new()
    }
}

impl fmt::Debug for LocalExecutor<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalExecutor")
            .field("state", &self.state.get())
            .finish()
    }
}

/// Polls one task, if any is ready.
pub(super) fn tick(state: &'static LocalState, turn: u32) -> bool {
    let next = match trill_world::World::current().is_os() {
        true => state.pop(turn),
        false => state.pick(),
    };
    let Some(item) = next else {
        return false;
    };
    let current = state.current();
    let _inside = current.enter();
    current.with_task(item, |tab| runnable(item).run(tab));
    true
}

/// Turns a queued address back into the runnable.
#[inline]
pub(super) fn runnable(item: Item) -> Runnable {
    // SAFETY: the queues hold what `into_raw` gave, and each item comes out once. `LocalState` upholds it; Miri on
    // `tests/local.rs` would fail.
    unsafe { Runnable::from_raw(item) }
}

/// Drops every future of an executor that nobody runs any more.
fn end_all(state: &'static LocalState) {
    let current = state.current();
    let _inside = current.enter();
    loop {
        while let Some(item) = state.pop(1) {
            current.with_task(item, |_| drop(runnable(item)));
        }
        if state.is_empty() {
            return;
        }
        // The others wait. Once woken each is in a queue; one that another thread is about to queue comes later.
        let mut wakers = Vec::new();
        state.registry.each(&mut |cell| wakers.push(waker(cell)));
        wake_all(wakers);
        if !state.has_work() {
            relax();
        }
    }
}
