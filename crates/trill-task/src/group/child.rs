//! A child as its executor sees it: the user's future, below a token, with somebody who hears of its end.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use trill_cell::{TaskId, current, current_id};

use super::holder::{self, Holder};
use crate::caught::{self, Payload, catch};
use crate::token::{CancelToken, Cancelled, RunToken, WhenCancelled};

/// Hears how a child ended, when its future is gone.
pub(crate) trait Sink<T>: Send + 'static {
    fn ended(self, id: Option<TaskId>, end: End<T>);
}

/// How a child ended.
pub(crate) enum End<T> {
    Returned(T),
    Panicked(Payload),
    Cancelled(Option<Cancelled>),
}

/// What a child is polled with.
pub(crate) struct Terms {
    /// Asks the child to end; its current token.
    pub(crate) token: CancelToken,
    /// How long it may go on after that.
    pub(crate) grace: Duration,
    /// Ends it without grace, if it has one.
    pub(crate) hard: Option<CancelToken>,
    /// What it keeps open.
    pub(crate) holder: Option<Holder>,
    /// The task that waits for it to end.
    pub(crate) awaiter: Option<TaskId>,
}

/// A child of a group or a set.
pub(crate) struct ChildTask<F, S: Sink<F::Output>>
where
    F: Future,
{
    stage: Stage<F>,
    terms: Terms,
    id: Option<TaskId>,
    /// Gone once it was told.
    sink: Option<S>,
}

enum Stage<F> {
    Fresh(F),
    Running(Pin<Box<RunToken<F>>>, Option<WhenCancelled>),
    Ended,
}

impl<F: Future, S: Sink<F::Output>> ChildTask<F, S> {
    pub(crate) fn new(future: F, terms: Terms, sink: S) -> ChildTask<F, S> {
        ChildTask {
            stage: Stage::Fresh(future),
            terms,
            id: None,
            sink: Some(sink),
        }
    }

    /// Takes the future out of a child that was never polled; the sink is dropped untold.
    pub(crate) fn into_future(mut self) -> Option<F> {
        self.sink = None;
        match std::mem::replace(&mut self.stage, Stage::Ended) {
            Stage::Fresh(future) => Some(future),
            Stage::Running(..) | Stage::Ended => None,
        }
    }

    /// Begins with the first poll.
    fn begin(&mut self) {
        self.id = current_id();
        if let Some(awaiter) = self.terms.awaiter {
            current(|header| header.note_awaiter(awaiter));
        }
        // A child that was cancelled before its first poll is never polled.
        if self.terms.token.is_cancelled() {
            return;
        }
        if let Stage::Fresh(future) = std::mem::replace(&mut self.stage, Stage::Ended) {
            if let Some(holder) = self.terms.holder.take() {
                holder::set(holder);
            }
            let run = self.terms.token.run_with_grace(self.terms.grace, future);
            let hard = self.terms.hard.as_ref().map(CancelToken::cancelled);
            self.stage = Stage::Running(Box::pin(run), hard);
        }
    }

    fn poll_stage(&mut self, cx: &mut Context<'_>) -> Poll<End<F::Output>> {
        if let Stage::Fresh(_) = self.stage {
            self.begin();
        }
        let Stage::Running(run, hard) = &mut self.stage else {
            return Poll::Ready(End::Cancelled(self.terms.token.reason()));
        };
        match catch(|| run.as_mut().poll(cx)) {
            Ok(Poll::Ready(Ok(value))) => return Poll::Ready(End::Returned(value)),
            Ok(Poll::Ready(Err(cancelled))) => return Poll::Ready(End::Cancelled(Some(cancelled))),
            Err(payload) => return Poll::Ready(End::Panicked(payload)),
            Ok(Poll::Pending) => {}
        }
        match hard.as_mut().map(|hard| Pin::new(hard).poll(cx)) {
            Some(Poll::Ready(cancelled)) => Poll::Ready(End::Cancelled(Some(cancelled))),
            Some(Poll::Pending) | None => Poll::Pending,
        }
    }

    /// Drops the future, then tells of the end.
    fn end(&mut self, end: End<F::Output>) {
        let dropped = catch(|| drop(std::mem::replace(&mut self.stage, Stage::Ended)));
        let end = match (end, dropped) {
            (end, Ok(())) => end,
            (End::Panicked(payload), Err(second)) => {
                caught::discard(second);
                End::Panicked(payload)
            }
            (end, Err(payload)) => {
                // A panic in the future's drop is the child's panic; a value it had returned is dropped with it.
                caught::discard(end);
                End::Panicked(payload)
            }
        };
        if let Some(sink) = self.sink.take() {
            sink.ended(self.id, end);
        }
    }
}

// The future is moved into its box before it is polled.
impl<F: Future, S: Sink<F::Output>> Unpin for ChildTask<F, S> {}

impl<F: Future, S: Sink<F::Output>> Future for ChildTask<F, S> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        this.poll_stage(cx).map(|end| this.end(end))
    }
}

impl<F: Future, S: Sink<F::Output>> Drop for ChildTask<F, S> {
    fn drop(&mut self) {
        if self.sink.is_some() {
            self.end(End::Cancelled(self.terms.token.reason()));
        }
    }
}
