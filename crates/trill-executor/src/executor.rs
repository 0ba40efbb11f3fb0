//! The executor that any number of threads may run.
#![allow(unsafe_code)] // Tasks may borrow; the executor's drop is what makes that sound.

use std::cell::UnsafeCell;
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::panic::{Location, RefUnwindSafe, UnwindSafe};
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};
use std::task::Waker;

use trill_cell::Spawned;

use crate::ambient;
use crate::builder::TaskBuilder;
use crate::cell::Runnable;
use crate::primitive::relax;
use crate::queue::Item;
use crate::run::{Run, RunHere, Tick};
use crate::schedule;
use crate::state::State;
use crate::task::Task;
use crate::worker::Worker;

/// An executor whose tasks are polled by every thread that runs it.
///
/// It has no threads of its own: it is a future, [`run`](Executor::run), that any number of threads poll by
/// `trill_park::block_on` or anything else. Tasks go where the work is: each runner has a queue of its own, and an idle
/// one takes half of another's.
///
/// Tasks may borrow what outlives the executor. Dropping it drops every task that has not ended before `drop` returns.
///
/// # Examples
///
/// ```
/// use trill_executor::Executor;
///
/// let text = String::from("borrowed");
/// let ex = Executor::new();
/// let length = ex.spawn(async { text.len() });
/// assert_eq!(trill_park::block_on(ex.run(length)), 8);
/// ```
///
/// Two threads:
///
/// ```
/// use std::future::pending;
/// use trill_executor::Executor;
///
/// static EX: Executor<'static> = Executor::new();
/// trill_world::start_thread("worker", || trill_park::block_on(EX.run(pending())))?;
/// assert_eq!(trill_park::block_on(EX.run(EX.spawn(async { 5 }))), 5);
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Executor<'a> {
    /// What the runners share; null until first used.
    state: AtomicPtr<State>,
    /// Invariant: a task may both read and write what it borrows for `'a`.
    _tasks: PhantomData<UnsafeCell<&'a ()>>,
}

// SAFETY: futures enter through `spawn`, which demands `Send`, and all shared state is synchronized. The compiler
// upholds the first, `State`'s own `Sync` the second; the TSan and loom runs of `tests` would fail.
unsafe impl Send for Executor<'_> {}
// SAFETY: as above; every method takes `&self`.
unsafe impl Sync for Executor<'_> {}

impl UnwindSafe for Executor<'_> {}
impl RefUnwindSafe for Executor<'_> {}

