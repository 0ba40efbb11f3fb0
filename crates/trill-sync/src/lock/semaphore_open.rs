//! A semaphore that can be closed: acquiring while it is open.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use trill_cell::Kind;

use crate::leaf::leaf;
use crate::lock::event::Event;
use crate::lock::semaphore::Semaphore;
use crate::lock::semaphore_guard::{SemaphoreGuard, SemaphoreGuardArc};
use crate::waiters::Ticket;

impl Semaphore {
    /// Closes the semaphore: [`acquire_open`](Semaphore::acquire_open) and its kin fail from now on, also those that
    /// wait. Returns whether it was open.
    ///
    /// [`acquire`](Semaphore::acquire) and `try_acquire` cannot say so and take no notice: they go on to hand out
    /// permits. A semaphore that is to be closed is used by `acquire_open` alone. Guards that exist stay.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_sync::{Semaphore, SemaphoreClosed};
    ///
    /// let desks = Semaphore::new(1);
    /// assert!(desks.close());
    /// let refused = trill_park::block_on(desks.acquire_open());
    /// assert_eq!(refused.unwrap_err(), SemaphoreClosed);
    /// assert!(!desks.close());
    /// ```
    pub fn close(&self) -> bool {
        self.closing().set()
    }

    /// Returns whether the semaphore was closed.
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(!trill_sync::Semaphore::new(1).is_closed());
    /// ```
    pub fn is_closed(&self) -> bool {
        self.closing.get().is_some_and(|closing| closing.is_set())
    }

    /// Takes a permit, waiting for its turn, unless the semaphore is closed.
    ///
    /// # Errors
    ///
    /// [`SemaphoreClosed`] if the semaphore is closed, also while this waits.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: dropping the future gives up its place; permits it had been handed go to the next.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_sync::Semaphore;
    ///
    /// let desks = Semaphore::new(1);
    /// let guard = trill_park::block_on(desks.acquire_open()).unwrap();
    /// assert_eq!(desks.available_permits(), 0);
    /// # drop(guard);
    /// ```
    pub fn acquire_open(&self) -> AcquireOpen<'_> {
        self.acquire_many_open(1)
    }

    /// Takes `permits` permits at once, waiting for its turn, unless the semaphore is closed.
    ///
    /// # Errors
    ///
    /// [`SemaphoreClosed`] if the semaphore is closed, also while this waits.
    ///
    /// # Cancel safety
    ///
    /// As [`acquire_open`](Semaphore::acquire_open).
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_sync::Semaphore;
    ///
    /// let desks = Semaphore::new(3);
    /// let guard = trill_park::block_on(desks.acquire_many_open(2)).unwrap();
    /// assert_eq!(guard.permits(), 2);
    /// ```
    pub fn acquire_many_open(&self, permits: u32) -> AcquireOpen<'_> {
        AcquireOpen {
            semaphore: self,
            wait: OpenWait::new(permits),
        }
    }

    /// Takes a permit, blocking the thread until its turn, unless the semaphore is closed.
    ///
    /// # Errors
    ///
    /// [`SemaphoreClosed`] if the semaphore is closed, also while this waits.
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(trill_sync::Semaphore::new(1).acquire_open_blocking().is_ok());
    /// ```
    #[track_caller]
    pub fn acquire_open_blocking(&self) -> Result<SemaphoreGuard<'_>, SemaphoreClosed> {
        trill_park::block_on(self.acquire_open())
    }

    /// Takes a permit, waiting for its turn, unless the semaphore is closed, with a guard that keeps it alive.
    ///
    /// # Errors
    ///
    /// [`SemaphoreClosed`] if the semaphore is closed, also while this waits.
    ///
    /// # Cancel safety
    ///
    /// As [`acquire_open`](Semaphore::acquire_open).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// let desks = Arc::new(trill_sync::Semaphore::new(1));
    /// let guard = trill_park::block_on(desks.acquire_open_arc()).unwrap();
    /// assert_eq!(desks.available_permits(), 0);
    /// # drop(guard);
    /// ```
    pub fn acquire_open_arc(self: &Arc<Self>) -> AcquireOpenArc {
        AcquireOpenArc {
            semaphore: Some(self.clone()),
            wait: OpenWait::new(1),
        }
    }

    /// The event of its closing, made when it is first needed.
    fn closing(&self) -> &Event {
        self.closing.get_or_init(Box::default)
    }

    /// Takes permits, or waits for them or for the closing.
    fn poll_open(
        &self,
        wait: &mut OpenWait,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), SemaphoreClosed>> {
        if self.is_closed() {
            self.leave_open(wait);
            return Poll::Ready(Err(SemaphoreClosed));
        }
        if self
            .door
            .poll_enter(&mut wait.turn, wait.permits, cx)
            .is_ready()
        {
            self.leave_open(wait);
            return Poll::Ready(Ok(()));
        }
        if self.closing().poll_set(&mut wait.closing, cx).is_ready() {
            self.leave_open(wait);
            return Poll::Ready(Err(SemaphoreClosed));
        }
        Poll::Pending
    }

    /// Takes one out of both lines that may be waiting.
    fn leave_open(&self, wait: &mut OpenWait) {
        self.door.cancel(&mut wait.turn, wait.permits);
        if let Some(closing) = self.closing.get() {
            closing.leave(&mut wait.closing);
        }
    }
}

