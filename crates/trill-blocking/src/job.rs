//! A closure as a task: the one place that knows how tasks are made.

use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use trill_cell::Spawned;

pub use async_task::Task;

/// A task that waits for a thread.
pub(crate) type Runnable = async_task::Runnable;

/// Makes a task that calls `work` in its only poll. One allocation.
pub(crate) fn task<T, F>(work: F, spawned: Spawned) -> (Runnable, Task<T>)
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    let _ = spawned;
    // The schedule function is never called: the future ends in its first poll and shows its waker to nobody.
    async_task::Builder::new()
        .propagate_panic(true)
        .spawn(move |()| Call(Some(work)), drop)
}

/// Runs a job. A panic is the awaiter's, and this thread goes on.
pub(crate) fn run(job: Runnable) {
    let ended = catch_unwind(AssertUnwindSafe(|| {
        job.run();
    }));
    if let Err(payload) = ended {
        discard(payload);
    }
}

/// Drops the payload of a panic, which may panic in turn.
fn discard(payload: Box<dyn Any + Send>) {
    if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        // A second panic of this kind has earned no third chance.
        std::mem::forget(again);
    }
}

/// A future that calls its closure when polled.
struct Call<F>(Option<F>);

/// The closure is moved out before it is called, so it is never pinned.
impl<F> Unpin for Call<F> {}

impl<F: FnOnce() -> T, T> Future for Call<F> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<T> {
        let work = self.0.take().expect("a job is polled once");
        Poll::Ready(work())
    }
}
