//! What several tests need.
#![allow(dead_code)] // Each test file uses a part of it.
#![allow(clippy::unwrap_used)] // A poisoned lock is a failed test.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

/// A flag that one task waits for and anybody sets.
#[derive(Debug, Default)]
pub(crate) struct Gate(Mutex<(bool, Option<Waker>)>);

impl Gate {
    pub(crate) const fn new() -> Gate {
        Gate(Mutex::new((false, None)))
    }

    /// Lets the one that waits through.
    pub(crate) fn open(&self) {
        let waker = {
            let mut state = self.0.lock().unwrap();
            state.0 = true;
            state.1.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Makes the next one wait again.
    pub(crate) fn close(&self) {
        self.0.lock().unwrap().0 = false;
    }

    /// Says whether somebody has waited since it was opened last.
    pub(crate) fn is_waited(&self) -> bool {
        self.0.lock().unwrap().1.is_some()
    }

    /// Waits until the gate is open.
    pub(crate) fn wait(&self) -> impl Future<Output = ()> + '_ {
        std::future::poll_fn(|cx| self.poll(cx))
    }

    /// As `wait`, keeping the gate alive.
    pub(crate) async fn wait_owned(self: Arc<Self>) {
        self.wait().await;
    }

    fn poll(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.0.lock().unwrap();
        if state.0 {
            return Poll::Ready(());
        }
        state.1 = Some(cx.waker().clone());
        Poll::Pending
    }
}

/// Polls once with a waker that does nothing.
pub(crate) fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Returns a waker and how often it was called.
pub(crate) fn counting_waker() -> (Waker, Arc<AtomicUsize>) {
    struct Counting(Arc<AtomicUsize>);
    impl Wake for Counting {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
    let count = Arc::new(AtomicUsize::new(0));
    (Waker::from(Arc::new(Counting(count.clone()))), count)
}

/// Calls a closure when dropped.
pub(crate) struct OnDrop<F: FnMut()>(pub(crate) F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}
