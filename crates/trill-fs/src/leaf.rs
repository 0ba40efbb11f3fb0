//! One operation: on this thread's ring, or on the blocking pool where there is none.

use std::future::Future;
use std::io;
use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use trill_reactor::op::{AnyOperation, Attributes, Done, Open, Operation, Stat};
use trill_reactor::{Pending, Reactor};
use trill_world::World;

use crate::pool::{Errand, Job, Outcome, opened};
use crate::work::Work;

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
    Pool(Errand),
    Over,
}

impl<O: Block> Leaf<O> {
    pub(crate) fn new(operation: O) -> Leaf<O> {
        Leaf::Start(operation)
    }

    /// An operation for the pool, also where there is a ring.
    pub(crate) fn on_pool(operation: O) -> Leaf<O> {
        Leaf::Pool(Errand::Start(Box::new(operation)))
    }

    /// Polls without telling what the task waits for: the future around it does.
    pub(crate) fn poll_untold(&mut self, cx: &mut Context<'_>) -> Poll<O::Output> {
        loop {
            match self {
                Leaf::Start(_) => {
                    if let Leaf::Start(operation) = std::mem::replace(self, Leaf::Over) {
                        *self = Leaf::begun(operation);
                    }
                }
                Leaf::Ring(pending) => match ready!(pending.poll_untold(cx)) {
                    Ok(output) => {
                        *self = Leaf::Over;
                        return Poll::Ready(output);
                    }
                    // Its thread has ended before the system had begun: anew, on this one.
                    Err(operation) => *self = Leaf::Start(operation),
                },
                Leaf::Pool(errand) => {
                    let outcome = ready!(Pin::new(errand).poll(cx));
                    *self = Leaf::Over;
                    return Poll::Ready(opened(outcome));
                }
                Leaf::Over => panic!("a future is not polled after it was ready"),
            }
        }
    }

    /// On this thread's ring, or on the pool.
    fn begun(operation: O) -> Leaf<O> {
        let submitted = match reactor() {
            Some(reactor) => reactor.submit(operation),
            None => Err(operation),
        };
        match submitted {
            Ok(pending) => Leaf::Ring(pending),
            Err(operation) => Leaf::Pool(Errand::Start(Box::new(operation))),
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

impl<O: Block> Job for O {
    fn run(self: Box<Self>) -> Outcome {
        Box::new(self.block())
    }

    fn refused(self: Box<Self>, error: io::Error) -> Outcome {
        Box::new(Block::refused(*self, error))
    }
}

/// Runs an operation that has no output but success.
pub(crate) async fn run(operation: AnyOperation) -> io::Result<()> {
    Leaf::new(operation).await.map(drop)
}

/// As [`run`], of an operation that there may not be.
pub(crate) fn work(operation: io::Result<AnyOperation>) -> Work<io::Result<()>> {
    Work::new(async move { run(operation?).await })
}

/// Opens a file.
pub(crate) async fn opened_file(open: Open) -> io::Result<OwnedFd> {
    match Leaf::new(AnyOperation::Open(open)).await? {
        Done::Opened(file) => Ok(file),
        Done::Nothing | Done::Attributes(_) => unreachable!("a file was to be opened"),
    }
}

/// Asks for a file's attributes.
pub(crate) async fn attributes(stat: Stat) -> io::Result<Attributes> {
    match Leaf::new(AnyOperation::Stat(stat)).await? {
        Done::Attributes(attributes) => Ok(attributes),
        Done::Nothing | Done::Opened(_) => unreachable!("attributes were asked for"),
    }
}

/// Whether operations go to a ring here.
pub(crate) fn has_ring() -> bool {
    Reactor::current().is_ok_and(|reactor| reactor.rings() == trill_reactor::Rings::On)
}

/// The reactor that may have a ring here.
fn reactor() -> Option<Reactor> {
    if !World::current().is_os() {
        // The pool says that there are no files.
        return None;
    }
    Reactor::current().ok()
}
