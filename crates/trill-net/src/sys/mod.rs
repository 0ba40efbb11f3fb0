//! The operating system's sockets: the only module that opens, binds, connects or accepts.
//!
//! Each system's file offers the same items.
//! Sockets are made non-blocking and close-on-exec in the call that makes them, where the system can.

#[cfg(any(target_os = "linux", target_os = "android"))]
mod linux;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod portable;

#[cfg(any(target_os = "linux", target_os = "android"))]
use linux as system;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
use portable as system;

pub(crate) use system::{accept, check_connected, peer_credentials};

use std::io::{self, IoSlice, IoSliceMut};
#[cfg(any(feature = "tokio-io", feature = "hyper-rt"))]
use std::mem::MaybeUninit;
use std::net::{SocketAddr, ToSocketAddrs};
use std::os::fd::BorrowedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::io::Errno;
use rustix::net::{RecvFlags, SendAncillaryBuffer};
use socket2::{Domain, SockAddr, SockRef, Socket, Type};
use trill_world::World;

/// Fails in a simulated world, which has no sockets yet.
pub(crate) fn os_only(what: &str) -> io::Result<()> {
    if World::current().is_os() {
        return Ok(());
    }
    Err(io::Error::new(
        io::ErrorKind::Unsupported,
        format!("this simulated world has no network: {what} outside of it"),
    ))
}

/// Looks a name up; blocks.
pub(crate) fn look_up(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    (host, port).to_socket_addrs().map(Iterator::collect)
}

/// Makes a socket that does not block and that child programs do not inherit.
pub(crate) fn open(domain: Domain, kind: Type) -> io::Result<Socket> {
    let socket = Socket::new(domain, system::nonblocking(kind), None)?;
    system::set_nonblocking(&socket)?;
    Ok(socket)
}

/// Makes a pair of such sockets, connected to each other.
pub(crate) fn open_pair(kind: Type) -> io::Result<(Socket, Socket)> {
    let (a, b) = Socket::pair(Domain::UNIX, system::nonblocking(kind), None)?;
    system::set_nonblocking(&a)?;
    system::set_nonblocking(&b)?;
    Ok((a, b))
}

/// Begins to connect; says whether that is done already.
pub(crate) fn begin_connect(socket: &Socket, address: &SockAddr) -> io::Result<bool> {
    let Err(error) = socket.connect(address) else {
        return Ok(true);
    };
    // After a signal the system goes on to connect.
    let goes_on = [Errno::INPROGRESS, Errno::INTR].map(Errno::raw_os_error);
    match error.raw_os_error() {
        Some(code) if goes_on.contains(&code) => Ok(false),
        _ => Err(error),
    }
}

/// The address of a Unix socket. A path that begins with a null byte is an abstract name, where the system has them.
pub(crate) fn unix_address(path: &Path) -> io::Result<SockAddr> {
    let bytes = path.as_os_str().as_bytes();
    if bytes.iter().skip(1).any(|byte| *byte == 0) && bytes.first() != Some(&0) {
        let wrong = format!("{path:?} has a null byte inside: no file can have that name");
        return Err(io::Error::new(io::ErrorKind::InvalidInput, wrong));
    }
    SockAddr::unix(path)
}

/// Repeats a call of the standard library that a signal interrupted.
#[inline]
pub(crate) fn uninterrupted<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
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
pub(crate) fn recv_vectored(
    fd: BorrowedFd<'_>,
    buffers: &mut [IoSliceMut<'_>],
) -> io::Result<usize> {
    again(|| rustix::io::readv(fd, buffers))
}

#[inline]
pub(crate) fn send(fd: BorrowedFd<'_>, buffer: &[u8]) -> io::Result<usize> {
    again(|| rustix::net::send(fd, buffer, system::SEND))
}

/// Not `writev`: that would raise SIGPIPE in a program that has not ignored it.
#[inline]
pub(crate) fn send_vectored(fd: BorrowedFd<'_>, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
    again(|| {
        let mut nothing = SendAncillaryBuffer::default();
        rustix::net::sendmsg(fd, buffers, &mut nothing, system::SEND)
    })
}

#[inline]
pub(crate) fn send_to(fd: BorrowedFd<'_>, buffer: &[u8], to: &SockAddr) -> io::Result<usize> {
    let flags = system::SEND.bits() as i32;
    uninterrupted(|| SockRef::from(&fd).send_to_with_flags(buffer, to, flags))
}

/// Repeats a call that a signal interrupted.
#[inline]
fn again<T>(mut call: impl FnMut() -> rustix::io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(Errno::INTR) => {}
            result => return Ok(result?),
        }
    }
}

/// How many buffers one vectored call takes; the system refuses or cuts longer lists.
pub(crate) const BUFFERS_MAX: usize = 1024;

/// How many bytes one call transfers at most on Linux: a count of this many says nothing of what is left.
pub(crate) const TRANSFER_BYTES_MAX: usize = 0x7fff_f000;
