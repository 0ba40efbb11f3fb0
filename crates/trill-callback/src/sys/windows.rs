//! Sockets, under the names that descriptors have elsewhere.

pub(crate) use std::os::windows::io::{
    AsRawSocket as AsRawFd, AsSocket as AsFd, BorrowedSocket as BorrowedFd, RawSocket as RawFd,
};

use crate::watch::Descriptor;

impl AsFd for Descriptor {
    fn as_socket(&self) -> BorrowedFd<'_> {
        self.0.as_socket()
    }
}

/// See the contract.
pub(crate) fn borrow(io: &Descriptor) -> BorrowedFd<'_> {
    io.as_socket()
}

/// See the contract.
pub(crate) fn number(fd: &impl AsRawFd) -> RawFd {
    fd.as_raw_socket()
}