impl<'a> Executor<'a> {
    /// Returns an executor without tasks; allocates nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// static EX: trill_executor::Executor<'static> = trill_executor::Executor::new();
    /// assert!(EX.is_empty());
    /// ```
    pub const fn new() -> Executor<'a> {
        Executor {
            state: AtomicPtr::new(ptr::null_mut()),
            _tasks: PhantomData,
        }
    }

    /// Says whether every task that was spawned has ended.
    ///
    /// # Examples
    ///
    /// ```
    /// let ex = trill_executor::Executor::new();
    /// let task = ex.spawn(async {});
    /// assert!(!ex.is_empty());
    /// trill_park::block_on(ex.run(task));
    /// assert!(ex.is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.known_state().is_none_or(State::is_empty)
    }

    /// Returns what tells this executor from others; see [`ambient::current_id`].
    ///
    /// # Examples
    ///
    /// See [`ambient::current_id`].
    pub fn id(&self) -> ambient::ExecutorId {
        ambient::id_of(self.state())
    }

    /// Spawns a task.
    ///
    /// It is polled by whoever runs this executor. Its header keeps the place of this call.
    /// A future of 2 KiB or more takes a second allocation.
    /// Without optimisation each call on the way there moves the future over the stack: box one of a megabyte yourself.
    /// If the allocator has no memory the process ends, as with a `Box`, and the task was never there.
    ///
    /// A panic of the future ends the task alone, see [`Task`]; in a program that is built with `panic = "abort"` it ends
    /// the process.
    ///
    /// # Cancel safety
    ///
    /// Dropping the handle cancels the task, see [`Task`].
    ///
    /// # Examples
    ///
    /// See [`Executor`].
    #[track_caller]
    #[inline]
    pub fn spawn<T: Send + 'a>(&self, future: impl Future<Output = T> + Send + 'a) -> Task<T> {
        self.spawn_as(future, Spawned::at(Location::caller()))
    }

    /// Spawns a task for each future of an iterator and adds the handles to `handles`.
    ///
    /// Tasks whose handles were not added because the iterator panicked are cancelled, like any dropped handle's.
    ///
    /// # Examples
    ///
    /// ```
    /// let ex = trill_executor::Executor::new();
    /// let mut tasks = Vec::new();
    /// ex.spawn_many((0..10).map(|n| async move { n }), &mut tasks);
    /// let sum = trill_park::block_on(ex.run(async {
    ///     let mut sum = 0;
    ///     for task in tasks {
    ///         sum += task.await;
    ///     }
    ///     sum
    /// }));
    /// assert_eq!(sum, 45);
    /// ```
    #[track_caller]
    pub fn spawn_many<T, F>(
        &self,
        futures: impl IntoIterator<Item = F>,
        handles: &mut impl Extend<Task<T>>,
    ) where
        T: Send + 'a,
        F: Future<Output = T> + Send + 'a,
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
    /// ```
    /// let ex = trill_executor::Executor::new();
    /// let task = ex.builder().name("reader").spawn(async { 1 });
    /// assert_eq!(trill_park::block_on(ex.run(task)), 1);
    /// ```
    pub fn builder(&self) -> TaskBuilder<&Executor<'a>> {
        TaskBuilder::new(self)
    }

    /// Polls one task, if any is ready; says whether one was.
    ///
    /// It finds every ready task, also one in the queue of a runner.
    ///
    /// # Examples
    ///
    /// ```
    /// let ex = trill_executor::Executor::new();
    /// assert!(!ex.try_tick());
    /// let task = ex.spawn(async {});
    /// assert!(ex.try_tick());
    /// assert!(task.is_finished());
    /// ```
    pub fn try_tick(&self) -> bool {
        self.known_state().is_some_and(try_tick)
    }

    /// Waits until a task is ready, and polls it once.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost when the returned future is dropped: a task is polled in the poll that returns, or not at all.
    ///
    /// # Examples
    ///
    /// ```
    /// let ex = trill_executor::Executor::new();
    /// let task = ex.spawn(async {});
    /// trill_park::block_on(ex.tick());
    /// assert!(task.is_finished());
    /// ```
    pub fn tick(&self) -> Tick<'_> {
        Tick::new(self.state())
    }

    /// Polls `future`, and tasks beside it, until `future` is ready; returns what it returns.
    ///
    /// Any number of threads may do this at once, and one thread may poll several such futures. A panic in `future`
    /// leaves the poll; one in a task does not.
    ///
    /// # Cancel safety
    ///
    /// Dropping the returned future drops `future`; tasks are handed to the other runners, or wait for the next one.
    ///
    /// # Examples
    ///
    /// See [`Executor`].
    pub fn run<F: Future>(&self, future: F) -> Run<'_, F> {
        Run::new(self.state(), future)
    }

    /// As [`Executor::run`], for a thread of its own: the returned future cannot be sent to another one.
    ///
    /// What the reactor and the timers of this thread wake then goes straight into the runner's queue, which saves a lock
    /// and a fence for each message or timer. Runtimes whose workers are threads use it.
    ///
    /// # Cancel safety
    ///
    /// As [`Executor::run`].
    ///
    /// # Examples
    ///
    /// ```
    /// let ex = trill_executor::Executor::new();
    /// let task = ex.spawn(async { 5 });
    /// assert_eq!(trill_park::block_on(ex.run_here(task)), 5);
    /// ```
    ///
    /// ```compile_fail
    /// let ex = trill_executor::Executor::new();
    /// fn send(future: impl Send) {}
    /// send(ex.run_here(async {}));
    /// ```
    pub fn run_here<F: Future>(&self, future: F) -> RunHere<'_, F> {
        RunHere::new(self.state(), future)
    }

    /// Spawns a task that is known by more than its future.
    #[inline]
    pub(crate) fn spawn_as<T: Send + 'a>(
        &self,
        future: impl Future<Output = T> + Send + 'a,
        spawned: Spawned,
    ) -> Task<T> {
        // SAFETY: future and output live for 'a and are `Send`. The executor cannot outlive 'a, and `drop` ends every
        // task; if it is forgotten instead, so are its queues, and no task is polled without a borrow of the executor.
        // A waker that outlives it finds the future gone. `tests/drop.rs` would fail.
        unsafe { schedule::spawn(self.state(), future, spawned) }
    }

    /// The state, which is made on first use.
    #[inline]
    fn state(&self) -> &'static State {
        self.known_state().unwrap_or_else(|| self.make_state())
    }

    /// The state, if it was used.
    #[inline]
    pub(crate) fn known_state(&self) -> Option<&'static State> {
        // Acquire: pairs with the Release in `make_state`.
        let state = self.state.load(Ordering::Acquire);
        // SAFETY: `make_state` is the only writer, and states are never freed. Miri on `tests/executor.rs` would fail.
        unsafe { state.as_ref() }
    }

    #[cold]
    fn make_state(&self) -> &'static State {
        let mine = State::acquire();
        // Release: pairs with the Acquire in `known_state`.
        let raced = self.state.compare_exchange(
            ptr::null_mut(),
            ptr::from_ref(mine).cast_mut(),
            Ordering::AcqRel,
            Ordering::Acquire,
        );
        if raced.is_err() {
            mine.release();
        }
        self.known_state().unwrap_or(mine)
    }
}

