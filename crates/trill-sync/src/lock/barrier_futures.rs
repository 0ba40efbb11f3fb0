//! The futures that wait at a [`Barrier`].

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use trill_cell::Kind;

use crate::leaf::leaf;
use crate::lock::barrier::{Barrier, BarrierBroken, BarrierWaitResult};
use crate::lock::barrier_rounds::Seat;

/// Waits at a [`Barrier`]; made by [`Barrier::wait`].
///
/// # Examples
///
/// See [`Barrier`].
#[must_use = "futures do nothing unless awaited"]
pub struct BarrierWait<'a> {
    barrier: &'a Barrier,
    seat: Seat,
}

impl<'a> BarrierWait<'a> {
    #[inline]
    pub(crate) fn new(barrier: &'a Barrier) -> BarrierWait<'a> {
        BarrierWait {
            barrier,
            seat: Seat::default(),
        }
    }
}

impl Future for BarrierWait<'_> {
    type Output = BarrierWaitResult;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let BarrierWait { barrier, seat } = self.get_mut();
        leaf(Kind::Notification, *barrier, Location::caller(), cx, |cx| {
            barrier.rounds.poll_wait(seat, cx.waker())
        })
        .map(BarrierWaitResult::new)
    }
}

impl Drop for BarrierWait<'_> {
    fn drop(&mut self) {
        self.barrier.rounds.depart(&mut self.seat);
    }
}

impl fmt::Debug for BarrierWait<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BarrierWait").finish_non_exhaustive()
    }
}

/// Waits at a [`Barrier`] that may be broken off; made by [`Barrier::meet`].
///
/// # Errors
///
/// [`BarrierBroken`] if the barrier is reset or aborted while this waits, or was aborted before.
///
/// # Examples
///
/// See [`Barrier::meet`].
#[must_use = "futures do nothing unless awaited"]
pub struct BarrierMeet<'a> {
    barrier: &'a Barrier,
    seat: Seat,
}

impl<'a> BarrierMeet<'a> {
    #[inline]
    pub(crate) fn new(barrier: &'a Barrier) -> BarrierMeet<'a> {
        BarrierMeet {
            barrier,
            seat: Seat::default(),
        }
    }
}

impl Future for BarrierMeet<'_> {
    type Output = Result<BarrierWaitResult, BarrierBroken>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let BarrierMeet { barrier, seat } = self.get_mut();
        leaf(Kind::Notification, *barrier, Location::caller(), cx, |cx| {
            barrier.rounds.poll_meet(seat, cx.waker())
        })
        .map(|met| met.map(BarrierWaitResult::new))
    }
}

impl Drop for BarrierMeet<'_> {
    fn drop(&mut self) {
        self.barrier.rounds.depart(&mut self.seat);
    }
}

impl fmt::Debug for BarrierMeet<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BarrierMeet").finish_non_exhaustive()
    }
}
