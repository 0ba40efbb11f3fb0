//! What Windows does in calls of its own.

use std::io::{self, IoSlice, IoSliceMut, Read, Write};
#[cfg(any(feature = "tokio-io", feature = "hyper-rt"))]
use std::mem::MaybeUninit;

use rustix::fd::{BorrowedFd, OwnedFd};
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags};
use socket2::{SockAddr, SockRef, Socket, Type};

/// What a connect says that goes on.
pub(super) const CONNECT_GOES_ON: [i32; 2] = [
    Errno::WOULDBLOCK.raw_os_error(),
    Errno::INPROGRESS.raw_os_error(),
];

/// What accepting says of a connection that is gone already.
pub(crate) const DEAD_CONNECTION: &[i32] = &[
    Errno::CONNABORTED.raw_os_error(),
    Errno::CONNRESET.raw_os_error(),
];

/// What accepting says of a connection that a rule of the system forbids.
pub(crate) const FORBIDDEN: i32 = Errno::ACCESS.raw_os_error();

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
pub(crate) fn accept(listener: BorrowedFd<'_>) -> io::Result<(OwnedFd, SockAddr)> {
    let (socket, address) = SockRef::from(&listener).accept()?;
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

#[inline]
pub(crate) fn recv(fd: BorrowedFd<'_>, buffer: &mut [u8]) -> io::Result<usize> {
    again(|| rustix::net::recv(fd, &mut *buffer, RecvFlags::empty())).map(|(len, _)| len)
}

/// The count of bytes that it returns are initialised.
#[cfg(any(feature = "tokio-io", feature = "hyper-rt"))]
#[inline]
pub(crate) fn recv_uninit(fd: BorrowedFd<'_>, buffer: &mut [MaybeUninit<u8>]) -> io::Result<usize> {
    again(|| {
        let received = rustix::net::recv(fd, &mut *buffer, RecvFlags::empty())?;
        Ok(received.1)
    })
}

#[inline]
pub(crate) fn peek(fd: BorrowedFd<'_>, buffer: &mut [u8]) -> io::Result<usize> {
    again(|| rustix::net::recv(fd, &mut *buffer, RecvFlags::PEEK)).map(|(len, _)| len)
}

#[inline]
pub(crate) fn send(fd: BorrowedFd<'_>, buffer: &[u8]) -> io::Result<usize> {
    again(|| rustix::net::send(fd, buffer, SendFlags::empty()))
}

/// Repeats a call that was interrupted.
#[inline]
pub(super) fn again<T>(mut call: impl FnMut() -> rustix::io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(Errno::INTR) => {}
            result => return Ok(result?),
        }
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
