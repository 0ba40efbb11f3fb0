//! Errors that say what to do.

use std::error::Error;
use std::fmt;
use std::io;

use crate::sys::RawFd;

/// The system cannot tell when a descriptor is ready.
#[derive(Debug)]
pub(crate) struct NotPollable {
    fd: RawFd,
    source: io::Error,
}

impl NotPollable {
    pub(crate) fn new(fd: RawFd, source: io::Error) -> NotPollable {
        NotPollable { fd, source }
    }
}

impl fmt::Display for NotPollable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "descriptor {} is always ready (a regular file or a directory), so there is nothing to wait for: read and \
             write it on the blocking pool ({})",
            self.fd, self.source
        )
    }
}

impl Error for NotPollable {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.source)
    }
}

impl From<NotPollable> for io::Error {
    fn from(error: NotPollable) -> io::Error {
        io::Error::new(io::ErrorKind::Unsupported, error)
    }
}

/// The error of making or awaiting a source in a simulated world.
pub(crate) fn no_simulated_sources() -> io::Error {
    io::Error::new(
        io::ErrorKind::Unsupported,
        "a simulated world has no descriptors of the operating system: make and await this source outside of it",
    )
}
