//! A default for signals that ask the program to end.

use std::fmt;
use std::future::Future;
use std::io;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use crate::disposition::{Disposition, disposition};
use crate::signal::Signal;
use crate::sys::{Listener, Role, raise};

/// Waits for the first of some signals, in place of what the system does by default, and leaves the second to it.
///
/// It is for runtimes and for programs that wind up when asked to: the first Ctrl-C is this future's output, and a
/// second one while this lives ends the process as if nobody had listened, even if all its threads are stuck.
///
/// * A signal whose [`disposition`] is not the default when this is made stays as it is: ignored, or handled by
///   somebody.
/// * While a [`Signals`](crate::Signals) listens for a signal, this does not hear it.
///
/// # Examples
///
/// ```
/// use trill_signal::{Interrupt, Signal};
/// # use rustix::process::{getpid, kill_process, Signal as Kind};
///
/// let interrupt = Interrupt::new([Signal::Int, Signal::Term])?;
/// # kill_process(getpid(), Kind::TERM)?;
/// // Meanwhile somebody runs `kill`.
/// assert_eq!(trill_reactor::block_on(interrupt), Signal::Term);
/// # Ok::<(), std::io::Error>(())
/// ```
#[must_use = "a signal is heard only while this lives"]
pub struct Interrupt {
    /// `None` if no signal was left to listen for.
    listener: Option<Listener>,
    /// The kinds that were at their default.
    kinds: Vec<Signal>,
    /// The first signal, once it was returned.
    heard: Option<Signal>,
}

impl Interrupt {
    /// Starts to listen for those of `signals` that are at their default.
    ///
    /// # Errors
    ///
    /// As [`Signals::new`](crate::Signals::new), except that `signals` may be empty.
    ///
    /// # Cancel safety
    ///
    /// Dropping the returned future puts the defaults back. A signal that it heard and did not return does then what it
    /// does by default, so it is not lost: Ctrl-C ends the process.
    ///
    /// # Examples
    ///
    /// See [`Interrupt`].
    pub fn new(signals: impl IntoIterator<Item = Signal>) -> io::Result<Interrupt> {
        let mut kinds = Vec::new();
        let mut numbers = Vec::new();
        for signal in signals {
            if disposition(signal)? == Disposition::Default {
                kinds.push(signal);
                numbers.push(signal.wanted()?);
            }
        }
        let listener = match numbers.is_empty() {
            true => None,
            false => Some(Listener::new(&numbers, Role::Default)?),
        };
        Ok(Interrupt {
            listener,
            kinds,
            heard: None,
        })
    }

    /// Returns the signals it listens for: those that were at their default.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_signal::{Interrupt, Signal};
    ///
    /// let interrupt = Interrupt::new([Signal::Usr1])?;
    /// assert_eq!(interrupt.signals(), [Signal::Usr1]);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn signals(&self) -> &[Signal] {
        &self.kinds
    }
}

/// Output: the first signal. It never comes if [`Interrupt::signals`] is empty; once it came, it is returned again by
/// every poll.
impl Future for Interrupt {
    type Output = Signal;

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Signal> {
        if let Some(signal) = self.heard {
            return Poll::Ready(signal);
        }
        let Some(listener) = &mut self.listener else {
            return Poll::Pending;
        };
        let taken = ready!(listener.poll(cx, Location::caller()));
        let signal = Signal::first_of(taken);
        self.heard = Some(signal);
        Poll::Ready(signal)
    }
}

impl Drop for Interrupt {
    fn drop(&mut self) {
        let Some(listener) = self.listener.take() else {
            return;
        };
        // First the defaults are back, so that the signal finds them.
        let unheard = listener.end();
        if self.heard.is_none() && unheard != 0 {
            raise(Signal::first_of(unheard));
        }
    }
}

impl fmt::Debug for Interrupt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Interrupt")
            .field("signals", &self.kinds)
            .field("heard", &self.heard)
            .finish()
    }
}
