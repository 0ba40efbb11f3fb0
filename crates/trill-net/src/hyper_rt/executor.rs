//! An executor for hyper, made of any function that spawns.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use hyper::rt::Executor;

/// Lets hyper spawn tasks, as it does for HTTP/2, by a function.
///
/// Each future is boxed, so that the function need not be generic. A runtime with a `spawn` of its own implements
/// [`Executor`] without that, in as many lines.
///
/// # Examples
///
/// ```
/// use hyper::rt::Executor;
/// use trill_executor::Executor as Tasks;
/// use trill_net::HyperExecutor;
///
/// static TASKS: Tasks<'static> = Tasks::new();
///
/// let executor = HyperExecutor::new(|future| TASKS.spawn(future).detach());
/// let (sender, receiver) = std::sync::mpsc::channel();
/// executor.execute(async move { sender.send(5).unwrap() });
/// trill_park::block_on(TASKS.tick());
/// assert_eq!(receiver.recv(), Ok(5));
/// ```
#[derive(Clone, Copy)]
pub struct HyperExecutor<S>(S);

/// A future that hyper spawns.
type Spawned = Pin<Box<dyn Future<Output = ()> + Send>>;

impl<S: Fn(Spawned)> HyperExecutor<S> {
    /// Makes an executor of a function that spawns a future and lets it run to its end.
    ///
    /// # Examples
    ///
    /// See [`HyperExecutor`].
    pub fn new(spawn: S) -> HyperExecutor<S> {
        HyperExecutor(spawn)
    }
}

impl<S, F> Executor<F> for HyperExecutor<S>
where
    S: Fn(Spawned),
    F: Future + Send + 'static,
{
    fn execute(&self, future: F) {
        (self.0)(Box::pin(async move {
            future.await;
        }));
    }
}

impl<S> fmt::Debug for HyperExecutor<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HyperExecutor").finish_non_exhaustive()
    }
}
