//! Tasks that may borrow from the function around them.

mod child;
mod handle;
mod local;
mod nest;
mod run;

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::sync::Arc;

use trill_cell::Spawned;

pub use handle::{JoinScoped, Scoped};
pub use local::{ScopeLocal, scope_local, try_scope_local};
use nest::{Nest, Nested};
pub use run::RunScope;

/// Runs a body that may spawn tasks which borrow from the function around; returns what the body returns, once all of
/// them have ended.
///
/// The children run within the task that awaits this, whenever it is polled: at the same time as the body, but not in
/// parallel with it. For that use a [`TaskGroup`](crate::TaskGroup), whose children cannot borrow. A child that still runs
/// when the body ends is waited for; end it with [`Scope::cancel`] or its [handle](Scoped).
///
/// Each child is a task: it has an identity, a budget, and the task-locals it inherits. Children may spawn further ones
/// through clones of the [`Scope`].
///
/// For children that are not `Send` see [`scope_local`], for a body that may fail [`try_scope`].
///
/// # Panics
///
/// If a child panics, the body and the other children are dropped, and the panic goes on here. So it does if the body
/// panics.
///
/// # Cancel safety
///
/// Dropping the future drops the body and all children before `drop` returns; what that loses is up to them.
///
/// # Examples
///
/// ```
/// use trill_task::scope;
///
/// let text = String::from("one two three");
/// let lengths = trill_park::block_on(scope(async |s| {
///     let words: Vec<_> = text
///         .split(' ')
///         .map(|word| s.spawn(async move { word.len() }))
///         .collect();
///     let mut lengths = Vec::new();
///     for word in words {
///         lengths.push(word.await);
///     }
///     lengths
/// }));
/// assert_eq!(lengths, [3, 3, 5]);
/// ```
pub fn scope<'env, B, Fut>(body: B) -> RunScope<Scope<'env>, B, Fut>
where
    B: FnOnce(Scope<'env>) -> Fut,
    Fut: Future,
{
    RunScope::new(body, |_| false)
}

/// As [`scope`] for a body that may fail: on its error the children are dropped, and then it is returned.
///
/// # Errors
///
/// The body's.
///
/// # Panics
///
/// As [`scope`].
///
/// # Cancel safety
///
/// As [`scope`].
///
/// # Examples
///
/// ```
/// use std::future::pending;
/// use trill_task::try_scope;
///
/// let failed = trill_park::block_on(try_scope(async |s| {
///     s.spawn(pending::<()>());
///     let number: u32 = "x".parse()?;
///     Ok::<_, std::num::ParseIntError>(number)
/// }));
/// assert!(failed.is_err());
/// ```
pub fn try_scope<'env, B, Fut, T, E>(body: B) -> RunScope<Scope<'env>, B, Fut>
where
    B: FnOnce(Scope<'env>) -> Fut,
    Fut: Future<Output = Result<T, E>>,
{
    RunScope::new(body, Result::is_err)
}

/// Spawns children of a [`scope`]; its clones are the same scope.
///
/// # Examples
///
/// See [`scope`].
pub struct Scope<'env> {
    nest: Arc<Nest<<Self as Nested>::Child>>,
}

impl<'env> Scope<'env> {
    /// Spawns a child, which may borrow what lives longer than the scope.
    ///
    /// It is polled from the scope's next poll on. Dropping the handle changes nothing: the child belongs to the scope. If
    /// the scope is [cancelled](Scope::cancel) or has ended, the future is dropped, unpolled, and the handle says that it
    /// was cancelled.
    ///
    /// # Cancel safety
    ///
    /// Dropping the handle loses only the child's value, see [`Scoped`].
    ///
    /// # Examples
    ///
    /// A child that spawns its sibling:
    ///
    /// ```
    /// use trill_task::scope;
    ///
    /// let sum = trill_park::block_on(scope(async |s| {
    ///     let siblings = s.clone();
    ///     let first = s.spawn(async move { siblings.spawn(async { 1 }).await + 1 });
    ///     first.await + 1
    /// }));
    /// assert_eq!(sum, 3);
    /// ```
    #[track_caller]
    pub fn spawn<F>(&self, future: F) -> Scoped<F::Output>
    where
        F: Future + Send + 'env,
        F::Output: Send + 'env,
    {
        self.spawn_as(future, Spawned::at(Location::caller()))
    }

    /// Spawns a child that is known by more than its future, as a name.
    ///
    /// # Cancel safety
    ///
    /// As [`Scope::spawn`].
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_cell::Spawned;
    /// use trill_task::scope;
    ///
    /// trill_park::block_on(scope(async |s| {
    ///     let name = async { trill_cell::current(|task| task.name().map(str::to_string)) };
    ///     let child = s.spawn_as(name, Spawned::here().named("reader"));
    /// #   if cfg!(feature = "insight") {
    ///     assert_eq!(child.await.flatten().as_deref(), Some("reader"));
    /// #   }
    /// }));
    /// ```
    pub fn spawn_as<F>(&self, future: F, spawned: Spawned) -> Scoped<F::Output>
    where
        F: Future + Send + 'env,
        F::Output: Send + 'env,
    {
        let (child, handle) = child::new(future, spawned);
        self.nest.add(Box::pin(child));
        handle
    }

    /// Drops all children, in the scope's next poll, and refuses new ones. The body goes on.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::future::pending;
    /// use trill_task::scope;
    ///
    /// let five = trill_park::block_on(scope(async |s| {
    ///     s.spawn(pending::<()>());
    ///     s.cancel();
    ///     5
    /// }));
    /// assert_eq!(five, 5);
    /// ```
    pub fn cancel(&self) {
        self.nest.cancel();
    }
}

impl<'env> Nested for Scope<'env> {
    type Child = dyn Future<Output = nest::ChildEnd> + Send + 'env;

    fn new(nest: Arc<Nest<Self::Child>>) -> Self {
        Scope { nest }
    }
}

impl Clone for Scope<'_> {
    fn clone(&self) -> Self {
        Scope {
            nest: self.nest.clone(),
        }
    }
}

impl fmt::Debug for Scope<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope").field("nest", &self.nest).finish()
    }
}
