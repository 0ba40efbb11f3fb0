//! Scopes whose children need not be `Send`.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::sync::Arc;

use trill_cell::Spawned;

use super::child;
use super::handle::Scoped;
use super::nest::{ChildEnd, Nest, Nested};
use super::run::RunScope;

/// As [`scope`](crate::scope) for children that need not be `Send`; the future is not `Send` either.
///
/// # Panics
///
/// As [`scope`](crate::scope).
///
/// # Cancel safety
///
/// As [`scope`](crate::scope).
///
/// # Examples
///
/// ```
/// use std::cell::Cell;
/// use trill_task::scope_local;
///
/// let count = Cell::new(0);
/// trill_park::block_on(scope_local(async |s| {
///     for _ in 0..3 {
///         s.spawn(async { count.set(count.get() + 1) });
///     }
/// }));
/// assert_eq!(count.get(), 3);
/// ```
pub fn scope_local<'env, B, Fut>(body: B) -> RunScope<ScopeLocal<'env>, B, Fut>
where
    B: FnOnce(ScopeLocal<'env>) -> Fut,
    Fut: Future,
{
    RunScope::new(body, |_| false)
}

/// As [`try_scope`](crate::try_scope) for children that need not be `Send`.
///
/// # Errors
///
/// The body's.
///
/// # Panics
///
/// As [`scope`](crate::scope).
///
/// # Cancel safety
///
/// As [`scope`](crate::scope).
///
/// # Examples
///
/// ```
/// use std::future::pending;
/// use trill_task::try_scope_local;
///
/// let failed = trill_park::block_on(try_scope_local(async |s| {
///     s.spawn(pending::<std::rc::Rc<()>>());
///     Err::<(), _>("no")
/// }));
/// assert_eq!(failed, Err("no"));
/// ```
pub fn try_scope_local<'env, B, Fut, T, E>(body: B) -> RunScope<ScopeLocal<'env>, B, Fut>
where
    B: FnOnce(ScopeLocal<'env>) -> Fut,
    Fut: Future<Output = Result<T, E>>,
{
    RunScope::new(body, Result::is_err)
}

/// Spawns children of a [`scope_local`]; its clones are the same scope.
///
/// # Examples
///
/// See [`scope_local`].
pub struct ScopeLocal<'env> {
    nest: Arc<Nest<<Self as Nested>::Child>>,
}

impl<'env> ScopeLocal<'env> {
    /// Spawns a child, as [`Scope::spawn`](crate::Scope::spawn).
    ///
    /// # Cancel safety
    ///
    /// Dropping the handle loses only the child's value, see [`Scoped`].
    ///
    /// # Examples
    ///
    /// See [`scope_local`].
    #[track_caller]
    pub fn spawn<F>(&self, future: F) -> Scoped<F::Output>
    where
        F: Future + 'env,
        F::Output: 'env,
    {
        self.spawn_as(future, Spawned::at(Location::caller()))
    }

    /// Spawns a child that is known by more than its future, as [`Scope::spawn_as`](crate::Scope::spawn_as).
    ///
    /// # Cancel safety
    ///
    /// As [`ScopeLocal::spawn`].
    ///
    /// # Examples
    ///
    /// See [`Scope::spawn_as`](crate::Scope::spawn_as).
    pub fn spawn_as<F>(&self, future: F, spawned: Spawned) -> Scoped<F::Output>
    where
        F: Future + 'env,
        F::Output: 'env,
    {
        let (child, handle) = child::new(future, spawned);
        self.nest.add(Box::pin(child));
        handle
    }

    /// Drops all children and refuses new ones, as [`Scope::cancel`](crate::Scope::cancel).
    ///
    /// # Examples
    ///
    /// See [`Scope::cancel`](crate::Scope::cancel).
    pub fn cancel(&self) {
        self.nest.cancel();
    }
}

impl<'env> Nested for ScopeLocal<'env> {
    type Child = dyn Future<Output = ChildEnd> + 'env;

    fn new(nest: Arc<Nest<Self::Child>>) -> Self {
        ScopeLocal { nest }
    }
}

impl Clone for ScopeLocal<'_> {
    fn clone(&self) -> Self {
        ScopeLocal {
            nest: self.nest.clone(),
        }
    }
}

impl fmt::Debug for ScopeLocal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScopeLocal")
            .field("nest", &self.nest)
            .finish()
    }
}
