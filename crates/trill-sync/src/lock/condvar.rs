//! Waiting for a change of data behind a mutex.

use crate::lock::condvar_futures::{CondvarWait, CondvarWaitUntil};
use crate::lock::condvar_guard::CondvarGuard;
use crate::primitive::const_fn;
use crate::waiters::Waiters;

/// Lets tasks that hold a [`Mutex`](crate::Mutex) or a [`FairMutex`](crate::FairMutex) wait until another one has changed
/// its data.
///
/// A wait may end without a notification, so the data is looked at again, as
/// [`wait_until`](Condvar::wait_until) does. A notification that a waiter received and did not return with, because it
/// was dropped first, goes to another one.
///
/// # Examples
///
/// ```
/// use futures_lite::future::zip;
/// use trill_sync::{Condvar, Mutex};
///
/// trill_park::block_on(async {
///     let (jobs, changed) = (Mutex::new(Vec::new()), Condvar::new());
///     let worker = async {
///         let mut jobs = changed.wait_until(jobs.lock().await, |jobs| !jobs.is_empty()).await;
///         jobs.pop()
///     };
///     let boss = async {
///         jobs.lock().await.push("sweep");
///         changed.notify_one();
///     };
///     assert_eq!(zip(worker, boss).await.0, Some("sweep"));
/// });
/// ```
#[derive(Debug)]
pub struct Condvar {
    pub(crate) waiters: Waiters,
}

impl Condvar {
    const_fn! {
        /// Makes one for which nobody waits.
        ///
        /// # Examples
        ///
        /// ```
        /// static CHANGED: trill_sync::Condvar = trill_sync::Condvar::new();
        /// assert_eq!(CHANGED.waiters(), 0);
        /// ```
        pub const fn new() -> Condvar {
            Condvar {
                waiters: Waiters::new(),
            }
        }
    }

    /// Unlocks, waits for a notification, and locks again.
    ///
    /// The mutex is unlocked in the first poll, after the wait has begun, so a notification that is sent with the
    /// mutex locked is never missed.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: dropping the future passes on a notification that it had received. The mutex is not held after
    /// that, and was unlocked meanwhile.
    ///
    /// # Examples
    ///
    /// ```
    /// use futures_lite::future::zip;
    /// use trill_sync::{Condvar, Mutex};
    ///
    /// trill_park::block_on(async {
    ///     let (ready, changed) = (Mutex::new(false), Condvar::new());
    ///     let wait = async {
    ///         let mut guard = ready.lock().await;
    ///         while !*guard {
    ///             guard = changed.wait(guard).await;
    ///         }
    ///     };
    ///     let set = async {
    ///         *ready.lock().await = true;
    ///         changed.notify_all();
    ///     };
    ///     zip(wait, set).await;
    /// });
    /// ```
    #[inline]
    pub fn wait<G: CondvarGuard>(&self, guard: G) -> CondvarWait<'_, G> {
        CondvarWait::new(self, guard)
    }

    /// Waits until `holds` returns true for the data, which it may change; returns with the mutex locked.
    ///
    /// # Cancel safety
    ///
    /// As [`wait`](Condvar::wait).
    ///
    /// # Examples
    ///
    /// See [`Condvar`].
    #[inline]
    pub fn wait_until<G, F>(&self, guard: G, holds: F) -> CondvarWaitUntil<'_, G, F>
    where
        G: CondvarGuard,
        F: FnMut(&mut G::Target) -> bool,
    {
        CondvarWaitUntil::new(self, guard, holds)
    }

    /// Unlocks, blocks the thread until a notification, and locks again.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::thread;
    /// use trill_sync::{Condvar, Mutex};
    ///
    /// let (ready, changed) = (Mutex::new(false), Condvar::new());
    /// thread::scope(|scope| {
    ///     scope.spawn(|| {
    ///         *ready.lock_blocking() = true;
    ///         changed.notify_one();
    ///     });
    ///     let mut guard = ready.lock_blocking();
    ///     while !*guard {
    ///         guard = changed.wait_blocking(guard);
    ///     }
    /// });
    /// ```
    #[track_caller]
    pub fn wait_blocking<G: CondvarGuard>(&self, guard: G) -> G {
        trill_park::block_on(self.wait(guard))
    }

    /// Wakes the first who waits; returns whether there was one.
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(!trill_sync::Condvar::new().notify_one());
    /// ```
    #[inline]
    pub fn notify_one(&self) -> bool {
        self.waiters.notify_one() > 0
    }

    /// Wakes the first `count` who wait; returns how many that were.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(trill_sync::Condvar::new().notify(3), 0);
    /// ```
    #[inline]
    pub fn notify(&self, count: usize) -> usize {
        self.waiters.notify(count)
    }

    /// Wakes all who wait; returns how many that were.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(trill_sync::Condvar::new().notify_all(), 0);
    /// ```
    #[inline]
    pub fn notify_all(&self) -> usize {
        self.waiters.broadcast()
    }

    /// Returns how many wait.
    ///
    /// # Examples
    ///
    /// See [`Condvar::new`].
    #[inline]
    pub fn waiters(&self) -> usize {
        self.waiters.len()
    }
}

impl Default for Condvar {
    fn default() -> Condvar {
        Condvar::new()
    }
}
