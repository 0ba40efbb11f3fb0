//! Nothing is moved by the system: bytes go through a buffer.

use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};

use rustix::net::SendFlags;

/// Sockets are made so that a peer that is gone raises no signal.
pub(super) const SEND: SendFlags = SendFlags::empty();

/// Says that it cannot.
pub(crate) fn send_file(
    _: BorrowedFd<'_>,
    _: BorrowedFd<'_>,
    _: u64,
    _: usize,
) -> io::Result<usize> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Says that it cannot.
pub(crate) fn splice(
    _: BorrowedFd<'_>,
    _: BorrowedFd<'_>,
    _: Option<u64>,
    _: usize,
) -> io::Result<usize> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Says that none is of use.
pub(crate) fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Never asked, as nothing is sent by the system.
pub(crate) fn is_resident(_: BorrowedFd<'_>, _: u64) -> bool {
    true
}
