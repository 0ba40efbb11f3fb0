//! What several tests need: a runtime in a thread that ends when told, and values that count their drops.
#![allow(dead_code, unreachable_pub)] // Each test file uses a part.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};

use trill_executor::Executor;
use trill_park::block_on;
use trill_portal::Portal;
use trill_sync::Event;

/// An executor that threads run until this is dropped.
pub struct Runtime {
    stop: Arc<Event>,
    threads: Vec<JoinHandle<()>>,
    portal: Portal,
}

impl Runtime {
    /// Starts one with so many threads; the executor is dropped by the last one to leave.
    pub fn new(threads: usize) -> Runtime {
        let executor = Arc::new(Executor::new());
        let portal = Portal::on(&executor);
        let stop = Arc::new(Event::new());
        let threads = (0..threads)
            .map(|_| {
                let (executor, stop) = (executor.clone(), stop.clone());
                thread::spawn(move || block_on(executor.run(stop.wait())))
            })
            .collect();
        Runtime {
            stop,
            threads,
            portal,
        }
    }

    pub fn portal(&self) -> Portal {
        self.portal.clone()
    }

    /// Ends it and returns when all its tasks are dropped.
    pub fn end(self) {
        drop(self);
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        self.stop.set();
        for thread in self.threads.drain(..) {
            thread.join().unwrap();
        }
    }
}

/// Counts how often it was dropped.
#[derive(Clone, Default)]
pub struct Drops(Arc<AtomicUsize>);

impl Drops {
    pub fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }

    /// Returns something that counts when it is dropped.
    pub fn guard(&self) -> DropGuard {
        DropGuard(self.clone())
    }
}

pub struct DropGuard(Drops);

impl Drop for DropGuard {
    fn drop(&mut self) {
        self.0.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// Gives way to other threads until `done`.
pub fn until(done: impl Fn() -> bool) {
    while !done() {
        thread::yield_now();
    }
}

/// Runs `body` on a thread of its own.
pub fn on_thread<T: Send + 'static>(body: impl FnOnce() -> T + Send + 'static) -> T {
    let (send, receive) = mpsc::channel();
    let thread = thread::spawn(move || send.send(body()).unwrap());
    thread.join().unwrap();
    receive.recv().unwrap()
}
