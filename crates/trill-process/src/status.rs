//! Running a command for its exit status.

use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::process::ExitStatus;
use std::task::{Context, Poll};

use crate::child::Child;
use crate::wait::Wait;

/// Waits for the end of a child that was started for it; from [`Command::status`](crate::Command::status).
///
/// # Cancel safety
///
/// Dropping it drops the child, see [`Child`].
///
/// # Examples
///
/// See [`Command::status`](crate::Command::status).
#[must_use = "futures do nothing unless awaited"]
pub struct Status {
    /// The error is `None` once it was returned. The child is kept for what its drop does.
    started: Result<(Wait, Child), Option<io::Error>>,
}

impl Status {
    pub(crate) fn new(started: io::Result<Child>) -> Status {
        Status {
            started: started
                .map(|mut child| (child.status(), child))
                .map_err(Some),
        }
    }
}

impl Future for Status {
    type Output = io::Result<ExitStatus>;

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<ExitStatus>> {
        match &mut self.started {
            Ok((wait, _)) => Pin::new(wait).poll(cx),
            Err(error) => Poll::Ready(Err(error
                .take()
                .unwrap_or_else(|| io::Error::other("polled after it had returned its error")))),
        }
    }
}

impl fmt::Debug for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let started = self.started.as_ref().map(|(_, child)| child);
        f.debug_tuple("Status").field(&started).finish()
    }
}
