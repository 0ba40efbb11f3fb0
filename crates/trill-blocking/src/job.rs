//! A closure as a task: the one place that knows how tasks are made.

use std::future::Future;
use std::io;
use std::mem;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use trill_cell::Spawned;
use trill_executor::raw;

pub use trill_executor::Task;

/// A task that waits for a thread.
pub(crate) use trill_executor::raw::Runnable;

/// Gives a task to a pool, or drops it and says why.
///
/// Of one type, so that only the making of a task is compiled for each kind of work.
pub(crate) type Submit<'a> = &'a dyn Fn(Runnable) -> io::Result<()>;

/// Submits `work` as a task. One allocation, if what `work` owns is below 2 KiB.
pub(crate) fn try_unblock<T, F>(
    work: F,
    site: &'static Location<'static>,
    submit: Submit<'_>,
) -> io::Result<Task<T>>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    let (runnable, task) = task(Call::Work(work), site);
    match submit(runnable) {
        Ok(()) => Ok(task),
        Err(refused) => Err(refused),
    }
}

/// As [`try_unblock`]; what is refused is a panic of the task.
pub(crate) fn unblock<T, F>(
    work: F,
    site: &'static Location<'static>,
    submit: Submit<'_>,
) -> Task<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    match try_unblock(work, site, submit) {
        Ok(task) => task,
        Err(refused) => {
            // Run here and now, so that the panic hook tells of it even if nobody awaits the task.
            let (runnable, task) = task(Call::<F>::Refused(refused), site);
            run(runnable);
            task
        }
    }
}

/// Makes a task that is done in its only poll.
fn task<T, F>(call: Call<F>, site: &'static Location<'static>) -> (Runnable, Task<T>)
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    // The schedule function is never called: the future ends in its first poll and shows its waker to nobody.
    raw::task(call, drop, Spawned::at(site))
}

/// Runs a job. A panic in it is its awaiter's, and this thread goes on.
pub(crate) fn run(job: Runnable) {
    job.run();
}

/// A future that calls its closure when polled.
enum Call<F> {
    Work(F),
    /// The pool has refused the work. Of the same type as work, so that one kind of task is compiled.
    Refused(io::Error),
    Over,
}

/// The closure is moved out before it is called, so it is never pinned.
impl<F> Unpin for Call<F> {}

impl<F: FnOnce() -> T, T> Future for Call<F> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<T> {
        match mem::replace(&mut *self, Call::Over) {
            // A job is a task, but its thread is there to be blocked.
            Call::Work(work) => Poll::Ready(trill_park::may_block(work)),
            Call::Refused(refused) => panic!("{refused}"),
            Call::Over => unreachable!("a job is polled once"),
        }
    }
}
