//! Executors that live for the rest of the process.
#![allow(unsafe_code)] // `spawn_scoped` leaves a lifetime to its caller.

use std::fmt;
use std::future::Future;
use std::panic::{Location, RefUnwindSafe, UnwindSafe};

use trill_cell::Spawned;

use crate::builder::TaskBuilder;
use crate::executor::Executor;
use crate::local::{LocalExecutor, LocalRun, LocalTick};
use crate::run::{Run, RunHere, Tick};
use crate::task::Task;

/// An [`Executor`] that is never dropped.
///
/// It is what [`Executor::leak`] returns. Programs written for async-executor's `static` feature find here what they
/// need; an `Executor<'static>` in a `static` is as fast.
///
/// # Examples
///
/// ```
/// use trill_executor::StaticExecutor;
///
/// static EX: StaticExecutor = StaticExecutor::new();
/// let task = EX.spawn(async { 5 });
/// assert_eq!(trill_park::block_on(EX.run(task)), 5);
/// ```
pub struct StaticExecutor(Executor<'static>);

impl Executor<'static> {
    /// Keeps the executor for the rest of the process.
    ///
    /// # Examples
    ///
    /// ```
    /// let ex = trill_executor::Executor::new().leak();
    /// let task = ex.spawn(async { 5 });
    /// assert_eq!(trill_park::block_on(ex.run(task)), 5);
    /// ```
    pub fn leak(self) -> &'static StaticExecutor {
        Box::leak(Box::new(StaticExecutor(self)))
    }
}

impl UnwindSafe for StaticExecutor {}
impl RefUnwindSafe for StaticExecutor {}

impl StaticExecutor {
    /// Returns an executor without tasks, as [`Executor::new`].
    ///
    /// # Examples
    ///
    /// See [`StaticExecutor`].
    pub const fn new() -> StaticExecutor {
        StaticExecutor(Executor::new())
    }

    /// Spawns a task, as [`Executor::spawn`].
    ///
    /// # Cancel safety
    ///
    /// Dropping the handle cancels the task, see [`Task`].
    ///
    /// # Examples
    ///
    /// See [`StaticExecutor`].
    #[track_caller]
    #[inline]
    pub fn spawn<T: Send + 'static>(
        &'static self,
        future: impl Future<Output = T> + Send + 'static,
    ) -> Task<T> {
        self.0.spawn(future)
    }

    /// Spawns a task that borrows for less than the rest of the process.
    ///
    /// # Cancel safety
    ///
    /// Dropping the handle cancels the task, see [`Task`].
    ///
    /// # Safety
    ///
    /// The task must have ended, or been cancelled and waited for, before `'a` ends.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_executor::StaticExecutor;
    ///
    /// static EX: StaticExecutor = StaticExecutor::new();
    /// let text = String::from("borrowed");
    /// // SAFETY: the task ends in the next line, while `text` lives.
    /// let task = unsafe { EX.spawn_scoped(async { text.len() }) };
    /// assert_eq!(trill_park::block_on(EX.run(task)), 8);
    /// ```
    #[track_caller]
    pub unsafe fn spawn_scoped<'a, T: Send + 'a>(
        &'static self,
        future: impl Future<Output = T> + Send + 'a,
    ) -> Task<T> {
        let spawned = Spawned::at(Location::caller());
        // SAFETY: `Executor` is only a record of lifetimes here, never dropped. The caller upholds that the task ends
        // in time; Miri on the example above would fail.
        let executor = unsafe { shorten(&self.0) };
        executor.spawn_as(future, spawned)
    }

    /// Begins a task that gets a name, as [`Executor::builder`].
    ///
    /// # Examples
    ///
    /// See [`TaskBuilder`].
    pub fn builder(&'static self) -> TaskBuilder<&'static StaticExecutor> {
        TaskBuilder::new(self)
    }

    /// Polls one task if any is ready, as [`Executor::try_tick`].
    ///
    /// # Examples
    ///
    /// See [`Executor::try_tick`].
    pub fn try_tick(&self) -> bool {
        self.0.try_tick()
    }

    /// Waits until a task is ready and polls it once, as [`Executor::tick`].
    ///
    /// # Cancel safety
    ///
    /// As [`Executor::tick`].
    ///
    /// # Examples
    ///
    /// See [`Executor::tick`].
    pub fn tick(&self) -> Tick<'_> {
        self.0.tick()
    }

    /// Polls `future`, and tasks beside it, until `future` is ready, as [`Executor::run`].
    ///
    /// # Cancel safety
    ///
    /// As [`Executor::run`].
    ///
    /// # Examples
    ///
    /// See [`StaticExecutor`].
    pub fn run<F: Future>(&self, future: F) -> Run<'_, F> {
        self.0.run(future)
    }

    /// Polls `future`, and tasks beside it, on this thread until `future` is ready, as [`Executor::run_here`].
    ///
    /// # Cancel safety
    ///
    /// As [`Executor::run`].
    ///
    /// # Examples
    ///
    /// See [`Executor::run_here`].
    pub fn run_here<F: Future>(&self, future: F) -> RunHere<'_, F> {
        self.0.run_here(future)
    }

    /// The executor inside.
    pub(crate) fn shared(&'static self) -> &'static Executor<'static> {
        &self.0
    }
}

impl Default for StaticExecutor {
    fn default() -> Self {
        StaticExecutor::new()
    }
}

