//! Listening for signals.

use std::fmt;
use std::future::Future;
use std::io;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;

use crate::signal::Signal;
use crate::sys::{Listener, Role};

/// Hears signals, as a stream that does not end.
///
/// It hears from its making on, also while nobody polls it. Signals of one kind that come before it is polled are
/// joined, see the [crate's page](crate).
///
/// While it lives its signals do nothing else in the process, except that a handler which was there before is called as
/// well; when the last listener of a kind is dropped the previous disposition comes back. If somebody has replaced the
/// handler meanwhile, theirs stays, and ours passes on to the previous one what theirs passes on to it.
///
/// # Examples
///
/// ```
/// use trill_signal::{Signal, Signals};
/// # use rustix::process::{getpid, kill_process, Signal as Kind};
///
/// let mut signals = Signals::new([Signal::Usr1, Signal::Usr2])?;
/// # kill_process(getpid(), Kind::USR2)?;
/// # kill_process(getpid(), Kind::USR2)?;
/// // Meanwhile somebody runs `kill -USR2`, twice.
/// assert_eq!(trill_reactor::block_on(signals.next()), Signal::Usr2);
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Signals {
    listener: Listener,
    kinds: Vec<Signal>,
    /// What was taken from the listener and not returned yet: bit `n - 1` for number `n`.
    taken: u64,
}

impl Signals {
    /// Starts to listen for the kinds in `signals`.
    ///
    /// # Errors
    ///
    /// * `InvalidInput` for signals that cannot be caught, for those that report a fault of the program itself, and if
    ///   there is none in `signals`.
    /// * `Unsupported` if the system lacks one of them, and in a simulated world.
    /// * What the system says when it refuses the handler or the descriptors.
    ///
    /// Nothing is listened for then.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_signal::{Signal, Signals};
    ///
    /// let error = Signals::new([Signal::Kill]).unwrap_err();
    /// assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
    /// ```
    pub fn new(signals: impl IntoIterator<Item = Signal>) -> io::Result<Signals> {
        let kinds: Vec<Signal> = signals.into_iter().collect();
        let numbers = kinds
            .iter()
            .map(|kind| kind.wanted())
            .collect::<io::Result<Vec<i32>>>()?;
        Ok(Signals {
            listener: Listener::new(&numbers, Role::Program)?,
            kinds,
            taken: 0,
        })
    }

    /// Waits for the next signal.
    ///
    /// # Panics
    ///
    /// The future panics in a child made by `fork` after the making of this: its parent hears the signals. Make another
    /// one there.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: a signal is taken in the poll that returns it, so dropping this future loses none.
    ///
    /// # Examples
    ///
    /// See [`Signals`].
    // A stream's `next`, as everywhere; an iterator's would block.
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> Next<'_> {
        Next { signals: self }
    }

    /// Waits for the next signal, by hand.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::future::poll_fn;
    /// use trill_signal::{Signal, Signals};
    /// # use rustix::process::{getpid, kill_process, Signal as Kind};
    ///
    /// let mut signals = Signals::new([Signal::Usr1])?;
    /// # kill_process(getpid(), Kind::USR1)?;
    /// // Meanwhile somebody runs `kill -USR1`.
    /// let next = poll_fn(|cx| signals.poll_signal(cx));
    /// assert_eq!(trill_reactor::block_on(next), Signal::Usr1);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn poll_signal(&mut self, cx: &mut Context<'_>) -> Poll<Signal> {
        let location = Location::caller();
        if self.taken == 0 {
            self.taken = ready!(self.listener.poll(cx, location));
        }
        // A storm must not keep the worker for ever.
        let Poll::Ready(_unit) = trill_cell::proceed(cx) else {
            return Poll::Pending;
        };
        let signal = Signal::first_of(self.taken);
        self.taken &= self.taken - 1;
        Poll::Ready(signal)
    }
}

impl Stream for Signals {
    type Item = Signal;

    #[track_caller]
    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Signal>> {
        self.poll_signal(cx).map(Some)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (usize::MAX, None)
    }
}

impl fmt::Debug for Signals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Signals").field(&self.kinds).finish()
    }
}

/// Starts to listen for one kind; the same as [`Signals::new`] with one.
///
/// # Errors
///
/// As [`Signals::new`].
///
/// # Examples
///
/// ```
/// use trill_signal::{Signal, signal};
///
/// let resized = signal(Signal::Winch)?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn signal(signal: Signal) -> io::Result<Signals> {
    Signals::new([signal])
}

/// Waits for the next signal; from [`Signals::next`].
///
/// # Cancel safety
///
/// Cancel safe: a signal is taken in the poll that returns it.
///
/// # Examples
///
/// See [`Signals`].
#[must_use = "futures do nothing unless awaited"]
pub struct Next<'a> {
    signals: &'a mut Signals,
}

impl Future for Next<'_> {
    type Output = Signal;

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Signal> {
        self.signals.poll_signal(cx)
    }
}

impl fmt::Debug for Next<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Next").field(&self.signals.kinds).finish()
    }
}
