//! What several test files need.
#![allow(dead_code)] // Each file uses a part of it.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use trill_executor::Executor;
use trill_world::VirtualWorld;

/// Runs `future` in a fresh virtual world, where time jumps to the next deadline when everybody waits.
pub(crate) fn in_world<T>(future: impl Future<Output = T>) -> T {
    VirtualWorld::new(1).run(|| trill_park::block_on(future))
}

/// As [`in_world`], as the main future of an executor, so that tasks can be spawned.
pub(crate) fn in_executor<T>(future: impl Future<Output = T>) -> T {
    in_seeded_executor(1, future)
}

/// As [`in_executor`], in the world of a seed.
pub(crate) fn in_seeded_executor<T>(seed: u64, future: impl Future<Output = T>) -> T {
    VirtualWorld::new(seed).run(|| {
        let ex = Executor::new();
        trill_park::block_on(ex.run(future))
    })
}

pub(crate) fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

/// Polls once with a waker that does nothing.
pub(crate) fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Is pending once, and woken at once.
pub(crate) fn once_pending() -> impl Future<Output = ()> {
    let mut was_polled = false;
    poll_fn(move |cx| {
        if was_polled {
            return Poll::Ready(());
        }
        was_polled = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
}

/// Lets time pass while the caller runs, as it does on a real clock.
pub(crate) fn busy(delay: Duration) {
    let until = trill_world::now() + delay;
    let world = trill_world::World::current();
    let simulation = world
        .simulation()
        .expect("it is called in a simulated world");
    simulation.park(trill_world::Spot(77), Some(until));
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

/// Counts drops.
#[derive(Clone, Debug, Default)]
pub(crate) struct Drops(Arc<AtomicUsize>);

impl Drops {
    pub(crate) fn get(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }

    /// What counts when it is dropped.
    pub(crate) fn one(&self) -> impl Drop + Send + 'static {
        struct One(Drops);
        impl Drop for One {
            fn drop(&mut self) {
                self.0.0.fetch_add(1, Ordering::SeqCst);
            }
        }
        One(self.clone())
    }
}
