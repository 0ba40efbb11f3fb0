//! Whether a socket listens.

use std::os::fd::BorrowedFd;

/// Asks the system.
pub(crate) fn listens(socket: BorrowedFd<'_>) -> bool {
    rustix::net::sockopt::socket_acceptconn(socket).unwrap_or(false)
}
