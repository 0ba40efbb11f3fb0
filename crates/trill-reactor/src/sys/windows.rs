//! What a source is on Windows: a socket.
#![allow(unsafe_code)] // One function is unsafe elsewhere.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
pub(crate) use std::os::windows::io::OwnedHandle as OwnedFile;
use std::os::windows::io::{AsRawSocket, AsSocket, BorrowedSocket, OwnedSocket, RawSocket};

pub(crate) use rustix::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use socket2::{Domain, Socket, Type};

use crate::wrapper::Async;

/// See the contract.
pub(crate) fn number(socket: RawSocket) -> u64 {
    socket
}

/// See the contract.
///
/// # Safety
///
/// None: there are no rings, and so no numbers of theirs.
pub(crate) unsafe fn adopt(_: i32) -> OwnedFile {
    unreachable!("only rings give numbers")
}

/// Takes a connection from the backlog.
pub(crate) fn accept_tcp(listener: &TcpListener) -> io::Result<(TcpStream, SocketAddr)> {
    let (stream, address) = listener.accept()?;
    super::set_nonblocking(&stream)?;
    Ok((stream, address))
}

/// Starts to connect.
pub(crate) fn connect_tcp(address: SocketAddr) -> io::Result<TcpStream> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    match socket.connect(&address.into()) {
        Ok(()) => Ok(socket.into()),
        // That is how Windows says that the attempt is under way.
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(socket.into()),
        Err(error) => Err(error),
    }
}

impl<T: AsSocket> AsSocket for Async<T> {
    fn as_socket(&self) -> BorrowedSocket<'_> {
        self.get_ref().as_socket()
    }
}

impl<T: AsRawSocket> AsRawSocket for Async<T> {
    fn as_raw_socket(&self) -> RawSocket {
        self.get_ref().as_raw_socket()
    }
}

impl<T: AsSocket + From<OwnedSocket>> TryFrom<OwnedSocket> for Async<T> {
    type Error = io::Error;

    fn try_from(socket: OwnedSocket) -> io::Result<Async<T>> {
        Async::new(socket.into())
    }
}

impl<T: Into<OwnedSocket>> TryFrom<Async<T>> for OwnedSocket {
    type Error = io::Error;

    fn try_from(io: Async<T>) -> io::Result<OwnedSocket> {
        io.into_inner().map(Into::into)
    }
}
