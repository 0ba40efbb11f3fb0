//! What the loom models share: a way to run a future on a loom thread.
#![allow(dead_code, unreachable_pub)] // Each model takes what it needs.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use loom::sync::{Condvar, Mutex};
use loom::thread;

/// Wakes a loom thread.
struct Unpark {
    woken: Mutex<bool>,
    changed: Condvar,
}

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        *self.woken.lock().expect("nobody panics here") = true;
        self.changed.notify_one();
    }
}

/// A thread that polls: its waker, and a way to wait for it.
pub struct Thread(Arc<Unpark>);

impl Thread {
    pub fn new() -> Thread {
        Thread(Arc::new(Unpark {
            woken: Mutex::new(false),
            changed: Condvar::new(),
        }))
    }

    pub fn waker(&self) -> Waker {
        Waker::from(self.0.clone())
    }

    /// How many references to it there are, its own among them.
    pub fn references(&self) -> usize {
        Arc::strong_count(&self.0)
    }

    /// Waits until the waker was woken; a lost wake-up is a deadlock, which loom reports.
    pub fn park(&self) {
        let mut woken = self.0.woken.lock().expect("nobody panics here");
        while !*woken {
            woken = self.0.changed.wait(woken).expect("nobody panics here");
        }
        *woken = false;
    }
}

/// Polls `future` until it is ready.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let thread = Thread::new();
    let waker = thread.waker();
    let mut cx = Context::from_waker(&waker);
    loop {
        match future.as_mut().poll(&mut cx) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread.park(),
        }
    }
}

/// Runs a model with at most `preemptions` forced switches in each execution: 3 where two threads race, and mostly 2 where three
/// do, which are ten times as many orders.
pub fn model(preemptions: usize, run: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(preemptions);
    builder.check(run);
}

/// Polls a future that will wait, without a waker that matters. Dropped in any thread, it takes along what it holds by then:
/// a guard, or a place in a queue.
pub fn begun<T>(future: impl Future<Output = T> + 'static) -> Pin<Box<dyn Future<Output = T>>> {
    let mut future = Box::pin(future);
    let polled = future
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()));
    assert!(polled.is_pending());
    future
}

/// Runs both at once, each in a thread of its own; returns what they return, when both have ended.
///
/// The thread that begins a model takes no part in a race: loom tries fewer orders of its steps than of the others'. It
/// keeps a clone of each of the standard library's `Arc`s, whose counts loom does not see: the drop of the last one in a
/// racing thread would find old values.
pub fn at_once<A: 'static, B: 'static>(
    first: impl FnOnce() -> A + 'static,
    second: impl FnOnce() -> B + 'static,
) -> (A, B) {
    let first = thread::spawn(first);
    let second = thread::spawn(second);
    (first.join().unwrap(), second.join().unwrap())
}
