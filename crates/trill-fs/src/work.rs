//! The future of everything that is not hot.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use trill_cell::{Kind, Proceed};

/// Work on the file system; from the functions of this crate.
///
/// It owns all that it needs, and begins at its first poll.
///
/// # Cancel safety
///
/// Dropping it before its first poll means that nothing happens. After that an operation that has begun runs to its end, and
/// its result is dropped: a file that was opened is closed, and one that was to be renamed may have its new name.
/// Functions that do several operations, as [`read`](crate::read), begin no further one.
///
/// # Examples
///
/// ```
/// let work: trill_fs::Work<std::io::Result<trill_fs::Metadata>> = trill_fs::metadata("/");
/// assert!(trill_reactor::block_on(work)?.is_dir());
/// # Ok::<(), std::io::Error>(())
/// ```
#[must_use = "futures do nothing unless awaited"]
pub struct Work<T>(Pin<Box<dyn Future<Output = T> + Send>>);

impl<T> Work<T> {
    pub(crate) fn new(future: impl Future<Output = T> + Send + 'static) -> Work<T> {
        Work(Box::pin(future))
    }

    /// The future within, which does not tell what the task waits for.
    pub(crate) fn bare(self) -> Pin<Box<dyn Future<Output = T> + Send>> {
        self.0
    }

    /// Polls without telling what the task waits for: the future around it does.
    pub(crate) fn poll_untold(&mut self, cx: &mut Context<'_>) -> Poll<T> {
        self.0.as_mut().poll(cx)
    }
}

impl<T> Future for Work<T> {
    type Output = T;

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        let location = Location::caller();
        let unit = ready!(turn(cx, location));
        let polled = self.poll_untold(cx);
        if polled.is_pending() {
            unit.refund();
            trill_cell::waiting(Kind::File, 0, location);
        }
        polled
    }
}

impl<T> fmt::Debug for Work<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Work").finish_non_exhaustive()
    }
}

/// Takes a unit of the budget; without one the task waits for its turn.
pub(crate) fn turn(cx: &mut Context<'_>, location: &'static Location<'static>) -> Poll<Proceed> {
    let unit = trill_cell::proceed(cx);
    if unit.is_pending() {
        trill_cell::waiting(Kind::Turn, 0, location);
    }
    unit
}
