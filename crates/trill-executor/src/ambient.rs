//! Spawning without a handle: on the executor that polls here, or on one that somebody provides.
//!
//! Code that belongs to no runtime (a task group, a server, a shield) spawns its tasks here and needs no executor as an
//! argument.
//!
//! # Examples
//!
//! ```
//! use trill_executor::{Executor, ambient};
//!
//! let ex = Executor::new();
//! let sum = trill_park::block_on(ex.run(async {
//!     let task = ambient::spawn(async { 1 + 2 }).ok().unwrap();
//!     task.await
//! }));
//! assert_eq!(sum, 3);
//! ```
#![allow(unsafe_code)] // Spawning on an executor that is known by its state alone.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::sync::OnceLock;

use trill_cell::Spawned;

use crate::current;
use crate::executor::Executor;
use crate::schedule;
use crate::state::State;
use crate::task::Task;
use crate::visit::{self, TaskRef};

/// Spawns a task: on the runtime that this thread works for, else on the [`Executor`] that polls here, else on the
/// process-wide runtime if a [`Provide`] has one.
///
/// A [`LocalExecutor`](crate::LocalExecutor) that polls here is passed over: its tasks may only come from its thread.
///
/// # Errors
///
/// Gives the future back if there is none of these.
///
/// # Cancel safety
///
/// Dropping the handle cancels the task, see [`Task`].
///
/// # Examples
///
/// See the [module's page](self).
#[track_caller]
pub fn spawn<F>(future: F) -> Result<Task<F::Output>, NoExecutor<F>>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    spawn_as(future, Spawned::at(Location::caller()))
}

/// Spawns a task that is known by more than its future, as [`spawn`] does.
///
/// # Errors
///
/// As [`spawn`].
///
/// # Cancel safety
///
/// Dropping the handle cancels the task, see [`Task`].
///
/// # Examples
///
/// ```
/// use trill_cell::Spawned;
/// use trill_executor::ambient;
///
/// let refused = ambient::spawn_as(async { 5 }, Spawned::here().named("nowhere")).unwrap_err();
/// assert_eq!(trill_park::block_on(refused.into_inner()), 5);
/// ```
pub fn spawn_as<F>(future: F, spawned: Spawned) -> Result<Task<F::Output>, NoExecutor<F>>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let mut parts = Some((future, spawned));
    let mut task = None;
    provided(Whose::Thread, &mut |executor| {
        if let Some((future, spawned)) = parts.take() {
            task = Some(executor.spawn_as(future, spawned));
        }
    });
    if let (None, Some(state)) = (&task, current::shared()) {
        // SAFETY: the future and its output are 'static and `Send`. The executor of this state is being polled, or its
        // tasks are being dropped, further up on this thread's stack, so it is there and `drop` will end this task, too.
        // `current::shared` upholds that; Miri on `tests/ambient.rs` would fail.
        task = parts
            .take()
            .map(|(future, spawned)| unsafe { schedule::spawn(state, future, spawned) });
    }
    if task.is_none() {
        provided(Whose::Process, &mut |executor| {
            if let Some((future, spawned)) = parts.take() {
                task = Some(executor.spawn_as(future, spawned));
            }
        });
    }
    match (task, parts) {
        (Some(task), _) => Ok(task),
        (None, Some((future, _))) => Err(NoExecutor(future)),
        (None, None) => unreachable!("the future is taken only to be spawned"),
    }
}

/// Tells an executor from others.
///
/// Two are equal if they name the same executor; that of an executor which was dropped may be given to a later one.
///
/// # Examples
///
/// See [`current_id`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ExecutorId(usize);

/// Returns which executor a task that is spawned [here](spawn) would go to, unless it is the process-wide one.
///
/// # Examples
///
/// ```
/// use trill_executor::{Executor, ambient};
///
/// let (ex, other) = (Executor::new(), Executor::new());
/// assert_eq!(ambient::current_id(), None);
/// let seen = trill_park::block_on(ex.run(async { ambient::current_id() }));
/// assert_eq!(seen, Some(ex.id()));
/// assert_ne!(seen, Some(other.id()));
/// ```
pub fn current_id() -> Option<ExecutorId> {
    let mut id = None;
    provided(Whose::Thread, &mut |executor| id = Some(executor.id()));
    id.or_else(|| current::shared().map(id_of))
}

/// Says whether that executor is being polled further up on this thread, so that it stands still there until the caller
/// returns; whatever else is polled in between, and by whomever.
///
/// # Examples
///
/// ```
/// use trill_executor::{Executor, ambient};
///
/// let (outer, inner) = (Executor::new(), Executor::new());
/// assert!(!ambient::is_polling_here(outer.id()));
/// trill_park::block_on(outer.run(inner.run(async {
///     assert_eq!(ambient::current_id(), Some(inner.id()));
///     assert!(ambient::is_polling_here(outer.id()));
/// })));
/// ```
pub fn is_polling_here(id: ExecutorId) -> bool {
    current::is_here(id.0)
}

