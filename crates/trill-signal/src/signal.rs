//! The kinds of signals.

use std::fmt;
use std::io;

use crate::sys;

/// A kind of signal.
///
/// Not every system has all of them; listening for one that it lacks is an error.
///
/// # Examples
///
/// ```
/// use trill_signal::Signal;
///
/// assert_eq!(Signal::Int.to_string(), "SIGINT");
/// assert_eq!(Signal::Int.number(), Some(2));
/// assert_eq!(Signal::from_number(2), Signal::Int);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Signal {
    /// The terminal hung up, or by custom: read the configuration again.
    Hup,
    /// Ctrl-C was pressed.
    Int,
    /// Ctrl-\ was pressed.
    Quit,
    /// A fault: an instruction that does not exist. Cannot be listened for.
    Ill,
    /// A debugger's breakpoint.
    Trap,
    /// The program called `abort`.
    Abort,
    /// A fault: memory that is not there. Cannot be listened for.
    Bus,
    /// A fault in arithmetic. Cannot be listened for.
    Fpe,
    /// Ends the process. Cannot be listened for.
    Kill,
    /// For the program's own use.
    Usr1,
    /// A fault: memory that may not be touched. Cannot be listened for.
    Segv,
    /// For the program's own use.
    Usr2,
    /// A pipe or socket was written to that nobody reads.
    Pipe,
    /// The timer of `alarm` ran out.
    Alarm,
    /// The process is asked to end.
    Term,
    /// A child process ended, stopped or went on.
    Child,
    /// The process goes on after it was stopped.
    Cont,
    /// Stops the process. Cannot be listened for.
    Stop,
    /// Ctrl-Z was pressed.
    Tstp,
    /// The process reads from the terminal in the background.
    Ttin,
    /// The process writes to the terminal in the background.
    Ttou,
    /// Urgent data came to a socket.
    Urg,
    /// The limit of processor time is exceeded.
    Xcpu,
    /// The limit of a file's size is exceeded.
    Xfsz,
    /// The timer of the process's own processor time ran out.
    Vtalarm,
    /// The timer of the process's and the kernel's processor time ran out.
    Prof,
    /// The terminal's window changed its size.
    Winch,
    /// A descriptor is ready.
    Io,
    /// A system call that is not allowed.
    Sys,
    /// Any other one, by its number: real-time signals and those of one system only.
    Other(i32),
}

impl Signal {
    /// Returns the kind with this number on this system.
    ///
    /// # Examples
    ///
    /// See [`Signal`].
    pub fn from_number(number: i32) -> Signal {
        match sys::KNOWN.iter().find(|known| known.2 == number) {
            Some((signal, ..)) => *signal,
            None => Signal::Other(number),
        }
    }

    /// Returns the number of this kind on this system, or `None` if it does not exist here.
    ///
    /// # Examples
    ///
    /// See [`Signal`].
    pub fn number(self) -> Option<i32> {
        match (self, self.known()) {
            (Signal::Other(number), _) => Some(number),
            (_, known) => known.map(|(_, _, number)| *number),
        }
    }

    /// The kind with the lowest number in a set that is not empty: bit `n - 1` is number `n`.
    pub(crate) fn first_of(set: u64) -> Signal {
        debug_assert_ne!(set, 0);
        // At most 64 + 1, so it fits.
        Signal::from_number((set.trailing_zeros() + 1) as i32)
    }

    /// The number, for one who is going to use it.
    pub(crate) fn wanted(self) -> io::Result<i32> {
        self.number().ok_or_else(|| {
            io::Error::new(
                io::ErrorKind::Unsupported,
                format!("this system has no signal {self:?}"),
            )
        })
    }

    /// The line of this kind in the system's table.
    fn known(self) -> Option<&'static (Signal, &'static str, i32)> {
        sys::KNOWN.iter().find(|(signal, ..)| *signal == self)
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self, self.known()) {
            (Signal::Other(number), _) => write!(f, "signal {number}"),
            (_, Some((_, name, _))) => f.write_str(name),
            (_, None) => write!(f, "signal {self:?}"),
        }
    }
}
