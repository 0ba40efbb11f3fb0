//! Whether anybody waits for the work that runs on this thread.

use std::cell::RefCell;
use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

thread_local! {
    /// For whom this thread works.
    static SERVED: RefCell<Option<Arc<Waiter>>> = const { RefCell::new(None) };
}

/// Says whether somebody still waits for the work that [`to_thread`](crate::to_thread()) runs on this thread.
///
/// Long work asks every now and then, and stops when there is nobody: a thread cannot be stopped from outside. It costs a
/// few nanoseconds. Outside such work, and in work that was detached, it is always fine to go on.
///
/// # Errors
///
/// [`Abandoned`] if the future of the result was dropped, or `cancel` was called on it.
///
/// # Examples
///
/// ```
/// use trill_blocking::{Abandoned, check_cancelled, to_thread};
///
/// let search = to_thread(|| -> Result<u64, Abandoned> {
///     for candidate in 2.. {
///         check_cancelled()?;
///         if 1_000_003 % candidate == 0 {
///             return Ok(candidate);
///         }
///     }
///     unreachable!("a number divides itself");
/// });
/// assert_eq!(trill_park::block_on(search), Ok(1_000_003));
/// ```
pub fn check_cancelled() -> Result<(), Abandoned> {
    // While the thread's locals are being destroyed it works for nobody.
    let left =
        SERVED.try_with(|served| served.borrow().as_ref().is_some_and(|waiter| waiter.left()));
    if left.unwrap_or(false) {
        Err(Abandoned(()))
    } else {
        Ok(())
    }
}

/// Nobody waits for this work any more; from [`check_cancelled`].
///
/// # Examples
///
/// See [`check_cancelled`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Abandoned(());

impl fmt::Display for Abandoned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nobody waits for this work any more: stop it")
    }
}

impl Error for Abandoned {}

/// Somebody who waits for work on a thread, as that thread sees it.
#[derive(Debug, Default)]
pub(crate) struct Waiter(AtomicBool);

impl Waiter {
    /// Waits no longer.
    pub(crate) fn leave(&self) {
        // Relaxed: the work looks at it when it likes, and nothing else is handed over.
        self.0.store(true, Ordering::Relaxed);
    }

    fn left(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Runs `work` for a waiter.
pub(crate) fn serve<R>(waiter: Arc<Waiter>, work: impl FnOnce() -> R) -> R {
    let _restore = Restore(SERVED.replace(Some(waiter)));
    work()
}

/// Goes back to whom the thread worked for before, also when the work panics.
struct Restore(Option<Arc<Waiter>>);

impl Drop for Restore {
    fn drop(&mut self) {
        let outer = self.0.take();
        drop(SERVED.replace(outer));
    }
}
