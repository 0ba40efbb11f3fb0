//! Running a main future: it is a task like others, named `main`, and a signal can cancel it.

use std::any::Any;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use trill_cell::{Ended, Header, Locals, Spawned, locals, observers, replace_locals};
use trill_task::CancelToken;
use trill_timer::{Sleep, sleep};

use super::inner::Inner;
use super::interrupt::Watch;
use super::interrupted::Interrupted;

/// How a main future is run.
#[derive(Default)]
pub(super) struct MainTask<'a> {
    /// Hears the signals that cancel it.
    pub(super) watch: Option<Watch>,
    /// How long it may go on after that.
    pub(super) grace: Duration,
    /// Asks it to end.
    pub(super) token: Option<CancelToken>,
    /// What it carries at its begin, and where that is put at its end. Without this, main inherits what the thread
    /// carries, as a task does.
    pub(super) locals: Option<&'a mut Locals>,
}

/// How a main future ended.
enum End<T> {
    Returned(T),
    Interrupted(Interrupted),
    Panicked(Box<dyn Any + Send>),
}

/// A main that was cancelled and has not ended.
struct Cancelled {
    by: Interrupted,
    /// Until when it may go on; `None` means to where it waits.
    grace: Option<Sleep>,
}

impl MainTask<'_> {
    /// Runs `future`, and tasks beside it, on this thread.
    ///
    /// # Panics
    ///
    /// If the future panics, once it has been dropped.
    pub(super) fn run<F: Future>(
        mut self,
        inner: &Arc<Inner>,
        future: F,
        site: &'static Location<'static>,
    ) -> Result<F::Output, Interrupted> {
        // It lies here and not in a future of our own: pinned without a box, and dropped in place.
        let mut future = pin!(Some(future));
        let mut header = None;
        let mut cancelled = None;
        let end = inner.run(poll_fn(|cx| {
            // Made here and not before: a task begins in its runtime.
            let header = header.get_or_insert_with(|| self.begin(site));
            if cancelled.is_none() {
                cancelled = self.look(cx);
            }
            let polled = header.poll(|| {
                // What a panic leaves half changed is dropped below, unless it is the caller's.
                catch_unwind(AssertUnwindSafe(|| match future.as_mut().as_pin_mut() {
                    Some(future) => future.poll(cx),
                    None => unreachable!("`poll_fn` is not polled after it was ready"),
                }))
            });
            let end = match polled {
                // Also if it was cancelled, and has returned all the same.
                Ok(Poll::Ready(value)) => End::Returned(value),
                Ok(Poll::Pending) => match &mut cancelled {
                    Some(cancelled) => End::Interrupted(ready!(cancelled.poll_over(cx))),
                    None => return Poll::Pending,
                },
                Err(payload) => End::Panicked(payload),
            };
            let dropped = header.poll(|| {
                let dropped = catch_unwind(AssertUnwindSafe(|| future.set(None)));
                if let Some(locals) = &mut self.locals {
                    **locals = replace_locals(Locals::new());
                }
                dropped
            });
            let end = match (end, dropped) {
                // The first panic is the one that is told.
                (End::Panicked(payload), _) | (_, Err(payload)) => End::Panicked(payload),
                (end, Ok(())) => end,
            };
            observers(|observer| observer.ended(header, end.told()));
            Poll::Ready(end)
        }));
        match end {
            End::Returned(value) => Ok(value),
            End::Interrupted(by) => Err(by),
            End::Panicked(payload) => resume_unwind(payload),
        }
    }

    /// Makes the task.
    fn begin(&mut self, site: &'static Location<'static>) -> Header {
        let header = Header::new(Spawned::at(site).named("main"));
        if let Some(locals) = &mut self.locals {
            let before = header.poll(|| replace_locals(std::mem::take(*locals)));
            drop(before);
        }
        if let Some(token) = &self.token {
            // Carried by main itself and not set around each of its polls.
            header.poll(|| {
                let mut inside = pin!(token.scope(async { locals() }));
                let mut cx = Context::from_waker(Waker::noop());
                if let Poll::Ready(with_token) = inside.as_mut().poll(&mut cx) {
                    replace_locals(with_token);
                }
            });
        }
        header
    }

    /// Cancels main if a signal has come.
    fn look(&mut self, cx: &Context<'_>) -> Option<Cancelled> {
        let by = self.watch.as_mut()?.poll(cx)?;
        if let Some(token) = &self.token {
            token.cancel(by.to_string());
        }
        let grace = (!self.grace.is_zero()).then(|| sleep(self.grace));
        Some(Cancelled { by, grace })
    }
}

impl Cancelled {
    /// Waits until main, which waits, is to be dropped.
    fn poll_over(&mut self, cx: &mut Context<'_>) -> Poll<Interrupted> {
        if let Some(grace) = &mut self.grace {
            ready!(Pin::new(grace).poll(cx));
        }
        Poll::Ready(self.by)
    }
}

impl<T> End<T> {
    /// The end as observers are told of it.
    fn told(&self) -> Ended<'_> {
        match self {
            End::Returned(_) => Ended::Finished,
            End::Interrupted(_) => Ended::Dropped,
            End::Panicked(payload) => Ended::Panicked(&**payload),
        }
    }
}
