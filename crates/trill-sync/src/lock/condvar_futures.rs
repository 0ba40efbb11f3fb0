//! The futures that wait for a [`Condvar`].

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use trill_cell::Kind;

use crate::leaf::leaf;
use crate::lock::condvar::Condvar;
use crate::lock::mutex::Mutex;
use crate::lock::mutex_futures::Lock;
use crate::lock::mutex_guard::MutexGuard;
use crate::waiters::Ticket;

/// Waits for a [`Condvar`]; made by [`Condvar::wait`].
///
/// # Examples
///
/// See [`Condvar::wait`].
#[must_use = "futures do nothing unless awaited"]
pub struct CondvarWait<'a, T: ?Sized> {
    condvar: &'a Condvar,
    mutex: &'a Mutex<T>,
    phase: Phase<'a, T>,
    ticket: Ticket,
    /// It received a notification of its own, which somebody else gets if it is dropped.
    turn: bool,
}

/// How far a wait has come.
enum Phase<'a, T: ?Sized> {
    /// Not polled yet.
    Held(MutexGuard<'a, T>),
    Unlocked,
    Locking(Lock<'a, T>),
}

impl<'a, T: ?Sized> CondvarWait<'a, T> {
    #[inline]
    pub(crate) fn new(condvar: &'a Condvar, guard: MutexGuard<'a, T>) -> CondvarWait<'a, T> {
        CondvarWait {
            condvar,
            mutex: MutexGuard::source(&guard),
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
        self.phase = Phase::Locking(self.mutex.lock());
        Poll::Ready(())
    }
}

impl<'a, T: ?Sized> Future for CondvarWait<'a, T> {
    type Output = MutexGuard<'a, T>;

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

impl<T: ?Sized> Drop for CondvarWait<'_, T> {
    fn drop(&mut self) {
        if self.condvar.waiters.remove(&mut self.ticket) || self.turn {
            self.condvar.waiters.notify_one();
        }
    }
}

impl<T: ?Sized> fmt::Debug for CondvarWait<'_, T> {
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
pub struct CondvarWaitUntil<'a, T: ?Sized, F> {
    condvar: &'a Condvar,
    holds: F,
    stage: Stage<'a, T>,
}

/// What a [`CondvarWaitUntil`] does next.
enum Stage<'a, T: ?Sized> {
    Look(MutexGuard<'a, T>),
    Wait(CondvarWait<'a, T>),
    Done,
}

impl<'a, T: ?Sized, F> CondvarWaitUntil<'a, T, F> {
    #[inline]
    pub(crate) fn new(
        condvar: &'a Condvar,
        guard: MutexGuard<'a, T>,
        holds: F,
    ) -> CondvarWaitUntil<'a, T, F> {
        CondvarWaitUntil {
            condvar,
            holds,
            stage: Stage::Look(guard),
        }
    }
}

// The condition is called where it is; nothing is pinned.
impl<T: ?Sized, F> Unpin for CondvarWaitUntil<'_, T, F> {}

impl<'a, T: ?Sized, F> Future for CondvarWaitUntil<'a, T, F>
where
    F: FnMut(&mut T) -> bool,
{
    type Output = MutexGuard<'a, T>;

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

impl<T: ?Sized, F> fmt::Debug for CondvarWaitUntil<'_, T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CondvarWaitUntil").finish_non_exhaustive()
    }
}
