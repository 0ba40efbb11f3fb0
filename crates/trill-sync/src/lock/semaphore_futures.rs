//! The futures that acquire permits of a [`Semaphore`].

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use trill_cell::Kind;

use crate::leaf::leaf;
use crate::lock::semaphore::Semaphore;
use crate::lock::semaphore_guard::{SemaphoreGuard, SemaphoreGuardArc};
use crate::waiters::Ticket;

/// Waits for permits of a [`Semaphore`]; made by [`Semaphore::acquire`] and [`Semaphore::acquire_many`].
///
/// # Examples
///
/// See [`Semaphore`].
#[must_use = "futures do nothing unless awaited"]
pub struct Acquire<'a> {
    semaphore: &'a Semaphore,
    permits: u32,
    ticket: Ticket,
}

impl<'a> Acquire<'a> {
    #[inline]
    pub(crate) fn new(semaphore: &'a Semaphore, permits: u32) -> Acquire<'a> {
        Acquire {
            semaphore,
            permits,
            ticket: Ticket::new(),
        }
    }
}

impl<'a> Future for Acquire<'a> {
    type Output = SemaphoreGuard<'a>;

    #[inline]
    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let location = Location::caller();
        let this = self.get_mut();
        leaf(Kind::Permit, this.semaphore, location, cx, |cx| {
            this.semaphore
                .door
                .poll_enter(&mut this.ticket, this.permits, cx)
        })
        .map(|()| SemaphoreGuard::new(this.semaphore, this.permits))
    }
}

impl Drop for Acquire<'_> {
    #[inline]
    fn drop(&mut self) {
        self.semaphore.door.cancel(&mut self.ticket, self.permits);
    }
}

impl fmt::Debug for Acquire<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Acquire")
            .field("permits", &self.permits)
            .finish_non_exhaustive()
    }
}

/// Waits for permits of a [`Semaphore`] in an [`Arc`]; made by [`Semaphore::acquire_arc`].
///
/// # Examples
///
/// See [`Semaphore::acquire_arc`].
#[must_use = "futures do nothing unless awaited"]
pub struct AcquireArc {
    /// Gone once the guard has it.
    semaphore: Option<Arc<Semaphore>>,
    permits: u32,
    ticket: Ticket,
}

impl AcquireArc {
    #[inline]
    pub(crate) fn new(semaphore: Arc<Semaphore>, permits: u32) -> AcquireArc {
        AcquireArc {
            semaphore: Some(semaphore),
            permits,
            ticket: Ticket::new(),
        }
    }
}

impl Future for AcquireArc {
    type Output = SemaphoreGuardArc;

    #[inline]
    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let location = Location::caller();
        let this = self.get_mut();
        let semaphore = this
            .semaphore
            .take()
            .expect("a future is not polled after it was ready");
        let polled = leaf(Kind::Permit, &*semaphore, location, cx, |cx| {
            semaphore
                .door
                .poll_enter(&mut this.ticket, this.permits, cx)
        });
        if polled.is_pending() {
            this.semaphore = Some(semaphore);
            return Poll::Pending;
        }
        Poll::Ready(SemaphoreGuardArc::new(semaphore, this.permits))
    }
}

impl Drop for AcquireArc {
    #[inline]
    fn drop(&mut self) {
        if let Some(semaphore) = &self.semaphore {
            semaphore.door.cancel(&mut self.ticket, self.permits);
        }
    }
}

impl fmt::Debug for AcquireArc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AcquireArc")
            .field("permits", &self.permits)
            .finish_non_exhaustive()
    }
}
