//! Opening sockets the way all systems do: the standard library asks the operating system.

use std::io;
use std::net::{SocketAddr, TcpListener, UdpSocket};

/// Listens on an address.
pub(crate) fn tcp_listener(address: SocketAddr) -> io::Result<TcpListener> {
    TcpListener::bind(address)
}

/// Receives at an address.
pub(crate) fn udp_socket(address: SocketAddr) -> io::Result<UdpSocket> {
    UdpSocket::bind(address)
}
