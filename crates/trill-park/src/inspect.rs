//! Where a debug mode hears what only those below it see: threads that block, locks that are taken and left.

use std::panic::Location;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::may_block::is_polling;

/// Hears what threads do that a debug mode wants to know, on the thread where it happens.
///
/// Implementations must be quick, must not panic, and must not block or take a lock of this project.
///
/// # Examples
///
/// ```
/// use std::panic::Location;
/// use std::sync::atomic::{AtomicU64, Ordering};
/// use trill_park::{Inspect, block_on, set_inspector};
///
/// struct Count(AtomicU64);
///
/// impl Inspect for Count {
///     fn blocking(&self, _at: &'static Location<'static>) {
///         self.0.fetch_add(1, Ordering::Relaxed);
///     }
/// }
///
/// static COUNT: Count = Count(AtomicU64::new(0));
/// set_inspector(Some(&COUNT));
/// block_on(async { block_on(async {}) });
/// assert_eq!(COUNT.0.load(Ordering::Relaxed), 1);
/// set_inspector(None);
/// ```
pub trait Inspect: Send + Sync {
    /// A thread that is polling a future is about to block, by a call at `at`.
    fn blocking(&self, at: &'static Location<'static>) {
        let _ = at;
    }

    /// The lock at `address` was taken, by an await or a call at `at`.
    fn locked(&self, address: usize, at: &'static Location<'static>) {
        let _ = (address, at);
    }

    /// The lock at `address`, or one of the shares of it that several have, was left.
    fn unlocked(&self, address: usize) {
        let _ = address;
    }
}

/// Makes `inspector` the one that hears, or nobody.
///
/// # Examples
///
/// See [`Inspect`].
pub fn set_inspector(inspector: Option<&'static dyn Inspect>) {
    let mut known = INSPECTOR.lock().unwrap_or_else(PoisonError::into_inner);
    *known = inspector;
    // Relaxed: who sees it early or late finds the truth under the lock.
    ON.store(inspector.is_some(), Ordering::Relaxed);
}

/// Runs `tell` on the inspector, if there is one; without one it costs one relaxed load.
///
/// # Examples
///
/// ```
/// trill_park::inspected(|inspector| inspector.unlocked(0));
/// ```
#[inline]
pub fn inspected(tell: impl FnOnce(&'static dyn Inspect)) {
    if ON.load(Ordering::Relaxed) {
        inspected_slow(tell);
    }
}

/// Tells that this thread is about to block, if it is polling a future.
#[inline]
pub(crate) fn blocking(at: &'static Location<'static>) {
    inspected(move |inspector| {
        if is_polling() {
            inspector.blocking(at);
        }
    });
}

/// The part of [`inspected`] for processes that are inspected; by value, so that what `tell` has captured needs no memory
/// on the way of those that are not.
#[cold]
#[inline(never)]
fn inspected_slow(tell: impl FnOnce(&'static dyn Inspect)) {
    let inspector = *INSPECTOR.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(inspector) = inspector {
        tell(inspector);
    }
}

static ON: AtomicBool = AtomicBool::new(false);

static INSPECTOR: Mutex<Option<&'static dyn Inspect>> = Mutex::new(None);