/// Says that a [`Semaphore`] was closed.
///
/// # Examples
///
/// See [`Semaphore::close`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SemaphoreClosed;

impl fmt::Display for SemaphoreClosed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no permit: the semaphore was closed")
    }
}

impl Error for SemaphoreClosed {}

/// What one who waits for permits or the closing has of both lines.
#[derive(Debug)]
struct OpenWait {
    permits: u32,
    turn: Ticket,
    closing: Ticket,
}

impl OpenWait {
    fn new(permits: u32) -> OpenWait {
        OpenWait {
            permits,
            turn: Ticket::new(),
            closing: Ticket::new(),
        }
    }
}

/// Waits for permits of a [`Semaphore`] while it is open; made by [`Semaphore::acquire_open`].
///
/// # Errors
///
/// [`SemaphoreClosed`] if the semaphore is closed.
///
/// # Examples
///
/// See [`Semaphore::acquire_open`].
#[must_use = "futures do nothing unless awaited"]
pub struct AcquireOpen<'a> {
    semaphore: &'a Semaphore,
    wait: OpenWait,
}

impl<'a> Future for AcquireOpen<'a> {
    type Output = Result<SemaphoreGuard<'a>, SemaphoreClosed>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let AcquireOpen { semaphore, wait } = self.get_mut();
        leaf(Kind::Permit, *semaphore, Location::caller(), cx, |cx| {
            semaphore.poll_open(wait, cx)
        })
        .map_ok(|()| SemaphoreGuard::new(semaphore, wait.permits))
    }
}

impl Drop for AcquireOpen<'_> {
    fn drop(&mut self) {
        self.semaphore.leave_open(&mut self.wait);
    }
}

impl fmt::Debug for AcquireOpen<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AcquireOpen")
            .field("permits", &self.wait.permits)
            .finish_non_exhaustive()
    }
}

/// Waits for a permit of a [`Semaphore`] in an [`Arc`] while it is open; made by [`Semaphore::acquire_open_arc`].
///
/// # Errors
///
/// [`SemaphoreClosed`] if the semaphore is closed.
///
/// # Panics
///
/// When polled after it was ready.
///
/// # Examples
///
/// See [`Semaphore::acquire_open_arc`].
#[must_use = "futures do nothing unless awaited"]
pub struct AcquireOpenArc {
    /// Gone once the guard has it.
    semaphore: Option<Arc<Semaphore>>,
    wait: OpenWait,
}

impl Future for AcquireOpenArc {
    type Output = Result<SemaphoreGuardArc, SemaphoreClosed>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let location = Location::caller();
        let AcquireOpenArc {
            semaphore: place,
            wait,
        } = self.get_mut();
        let semaphore = place
            .take()
            .expect("a future is not polled after it was ready");
        let polled = leaf(Kind::Permit, &*semaphore, location, cx, |cx| {
            semaphore.poll_open(wait, cx)
        });
        if polled.is_pending() {
            *place = Some(semaphore);
            return Poll::Pending;
        }
        polled.map_ok(|()| SemaphoreGuardArc::new(semaphore, wait.permits))
    }
}

impl Drop for AcquireOpenArc {
    fn drop(&mut self) {
        if let Some(semaphore) = &self.semaphore {
            semaphore.leave_open(&mut self.wait);
        }
    }
}

impl fmt::Debug for AcquireOpenArc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AcquireOpenArc")
            .field("permits", &self.wait.permits)
            .finish_non_exhaustive()
    }
}
