//! The blocking pool, as this crate uses it.
//!
//! Its jobs are of one type, whatever they do and return, so that tasks are compiled for them once. That takes three more
//! allocations than a task of its own for each, on a way that takes a change of threads.

use std::any::Any;
use std::future::Future;
use std::io;
use std::marker::PhantomData;
use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use trill_blocking::{Class, Task};
use trill_world::World;

use crate::work::Work;

/// Work for the pool.
pub(crate) trait Job: Send {
    /// Does it, on a thread that may block.
    fn run(self: Box<Self>) -> Outcome;

    /// Makes an outcome of an error that kept it from being done.
    fn refused(self: Box<Self>, error: io::Error) -> Outcome;
}

/// What came of a job. Who gave it knows the type: see [`opened`].
pub(crate) type Outcome = Box<dyn Any + Send>;

/// The value in an outcome.
pub(crate) fn opened<T: 'static>(outcome: Outcome) -> T {
    match outcome.downcast() {
        Ok(value) => *value,
        Err(_) => unreachable!("a job's outcome is of the type that its giver knows"),
    }
}

/// Gives a job to the pool, in the class of files; the outcome of its refusal if the pool refuses it.
pub(crate) fn give(job: Box<dyn Job>) -> Result<Task<Outcome>, Outcome> {
    // In a place of its own, so that it comes back if the pool refuses.
    let place = Arc::new(Mutex::new(Some(job)));
    let work = {
        let place = place.clone();
        Box::new(move || take(&place).run())
    };
    trill_blocking::try_unblock_erased(&FILES, work).map_err(|error| take(&place).refused(error))
}

fn take(place: &Mutex<Option<Box<dyn Job>>>) -> Box<dyn Job> {
    let job = place.lock().unwrap_or_else(PoisonError::into_inner).take();
    job.expect("a job is either called or refused, once")
}

/// A job on its way. It begins at the first poll; dropping it cancels it if it has not begun on the pool.
pub(crate) enum Errand {
    Start(Box<dyn Job>),
    Given(Task<Outcome>),
    Over,
}

impl Future for Errand {
    type Output = Outcome;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Outcome> {
        let mut task = match std::mem::replace(&mut *self, Errand::Over) {
            Errand::Start(job) if !World::current().is_os() => {
                return Poll::Ready(job.refused(no_simulated_files()));
            }
            Errand::Start(job) => match give(job) {
                Ok(task) => task,
                Err(refused) => return Poll::Ready(refused),
            },
            Errand::Given(task) => task,
            Errand::Over => panic!("a future is not polled after it was ready"),
        };
        let polled = Pin::new(&mut task).poll(cx);
        if polled.is_pending() {
            *self = Errand::Given(task);
        }
        polled
    }
}

/// A call on the pool; from [`pooled`].
pub(crate) struct Pooled<T> {
    errand: Errand,
    _output: PhantomData<fn() -> T>,
}

/// Runs `work` on the pool, in the class of files. It begins at the first poll.
pub(crate) fn pooled<T, F>(work: F) -> Pooled<T>
where
    F: FnOnce() -> io::Result<T> + Send + 'static,
    T: Send + 'static,
{
    Pooled {
        errand: Errand::Start(Box::new(Call(work))),
        _output: PhantomData,
    }
}

/// Calls a function with a path, on the pool.
pub(crate) fn with_path<T>(path: &Path, call: fn(&Path) -> io::Result<T>) -> Work<io::Result<T>>
where
    T: Send + 'static,
{
    let path = path.to_path_buf();
    Work::new(pooled(move || call(&path)))
}

/// Calls a function with two paths, on the pool.
pub(crate) fn with_paths<T>(
    first: &Path,
    second: &Path,
    call: fn(&Path, &Path) -> io::Result<T>,
) -> Work<io::Result<T>>
where
    T: Send + 'static,
{
    let (first, second) = (first.to_path_buf(), second.to_path_buf());
    Work::new(pooled(move || call(&first, &second)))
}

impl<T: 'static> Future for Pooled<T> {
    type Output = io::Result<T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        Pin::new(&mut self.errand).poll(cx).map(opened)
    }
}

/// A function as a job.
struct Call<F>(F);

impl<T, F> Job for Call<F>
where
    F: FnOnce() -> io::Result<T> + Send + 'static,
    T: Send + 'static,
{
    fn run(self: Box<Self>) -> Outcome {
        Box::new((self.0)())
    }

    fn refused(self: Box<Self>, error: io::Error) -> Outcome {
        Box::new(io::Result::<T>::Err(error))
    }
}

fn no_simulated_files() -> io::Error {
    io::Error::new(
        io::ErrorKind::Unsupported,
        "a simulated world has no files: open and use this one outside of it",
    )
}

/// What files take of the blocking pool: other work, as looking up names, has a class of its own.
///
/// More than disks serve at once, and fewer than would make the others wait for processors.
static FILES: Class = Class::new("files", 64);
