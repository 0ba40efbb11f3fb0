//! Functions that need no handle: they use the thread's runtime, or the process-wide one.

use std::future::Future;
use std::panic::Location;

use trill_executor::Task;

use crate::runtime::{Runtime, current};

/// Runs `future` on a new runtime with a worker for each core, then drops that runtime and all its tasks.
///
/// If the operating system refuses some of the threads it goes on with fewer; the calling thread is one of them.
///
/// # Panics
///
/// If the future panics, or if the environment variable `TRILL_WORKERS` is not a whole number above 0.
///
/// # Examples
///
/// ```
/// let sum = trill::run(async {
///     let task = trill::spawn(async { 1 + 2 });
///     task.await
/// });
/// assert_eq!(sum, 3);
/// ```
pub fn run<F: Future>(future: F) -> F::Output {
    match Runtime::builder().run_with_what_there_is(future) {
        Ok(output) => output,
        Err(error) => panic!("{error}"),
    }
}

/// Runs `future` to its end on this thread; tasks run elsewhere.
///
/// See [`trill_park::block_on`] for how calls nest.
///
/// # Panics
///
/// If the future panics.
///
/// # Examples
///
/// ```
/// assert_eq!(trill::block_on(async { 1 + 2 }), 3);
/// ```
#[track_caller]
pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    current::provide();
    trill_reactor::block_on(future)
}

/// Spawns a task on the thread's runtime; outside any, on a process-wide one that is started on first use.
///
/// Dropping the returned [`Task`] cancels the task; [`Task::detach`] lets it go on.
///
/// # Examples
///
/// ```
/// let task = trill::spawn(async { 1 + 2 });
/// assert_eq!(trill::block_on(task), 3);
/// ```
#[track_caller]
pub fn spawn<T: Send + 'static>(future: impl Future<Output = T> + Send + 'static) -> Task<T> {
    let site = Location::caller();
    current::with(|inner| inner.executor.builder().site(site).spawn(future))
}
