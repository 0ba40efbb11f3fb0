//! Opening sockets the way all Unix systems do: the standard library asks the operating system.

use std::io;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};
use std::path::Path;

/// Listens on an address.
pub(crate) fn tcp_listener(address: SocketAddr) -> io::Result<TcpListener> {
    TcpListener::bind(address)
}

/// Receives at an address.
pub(crate) fn udp_socket(address: SocketAddr) -> io::Result<UdpSocket> {
    UdpSocket::bind(address)
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
