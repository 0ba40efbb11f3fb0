//! A closure as a task: the one place that knows how tasks are made.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use trill_cell::Spawned;
use trill_executor::raw;

pub use trill_executor::Task;

/// A task that waits for a thread.
pub(crate) use trill_executor::raw::Runnable;

/// Makes a task that calls `work` in its only poll. One allocation, if what `work` owns is below 2 KiB.
pub(crate) fn task<T, F>(work: F, spawned: Spawned) -> (Runnable, Task<T>)
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    // The schedule function is never called: the future ends in its first poll and shows its waker to nobody.
    raw::task(Call(Some(work)), drop, spawned)
}

/// Runs a job. A panic in it is its awaiter's, and this thread goes on.
pub(crate) fn run(job: Runnable) {
    job.run();
}

/// A future that calls its closure when polled.
struct Call<F>(Option<F>);

/// The closure is moved out before it is called, so it is never pinned.
impl<F> Unpin for Call<F> {}

impl<F: FnOnce() -> T, T> Future for Call<F> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<T> {
        let work = self.0.take().expect("a job is polled once");
        // A job is a task, but its thread is there to be blocked.
        Poll::Ready(trill_park::may_block(work))
    }
}
