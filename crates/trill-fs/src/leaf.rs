//! One operation: on this thread's ring, or on the blocking pool where there is none.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use trill_reactor::op::Operation;
use trill_reactor::{Pending, Reactor};
use trill_world::World;

use crate::pool::{Errand, Job, Outcome, opened};

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

    /// Polls without telling what the task waits for: the future around it does.
    pub(crate) fn poll_untold(&mut self, cx: &mut Context<'_>) -> Poll<O::Output> {
        loop {
            match std::mem::replace(self, Leaf::Over) {
                Leaf::Start(operation) => {
                    *self = match on_ring(operation) {
                        Ok(pending) => Leaf::Ring(pending),
                        Err(operation) => Leaf::Pool(Errand::Start(Box::new(operation))),
                    };
                }
                Leaf::Ring(mut pending) => match pending.poll_untold(cx) {
                    Poll::Ready(Ok(output)) => return Poll::Ready(output),
                    // Its thread has ended before the system had begun: anew, on this one.
                    Poll::Ready(Err(operation)) => *self = Leaf::Start(operation),
                    Poll::Pending => {
                        *self = Leaf::Ring(pending);
                        return Poll::Pending;
                    }
                },
                Leaf::Pool(mut errand) => match Pin::new(&mut errand).poll(cx) {
                    Poll::Ready(outcome) => return Poll::Ready(opened(outcome)),
                    Poll::Pending => {
                        *self = Leaf::Pool(errand);
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

/// Gives an operation to this thread's ring, or back.
fn on_ring<O: Block>(operation: O) -> Result<Pending<O>, O> {
    if !World::current().is_os() {
        // The pool says why not.
        return Err(operation);
    }
    match Reactor::current() {
        Ok(reactor) => reactor.submit(operation),
        Err(_) => Err(operation),
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

/// Whether operations go to a ring here.
pub(crate) fn has_ring() -> bool {
    Reactor::current().is_ok_and(|reactor| reactor.rings() == trill_reactor::Rings::On)
}
