//! What a child and its handle share.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use super::child_error::Why;

/// A place for how a child ends.
pub(crate) struct Outcome<T>(Mutex<State<T>>);

struct State<T> {
    end: End<T>,
    /// Who awaits the handle.
    waiter: Option<Waker>,
}

enum End<T> {
    Awaited,
    Here(Result<T, Why>),
    Taken,
}

impl<T> Outcome<T> {
    pub(crate) fn new() -> Outcome<T> {
        Outcome(Mutex::new(State {
            end: End::Awaited,
            waiter: None,
        }))
    }

    /// Says how the child ended. Of several the first counts.
    pub(crate) fn set(&self, result: Result<T, Why>) {
        let mut state = self.lock();
        if !matches!(state.end, End::Awaited) {
            drop(state);
            // Outside the lock: the value is the program's.
            return drop(result);
        }
        state.end = End::Here(result);
        let waiter = state.waiter.take();
        drop(state);
        if let Some(waiter) = waiter {
            trill_park::wake(waiter);
        }
    }

    pub(crate) fn is_set(&self) -> bool {
        !matches!(self.lock().end, End::Awaited)
    }

    /// Says whether the child failed or panicked.
    pub(crate) fn is_failure(&self) -> bool {
        let state = self.lock();
        matches!(state.end, End::Here(Err(Why::Failed | Why::Panicked(_))))
    }

    /// Waits for the end, and leaves it here.
    pub(crate) fn poll_set(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.lock();
        if !matches!(state.end, End::Awaited) {
            return Poll::Ready(());
        }
        let known = state.waiter.as_ref();
        let before = match known.is_some_and(|known| known.will_wake(cx.waker())) {
            true => None,
            false => state.waiter.replace(cx.waker().clone()),
        };
        drop(state);
        drop(before);
        Poll::Pending
    }

    /// Takes the end.
    ///
    /// # Panics
    ///
    /// If it is not there, or was taken.
    pub(crate) fn take(&self) -> Result<T, Why> {
        let end = std::mem::replace(&mut self.lock().end, End::Taken);
        match end {
            End::Here(result) => result,
            End::Awaited | End::Taken => panic!("a child was awaited that already gave its value"),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        // Nothing in here panics while the lock is held.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> fmt::Debug for Outcome<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outcome")
            .field("is_set", &self.is_set())
            .finish()
    }
}
