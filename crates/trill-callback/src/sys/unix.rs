//! File descriptors.

pub(crate) use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};

use crate::watch::Descriptor;

impl AsFd for Descriptor {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// See the contract.
pub(crate) fn borrow(io: &Descriptor) -> BorrowedFd<'_> {
    io.as_fd()
}

/// See the contract.
pub(crate) fn number(fd: &impl AsRawFd) -> RawFd {
    fd.as_raw_fd()
}
