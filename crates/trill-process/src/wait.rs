//! Waiting for the end of a child.

use std::fmt;
use std::future::Future;
use std::io;
use std::panic::Location;
use std::pin::Pin;
use std::process::ExitStatus;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use trill_cell::{Kind, Proceed};
use trill_reactor::ReadableOwned;

use crate::process::Process;
use crate::sys::Pidfd;
use crate::watch::Watch;

/// Waits for the end of a child; from [`Child::wait`](crate::Child::wait) and [`Child::status`](crate::Child::status).
///
/// It borrows nothing, and each clone waits by itself. Once it has returned it returns the same again.
///
/// # Cancel safety
///
/// Cancel safe: the exit status is kept with the child, so whoever waits next gets it. The child is left alone.
///
/// # Examples
///
/// ```
/// use trill_process::Command;
///
/// trill_reactor::block_on(async {
///     let child = Command::shell("exit 3").spawn()?;
///     let (one, other) = (child.wait(), child.wait());
///     assert_eq!(one.await?.code(), Some(3));
///     assert_eq!(other.await?.code(), Some(3));
///     Ok(())
/// })
/// # as std::io::Result<()>;
/// # Ok::<(), std::io::Error>(())
/// ```
#[must_use = "futures do nothing unless awaited"]
pub struct Wait {
    process: Arc<Process>,
    /// The place among those who wait for the pidfd.
    readable: Option<ReadableOwned<Pidfd>>,
    /// The place among those who wait for the thread; 0 before there is one.
    ticket: u64,
}

impl Wait {
    pub(crate) fn new(process: Arc<Process>) -> Wait {
        Wait {
            process,
            readable: None,
            ticket: 0,
        }
    }

    /// Waits for the pidfd, and reaps the child once that is readable.
    #[track_caller]
    fn poll_pidfd(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<ExitStatus>> {
        let location = Location::caller();
        if let Some(known) = self.process.known() {
            ready!(turn(cx, location));
            return Poll::Ready(known.map_err(io::Error::from));
        }
        if self.readable.is_none() {
            let pidfd = self.process.pidfd().cloned();
            self.readable = pidfd.map(|pidfd| pidfd.readable_owned());
        }
        let Some(readable) = &mut self.readable else {
            unreachable!("only a child with a pidfd comes here");
        };
        let process = &self.process;
        // It takes a unit of the budget, and asks for the end itself and not whether there is one. A child that a debugger
        // holds back has an event when it is let go.
        let known = ready!(readable.poll_io(cx, location, |_| {
            process
                .look()
                .ok_or_else(|| io::ErrorKind::WouldBlock.into())
        }))?;
        self.readable = None;
        Poll::Ready(known.map_err(io::Error::from))
    }

    /// Waits for the thread's word.
    fn poll_thread(
        &mut self,
        cx: &mut Context<'_>,
        location: &'static Location<'static>,
    ) -> Poll<io::Result<ExitStatus>> {
        let unit = ready!(turn(cx, location));
        match self.process.wait_for_thread(cx, &mut self.ticket) {
            Some(known) => Poll::Ready(known.map_err(io::Error::from)),
            None => {
                unit.refund();
                trill_cell::waiting(Kind::Blocking, self.process.id().into(), location);
                Poll::Pending
            }
        }
    }
}

/// Output: how the child has ended.
///
/// # Errors
///
/// [`StatusUnknown`](crate::StatusUnknown) if somebody else has reaped the child, or what the reactor says if it cannot
/// serve the child's pidfd.
impl Future for Wait {
    type Output = io::Result<ExitStatus>;

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<ExitStatus>> {
        match self.process.watched_by() {
            Watch::Pidfd => self.poll_pidfd(cx),
            Watch::Thread => self.poll_thread(cx, Location::caller()),
        }
    }
}

impl Clone for Wait {
    fn clone(&self) -> Wait {
        Wait::new(self.process.clone())
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        if self.ticket != 0 {
            self.process.forget(self.ticket);
        }
    }
}

impl fmt::Debug for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wait")
            .field("id", &self.process.id())
            .field("known", &self.process.known())
            .finish_non_exhaustive()
    }
}

/// Takes a unit of the budget; without one the task waits for its turn.
fn turn(cx: &mut Context<'_>, location: &'static Location<'static>) -> Poll<Proceed> {
    let unit = trill_cell::proceed(cx);
    if unit.is_pending() {
        trill_cell::waiting(Kind::Turn, 0, location);
    }
    unit
}
