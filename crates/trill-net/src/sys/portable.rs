//! What every Unix can do, with more calls.
#![allow(unsafe_code)] // Asks for the peer of a Unix socket, which takes pointers.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};

use socket2::{SockAddr, SockRef, Socket, Type};

use crate::unix::Credentials;

/// The sockets are made so that a peer that is gone raises no signal.
pub(super) const SEND: i32 = 0;

/// The flag is not everywhere.
pub(super) const RECV_FDS: i32 = 0;

/// Marks a received descriptor as one that child programs do not inherit.
pub(super) fn keep_from_children(fd: &OwnedFd) -> io::Result<()> {
    SockRef::from(fd).set_cloexec(true)
}

/// What the system says of a stream whose peer will send nothing more.
pub(super) const ENDED: i16 = libc::POLLHUP | libc::POLLERR;

/// No builder asks for it on such a system.
pub(crate) fn set_fast_open(_: BorrowedFd<'_>, _: u32) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// The flag is not everywhere.
pub(super) fn nonblocking(kind: Type) -> Type {
    kind
}

/// Makes the socket not block.
pub(super) fn set_nonblocking(socket: &Socket) -> io::Result<()> {
    socket.set_nonblocking(true)
}

/// Accepts a connection and makes it not block.
pub(crate) fn accept(listener: BorrowedFd<'_>) -> io::Result<(OwnedFd, SockAddr)> {
    let (socket, address) = super::uninterrupted(|| SockRef::from(&listener).accept_raw())?;
    socket.set_cloexec(true)?;
    socket.set_nonblocking(true)?;
    Ok((socket.into(), address))
}

/// Finds out how connecting ended; `WouldBlock` if it has not.
pub(crate) fn check_connected(socket: BorrowedFd<'_>, _address: &SockAddr) -> io::Result<()> {
    let socket = SockRef::from(&socket);
    if let Some(error) = socket.take_error()? {
        return Err(error);
    }
    match socket.peer_addr() {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotConnected => {
            Err(io::ErrorKind::WouldBlock.into())
        }
        Err(error) => Err(error),
    }
}

/// Whether the address is known to be of a socket without a name.
pub(crate) fn is_unnamed(_address: &SockAddr) -> bool {
    false
}

/// Who is at the other end of a Unix socket.
pub(crate) fn peer_credentials(socket: BorrowedFd<'_>) -> io::Result<Credentials> {
    let (mut uid, mut gid) = (0, 0);
    // SAFETY: the pointers are to two numbers that live during the call, of the types that it writes.
    // `the_peer_is_this_process` in `tests/unix.rs` would fail.
    let result = unsafe { libc::getpeereid(socket.as_raw_fd(), &raw mut uid, &raw mut gid) };
    match result {
        0 => Ok(Credentials::new(None, uid, gid)),
        _ => Err(io::Error::last_os_error()),
    }
}
