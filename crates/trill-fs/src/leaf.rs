//! One operation: on this thread's ring, or on the blocking pool where there is none.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use trill_blocking::{Class, Task};
use trill_reactor::op::Operation;
use trill_reactor::{Pending, Reactor};
use trill_world::World;

/// An operation that can also be done by a call that blocks.
pub(crate) trait Block: Operation {
    /// Does it, on a thread that may block.
    fn block(self) -> Self::Output;

    /// Makes an output of an error that kept it from being done.
    fn refused(self, error: io::Error) -> Self::Output;
}

/// An operation under way. It begins at the first poll.
///
/// Dropping it cancels what has not begun on the pool; on a ring see [`Pending`]. What has begun runs to its end in
/// both cases, with what it owns.
pub(crate) enum Leaf<O: Block> {
    Start(O),
    Ring(Pending<O>),
    Pool(Task<Option<O::Output>>),
    Over,
}

impl<O: Block> Leaf<O> {
    pub(crate) fn new(operation: O) -> Leaf<O> {
        Leaf::Start(operation)
    }

    /// Polls without telling what the task waits for: the future around it does.
    pub(crate) fn poll_untold(&mut self, cx: &mut Context<'_>) -> Poll<O::Output> {
        loop {
            match std::mem::replace(self, Leaf::Over) {
                Leaf::Start(operation) => match begin(operation) {
                    Ok(begun) => *self = begun,
                    Err(output) => return Poll::Ready(output),
                },
                Leaf::Ring(mut pending) => match pending.poll_untold(cx) {
                    Poll::Ready(Ok(output)) => return Poll::Ready(output),
                    // Its thread has ended before the system had begun: anew, on this one.
                    Poll::Ready(Err(operation)) => *self = Leaf::Start(operation),
                    Poll::Pending => {
                        *self = Leaf::Ring(pending);
                        return Poll::Pending;
                    }
                },
                Leaf::Pool(mut task) => match Pin::new(&mut task).poll(cx) {
                    Poll::Ready(output) => {
                        return Poll::Ready(output.expect("the job has found its operation"));
                    }
                    Poll::Pending => {
                        *self = Leaf::Pool(task);
                        return Poll::Pending;
                    }
                },
                Leaf::Over => panic!("a future is not polled after it was ready"),
            }
        }
    }
}

impl<O: Block> Unpin for Leaf<O> {}

impl<O: Block> Future for Leaf<O> {
    type Output = O::Output;

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<O::Output> {
        self.poll_untold(cx)
    }
}

/// Begins an operation, or says what came of it already.
fn begin<O: Block>(operation: O) -> Result<Leaf<O>, O::Output> {
    if !World::current().is_os() {
        return Err(operation.refused(no_simulated_files()));
    }
    let submitted = match Reactor::current() {
        Ok(reactor) => reactor.submit(operation),
        Err(_) => Err(operation),
    };
    match submitted {
        Ok(pending) => Ok(Leaf::Ring(pending)),
        Err(operation) => on_pool(operation),
    }
}

/// Gives an operation to the pool.
fn on_pool<O: Block>(operation: O) -> Result<Leaf<O>, O::Output> {
    // In a place of its own, so that it comes back if the pool refuses the job.
    let place = Arc::new(Mutex::new(Some(operation)));
    let take =
        |place: &Mutex<Option<O>>| place.lock().unwrap_or_else(PoisonError::into_inner).take();
    let job = {
        let place = place.clone();
        move || take(&place).map(O::block)
    };
    match trill_blocking::try_unblock_in(&FILES, job) {
        Ok(task) => Ok(Leaf::Pool(task)),
        Err(error) => match take(&place) {
            Some(operation) => Err(operation.refused(error)),
            None => unreachable!("a refused job was not called"),
        },
    }
}

/// Runs `work` on the pool, in the class of files.
pub(crate) async fn pooled<T, F>(work: F) -> io::Result<T>
where
    F: FnOnce() -> io::Result<T> + Send + 'static,
    T: Send + 'static,
{
    if !World::current().is_os() {
        return Err(no_simulated_files());
    }
    trill_blocking::try_unblock_in(&FILES, work)?.await
}

/// Whether operations go to a ring here.
pub(crate) fn has_ring() -> bool {
    Reactor::current().is_ok_and(|reactor| reactor.rings() == trill_reactor::Rings::On)
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
pub(crate) static FILES: Class = Class::new("files", 64);
