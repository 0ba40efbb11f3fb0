//! Which back end a reactor uses, and why.

use std::env;
use std::fmt;
use std::io;

/// Names a way to learn of events.
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "polling")] {
/// use trill_reactor::{Backend, Reactor};
///
/// let reactor = Reactor::builder().backend(Backend::Polling).build()?;
/// assert_eq!(reactor.backend().backend, Backend::Polling);
/// # }
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Backend {
    /// Edge-triggered epoll; Linux only.
    Epoll,
    /// The crate `polling`, on all systems; on Linux with the feature `polling`.
    Polling,
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Backend::Epoll => "epoll",
            Backend::Polling => "polling",
        })
    }
}

/// Tells which back end a reactor uses, and why.
///
/// # Examples
///
/// ```
/// let choice = trill_reactor::Reactor::global()?.backend();
/// println!("{choice}"); // epoll (default of this system)
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Choice {
    /// The back end.
    pub backend: Backend,
    /// Why it is this one.
    pub reason: Reason,
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.backend, self.reason)
    }
}

/// Tells why a reactor uses its back end.
///
/// # Examples
///
/// ```
/// assert_eq!(trill_reactor::Reason::Builder.to_string(), "chosen by the program");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// It is the default of this system.
    Default,
    /// The program chose it with [`Builder::backend`](crate::Builder::backend).
    Builder,
    /// The environment variable `TRILL_REACTOR` chose it.
    Environment,
    /// The default could not be made, for the reason given here.
    Fallback(String),
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::Default => f.write_str("default of this system"),
            Reason::Builder => f.write_str("chosen by the program"),
            Reason::Environment => write!(f, "chosen by {VARIABLE}"),
            Reason::Fallback(error) => write!(f, "because epoll failed: {error}"),
        }
    }
}

/// Chooses by program, environment or system, in this order.
pub(crate) fn choose(by_program: Option<Backend>) -> io::Result<Choice> {
    let (backend, reason) = if let Some(backend) = by_program {
        (backend, Reason::Builder)
    } else if let Some(backend) = by_environment()? {
        (backend, Reason::Environment)
    } else {
        (DEFAULT, Reason::Default)
    };
    Ok(Choice { backend, reason })
}

/// Says what chose a back end that cannot be had, if a person cannot see it in the program.
pub(crate) fn explain(choice: &Choice, error: io::Error) -> io::Error {
    if choice.reason == Reason::Environment && error.kind() == io::ErrorKind::Unsupported {
        let text = format!("{VARIABLE}={}: {error}", choice.backend);
        io::Error::new(io::ErrorKind::Unsupported, text)
    } else {
        error
    }
}

/// Reads the environment variable.
fn by_environment() -> io::Result<Option<Backend>> {
    let Some(value) = env::var_os(VARIABLE) else {
        return Ok(None);
    };
    match value.to_str() {
        Some("epoll") => Ok(Some(Backend::Epoll)),
        Some("polling") => Ok(Some(Backend::Polling)),
        _ => Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            format!(
                "{VARIABLE}={} names no back end: set it to `epoll` or `polling`, or unset it",
                value.to_string_lossy()
            ),
        )),
    }
}

const VARIABLE: &str = "TRILL_REACTOR";

const DEFAULT: Backend = if cfg!(any(target_os = "linux", target_os = "android")) {
    Backend::Epoll
} else {
    Backend::Polling
};