impl fmt::Debug for StaticExecutor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("StaticExecutor").field(&self.0).finish()
    }
}

/// A [`LocalExecutor`] that is never dropped.
///
/// # Examples
///
/// ```
/// let ex = trill_executor::LocalExecutor::new().leak();
/// let text = std::rc::Rc::new(String::from("not Send"));
/// let task = ex.spawn(async move { text.len() });
/// assert_eq!(trill_park::block_on(ex.run(task)), 8);
/// ```
pub struct StaticLocalExecutor(LocalExecutor<'static>);

impl LocalExecutor<'static> {
    /// Keeps the executor for the rest of the process; it still belongs to this thread.
    ///
    /// # Examples
    ///
    /// See [`StaticLocalExecutor`].
    pub fn leak(self) -> &'static StaticLocalExecutor {
        Box::leak(Box::new(StaticLocalExecutor(self)))
    }
}

impl UnwindSafe for StaticLocalExecutor {}
impl RefUnwindSafe for StaticLocalExecutor {}

impl StaticLocalExecutor {
    /// Returns an executor without tasks, as [`LocalExecutor::new`].
    ///
    /// # Examples
    ///
    /// See [`StaticLocalExecutor`].
    pub const fn new() -> StaticLocalExecutor {
        StaticLocalExecutor(LocalExecutor::new())
    }

    /// Spawns a task, as [`LocalExecutor::spawn`].
    ///
    /// # Cancel safety
    ///
    /// Dropping the handle cancels the task, see [`Task`].
    ///
    /// # Examples
    ///
    /// See [`StaticLocalExecutor`].
    #[track_caller]
    #[inline]
    pub fn spawn<T: 'static>(&'static self, future: impl Future<Output = T> + 'static) -> Task<T> {
        self.0.spawn(future)
    }

    /// Spawns a task that borrows for less than the rest of the process.
    ///
    /// # Cancel safety
    ///
    /// Dropping the handle cancels the task, see [`Task`].
    ///
    /// # Safety
    ///
    /// The task must have ended, or been cancelled and waited for, before `'a` ends.
    ///
    /// # Examples
    ///
    /// ```
    /// let ex = trill_executor::LocalExecutor::new().leak();
    /// let text = String::from("borrowed");
    /// // SAFETY: the task ends in the next line, while `text` lives.
    /// let task = unsafe { ex.spawn_scoped(async { text.len() }) };
    /// assert_eq!(trill_park::block_on(ex.run(task)), 8);
    /// ```
    #[track_caller]
    pub unsafe fn spawn_scoped<'a, T: 'a>(
        &'static self,
        future: impl Future<Output = T> + 'a,
    ) -> Task<T> {
        let spawned = Spawned::at(Location::caller());
        // SAFETY: as in `StaticExecutor::spawn_scoped`; Miri on the example above would fail.
        let executor = unsafe { shorten_local(&self.0) };
        executor.spawn_as(future, spawned)
    }

    /// Begins a task that gets a name, as [`LocalExecutor::builder`].
    ///
    /// # Examples
    ///
    /// See [`TaskBuilder`].
    pub fn builder(&'static self) -> TaskBuilder<&'static StaticLocalExecutor> {
        TaskBuilder::new(self)
    }

    /// Polls one task if any is ready, as [`LocalExecutor::try_tick`].
    ///
    /// # Examples
    ///
    /// See [`LocalExecutor::try_tick`].
    pub fn try_tick(&self) -> bool {
        self.0.try_tick()
    }

    /// Waits until a task is ready and polls it once, as [`LocalExecutor::tick`].
    ///
    /// # Cancel safety
    ///
    /// As [`LocalExecutor::tick`].
    ///
    /// # Examples
    ///
    /// See [`LocalExecutor::tick`].
    pub fn tick(&self) -> LocalTick<'_> {
        self.0.tick()
    }

    /// Polls `future`, and tasks beside it, until `future` is ready, as [`LocalExecutor::run`].
    ///
    /// # Cancel safety
    ///
    /// As [`LocalExecutor::run`].
    ///
    /// # Examples
    ///
    /// See [`StaticLocalExecutor`].
    pub fn run<F: Future>(&self, future: F) -> LocalRun<'_, F> {
        self.0.run(future)
    }

    /// The executor inside.
    pub(crate) fn local(&'static self) -> &'static LocalExecutor<'static> {
        &self.0
    }
}

impl Default for StaticLocalExecutor {
    fn default() -> Self {
        StaticLocalExecutor::new()
    }
}

impl fmt::Debug for StaticLocalExecutor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("StaticLocalExecutor").field(&self.0).finish()
    }
}

/// Lets an executor take tasks that borrow for `'a`.
///
/// # Safety
///
/// Every task spawned through the result has ended before `'a` does.
unsafe fn shorten<'a, 'e>(executor: &'e Executor<'static>) -> &'e Executor<'a> {
    // SAFETY: the two types differ in a lifetime alone. What that lifetime means is left to the caller.
    unsafe { &*std::ptr::from_ref(executor).cast() }
}

/// As [`shorten`].
///
/// # Safety
///
/// As [`shorten`].
unsafe fn shorten_local<'a, 'e>(executor: &'e LocalExecutor<'static>) -> &'e LocalExecutor<'a> {
    // SAFETY: as in `shorten`.
    unsafe { &*std::ptr::from_ref(executor).cast() }
}
