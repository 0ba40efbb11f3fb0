//! Spawning a task with a name.

use std::fmt;
use std::future::Future;
use std::panic::Location;

use trill_cell::Spawned;

use crate::executor::Executor;
use crate::fixed::{StaticExecutor, StaticLocalExecutor};
use crate::local::LocalExecutor;
use crate::task::Task;

/// A task to be spawned; made by the `builder` method of each executor.
///
/// # Examples
///
/// ```
/// let ex = trill_executor::Executor::new();
/// let task = ex.builder().name("answer").spawn(async {
///     trill_cell::current(|task| task.name().map(String::from)).flatten()
/// });
/// let name = trill_park::block_on(ex.run(task));
/// # if cfg!(feature = "insight") {
/// assert_eq!(name.as_deref(), Some("answer"));
/// # }
/// ```
#[must_use = "nothing is spawned before `spawn` is called"]
pub struct TaskBuilder<E> {
    executor: E,
    name: Option<Box<str>>,
    site: Option<&'static Location<'static>>,
}

impl<E> TaskBuilder<E> {
    pub(crate) fn new(executor: E) -> TaskBuilder<E> {
        TaskBuilder {
            executor,
            name: None,
            site: None,
        }
    }

    /// Gives the task a name, for people; several tasks may have the same.
    ///
    /// # Examples
    ///
    /// See [`TaskBuilder`].
    pub fn name(mut self, name: impl Into<Box<str>>) -> TaskBuilder<E> {
        self.name = Some(name.into());
        self
    }

    /// Says where the task is spawned, for code that spawns on behalf of its caller; the default is where `spawn` is
    /// called.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::panic::Location;
    ///
    /// let ex = trill_executor::Executor::new();
    /// let here = Location::caller();
    /// let task = ex.builder().site(here).spawn(async {
    ///     trill_cell::current(|task| task.site()).flatten()
    /// });
    /// let site = trill_park::block_on(ex.run(task));
    /// # if cfg!(feature = "insight") {
    /// assert_eq!(site, Some(here));
    /// # }
    /// ```
    pub fn site(mut self, site: &'static Location<'static>) -> TaskBuilder<E> {
        self.site = Some(site);
        self
    }

    /// What is known of the task now that it is spawned.
    #[inline]
    fn spawned(
        name: Option<Box<str>>,
        site: Option<&'static Location<'static>>,
        caller: &'static Location<'static>,
    ) -> Spawned {
        let spawned = Spawned::at(site.unwrap_or(caller));
        match name {
            Some(name) => spawned.named(name),
            None => spawned,
        }
    }
}

impl<'a> TaskBuilder<&Executor<'a>> {
    /// Spawns the task, as [`Executor::spawn`].
    ///
    /// # Cancel safety
    ///
    /// Dropping the handle cancels the task, see [`Task`].
    ///
    /// # Examples
    ///
    /// See [`TaskBuilder`].
    #[track_caller]
    pub fn spawn<T: Send + 'a>(self, future: impl Future<Output = T> + Send + 'a) -> Task<T> {
        let spawned = Self::spawned(self.name, self.site, Location::caller());
        self.executor.spawn_as(future, spawned)
    }
}

impl<'a> TaskBuilder<&LocalExecutor<'a>> {
    /// Spawns the task, as [`LocalExecutor::spawn`].
    ///
    /// # Cancel safety
    ///
    /// Dropping the handle cancels the task, see [`Task`].
    ///
    /// # Examples
    ///
    /// See [`TaskBuilder`].
    #[track_caller]
    pub fn spawn<T: 'a>(self, future: impl Future<Output = T> + 'a) -> Task<T> {
        let spawned = Self::spawned(self.name, self.site, Location::caller());
        self.executor.spawn_as(future, spawned)
    }
}

impl TaskBuilder<&'static StaticExecutor> {
    /// Spawns the task, as [`StaticExecutor::spawn`].
    ///
    /// # Cancel safety
    ///
    /// Dropping the handle cancels the task, see [`Task`].
    ///
    /// # Examples
    ///
    /// See [`TaskBuilder`].
    #[track_caller]
    pub fn spawn<T: Send + 'static>(
        self,
        future: impl Future<Output = T> + Send + 'static,
    ) -> Task<T> {
        let spawned = Self::spawned(self.name, self.site, Location::caller());
        self.executor.shared().spawn_as(future, spawned)
    }
}

impl TaskBuilder<&'static StaticLocalExecutor> {
    /// Spawns the task, as [`StaticLocalExecutor::spawn`].
    ///
    /// # Cancel safety
    ///
    /// Dropping the handle cancels the task, see [`Task`].
    ///
    /// # Examples
    ///
    /// See [`TaskBuilder`].
    #[track_caller]
    pub fn spawn<T: 'static>(self, future: impl Future<Output = T> + 'static) -> Task<T> {
        let spawned = Self::spawned(self.name, self.site, Location::caller());
        self.executor.local().spawn_as(future, spawned)
    }
}

impl<E> fmt::Debug for TaskBuilder<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskBuilder")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