impl Drop for Executor<'_> {
    fn drop(&mut self) {
        if let Some(state) = self.known_state() {
            end_all(state);
            state.release();
        }
    }
}

impl Default for Executor<'_> {
    fn default() -> Self {
        Executor::new()
    }
}

impl fmt::Debug for Executor<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Executor")
            .field("state", &self.known_state())
            .finish()
    }
}

/// Polls one task, if any is ready.
pub(crate) fn try_tick(state: &'static State) -> bool {
    let Some(item) = state.take_any(Worker::take_any) else {
        return false;
    };
    // SAFETY: queues hold what `into_raw` gave, and each item comes out once. `queue` upholds it; the models in
    // `tests/loom_queue.rs` would fail.
    let runnable = unsafe { Runnable::from_raw(item) };
    let current = state.visitor();
    let _inside = current.enter();
    current.with_task(item, |tab| runnable.run(tab));
    true
}

/// Drops every future of an executor that nobody runs any more.
fn end_all(state: &'static State) {
    let current = state.visitor();
    let _inside = current.enter();
    loop {
        while let Some(item) = state.take_any(Worker::take_own) {
            // SAFETY: as in `try_tick`.
            let runnable = unsafe { Runnable::from_raw(item) };
            current.with_task(item, |_| drop(runnable));
        }
        if state.is_empty() {
            return;
        }
        // The others wait. Once woken each is in a queue; one that another thread is about to queue comes later.
        let mut wakers = Vec::new();
        state.registry.each(&mut |cell| wakers.push(waker(cell)));
        wake_all(wakers);
        if !state.is_injected() && !state.any_worker_has_any() {
            relax();
        }
    }
}

/// Wakes tasks that are to be found in a queue.
pub(crate) fn wake_all(wakers: Vec<Waker>) {
    for waker in wakers {
        waker.wake();
    }
}

/// Returns a waker of a task that a reader of the registry keeps alive.
pub(crate) fn waker(cell: Item) -> Waker {
    // SAFETY: the registry holds cells of this crate's runnables, alive while it calls its visitor. Nothing but
    // `waker` is done with this second runnable, and it is not dropped. `registry` and `Body::drop` uphold it; Miri on
    // `tests/drop.rs` would fail.
    let runnable = std::mem::ManuallyDrop::new(unsafe { Runnable::from_raw(cell) });
    runnable.waker()
}
