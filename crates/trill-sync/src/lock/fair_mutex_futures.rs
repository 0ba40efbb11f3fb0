//! The futures that lock a [`FairMutex`].

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use crate::leaf::lock_leaf;
use crate::lock::fair_mutex::{FairMutex, LOCK};
use crate::lock::fair_mutex_guard::{FairMutexGuard, FairMutexGuardArc};
use crate::waiters::Ticket;

/// Waits for a [`FairMutex`]; made by [`FairMutex::lock`].
///
/// # Examples
///
/// See [`FairMutex`].
#[must_use = "futures do nothing unless awaited"]
pub struct FairLock<'a, T: ?Sized> {
    mutex: &'a FairMutex<T>,
    ticket: Ticket,
}

impl<'a, T: ?Sized> FairLock<'a, T> {
    #[inline]
    pub(crate) fn new(mutex: &'a FairMutex<T>) -> FairLock<'a, T> {
        FairLock {
            mutex,
            ticket: Ticket::new(),
        }
    }
}

impl<'a, T: ?Sized> Future for FairLock<'a, T> {
    type Output = FairMutexGuard<'a, T>;

    #[inline]
    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let FairLock { mutex, ticket } = self.get_mut();
        lock_leaf(*mutex, &mutex.door, Location::caller(), cx, |cx| {
            mutex.door.poll_enter(ticket, LOCK, cx)
        })
        .map(|()| FairMutexGuard::new(mutex))
    }
}

impl<T: ?Sized> Drop for FairLock<'_, T> {
    #[inline]
    fn drop(&mut self) {
        self.mutex.door.cancel(&mut self.ticket, LOCK);
    }
}

impl<T: ?Sized> fmt::Debug for FairLock<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FairLock").finish_non_exhaustive()
    }
}

/// Waits for a [`FairMutex`] in an [`Arc`]; made by [`FairMutex::lock_arc`].
///
/// # Examples
///
/// See [`FairMutex::lock_arc`].
#[must_use = "futures do nothing unless awaited"]
pub struct FairLockArc<T: ?Sized> {
    /// Gone once the guard has it.
    mutex: Option<Arc<FairMutex<T>>>,
    ticket: Ticket,
}

impl<T: ?Sized> FairLockArc<T> {
    #[inline]
    pub(crate) fn new(mutex: Arc<FairMutex<T>>) -> FairLockArc<T> {
        FairLockArc {
            mutex: Some(mutex),
            ticket: Ticket::new(),
        }
    }
}

// Nothing in it is pinned, whatever `T` is.
impl<T: ?Sized> Unpin for FairLockArc<T> {}

impl<T: ?Sized> Future for FairLockArc<T> {
    type Output = FairMutexGuardArc<T>;

    #[inline]
    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let location = Location::caller();
        let this = self.get_mut();
        let mutex = this
            .mutex
            .take()
            .expect("a future is not polled after it was ready");
        let polled = lock_leaf(&*mutex, &mutex.door, location, cx, |cx| {
            mutex.door.poll_enter(&mut this.ticket, LOCK, cx)
        });
        if polled.is_pending() {
            this.mutex = Some(mutex);
            return Poll::Pending;
        }
        Poll::Ready(FairMutexGuardArc::new(mutex))
    }
}

impl<T: ?Sized> Drop for FairLockArc<T> {
    #[inline]
    fn drop(&mut self) {
        if let Some(mutex) = &self.mutex {
            mutex.door.cancel(&mut self.ticket, LOCK);
        }
    }
}

impl<T: ?Sized> fmt::Debug for FairLockArc<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FairLockArc").finish_non_exhaustive()
    }
}
