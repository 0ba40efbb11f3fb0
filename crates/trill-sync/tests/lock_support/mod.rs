//! What the tests of locks share: a waker that counts, and single polls.
#![allow(dead_code, unreachable_pub)] // Each test file takes what it needs.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

/// Counts how often it is woken.
#[derive(Default)]
pub struct Count(AtomicUsize);

impl Count {
    pub fn new() -> Arc<Count> {
        Arc::default()
    }

    pub fn wakes(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// A future with a waker of its own, polled by hand.
pub struct Hand<F> {
    future: Option<Pin<Box<F>>>,
    count: Arc<Count>,
}

impl<F: Future> Hand<F> {
    pub fn new(future: F) -> Hand<F> {
        Hand {
            future: Some(Box::pin(future)),
            count: Count::new(),
        }
    }

    /// Makes it and polls it once; it must not be ready.
    pub fn waiting(future: F) -> Hand<F> {
        let mut hand = Hand::new(future);
        assert!(hand.poll().is_pending(), "it does not have to wait");
        hand
    }

    pub fn poll(&mut self) -> Poll<F::Output> {
        let waker = Waker::from(self.count.clone());
        let future = self.future.as_mut().expect("it was not cancelled");
        future.as_mut().poll(&mut Context::from_waker(&waker))
    }

    /// Polls it; it must be ready.
    pub fn ready(&mut self) -> F::Output {
        match self.poll() {
            Poll::Ready(output) => output,
            Poll::Pending => panic!("it is not ready"),
        }
    }

    pub fn wakes(&self) -> usize {
        self.count.wakes()
    }

    /// Drops the future.
    pub fn cancel(&mut self) {
        self.future = None;
    }
}

/// Polls a future once, with a waker that does nothing.
pub fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(Waker::noop()))
}
