//! What every Unix can do, with more calls.

use std::io;

use rustix::fd::{BorrowedFd, OwnedFd};
use rustix::net::{SendFlags, SocketAddrAny, SocketAddrUnix};
use socket2::{SockAddr, SockRef, Socket, Type};

use crate::unix::Credentials;

/// The sockets are made so that a peer that is gone raises no signal.
pub(super) const SEND: SendFlags = SendFlags::empty();

/// The flag is not everywhere.
pub(super) fn nonblocking(kind: Type) -> Type {
    kind
}

/// Makes the socket not block.
pub(super) fn set_nonblocking(socket: &Socket) -> io::Result<()> {
    socket.set_nonblocking(true)
}

/// Accepts a connection and makes it not block.
pub(crate) fn accept(listener: BorrowedFd<'_>) -> io::Result<(OwnedFd, Option<SocketAddrAny>)> {
    let (socket, address) = super::again(|| rustix::net::acceptfrom(listener))?;
    rustix::io::fcntl_setfd(&socket, rustix::io::FdFlags::CLOEXEC)?;
    SockRef::from(&socket).set_nonblocking(true)?;
    Ok((socket, address))
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
pub(crate) fn is_unnamed(_address: &SocketAddrUnix) -> bool {
    false
}

/// Who is at the other end of a Unix socket.
pub(crate) fn peer_credentials(_socket: BorrowedFd<'_>) -> io::Result<Credentials> {
    Err(io::Error::new(
        io::ErrorKind::Unsupported,
        "this system is not asked for the peer of a Unix socket: send what identifies it in a message",
    ))
}
