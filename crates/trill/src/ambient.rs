//! Functions that need no handle: they use the thread's runtime, or the process-wide one.

use std::future::Future;
use std::panic::Location;

use trill_executor::Task;

use crate::runtime::{Runtime, current};

/// Runs `main` on a new runtime with a worker for each core, then ends that runtime [in
/// order](crate::Runtime#how-it-ends): tasks that are left are dropped where they wait, what was registered with
/// [`at_exit`](crate::at_exit) runs, the blocking pool comes to the end of its work.
///
/// [Ctrl-C](crate::Builder::ctrl_c) cancels main: it is dropped where it next waits, the runtime ends in order, and the
/// process ends as Ctrl-C would have ended it. A second one ends the process at once. A main that listens to signals
/// itself gets them instead.
///
/// If the operating system refuses some of the threads it goes on with fewer; the calling thread is one of them.
///
/// Calls nest: inside a task this makes another runtime, in which this thread works until `main` ends. The task blocks
/// its thread for that long, as it does in [`block_on`], and other threads serve what waits there. Ctrl-C is left to
/// the outermost call.
///
/// # Panics
///
/// If main panics, or if the environment variable `TRILL_WORKERS` is not a whole number above 0.
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
#[track_caller]
pub fn run<F: Future>(main: F) -> F::Output {
    match Runtime::builder().run(main) {
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
