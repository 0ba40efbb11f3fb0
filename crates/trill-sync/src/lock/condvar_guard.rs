//! The guards with which one can wait for a [`Condvar`](crate::Condvar).

use std::future::Future;
use std::ops::DerefMut;
use std::sync::Arc;

use crate::lock::fair_mutex::FairMutex;
use crate::lock::fair_mutex_futures::{FairLock, FairLockArc};
use crate::lock::fair_mutex_guard::{FairMutexGuard, FairMutexGuardArc};
use crate::lock::mutex::Mutex;
use crate::lock::mutex_futures::{Lock, LockArc};
use crate::lock::mutex_guard::{MutexGuard, MutexGuardArc};

/// A guard of a mutex that can be locked again: those of [`Mutex`] and of [`FairMutex`], borrowed or in an
/// [`Arc`].
///
/// It is sealed: how a mutex is locked again is this crate's matter.
///
/// # Examples
///
/// ```
/// use trill_sync::{Condvar, CondvarGuard};
///
/// async fn settled<G: CondvarGuard<Target = bool>>(changed: &Condvar, guard: G) -> G {
///     changed.wait_until(guard, |settled| *settled).await
/// }
///
/// trill_park::block_on(async {
///     let (plain, fair) = (trill_sync::Mutex::new(true), trill_sync::FairMutex::new(true));
///     let changed = Condvar::new();
///     settled(&changed, plain.lock().await).await;
///     settled(&changed, fair.lock().await).await;
/// });
/// ```
pub trait CondvarGuard: DerefMut + sealed::Sealed {
    /// What it locks.
    #[doc(hidden)]
    type Source;

    /// Locks it again.
    #[doc(hidden)]
    type Lock: Future<Output = Self> + Unpin;

    #[doc(hidden)]
    fn mutex(guard: &Self) -> Self::Source;

    #[doc(hidden)]
    fn lock(mutex: &Self::Source) -> Self::Lock;
}

mod sealed {
    pub trait Sealed {}
}

/// Implements it for a guard that borrows its mutex, and for one that keeps it alive.
macro_rules! guard {
    ($mutex:ident, $guard:ident, $lock:ident, $guard_arc:ident, $lock_arc:ident) => {
        impl<T: ?Sized> sealed::Sealed for $guard<'_, T> {}

        impl<'a, T: ?Sized> CondvarGuard for $guard<'a, T> {
            type Source = &'a $mutex<T>;
            type Lock = $lock<'a, T>;

            fn mutex(guard: &Self) -> Self::Source {
                $guard::source(guard)
            }

            fn lock(mutex: &Self::Source) -> Self::Lock {
                mutex.lock()
            }
        }

        impl<T: ?Sized> sealed::Sealed for $guard_arc<T> {}

        impl<T: ?Sized + Send> CondvarGuard for $guard_arc<T> {
            type Source = Arc<$mutex<T>>;
            type Lock = $lock_arc<T>;

            fn mutex(guard: &Self) -> Self::Source {
                $guard_arc::source(guard).clone()
            }

            fn lock(mutex: &Self::Source) -> Self::Lock {
                mutex.lock_arc()
            }
        }
    };
}

guard!(Mutex, MutexGuard, Lock, MutexGuardArc, LockArc);
guard!(
    FairMutex,
    FairMutexGuard,
    FairLock,
    FairMutexGuardArc,
    FairLockArc
);
