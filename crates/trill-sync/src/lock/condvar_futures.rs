//! The futures that wait for a [`Condvar`].

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use trill_cell::Kind;

use crate::leaf::leaf;
use crate::lock::condvar::Condvar;
use crate::lock::condvar_guard::CondvarGuard;
use crate::waiters::Ticket;

/// Waits for a [`Condvar`]; made by [`Condvar::wait`].
///
/// # Examples
///
/// See [`Condvar::wait`].
#[must_use = "futures do nothing unless awaited"]
pub struct CondvarWait<'a, G: CondvarGuard> {
    condvar: &'a Condvar,
    mutex: G::Source,
    phase: Phase<G>,
    ticket: Ticket,
    /// It received a notification of its own, which somebody else gets if it is dropped.
    turn: bool,
}

/// How far a wait has come.
enum Phase<G: CondvarGuard> {
    /// Not polled yet.
    Held(G),
    Unlocked,
    Locking(G::Lock),
}

impl<'a, G: CondvarGuard> CondvarWait<'a, G> {
    #[inline]
    pub(crate) fn new(condvar: &'a Condvar, guard: G) -> CondvarWait<'a, G> {
        CondvarWait {
            condvar,
            mutex: G::mutex(&guard),
            phase: Phase::Held(guard),
            ticket: Ticket::new(),
            turn: false,
        }
    }

    /// Polls for the notification.
    fn poll_notified(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let waiters = &self.condvar.waiters;
        if waiters.is_notified(&self.ticket) {
            self.turn = waiters.remove(&mut self.ticket);
        } else if waiters.register(&mut self.ticket, cx.waker()) {
            // It came at this moment. If it came to all, passing it on wakes somebody for nothing.
            self.turn = true;
        } else {
            // Unlocks only now that the wait has begun.
            self.phase = Phase::Unlocked;
            return Poll::Pending;
        }
        self.phase = Phase::Locking(G::lock(&self.mutex));
        Poll::Ready(())
    }
}

// The lock is `Unpin`; nothing else is pinned.
impl<G: CondvarGuard> Unpin for CondvarWait<'_, G> {}

impl<G: CondvarGuard> Future for CondvarWait<'_, G> {
    type Output = G;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let location = Location::caller();
        let this = self.get_mut();
        if !matches!(this.phase, Phase::Locking(_)) {
            let condvar = this.condvar;
            let polled = leaf(Kind::Notification, condvar, location, cx, |cx| {
                this.poll_notified(cx)
            });
            if polled.is_pending() {
                return Poll::Pending;
            }
        }
        let Phase::Locking(lock) = &mut this.phase else {
            unreachable!("a notified wait is locking");
        };
        let polled = Pin::new(lock).poll(cx);
        if polled.is_ready() {
            this.turn = false;
        }
        polled
    }
}

impl<G: CondvarGuard> Drop for CondvarWait<'_, G> {
    fn drop(&mut self) {
        if self.condvar.waiters.remove(&mut self.ticket) || self.turn {
            self.condvar.waiters.notify_one();
        }
    }
}

impl<G: CondvarGuard> fmt::Debug for CondvarWait<'_, G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CondvarWait").finish_non_exhaustive()
    }
}

/// Waits until data satisfies a condition; made by [`Condvar::wait_until`].
///
/// # Examples
///
/// See [`Condvar`].
#[must_use = "futures do nothing unless awaited"]
pub struct CondvarWaitUntil<'a, G: CondvarGuard, F> {
    condvar: &'a Condvar,
    holds: F,
    stage: Stage<'a, G>,
}

/// What a [`CondvarWaitUntil`] does next.
enum Stage<'a, G: CondvarGuard> {
    Look(G),
    Wait(CondvarWait<'a, G>),
    Done,
}

impl<'a, G: CondvarGuard, F> CondvarWaitUntil<'a, G, F> {
    #[inline]
    pub(crate) fn new(condvar: &'a Condvar, guard: G, holds: F) -> CondvarWaitUntil<'a, G, F> {
        CondvarWaitUntil {
            condvar,
            holds,
            stage: Stage::Look(guard),
        }
    }
}

// The condition is called where it is; nothing is pinned.
impl<G: CondvarGuard, F> Unpin for CondvarWaitUntil<'_, G, F> {}

impl<G: CondvarGuard, F> Future for CondvarWaitUntil<'_, G, F>
where
    F: FnMut(&mut G::Target) -> bool,
{
    type Output = G;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        loop {
            if let Stage::Wait(wait) = &mut this.stage {
                match Pin::new(wait).poll(cx) {
                    Poll::Ready(guard) => this.stage = Stage::Look(guard),
                    Poll::Pending => return Poll::Pending,
                }
            }
            let Stage::Look(mut guard) = std::mem::replace(&mut this.stage, Stage::Done) else {
                panic!("polled after it was ready");
            };
            if (this.holds)(&mut guard) {
                return Poll::Ready(guard);
            }
            this.stage = Stage::Wait(this.condvar.wait(guard));
        }
    }
}

impl<G: CondvarGuard, F> fmt::Debug for CondvarWaitUntil<'_, G, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CondvarWaitUntil").finish_non_exhaustive()
    }
}
