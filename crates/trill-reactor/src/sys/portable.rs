//! What rustix does on all systems.

use std::io;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use super::{AsFd, BorrowedFd};
use crate::direction::Direction;

/// See the contract.
pub(crate) const CANCELED: i32 = Errno::CANCELED.raw_os_error();

/// See the contract.
pub(crate) fn set_nonblocking(fd: impl AsFd) -> io::Result<()> {
    Ok(rustix::io::ioctl_fionbio(fd, true)?)
}

/// See the contract. A signal counts as readiness: let the caller try its operation.
pub(crate) fn is_ready(fd: BorrowedFd<'_>, direction: Direction) -> io::Result<bool> {
    let wanted = match direction {
        Direction::Read => PollFlags::IN | PollFlags::PRI,
        Direction::Write => PollFlags::OUT,
    };
    match poll(
        &mut [PollFd::from_borrowed_fd(fd, wanted)],
        Some(&Timespec::default()),
    ) {
        Ok(count) => Ok(count != 0),
        Err(Errno::INTR) => Ok(true),
        Err(error) => Err(error.into()),
    }
}