/// Runs `visit` on every task of the executor that polls on this thread, also a [`LocalExecutor`](crate::LocalExecutor),
/// else of the runtime that this thread works for; `false` if there is neither.
///
/// See [`Executor::each_task`].
///
/// # Examples
///
/// ```
/// use trill_executor::{Executor, ambient};
///
/// let ex = Executor::new();
/// let waits = ex.spawn(std::future::pending::<()>());
/// trill_park::block_on(ex.run(async {
///     trill_executor::yield_now().await;
///     let mut seen = Vec::new();
///     assert!(ambient::each_task(|task| seen.push(task.header().id())));
///     assert_eq!(seen, [waits.id()]);
/// }));
/// assert!(!ambient::each_task(|_| ()));
/// ```
pub fn each_task(mut visit: impl FnMut(&TaskRef<'_>)) -> bool {
    let is_polled =
        current::with(|current| current.map(|current| visit::each(current.registry(), &mut visit)));
    if is_polled.is_some() {
        return true;
    }
    let mut found = false;
    provided(Whose::Thread, &mut |executor| {
        found = true;
        executor.each_task(&mut visit);
    });
    found
}

/// The identity of the executor with this state.
pub(crate) fn id_of(state: &'static State) -> ExecutorId {
    ExecutorId(state.address().addr())
}

/// Adds somebody who knows the runtimes of threads, for the rest of the process; a facade does so.
///
/// Providers are asked in the order they came.
///
/// # Panics
///
/// If eight are there already: a process has one facade, or two of different versions.
///
/// # Examples
///
/// See [`Provide`].
pub fn provide(provider: &'static dyn Provide) {
    let added = PROVIDERS.iter().any(|place| place.set(provider).is_ok());
    assert!(
        added,
        "no more than {PROVIDERS_MAX} providers of executors can be added"
    );
}

/// Knows the runtimes of threads.
///
/// # Examples
///
/// ```
/// use trill_executor::ambient::{self, Provide, Whose};
/// use trill_executor::Executor;
///
/// struct Global(Executor<'static>);
///
/// impl Provide for Global {
///     fn with(&self, whose: Whose, body: &mut dyn FnMut(&Executor<'static>)) {
///         if whose == Whose::Process {
///             body(&self.0);
///         }
///     }
/// }
///
/// static GLOBAL: Global = Global(Executor::new());
/// ambient::provide(&GLOBAL);
/// let task = ambient::spawn(async { 5 }).ok().unwrap();
/// assert_eq!(trill_park::block_on(GLOBAL.0.run(task)), 5);
/// ```
pub trait Provide: Send + Sync {
    /// Calls `body` with the executor that is asked for, at most once; not at all if there is none.
    fn with(&self, whose: Whose, body: &mut dyn FnMut(&Executor<'static>));
}

/// Which runtime is asked for.
///
/// # Examples
///
/// See [`Provide`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Whose {
    /// The one that the calling thread works for.
    Thread,
    /// The one for everybody who has no other; it may be started now.
    Process,
}

/// A task was to be spawned where no executor was known; it gives the future back.
///
/// # Examples
///
/// See [`spawn_as`].
pub struct NoExecutor<F>(F);

impl<F> NoExecutor<F> {
    /// Returns the future.
    ///
    /// # Examples
    ///
    /// See [`spawn_as`].
    pub fn into_inner(self) -> F {
        self.0
    }
}

impl<F> fmt::Debug for NoExecutor<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NoExecutor").finish_non_exhaustive()
    }
}

impl<F> fmt::Display for NoExecutor<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "no executor polls on this thread and no runtime was started: \
             call this inside `Executor::run` or a runtime",
        )
    }
}

impl<F> Error for NoExecutor<F> {}

/// Asks the providers until one has what is asked for.
fn provided(whose: Whose, body: &mut dyn FnMut(&Executor<'static>)) {
    let mut found = false;
    for provider in PROVIDERS.iter().map_while(OnceLock::get) {
        provider.with(whose, &mut |executor| {
            found = true;
            body(executor);
        });
        if found {
            return;
        }
    }
}

/// All providers, in the order they came.
static PROVIDERS: [OnceLock<&'static dyn Provide>; PROVIDERS_MAX] =
    [const { OnceLock::new() }; PROVIDERS_MAX];

/// Places and not a list behind a lock: all workers read them for each task they spawn here.
const PROVIDERS_MAX: usize = 8;
