//! The futures that lock a [`Mutex`].

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use crate::leaf::lock_leaf;
use crate::lock::mutex::Mutex;
use crate::lock::mutex_guard::{MutexGuard, MutexGuardArc};
use crate::lock::raw_mutex::Attempt;

/// Waits for a [`Mutex`]; made by [`Mutex::lock`].
///
/// # Examples
///
/// See [`Mutex`].
#[must_use = "futures do nothing unless awaited"]
pub struct Lock<'a, T: ?Sized> {
    mutex: &'a Mutex<T>,
    attempt: Attempt,
}

impl<'a, T: ?Sized> Lock<'a, T> {
    #[inline]
    pub(crate) fn new(mutex: &'a Mutex<T>) -> Lock<'a, T> {
        Lock {
            mutex,
            attempt: Attempt::default(),
        }
    }
}

impl<'a, T: ?Sized> Future for Lock<'a, T> {
    type Output = MutexGuard<'a, T>;

    #[inline]
    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Lock { mutex, attempt } = self.get_mut();
        lock_leaf(*mutex, &mutex.raw, Location::caller(), cx, |cx| {
            mutex.raw.poll_lock(attempt, cx)
        })
        .map(|()| MutexGuard::new(mutex))
    }
}

impl<T: ?Sized> Drop for Lock<'_, T> {
    #[inline]
    fn drop(&mut self) {
        self.mutex.raw.cancel(&mut self.attempt);
    }
}

impl<T: ?Sized> fmt::Debug for Lock<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lock").finish_non_exhaustive()
    }
}

/// Waits for a [`Mutex`] in an [`Arc`]; made by [`Mutex::lock_arc`].
///
/// # Examples
///
/// See [`Mutex::lock_arc`].
#[must_use = "futures do nothing unless awaited"]
pub struct LockArc<T: ?Sized> {
    /// Gone once the guard has it.
    mutex: Option<Arc<Mutex<T>>>,
    attempt: Attempt,
}

impl<T: ?Sized> LockArc<T> {
    #[inline]
    pub(crate) fn new(mutex: Arc<Mutex<T>>) -> LockArc<T> {
        LockArc {
            mutex: Some(mutex),
            attempt: Attempt::default(),
        }
    }
}

// Nothing in it is pinned, whatever `T` is.
impl<T: ?Sized> Unpin for LockArc<T> {}

impl<T: ?Sized> Future for LockArc<T> {
    type Output = MutexGuardArc<T>;

    #[inline]
    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let location = Location::caller();
        let this = self.get_mut();
        let mutex = this
            .mutex
            .take()
            .expect("a future is not polled after it was ready");
        let polled = lock_leaf(&*mutex, &mutex.raw, location, cx, |cx| {
            mutex.raw.poll_lock(&mut this.attempt, cx)
        });
        if polled.is_pending() {
            this.mutex = Some(mutex);
            return Poll::Pending;
        }
        Poll::Ready(MutexGuardArc::new(mutex))
    }
}

impl<T: ?Sized> Drop for LockArc<T> {
    #[inline]
    fn drop(&mut self) {
        if let Some(mutex) = &self.mutex {
            mutex.raw.cancel(&mut self.attempt);
        }
    }
}

impl<T: ?Sized> fmt::Debug for LockArc<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LockArc").finish_non_exhaustive()
    }
}
