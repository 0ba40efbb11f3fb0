//! What a source is on Unix: a file descriptor.
#![allow(unsafe_code)] // Descriptors as numbers, and the promise of `IoSafe` for a type that only Unix has.

use std::io;
pub(crate) use std::os::fd::OwnedFd as OwnedFile;
pub(crate) use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::os::fd::{FromRawFd, OwnedFd};
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};
use std::path::Path;

use crate::io_safe::IoSafe;
use crate::wrapper::Async;

/// See the contract.
pub(crate) fn number(fd: RawFd) -> u64 {
    fd.unsigned_abs().into()
}

/// See the contract.
///
/// # Safety
///
/// The number is of an open file that nobody else owns.
pub(crate) unsafe fn adopt(number: i32) -> OwnedFile {
    // SAFETY: the caller promises it.
    unsafe { OwnedFile::from_raw_fd(number) }
}

/// Listens at a path.
pub(crate) fn unix_listener(path: &Path) -> io::Result<UnixListener> {
    UnixListener::bind(path)
}

/// Two streams that are connected to each other.
pub(crate) fn unix_streams() -> io::Result<(UnixStream, UnixStream)> {
    UnixStream::pair()
}

/// Receives at a path.
pub(crate) fn unix_datagram(path: &Path) -> io::Result<UnixDatagram> {
    UnixDatagram::bind(path)
}

/// A socket without an address.
pub(crate) fn unix_datagram_unbound() -> io::Result<UnixDatagram> {
    UnixDatagram::unbound()
}

/// Two sockets that are connected to each other.
pub(crate) fn unix_datagrams() -> io::Result<(UnixDatagram, UnixDatagram)> {
    UnixDatagram::pair()
}

// SAFETY: the standard library's methods of `Read` and `Write` for this type only make system calls on the descriptor
// it holds; the library upholds this. `tests/wrapper.rs` reads and writes through it.
unsafe impl IoSafe for UnixStream {}

impl<T: AsFd> AsFd for Async<T> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.get_ref().as_fd()
    }
}

impl<T: AsRawFd> AsRawFd for Async<T> {
    fn as_raw_fd(&self) -> RawFd {
        self.get_ref().as_raw_fd()
    }
}

impl<T: AsFd + From<OwnedFd>> TryFrom<OwnedFd> for Async<T> {
    type Error = io::Error;

    fn try_from(fd: OwnedFd) -> io::Result<Async<T>> {
        Async::new(fd.into())
    }
}

impl<T: Into<OwnedFd>> TryFrom<Async<T>> for OwnedFd {
    type Error = io::Error;

    fn try_from(io: Async<T>) -> io::Result<OwnedFd> {
        io.into_inner().map(Into::into)
    }
}
