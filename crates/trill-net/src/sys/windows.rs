//! What Windows does in calls of its own.

use std::io::{self, IoSlice, IoSliceMut, Read, Write};

use rustix::fd::{BorrowedFd, OwnedFd};
use rustix::io::Errno;
use rustix::net::{SendFlags, SocketAddrAny};
use socket2::{SockAddr, SockRef, Socket, Type};

/// There is no signal to be spared.
pub(super) const SEND: SendFlags = SendFlags::empty();

/// What a connect says that goes on.
pub(super) const CONNECT_GOES_ON: [Errno; 2] = [Errno::WOULDBLOCK, Errno::INPROGRESS];

/// What accepting says of a connection that is gone already.
pub(crate) const DEAD_CONNECTION: &[Errno] = &[Errno::CONNABORTED, Errno::CONNRESET];

/// What accepting says of a connection that a rule of the system forbids.
pub(crate) const FORBIDDEN: Errno = Errno::ACCESS;

/// Refuses: the option does not exist.
pub(crate) fn set_reuse_port(_: &Socket, reuse: bool) -> io::Result<()> {
    match reuse {
        true => Err(io::Error::new(
            io::ErrorKind::Unsupported,
            "Windows does not share a port among sockets: accept from one listener in several tasks",
        )),
        false => Ok(()),
    }
}

/// There is no such option.
pub(crate) fn reuse_port(_: &Socket) -> io::Result<bool> {
    Ok(false)
}

/// No builder asks for it on such a system.
pub(crate) fn set_fast_open(_: BorrowedFd<'_>, _: u32) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// There is no such flag.
pub(super) fn nonblocking(kind: Type) -> Type {
    kind
}

/// Makes the socket not block.
pub(super) fn set_nonblocking(socket: &Socket) -> io::Result<()> {
    socket.set_nonblocking(true)
}

/// Accepts a connection and makes it not block.
pub(crate) fn accept(listener: BorrowedFd<'_>) -> io::Result<(OwnedFd, Option<SocketAddrAny>)> {
    let (socket, address) = SockRef::from(&listener).accept()?;
    socket.set_nonblocking(true)?;
    Ok((socket.into(), address.as_socket().map(SocketAddrAny::from)))
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

#[inline]
pub(crate) fn recv_vectored(
    fd: BorrowedFd<'_>,
    buffers: &mut [IoSliceMut<'_>],
) -> io::Result<usize> {
    (&*SockRef::from(&fd)).read_vectored(buffers)
}

#[inline]
pub(crate) fn send_vectored(fd: BorrowedFd<'_>, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
    (&*SockRef::from(&fd)).write_vectored(buffers)
}
