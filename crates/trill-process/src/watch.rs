//! How the end of a child is learned.

use std::env;
use std::io;

/// Names a way to learn of a child's end.
///
/// # Examples
///
/// See [`Command::watch_by`](crate::Command::watch_by).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Watch {
    /// A descriptor of the process, in the reactor; Linux only.
    Pidfd,
    /// A thread per child that waits for its end.
    Thread,
}

impl Watch {
    /// Chooses by program, environment or system, in this order.
    pub(crate) fn choose(by_program: Option<Watch>) -> io::Result<Watch> {
        if let Some(watch) = by_program {
            return Ok(watch);
        }
        match env::var_os(VARIABLE) {
            None => Ok(DEFAULT),
            Some(value) if value == "on" => Ok(Watch::Pidfd),
            Some(value) if value == "off" => Ok(Watch::Thread),
            Some(value) => Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!(
                    "{VARIABLE}={} means nothing: set it to `on` or `off`, or unset it",
                    value.to_string_lossy()
                ),
            )),
        }
    }
}

const VARIABLE: &str = "TRILL_PIDFD";

const DEFAULT: Watch = if cfg!(target_os = "linux") {
    Watch::Pidfd
} else {
    Watch::Thread
};
