//! Telling debug mode that tasks which are dropped now are dropped unfinished.

use std::cell::Cell;
use std::fmt;
use std::marker::PhantomData;

thread_local! {
    /// How many guards live on this thread.
    static GUARDS: Cell<usize> = const { Cell::new(0) };
}

/// Says that a runtime ends: tasks that this thread drops until the guard is dropped are found as
/// [`DroppedUnfinished`](crate::Finding::DroppedUnfinished).
///
/// A runtime holds one while it drops its executor. A task that is cancelled at another time was cancelled on purpose. Tasks
/// whose names begin with `trill: ` belong to the runtime itself and are not found.
///
/// # Examples
///
/// ```
/// use std::sync::mpsc;
/// use trill_debug::Config;
/// use trill_executor::Executor;
///
/// let (found, findings) = mpsc::channel();
/// trill_debug::enable(Config::new().listener(move |finding| {
///     found.send(finding.to_string()).ok();
/// }));
/// let ex = Executor::new();
/// ex.builder().name("reader").spawn(std::future::pending::<()>()).detach();
/// {
///     let _guard = trill_debug::shutting_down();
///     drop(ex);
/// }
/// assert!(findings.recv().unwrap().contains("\"reader\""));
/// ```
pub fn shutting_down() -> ShuttingDown {
    GUARDS.set(GUARDS.get() + 1);
    ShuttingDown {
        _not_send: PhantomData,
    }
}

/// Says that a runtime ends on this thread until it is dropped; made by [`shutting_down`].
///
/// # Examples
///
/// See [`shutting_down`].
#[must_use = "dropped tasks are found while this lives"]
pub struct ShuttingDown {
    /// A guard is dropped on the thread that made it.
    _not_send: PhantomData<*const ()>,
}

impl Drop for ShuttingDown {
    fn drop(&mut self) {
        GUARDS.set(GUARDS.get() - 1);
    }
}

impl fmt::Debug for ShuttingDown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ShuttingDown").finish_non_exhaustive()
    }
}

/// Says whether a runtime ends on this thread.
pub(crate) fn is_near() -> bool {
    GUARDS.try_with(Cell::get).unwrap_or(0) > 0
}
