//! Waiting for a token.

use std::fmt;
use std::future::Future;
use std::ops::Deref;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};

use crate::capacity::borrower::Borrower;
use crate::capacity::error::AlreadyBorrowed;
use crate::capacity::limiter::CapacityLimiter;
use crate::capacity::queue::{Asked, Seen, Ticket};
use crate::capacity::token::CapacityToken;
use crate::leaf;

/// Waits for a token of a [`CapacityLimiter`]; made by [`CapacityLimiter::acquire`] and its like.
///
/// # Cancel safety
///
/// See [`CapacityLimiter::acquire`].
///
/// # Examples
///
/// See [`CapacityLimiter`].
#[must_use = "futures do nothing unless awaited"]
pub struct AcquireCapacity<L: Deref<Target = CapacityLimiter>> {
    /// Gone once it is ready.
    limiter: Option<L>,
    /// Known from the first poll on, or from the begin.
    borrower: Option<Borrower>,
    /// The place among those who wait.
    ticket: Option<Ticket>,
}

impl<L: Deref<Target = CapacityLimiter>> AcquireCapacity<L> {
    pub(crate) fn new(limiter: L, borrower: Option<Borrower>) -> AcquireCapacity<L> {
        AcquireCapacity {
            limiter: Some(limiter),
            borrower,
            ticket: None,
        }
    }

    /// Asks, or looks again; ready with the borrower that has the token now.
    fn step(
        &mut self,
        cx: &mut Context<'_>,
        location: &'static Location<'static>,
    ) -> Poll<Result<Borrower, AlreadyBorrowed>> {
        let limiter = self
            .limiter
            .as_deref()
            .expect("a future is not polled after it was ready");
        let unit = ready!(leaf::begin(cx, location));
        let borrower = *self.borrower.get_or_insert_with(Borrower::current);
        // Strangers' code, so it is cloned without the mutex, and only if it is needed.
        let mut spare: Option<Waker> = None;
        loop {
            let needs_waker = match self.ticket {
                None => {
                    let asked = limiter.queue().ask(borrower, &mut spare);
                    match asked {
                        Err(error) => return Poll::Ready(Err(error)),
                        Ok(Asked::Taken) => return Poll::Ready(Ok(borrower)),
                        Ok(Asked::Queued(ticket)) => {
                            self.ticket = Some(ticket);
                            false
                        }
                        Ok(Asked::NeedsWaker) => true,
                    }
                }
                Some(ticket) => {
                    let seen = limiter.queue().look(ticket, cx.waker(), &mut spare);
                    match seen {
                        Seen::Granted => {
                            self.ticket = None;
                            return Poll::Ready(Ok(borrower));
                        }
                        Seen::Waits(_) => false,
                        Seen::NeedsWaker => true,
                    }
                }
            };
            if !needs_waker {
                unit.refund();
                leaf::waits(limiter, location);
                return Poll::Pending;
            }
            spare = Some(cx.waker().clone());
        }
    }
}

impl<L: Deref<Target = CapacityLimiter>> Future for AcquireCapacity<L> {
    type Output = Result<CapacityToken<L>, AlreadyBorrowed>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let borrower = ready!(this.step(cx, Location::caller()));
        let limiter = this.limiter.take();
        Poll::Ready(borrower.map(|borrower| {
            let limiter = limiter.expect("it was asked for the token just now");
            CapacityToken::new(limiter, borrower)
        }))
    }
}

/// The limiter behind `L` is never pinned.
impl<L: Deref<Target = CapacityLimiter>> Unpin for AcquireCapacity<L> {}

impl<L: Deref<Target = CapacityLimiter>> Drop for AcquireCapacity<L> {
    fn drop(&mut self) {
        let (Some(limiter), Some(ticket)) = (&self.limiter, self.ticket) else {
            return;
        };
        if let Some(borrower) = self.borrower {
            let waker = limiter.change(|queue, woken| queue.give_up(ticket, borrower, woken));
            drop(waker);
        }
    }
}

impl<L: Deref<Target = CapacityLimiter>> fmt::Debug for AcquireCapacity<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AcquireCapacity")
            .field("borrower", &self.borrower)
            .field("is_queued", &self.ticket.is_some())
            .finish_non_exhaustive()
    }
}
