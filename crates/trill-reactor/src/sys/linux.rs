//! One system call each: the flags go with it.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr as UnixAddr, UnixListener, UnixStream};
use std::path::Path;

use rustix::io::Errno;
use rustix::net::{
    AddressFamily, SocketAddrAny, SocketAddrUnix, SocketFlags, SocketType, accept_with,
    acceptfrom_with, connect, socket_with,
};

/// Takes a connection from the backlog.
pub(crate) fn accept_tcp(listener: &TcpListener) -> io::Result<(TcpStream, SocketAddr)> {
    let (fd, address) = acceptfrom_with(listener, FLAGS)?;
    let address = address.ok_or_else(no_address)?;
    Ok((fd.into(), SocketAddr::try_from(address)?))
}

/// Takes a connection from the backlog.
pub(crate) fn accept_unix(listener: &UnixListener) -> io::Result<(UnixStream, UnixAddr)> {
    let stream = UnixStream::from(accept_with(listener, FLAGS)?);
    let address = stream.peer_addr()?;
    Ok((stream, address))
}

/// Starts to connect.
pub(crate) fn connect_tcp(address: SocketAddr) -> io::Result<TcpStream> {
    let family = match address {
        SocketAddr::V4(_) => AddressFamily::INET,
        SocketAddr::V6(_) => AddressFamily::INET6,
    };
    let fd = socket_with(family, SocketType::STREAM, FLAGS, None)?;
    match connect(&fd, &SocketAddrAny::from(address)) {
        Ok(()) | Err(Errno::INPROGRESS) => Ok(fd.into()),
        Err(error) => Err(error.into()),
    }
}

/// Connects; a path that begins with a null byte names an abstract address.
pub(crate) fn connect_unix(path: &Path) -> io::Result<UnixStream> {
    let address = match path.as_os_str().as_bytes() {
        [0, name @ ..] => SocketAddrUnix::new_abstract_name(name)?,
        _ => SocketAddrUnix::new(path)?,
    };
    let fd = socket_with(AddressFamily::UNIX, SocketType::STREAM, FLAGS, None)?;
    match connect(&fd, &address) {
        Ok(()) | Err(Errno::INPROGRESS) => Ok(fd.into()),
        Err(error) => Err(error.into()),
    }
}

fn no_address() -> io::Error {
    io::Error::other("the system accepted a connection without telling its address")
}

const FLAGS: SocketFlags = SocketFlags::NONBLOCK.union(SocketFlags::CLOEXEC);
