//! Values that a task carries, by name and with a type.

mod carried;
mod context;
mod scope;

use std::error::Error;
use std::fmt;
use std::future::IntoFuture;
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use trill_cell::{Local, local, swap_local};

use carried::Carried;
pub use context::{Context, ContextScope};
pub use scope::LocalScope;

/// A value that each task carries for itself, as a thread-local is one that each thread has.
///
/// It is a `static`. A task made with [`TaskLocal::new`] keeps its value to itself; one made with
/// [`TaskLocal::inherited`] hands it to each task that it spawns, which carries it from then on: what parent or child
/// [`set`](TaskLocal::set) later is not seen by the other.
///
/// Outside any task, as in the future of a `block_on`, the thread carries the value.
///
/// # Examples
///
/// ```
/// use trill_executor::Executor;
/// use trill_task::TaskLocal;
///
/// static USER: TaskLocal<String> = TaskLocal::inherited();
/// static STEP: TaskLocal<u32> = TaskLocal::new();
///
/// let ex = Executor::new();
/// let main = async {
///     STEP.set(1);
///     let child = ex.spawn(async { (USER.get(), STEP.get()) });
///     assert_eq!(child.await, (Some("ann".to_string()), None));
/// };
/// trill_park::block_on(ex.run(USER.scope("ann".to_string(), main)));
/// assert_eq!(USER.get(), None);
/// ```
pub struct TaskLocal<T: 'static> {
    is_inherited: bool,
    /// Never used. A type with a cell in it cannot be promoted, so that a `const` does not compile in place of a
    /// `static`: its address, which is the key, would be another one at each use.
    _address: AtomicBool,
    of: PhantomData<fn() -> T>,
}

impl<T> TaskLocal<T> {
    /// Makes a local that spawned tasks do not get.
    ///
    /// # Examples
    ///
    /// See [`TaskLocal`].
    #[allow(clippy::new_without_default)] // A default could not be a static.
    pub const fn new() -> TaskLocal<T> {
        TaskLocal::made(false)
    }

    /// Makes a local that spawned tasks inherit, with the value their parent has when it spawns them.
    ///
    /// # Examples
    ///
    /// See [`TaskLocal`].
    pub const fn inherited() -> TaskLocal<T> {
        TaskLocal::made(true)
    }

    const fn made(is_inherited: bool) -> TaskLocal<T> {
        TaskLocal {
            is_inherited,
            _address: AtomicBool::new(false),
            of: PhantomData,
        }
    }

    /// What the value is found by: statics of different locals lie at different places for ever.
    fn key(&'static self) -> usize {
        std::ptr::from_ref(self).addr()
    }
}

impl<T: Send + Sync> TaskLocal<T> {
    /// Runs a future with this value; the one outside comes back whenever the future waits, and when it is done.
    ///
    /// What the future [`set`](TaskLocal::set)s stays inside. It is also dropped inside: its destructors see the value.
    ///
    /// # Cancel safety
    ///
    /// As cancel safe as `future`, which is dropped with it.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_task::TaskLocal;
    ///
    /// static DEPTH: TaskLocal<u32> = TaskLocal::new();
    ///
    /// trill_park::block_on(DEPTH.scope(1, async {
    ///     assert_eq!(DEPTH.scope(2, async { DEPTH.get() }).await, Some(2));
    ///     assert_eq!(DEPTH.get(), Some(1));
    /// }));
    /// ```
    pub fn scope<F: IntoFuture>(&'static self, value: T, future: F) -> LocalScope<F::IntoFuture> {
        let carried = Carried::new(self.key(), self.is_inherited, Arc::new(value));
        LocalScope::new(carried, future.into_future())
    }

    /// Runs a closure with this value.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_task::TaskLocal;
    ///
    /// static DEPTH: TaskLocal<u32> = TaskLocal::new();
    ///
    /// assert_eq!(DEPTH.sync_scope(1, || DEPTH.get()), Some(1));
    /// assert_eq!(DEPTH.get(), None);
    /// ```
    pub fn sync_scope<R>(&'static self, value: T, body: impl FnOnce() -> R) -> R {
        let mut carried = Carried::new(self.key(), self.is_inherited, Arc::new(value));
        let _inside = carried.enter();
        body()
    }

    /// Runs a closure on the value.
    ///
    /// # Panics
    ///
    /// If no value is carried here.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_task::TaskLocal;
    ///
    /// static USER: TaskLocal<String> = TaskLocal::new();
    ///
    /// let length = USER.sync_scope("ann".to_string(), || USER.with(|user| user.len()));
    /// assert_eq!(length, 3);
    /// ```
    #[track_caller]
    pub fn with<R>(&'static self, body: impl FnOnce(&T) -> R) -> R {
        match self.try_with(body) {
            Ok(result) => result,
            Err(error) => panic!("{error}"),
        }
    }

    /// Runs a closure on the value, if one is carried here.
    ///
    /// # Errors
    ///
    /// [`NotSet`] if none is.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_task::TaskLocal;
    ///
    /// static USER: TaskLocal<String> = TaskLocal::new();
    ///
    /// assert!(USER.try_with(|user| user.len()).is_err());
    /// ```
    pub fn try_with<R>(&'static self, body: impl FnOnce(&T) -> R) -> Result<R, NotSet> {
        // Counted and not borrowed, so that the closure may set another value.
        let value = local(self.key()).ok_or(NotSet(()))?;
        let value: &T = value.downcast_ref().ok_or(NotSet(()))?;
        Ok(body(value))
    }

    /// Returns a clone of the value, if one is carried here.
    ///
    /// # Examples
    ///
    /// See [`TaskLocal`].
    pub fn get(&'static self) -> Option<T>
    where
        T: Clone,
    {
        self.try_with(T::clone).ok()
    }

    /// Carries another value from here on: in this task only, and inside a [`scope`](TaskLocal::scope) to its end.
    ///
    /// Says whether there was one before. Tasks spawned later inherit the new one, those spawned before keep the old one.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_task::TaskLocal;
    ///
    /// static STEP: TaskLocal<u32> = TaskLocal::new();
    ///
    /// trill_park::block_on(STEP.scope(1, async {
    ///     assert!(STEP.set(2));
    ///     assert_eq!(STEP.get(), Some(2));
    /// }));
    /// ```
    pub fn set(&'static self, value: T) -> bool {
        let value: Local = Arc::new(value);
        swap_local(self.key(), self.is_inherited, Some(value)).is_some()
    }

    /// Carries no value from here on, as if none was ever set. Says whether there was one.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_task::TaskLocal;
    ///
    /// static STEP: TaskLocal<u32> = TaskLocal::new();
    ///
    /// STEP.sync_scope(1, || {
    ///     assert!(STEP.unset());
    ///     assert_eq!(STEP.get(), None);
    /// });
    /// ```
    pub fn unset(&'static self) -> bool {
        swap_local(self.key(), self.is_inherited, None).is_some()
    }
}

impl<T> fmt::Debug for TaskLocal<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskLocal")
            .field("is_inherited", &self.is_inherited)
            .finish_non_exhaustive()
    }
}

/// Says that no value of a [`TaskLocal`] is carried where it was asked for.
///
/// # Examples
///
/// See [`TaskLocal::try_with`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotSet(());

impl fmt::Display for NotSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "the task-local has no value here: call this inside `scope`, or make it `inherited` \
             if the value was set by the task that spawned this one",
        )
    }
}

impl Error for NotSet {}
