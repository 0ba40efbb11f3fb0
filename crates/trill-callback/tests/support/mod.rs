//! What several test files need.
#![allow(dead_code)] // Each file uses a part of it.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use trill_callback::{Callbacks, Reach};
use trill_world::VirtualWorld;

/// Runs `body` in a fresh virtual world, where time jumps to the next deadline when everybody waits.
pub(crate) fn in_world<T>(body: impl FnOnce(&VirtualWorld) -> T) -> T {
    let world = VirtualWorld::new(1);
    world.run(|| body(&world))
}

/// Runs the loop until it is stopped.
pub(crate) fn run<R: Reach>(callbacks: &Callbacks<R>) {
    trill_park::block_on(callbacks.run());
}

/// Runs one turn.
pub(crate) fn turn<R: Reach>(callbacks: &Callbacks<R>) {
    callbacks.stop();
    run(callbacks);
}

pub(crate) fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

/// Polls once with a waker that does nothing.
pub(crate) fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(Waker::noop()))
}

/// A number below `n`, from the world's chance.
pub(crate) fn below(n: usize) -> usize {
    (trill_world::random("test") % n as u64) as usize
}

/// What happened, in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Log<T>(Arc<Mutex<Vec<T>>>);

impl<T: Send + 'static> Log<T> {
    pub(crate) fn new() -> Log<T> {
        Log(Arc::default())
    }

    pub(crate) fn add(&self, entry: T) {
        self.0.lock().unwrap().push(entry);
    }

    /// A callback that writes an entry down.
    pub(crate) fn adds(&self, entry: T) -> impl FnOnce() + Send + 'static {
        let log = self.clone_log();
        move || log.add(entry)
    }

    pub(crate) fn clone_log(&self) -> Log<T> {
        Log(self.0.clone())
    }

    /// Takes what was written since the last call.
    pub(crate) fn take(&self) -> Vec<T> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}
