//! Waiting for Ctrl-C.

use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use crate::signal::Signal;
use crate::signals::{Signals, signal};

/// Waits for Ctrl-C, or whoever else sends [`Signal::Int`].
///
/// It hears from this call on, not only from the first poll. While the returned future lives, Ctrl-C does nothing else
/// in the process; once it is dropped, Ctrl-C does again what it did before, so keep it, or a [`Signals`], while a
/// second Ctrl-C must not end the program.
///
/// # Errors
///
/// The future returns what [`Signals::new`] said, in its first poll.
///
/// # Cancel safety
///
/// Cancel safe in the sense that the process ends up as it was before; a Ctrl-C that came and was not looked at is lost.
///
/// # Examples
///
/// ```
/// # use rustix::process::{getpid, kill_process, Signal as Kind};
/// let ctrl_c = trill_signal::ctrl_c();
/// # kill_process(getpid(), Kind::INT)?;
/// // Meanwhile somebody presses Ctrl-C.
/// trill_reactor::block_on(ctrl_c)?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn ctrl_c() -> CtrlC {
    CtrlC {
        signals: signal(Signal::Int).map_err(Some),
    }
}

/// Waits for Ctrl-C; from [`ctrl_c`].
///
/// # Cancel safety
///
/// See [`ctrl_c`].
///
/// # Examples
///
/// See [`ctrl_c`].
#[must_use = "futures do nothing unless awaited"]
pub struct CtrlC {
    /// The error is `None` once it was returned.
    signals: Result<Signals, Option<io::Error>>,
}

impl Future for CtrlC {
    type Output = io::Result<()>;

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.signals {
            Ok(signals) => {
                ready!(signals.poll_signal(cx));
                Poll::Ready(Ok(()))
            }
            Err(error) => Poll::Ready(Err(error
                .take()
                .unwrap_or_else(|| io::Error::other("polled after it had returned its error")))),
        }
    }
}

impl fmt::Debug for CtrlC {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CtrlC").field(&self.signals).finish()
    }
}
