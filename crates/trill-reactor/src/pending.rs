//! An operation under way, as its awaiter sees it.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use trill_cell::Kind;

use crate::core::Core;
use crate::op::Operation;
use crate::ring::Journey;
use crate::source::proceed;

/// Waits for an operation that a ring runs; from [`Reactor::submit`](crate::Reactor::submit).
///
/// Its output is the operation's, or the operation itself if the ring ended before the system had begun with it (its
/// thread has ended): submit it again, or do it in another way.
///
/// # Cancel safety
///
/// What the operation owns stays with the system until that is done, and is dropped then: a buffer is not freed too
/// early, and a descriptor that was opened for nobody is closed. `Read`, `Open` and `Stat` are cancelled if they
/// have not begun or wait; all others run to their end. A `Read` at the file's own position that is dropped loses what
/// it has read: keep it and poll it later if that matters.
///
/// # Panics
///
/// If it is polled again after it was ready, or in a child made by `fork` after its beginning.
///
/// # Examples
///
/// See [`Reactor::submit`](crate::Reactor::submit).
#[must_use = "futures do nothing unless awaited, and this one cancels its operation when it is dropped"]
pub struct Pending<O: Operation> {
    journey: Journey<O>,
}

impl<O: Operation> Pending<O> {
    #[cfg_attr(not(target_os = "linux"), allow(dead_code))]
    pub(crate) fn new(journey: Journey<O>) -> Pending<O> {
        Pending { journey }
    }

    /// Polls without telling what the task waits for; for a future that does so itself.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::future::poll_fn;
    /// use trill_reactor::{Reactor, block_on, op};
    ///
    /// if let Ok(mut pending) = Reactor::current()?.submit(op::Stat::path(c"/", true)) {
    ///     let stat = block_on(poll_fn(|cx| pending.poll_untold(cx)));
    ///     assert!(stat.unwrap()?.mode != 0);
    /// }
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn poll_untold(&mut self, cx: &mut Context<'_>) -> Poll<Result<O::Output, O>> {
        let polled = self.journey.poll(cx.waker());
        if polled.is_pending() {
            deliver(self.journey.core());
        }
        polled
    }

    /// Lets the operation run to its end without anybody who waits.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_reactor::{Reactor, op};
    ///
    /// # let file = std::fs::File::open("/dev/null")?;
    /// match Reactor::current()?.submit(op::Close::new(file.into())) {
    ///     Ok(closing) => closing.detach(),
    ///     Err(close) => drop(close.file),
    /// }
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn detach(mut self) {
        if self.journey.abandon() {
            drive(self.journey.core());
        }
    }
}

impl<O: Operation> Future for Pending<O> {
    type Output = Result<O::Output, O>;

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<O::Output, O>> {
        let location = Location::caller();
        let unit = ready!(proceed(cx, location));
        let polled = self.poll_untold(cx);
        if polled.is_pending() {
            unit.refund();
            trill_cell::waiting(Kind::File, 0, location);
        }
        polled
    }
}

impl<O: Operation> Drop for Pending<O> {
    fn drop(&mut self) {
        if self.journey.abandon() {
            self.journey.cancel();
            // Somebody has to learn when the system is done, to drop what the operation owns.
            drive(self.journey.core());
        }
    }
}

impl<O: Operation> fmt::Debug for Pending<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pending")
            .field("is_over", &self.journey.is_over())
            .finish_non_exhaustive()
    }
}

/// Sees to it that somebody delivers the answer to an operation that is under way.
fn deliver(core: &'static Core) {
    assert!(
        !core.is_foreign(),
        "the operation is under way in the process from which this one was forked: begin it again here"
    );
    drive(core);
}

fn drive(core: &'static Core) {
    // A system that refuses the attendant its thread: another thread that parks there delivers.
    let _ = trill_park::thread().drive(core);
}
