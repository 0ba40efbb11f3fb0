//! Listening for signals: the operating system's arm.
//!
//! Contract. `Listener::new` refuses what cannot be listened for with `InvalidInput`, and what the system refuses with
//! the system's error. From its return on every signal of its kinds is heard: `Listener::poll` returns the set of
//! numbers (bit `n - 1` for signal `n`) that came since it last returned one, and joins those of one kind.
//! Dropping the last listener of a kind puts the previous disposition back. `Listener::end` does so, too, and returns what was
//! not taken; `raise` sends a signal to this thread. `end_process` ends the process as the signal does by default.

#[cfg(not(unix))]
mod other;
#[cfg(unix)]
mod unix;

#[cfg(not(unix))]
pub(crate) use other::{KNOWN, Listener, disposition, end_process, raise};
#[cfg(unix)]
pub(crate) use unix::{KNOWN, Listener, disposition, end_process, raise};

/// Whom a listener stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// The program: it hears every signal.
    Program,
    /// A default of the program: it hears a signal only while no listener of the program does, only if the disposition
    /// is the system's default, and one in its life.
    Default,
}
