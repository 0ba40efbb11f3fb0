//! What Linux is asked through the C library; rustix costs 3 s of a cold build.
#![allow(unsafe_code)] // Calls of the C library.

use std::ffi::c_int;
use std::io;

use super::{AsFd, AsRawFd, BorrowedFd};
use crate::direction::Direction;

/// See the contract.
pub(crate) const CANCELED: i32 = libc::ECANCELED;

/// See the contract.
pub(crate) fn set_nonblocking(fd: impl AsFd) -> io::Result<()> {
    let mut on: c_int = 1;
    // SAFETY: the pointer is to a number that lives during the call, which reads it; the descriptor is borrowed.
    // `tests/wrapper.rs` would hang if it did not work.
    done(unsafe { libc::ioctl(fd.as_fd().as_raw_fd(), libc::FIONBIO, &raw mut on) }).map(drop)
}

/// See the contract. A signal counts as readiness: let the caller try its operation.
pub(crate) fn is_ready(fd: BorrowedFd<'_>, direction: Direction) -> io::Result<bool> {
    let mut asked = libc::pollfd {
        fd: fd.as_raw_fd(),
        events: match direction {
            Direction::Read => libc::POLLIN | libc::POLLPRI,
            Direction::Write => libc::POLLOUT,
        },
        revents: 0,
    };
    // SAFETY: the pointer is to one entry, as it says, which lives during the call. `tests/readiness.rs` would fail.
    match done(unsafe { libc::poll(&raw mut asked, 1, 0) }) {
        Ok(count) => Ok(count != 0),
        Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(true),
        Err(error) => Err(error),
    }
}

/// What a call returned, or the error that it left.
#[inline]
pub(crate) fn done(result: c_int) -> io::Result<c_int> {
    match result {
        0.. => Ok(result),
        _ => Err(io::Error::last_os_error()),
    }
}
