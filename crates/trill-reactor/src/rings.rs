//! Whether a reactor runs operations on rings, and why not.

use std::env;
use std::fmt;
use std::io;

use crate::choice::Backend;

/// Tells whether a reactor runs the operations of [`op`](crate::op) by itself.
///
/// # Examples
///
/// ```
/// use trill_reactor::{Reactor, Rings};
///
/// let reactor = Reactor::builder().rings(false).build()?;
/// assert_ne!(reactor.rings(), Rings::On);
/// println!("{}", reactor.rings()); // no io_uring (switched off by the program)
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rings {
    /// It does, with io_uring.
    On,
    /// It hands them back, for this reason.
    Off(NoRings),
}

/// Tells why a reactor has no rings.
///
/// # Examples
///
/// ```
/// assert_eq!(trill_reactor::NoRings::Builder.to_string(), "switched off by the program");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoRings {
    /// The program switched them off with [`Builder::rings`](crate::Builder::rings).
    Builder,
    /// The environment variable `TRILL_URING` switched them off.
    Environment,
    /// The back end is not epoll.
    Backend,
    /// The system has none, refuses them, or they do not work; what it said is given here.
    System(String),
}

impl fmt::Display for Rings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Rings::On => f.write_str("io_uring"),
            Rings::Off(why) => write!(f, "no io_uring ({why})"),
        }
    }
}

impl fmt::Display for NoRings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NoRings::Builder => f.write_str("switched off by the program"),
            NoRings::Environment => write!(f, "switched off by {VARIABLE}"),
            NoRings::Backend => f.write_str("only the back end epoll takes them in"),
            NoRings::System(why) => f.write_str(why),
        }
    }
}

/// What program, environment and back end say, before the system is asked; `None` means they may be used.
pub(crate) fn forbidden(by_program: bool, backend: Backend) -> io::Result<Option<NoRings>> {
    if !by_program {
        return Ok(Some(NoRings::Builder));
    }
    if !by_environment()? {
        return Ok(Some(NoRings::Environment));
    }
    Ok((backend != Backend::Epoll).then_some(NoRings::Backend))
}

/// Reads the environment variable.
fn by_environment() -> io::Result<bool> {
    let Some(value) = env::var_os(VARIABLE) else {
        return Ok(true);
    };
    match value.to_str() {
        Some("auto") => Ok(true),
        Some("off") => Ok(false),
        _ => Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            format!(
                "{VARIABLE}={} says neither yes nor no: set it to `auto` or `off`, or unset it",
                value.to_string_lossy()
            ),
        )),
    }
}

const VARIABLE: &str = "TRILL_URING";
