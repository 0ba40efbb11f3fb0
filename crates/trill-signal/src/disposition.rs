//! What happens to the process when a signal comes.

use std::io;

use crate::signal::Signal;
use crate::sys;

/// What happens when a signal comes and nobody listens for it with this crate.
///
/// # Examples
///
/// See [`disposition`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Disposition {
    /// What the system does by default: most signals end the process.
    Default,
    /// Nothing: the signal is ignored. Programs started by `nohup`, or in the background by a script, begin with this
    /// for some signals.
    Ignored,
    /// A handler that some other part of the program installed is called.
    Handled,
}

/// Tells what happens when `signal` comes and nobody listens for it with this crate.
///
/// # Errors
///
/// If the system has no such signal.
///
/// # Examples
///
/// ```
/// use trill_signal::{Disposition, Signal, Signals, disposition};
///
/// assert_eq!(disposition(Signal::Usr1)?, Disposition::Default);
/// let _listener = Signals::new([Signal::Usr1])?;
/// assert_eq!(disposition(Signal::Usr1)?, Disposition::Default);
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn disposition(signal: Signal) -> io::Result<Disposition> {
    sys::disposition(signal.wanted()?)
}
