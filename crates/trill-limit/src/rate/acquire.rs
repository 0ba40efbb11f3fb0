//! Waiting for permits of a rate.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};
use std::time::{Duration, Instant};

use trill_timer::{Sleep, sleep, sleep_until};

use crate::leaf;
use crate::rate::error::BurstExceeded;
use crate::rate::limiter::RateLimiter;
use crate::rate::line::{Step, Ticket};

/// Waits for permits of a [`RateLimiter`]; made by [`RateLimiter::acquire`].
///
/// The task is said to wait for a permit while others are before it, and for a timer once it is first in line.
///
/// # Cancel safety
///
/// See [`RateLimiter::acquire`].
///
/// # Examples
///
/// See [`RateLimiter`].
#[must_use = "futures do nothing unless awaited"]
pub struct AcquireRate<'a> {
    limiter: &'a RateLimiter,
    count: u32,
    /// The place in line.
    ticket: Option<Ticket>,
    /// Until when the first in line waits.
    sleep: Option<Sleep>,
}

impl<'a> AcquireRate<'a> {
    pub(crate) fn new(limiter: &'a RateLimiter, count: u32) -> AcquireRate<'a> {
        AcquireRate {
            limiter,
            count,
            ticket: None,
            sleep: None,
        }
    }

    /// Takes the permits, or finds out how to wait for them.
    fn step(&mut self, now: Instant, current: &Waker) -> Next {
        // Strangers' code, so it is cloned without the mutex, and only if it is needed.
        let mut spare: Option<Waker> = None;
        loop {
            let mut line = self.limiter.line();
            let step = line.step(&mut self.ticket, now, self.count, current, &mut spare);
            drop(line);
            match step {
                Step::Taken { next } => {
                    if let Some(next) = next {
                        trill_park::wake(next);
                    }
                    return Next::Taken;
                }
                Step::First(wait) => return Next::Sleep(wait),
                Step::Behind(_) => return Next::BeWoken,
                Step::NeedsWaker => spare = Some(current.clone()),
            }
        }
    }
}

impl Future for AcquireRate<'_> {
    type Output = Result<(), BurstExceeded>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let location = Location::caller();
        let this = self.get_mut();
        this.limiter.check(this.count)?;
        let unit = ready!(leaf::begin(cx, location));
        // A second round only if the clock moved between the two readings of it.
        for _ in 0..ROUNDS_MAX {
            let now = trill_world::now();
            match this.step(now, cx.waker()) {
                Next::Taken => {
                    this.sleep = None;
                    return Poll::Ready(Ok(()));
                }
                Next::BeWoken => {
                    unit.refund();
                    leaf::waits(this.limiter, location);
                    return Poll::Pending;
                }
                Next::Sleep(wait) => {
                    let sleep = arm(&mut this.sleep, now, wait);
                    if Pin::new(sleep).poll(cx).is_pending() {
                        unit.refund();
                        return Poll::Pending;
                    }
                }
            }
        }
        unit.refund();
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl Drop for AcquireRate<'_> {
    fn drop(&mut self) {
        let Some(ticket) = self.ticket else {
            return;
        };
        let (own, next) = self.limiter.line().leave(ticket);
        drop(own);
        if let Some(next) = next {
            trill_park::wake(next);
        }
    }
}

impl fmt::Debug for AcquireRate<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AcquireRate")
            .field("count", &self.count)
            .field("is_in_line", &self.ticket.is_some())
            .finish_non_exhaustive()
    }
}

/// How a future goes on.
enum Next {
    Taken,
    /// First in line: the permits can be had after so long.
    Sleep(Duration),
    /// Behind others.
    BeWoken,
}

/// Sets the timer to `wait` after `now`; to never if no instant can hold that.
fn arm(place: &mut Option<Sleep>, now: Instant, wait: Duration) -> &mut Sleep {
    let Some(deadline) = now.checked_add(wait) else {
        return place.insert(sleep(Duration::MAX));
    };
    match place {
        Some(sleep) => {
            if sleep.deadline() != Some(deadline) {
                sleep.reset(deadline);
            }
            sleep
        }
        None => place.insert(sleep_until(deadline)),
    }
}

/// How often a poll looks at the clock before others get their turn.
const ROUNDS_MAX: u32 = 4;
