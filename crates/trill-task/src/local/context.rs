//! All task-local values at once, to take them elsewhere.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::mem;
use std::pin::Pin;
use std::task::{self, Poll};

use trill_cell::{Locals, locals, replace_locals};

use crate::pinned::split;

/// A copy of all task-local values of one place, to run something else with them: on a thread, in a callback, in another
/// task.
///
/// What runs in it and [`set`](crate::TaskLocal::set)s a value changes the copy, and nothing outside. Clones do not see
/// each other's changes.
///
/// # Examples
///
/// ```
/// use trill_task::{Context, TaskLocal};
///
/// static USER: TaskLocal<String> = TaskLocal::new();
///
/// let mut context = USER.sync_scope("ann".to_string(), Context::current);
/// std::thread::scope(|scope| {
///     scope.spawn(move || {
///         assert_eq!(context.run(|| USER.get()).as_deref(), Some("ann"));
///         assert_eq!(USER.get(), None);
///     });
/// });
/// ```
#[derive(Clone, Default)]
pub struct Context {
    locals: Locals,
}

impl Context {
    /// Takes a copy of the values that are carried here; none is cloned, they are shared.
    ///
    /// # Examples
    ///
    /// See [`Context`].
    pub fn current() -> Context {
        Context { locals: locals() }
    }

    /// Starts without values.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_task::{Context, TaskLocal};
    ///
    /// static USER: TaskLocal<String> = TaskLocal::new();
    ///
    /// USER.sync_scope("ann".to_string(), || {
    ///     Context::new().run(|| assert_eq!(USER.get(), None));
    /// });
    /// ```
    pub const fn new() -> Context {
        Context {
            locals: Locals::new(),
        }
    }

    /// Runs a closure with these values and no others.
    ///
    /// # Examples
    ///
    /// See [`Context`].
    pub fn run<R>(&mut self, body: impl FnOnce() -> R) -> R {
        let _inside = enter(&mut self.locals);
        body()
    }

    /// Runs a future with these values and no others; those outside come back whenever it waits.
    ///
    /// What the future sets stays inside and is gone when it ends.
    ///
    /// # Cancel safety
    ///
    /// As cancel safe as `future`, which is dropped with it.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_task::{Context, TaskLocal};
    ///
    /// static USER: TaskLocal<String> = TaskLocal::new();
    ///
    /// let context = USER.sync_scope("ann".to_string(), Context::current);
    /// let user = trill_park::block_on(context.scope(async { USER.get() }));
    /// assert_eq!(user.as_deref(), Some("ann"));
    /// ```
    pub fn scope<F: IntoFuture>(self, future: F) -> ContextScope<F::IntoFuture> {
        ContextScope {
            body: Some(future.into_future()),
            locals: self.locals,
        }
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Context").field(&self.locals).finish()
    }
}

/// Runs a future with the values of a [`Context`]; made by [`Context::scope`].
///
/// # Cancel safety
///
/// As cancel safe as the future in it.
///
/// # Examples
///
/// See [`Context::scope`].
#[must_use = "futures do nothing unless awaited"]
pub struct ContextScope<F> {
    /// `None` once it has returned. Pinned whenever this is.
    body: Option<F>,
    /// Never pinned. While the body runs, those outside.
    locals: Locals,
}

split!(ContextScope<F>, body: Option<F>, locals: Locals);

impl<F: Future> Future for ContextScope<F> {
    type Output = F::Output;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<F::Output> {
        let (mut body, locals) = self.split();
        let _inside = enter(locals);
        let future = body.as_mut().as_pin_mut();
        let polled = future
            .expect("it is not polled again after it was ready")
            .poll(cx);
        if polled.is_ready() {
            body.set(None);
        }
        polled
    }
}

impl<F> Drop for ContextScope<F> {
    fn drop(&mut self) {
        if self.body.is_some() {
            let _inside = enter(&mut self.locals);
            // Assigning drops the future where it is, as its pin demands.
            self.body = None;
        }
    }
}

impl<F> fmt::Debug for ContextScope<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ContextScope")
            .field("is_done", &self.body.is_none())
            .finish_non_exhaustive()
    }
}

/// Puts `locals` in place of those outside until the returned guard is dropped.
///
/// A guard and no closure: the location of an await goes through calls, and not through closures.
fn enter(locals: &mut Locals) -> Inside<'_> {
    *locals = replace_locals(mem::take(locals));
    Inside(locals)
}

/// Brings back the locals outside when dropped, also by a panic.
struct Inside<'a>(&'a mut Locals);

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        *self.0 = replace_locals(mem::take(self.0));
    }
}
