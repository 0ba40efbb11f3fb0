//! What the threads of a runtime share.

use std::future::Future;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use trill_blocking::Pool;
use trill_executor::Executor;
use trill_reactor::Reactor;
use trill_sync::Event;

use super::current;
use super::shared::Shared;

/// What the threads of a runtime share. When the last of them lets go of it, the tasks end.
pub(crate) struct Inner {
    /// First, so that tasks end while the rest is there.
    pub(crate) executor: Executor<'static>,
    pub(super) shared: Arc<Shared>,
    /// Apart from the rest, so that a worker can let go of that before it says that it has left.
    crew: Arc<Crew>,
}

/// What a runtime and its background workers tell each other at its end.
#[derive(Default)]
pub(super) struct Crew {
    /// Set when the workers shall leave.
    stop: Event,
    /// Background workers that have not left.
    alive: AtomicUsize,
    /// Set when `alive` has come down to 0 after `stop`.
    empty: Event,
}

impl Inner {
    /// Joins an executor without tasks to what there is.
    pub(super) fn new(shared: Arc<Shared>) -> Inner {
        Inner {
            executor: Executor::new(),
            shared,
            crew: Arc::default(),
        }
    }

    /// Starts a background worker.
    pub(super) fn start_worker(self: &Arc<Inner>, number: usize) -> io::Result<()> {
        let inner = self.clone();
        self.crew.alive.fetch_add(1, Ordering::Relaxed);
        // If the thread is refused the closure is dropped, and this with it.
        let leaving = Leaving(self.crew.clone());
        trill_world::start_thread(&format!("{}-{number}", self.shared.name), move || {
            inner.run_unit(pin!(leaving.0.stop.wait()));
            // Before it says that it left: whoever waits for that may rely on the tasks being dropped.
            drop(inner);
            drop(leaving);
        })
    }

    /// Runs `future` and tasks on this thread until the future ends.
    pub(super) fn run<F: Future>(self: &Arc<Inner>, future: F) -> F::Output {
        self.enter(|| block_on(self.executor.run_here(future)))
    }

    /// As [`Inner::run`], compiled once for all that a runtime runs for itself.
    pub(super) fn run_unit(self: &Arc<Inner>, future: Pin<&mut dyn Future<Output = ()>>) {
        self.run(future);
    }

    /// Makes this runtime the current one of the thread while `body` runs.
    pub(super) fn enter<T>(self: &Arc<Inner>, body: impl FnOnce() -> T) -> T {
        let _current = current::enter(self.clone());
        let _reactor = self.shared.reactor.as_ref().map(Reactor::enter);
        let _pool = self.shared.pool.as_ref().map(Pool::enter);
        body()
    }

    /// What stays when everybody has let go of the rest.
    pub(super) fn crew(&self) -> &Arc<Crew> {
        &self.crew
    }
}

impl Crew {
    /// Tells the background workers to leave.
    pub(super) fn stop(&self) {
        self.stop.set();
    }

    /// Waits until all background workers have left.
    pub(super) async fn left(&self) {
        // Acquire: pairs with the Release in `Leaving::drop`.
        if self.alive.load(Ordering::Acquire) > 0 {
            self.empty.wait().await;
        }
    }

    /// How many background workers have not left.
    pub(super) fn alive(&self) -> usize {
        self.alive.load(Ordering::Relaxed)
    }
}

/// Parks in the current reactor; without one (the operating system refused it) timers and tasks still run.
pub(super) fn block_on<F: Future>(future: F) -> F::Output {
    trill_reactor::block_on(future)
}

/// Counts a worker out when it leaves, or when its thread was refused.
struct Leaving(Arc<Crew>);

impl Drop for Leaving {
    fn drop(&mut self) {
        // Release: pairs with the Acquire in `left`: what the worker did is seen by who waited for it.
        if self.0.alive.fetch_sub(1, Ordering::Release) == 1 {
            self.0.empty.set();
        }
    }
}
