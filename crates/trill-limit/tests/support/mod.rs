//! What several test files need.
#![allow(dead_code)] // Each file uses a part of it.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use trill_world::VirtualWorld;

/// Runs `future` in a fresh virtual world, where time jumps to the next deadline when everybody waits.
pub(crate) fn in_world<T>(future: impl Future<Output = T>) -> T {
    VirtualWorld::new(1).run(|| trill_park::block_on(future))
}

pub(crate) fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

/// Polls once with a waker that does nothing.
pub(crate) fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    poll_with(future, Waker::noop())
}

/// Polls once with the given waker.
pub(crate) fn poll_with<F: Future + Unpin>(future: &mut F, waker: &Waker) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(waker))
}

/// Counts wakes.
#[derive(Debug, Default)]
pub(crate) struct Count(AtomicUsize);

impl Count {
    pub(crate) fn new() -> (Arc<Count>, Waker) {
        let count = Arc::new(Count::default());
        (count.clone(), Waker::from(count))
    }

    pub(crate) fn get(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// A waker that panics when it is called.
pub(crate) fn panicking_waker() -> Waker {
    struct Panics;
    impl Wake for Panics {
        fn wake(self: Arc<Self>) {
            panic!("expected");
        }
    }
    Waker::from(Arc::new(Panics))
}

/// A number below `n`, from the world's chance.
pub(crate) fn below(n: usize) -> usize {
    (trill_world::random("test") % n as u64) as usize
}
