//! What happens to the process when a signal comes.

use std::io::{self, Write};

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

/// Ends the process as `signal` does by default, whatever is set for it and whoever listens.
///
/// Whoever started the process sees that the signal has ended it: a shell tells 130 for Ctrl-C. If the signal's default
/// is not to end the process, it exits with 128 plus the signal's number, or with 1 if the system has no such signal.
/// Standard output is flushed; nothing is dropped.
///
/// # Examples
///
/// ```no_run
/// trill_reactor::block_on(trill_signal::ctrl_c())?;
/// println!("cleaned up");
/// trill_signal::end_process(trill_signal::Signal::Int);
/// # #[allow(unreachable_code)]
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn end_process(signal: Signal) -> ! {
    // What cannot be written now could not be written later either.
    let _ = io::stdout().flush();
    match signal.number() {
        Some(number) if number > 0 => sys::end_process(number),
        _ => std::process::exit(1),
    }
}
