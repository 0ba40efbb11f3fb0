//! Whether a socket listens, on systems that do not tell.

use std::os::fd::BorrowedFd;

/// Takes a socket without a peer for one that listens; accepting from another is an error then.
pub(crate) fn listens(socket: BorrowedFd<'_>) -> bool {
    rustix::net::getpeername(socket).is_err()
}
