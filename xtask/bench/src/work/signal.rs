//! A flag with a waker: how the harness itself tells a task something, the same for all peers.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

/// Set by one side, awaited by one task, and then clear again.
#[derive(Debug, Default)]
pub(crate) struct Signal(Mutex<State>);

impl Signal {
    /// Sets the flag and wakes the task that waits.
    pub(crate) fn set(&self) {
        let waker = {
            let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            state.set = true;
            state.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Waits until the flag is set and clears it.
    pub(crate) fn wait(&self) -> Wait<'_> {
        Wait(self)
    }
}

/// The future of [`Signal::wait`].
#[derive(Debug)]
pub(crate) struct Wait<'a>(&'a Signal);

impl Future for Wait<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        if std::mem::take(&mut state.set) {
            return Poll::Ready(());
        }
        state.waker = Some(cx.waker().clone());
        Poll::Pending
    }
}

/// Lets other tasks run, for peers that have no function of their own for it.
pub(crate) fn yield_once() -> impl Future<Output = ()> + Send {
    let mut is_second = false;
    std::future::poll_fn(move |cx| {
        if std::mem::replace(&mut is_second, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
}

#[derive(Debug, Default)]
struct State {
    set: bool,
    waker: Option<Waker>,
}
