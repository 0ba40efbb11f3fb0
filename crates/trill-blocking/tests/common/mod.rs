//! What several tests need: gates that hold jobs, a log of events, and worlds that refuse threads.
#![allow(dead_code, unreachable_pub)] // Each test file uses a part.

use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use trill_blocking::{ClassStats, Pool};
use trill_world::{Body, Simulate, Spot, VirtualWorld, World};

/// Holds jobs until it is opened.
#[derive(Clone, Default)]
pub struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    pub fn pass(&self) {
        let (open, changed) = &*self.0;
        let guard = open.lock().unwrap();
        drop(changed.wait_while(guard, |open| !*open).unwrap());
    }

    pub fn open(&self) {
        let (open, changed) = &*self.0;
        *open.lock().unwrap() = true;
        changed.notify_all();
    }
}

/// Counts how many are inside at once.
#[derive(Clone, Default)]
pub struct Crowd(Arc<(AtomicUsize, AtomicUsize)>);

impl Crowd {
    pub fn enter(&self) {
        let now = self.0.0.fetch_add(1, Ordering::SeqCst) + 1;
        self.0.1.fetch_max(now, Ordering::SeqCst);
    }

    pub fn leave(&self) {
        self.0.0.fetch_sub(1, Ordering::SeqCst);
    }

    /// The most that were inside at once.
    pub fn most(&self) -> usize {
        self.0.1.load(Ordering::SeqCst)
    }
}

/// Remembers events in their order.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<u32>>>);

impl Log {
    pub fn note(&self, event: u32) {
        self.0.lock().unwrap().push(event);
    }

    pub fn events(&self) -> Vec<u32> {
        self.0.lock().unwrap().clone()
    }
}

/// Notes an event when dropped.
pub struct NoteDrop(pub Log, pub u32);

impl Drop for NoteDrop {
    fn drop(&mut self) {
        self.0.note(self.1);
    }
}

/// Gives way to other threads until `done`.
pub fn until(done: impl Fn() -> bool) {
    while !done() {
        thread::yield_now();
    }
}

/// What one class is doing.
pub fn class(pool: &Pool, name: &str) -> ClassStats {
    let stats = pool.stats();
    let found = stats
        .classes
        .iter()
        .find(|class| class.class.name() == name);
    found.unwrap().clone()
}

/// Polls a future once.
pub fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}

/// Counts its wakes.
#[derive(Default)]
pub struct CountWakes(pub AtomicUsize);

impl Wake for CountWakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// A world that starts only some threads, and otherwise is a virtual one.
#[derive(Debug)]
pub struct Stingy {
    inner: Arc<dyn Simulate>,
    /// How many threads it still starts.
    pub threads_left: AtomicUsize,
}

impl Stingy {
    /// Returns the world, and its counter.
    pub fn new(threads: usize) -> (World, Arc<Stingy>) {
        let inner = VirtualWorld::with_outside_wakes(7).world();
        let stingy = Arc::new(Stingy {
            inner: inner.simulation().unwrap().clone(),
            threads_left: AtomicUsize::new(threads),
        });
        (World::simulated(stingy.clone()), stingy)
    }
}

impl Simulate for Stingy {
    fn origin(&self) -> Instant {
        self.inner.origin()
    }

    fn now(&self) -> Instant {
        self.inner.now()
    }

    fn system_time(&self) -> SystemTime {
        self.inner.system_time()
    }

    fn random(&self, stream: &'static str) -> u64 {
        self.inner.random(stream)
    }

    fn pick(&self, n: usize) -> usize {
        self.inner.pick(n)
    }

    fn start_thread(&self, name: String, body: Body) -> io::Result<()> {
        let taken = self
            .threads_left
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
                left.checked_sub(1)
            });
        match taken {
            Ok(_) => self.inner.start_thread(name, body),
            Err(_) => Err(io::Error::from_raw_os_error(EAGAIN)),
        }
    }

    fn thread_entered(&self) {
        self.inner.thread_entered();
    }

    fn thread_left(&self) {
        self.inner.thread_left();
    }

    fn park(&self, spot: Spot, until: Option<Instant>) {
        self.inner.park(spot, until);
    }

    fn unpark(&self, spot: Spot) {
        self.inner.unpark(spot);
    }
}

/// What Linux says when it refuses a thread.
pub const EAGAIN: i32 = 11;

/// As good as never.
pub const LONG: Duration = Duration::MAX;
