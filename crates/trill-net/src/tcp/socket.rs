//! A TCP socket before it connects or listens.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use socket2::{Domain, Socket, Type};

use super::attempt::Attempt;
use super::builder::listen;
use super::connect::Connect;
use super::listener::TcpListener;
use crate::address_error::AddressError;
use crate::keepalive::Keepalive;
use crate::sys::{self, OwnedFd};

/// A TCP socket that neither connects nor listens yet, to set options and to bind.
///
/// Options that are not here can be set through [`AsFd`](std::os::fd::AsFd), for example with the crates `socket2` or `rustix`.
///
/// # Examples
///
/// ```
/// use trill_net::{TcpListener, TcpSocket};
///
/// trill_park::block_on(async {
///     let listener = TcpListener::bind("127.0.0.1:0").await?;
///
///     let socket = TcpSocket::new_v4()?;
///     socket.set_recv_buffer_size(1 << 20)?;
///     socket.bind("127.0.0.1:0".parse().unwrap())?;
///     let stream = socket.connect(listener.local_addr()?).await?;
///     assert_eq!(stream.peer_addr()?, listener.local_addr()?);
///     # Ok::<(), std::io::Error>(())
/// })?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct TcpSocket(Socket);

impl TcpSocket {
    /// Makes an IPv4 socket.
    ///
    /// # Errors
    ///
    /// What the operating system says; `Unsupported` in a simulated world.
    ///
    /// # Examples
    ///
    /// See [`TcpSocket`].
    pub fn new_v4() -> io::Result<TcpSocket> {
        TcpSocket::open(Domain::IPV4)
    }

    /// Makes an IPv6 socket.
    ///
    /// # Errors
    ///
    /// What the operating system says; `Unsupported` in a simulated world.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// let socket = trill_net::TcpSocket::new_v6()?;
    /// socket.set_only_v6(true)?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn new_v6() -> io::Result<TcpSocket> {
        TcpSocket::open(Domain::IPV6)
    }

    fn open(domain: Domain) -> io::Result<TcpSocket> {
        sys::os_only("make sockets")?;
        sys::open(domain, Type::STREAM).map(TcpSocket)
    }

    /// Binds it to an address of this host; port 0 lets the system choose one.
    ///
    /// # Errors
    ///
    /// As [`TcpListener::bind`].
    ///
    /// # Examples
    ///
    /// See [`TcpSocket`].
    pub fn bind(&self, addr: SocketAddr) -> io::Result<()> {
        self.0
            .bind(&addr.into())
            .map_err(|error| AddressError::wrap("bind to", addr, error))
    }

    /// Connects to an address.
    ///
    /// # Errors
    ///
    /// As [`TcpStream::connect`](crate::TcpStream::connect).
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: dropping the future closes the socket.
    ///
    /// # Examples
    ///
    /// See [`TcpSocket`].
    pub fn connect(self, addr: SocketAddr) -> Connect {
        Connect::of_attempt(Attempt::with_socket(self.0, addr))
    }

    /// Listens where it is bound; at most `backlog` connections wait to be accepted, less if the system says so.
    ///
    /// # Errors
    ///
    /// What the operating system says.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_net::TcpSocket;
    ///
    /// let socket = TcpSocket::new_v4()?;
    /// socket.set_reuse_address(true)?;
    /// socket.bind("127.0.0.1:0".parse().unwrap())?;
    /// let listener = socket.listen(128)?;
    /// assert_ne!(listener.local_addr()?.port(), 0);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn listen(self, backlog: u32) -> io::Result<TcpListener> {
        listen(self.0, backlog)
    }

    /// Returns the address it is bound to.
    ///
    /// # Errors
    ///
    /// What the operating system says.
    ///
    /// # Examples
    ///
    /// ```
    /// let socket = trill_net::TcpSocket::new_v4()?;
    /// socket.bind("127.0.0.1:0".parse().unwrap())?;
    /// assert!(socket.local_addr()?.ip().is_loopback());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        let address = self.0.local_addr()?;
        Ok(address
            .as_socket()
            .expect("a socket made for IPv4 or IPv6 has such an address"))
    }

    /// Sets whether the port may be bound while connections of an earlier socket still fade out (`SO_REUSEADDR`).
    ///
    /// # Errors
    ///
    /// What the operating system says.
    ///
    /// # Examples
    ///
    /// See [`TcpSocket::listen`].
    pub fn set_reuse_address(&self, reuse: bool) -> io::Result<()> {
        self.0.set_reuse_address(reuse)
    }

    /// Returns what [`TcpSocket::set_reuse_address`] set.
    ///
    /// # Errors
    ///
    /// What the operating system says.
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(!trill_net::TcpSocket::new_v4()?.reuse_address()?);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn reuse_address(&self) -> io::Result<bool> {
        self.0.reuse_address()
    }

    /// Sets whether several sockets of this user may share the port (`SO_REUSEPORT`).
    ///
    /// # Errors
    ///
    /// What the operating system says.
    ///
    /// # Examples
    ///
    /// ```
    /// let socket = trill_net::TcpSocket::new_v4()?;
    /// socket.set_reuse_port(true)?;
    /// assert!(socket.reuse_port()?);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn set_reuse_port(&self, reuse: bool) -> io::Result<()> {
        sys::set_reuse_port(&self.0, reuse)
    }

    /// Returns what [`TcpSocket::set_reuse_port`] set.
    ///
    /// # Errors
    ///
    /// What the operating system says.
    ///
    /// # Examples
    ///
    /// See [`TcpSocket::set_reuse_port`].
    pub fn reuse_port(&self) -> io::Result<bool> {
        sys::reuse_port(&self.0)
    }

    /// Sets whether an IPv6 socket takes IPv6 connections alone (`IPV6_V6ONLY`).
    ///
    /// # Errors
    ///
    /// What the operating system says.
    ///
    /// # Examples
    ///
    /// See [`TcpSocket::new_v6`].
    pub fn set_only_v6(&self, only: bool) -> io::Result<()> {
        self.0.set_only_v6(only)
    }

    /// Sets how many bytes may wait to be sent (`SO_SNDBUF`). Linux doubles the number for its own needs.
    ///
    /// # Errors
    ///
    /// What the operating system says.
    ///
    /// # Examples
    ///
    /// ```
    /// let socket = trill_net::TcpSocket::new_v4()?;
    /// socket.set_send_buffer_size(65536)?;
    /// assert!(socket.send_buffer_size()? >= 65536);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn set_send_buffer_size(&self, bytes: usize) -> io::Result<()> {
        self.0.set_send_buffer_size(bytes)
    }

    /// Returns how many bytes may wait to be sent.
    ///
    /// # Errors
    ///
    /// What the operating system says.
    ///
    /// # Examples
    ///
    /// See [`TcpSocket::set_send_buffer_size`].
    pub fn send_buffer_size(&self) -> io::Result<usize> {
        self.0.send_buffer_size()
    }

    /// Sets how many received bytes may wait to be read (`SO_RCVBUF`). To matter for the TCP window it must be set
    /// before connecting or listening.
    ///
    /// # Errors
    ///
    /// What the operating system says.
    ///
    /// # Examples
    ///
    /// See [`TcpSocket`].
    pub fn set_recv_buffer_size(&self, bytes: usize) -> io::Result<()> {
        self.0.set_recv_buffer_size(bytes)
    }

    /// Returns how many received bytes may wait to be read.
    ///
    /// # Errors
    ///
    /// What the operating system says.
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(trill_net::TcpSocket::new_v4()?.recv_buffer_size()? > 0);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn recv_buffer_size(&self) -> io::Result<usize> {
        self.0.recv_buffer_size()
    }

    /// Sets whether small writes leave at once (`TCP_NODELAY`); see
    /// [`TcpStream::set_nodelay`](crate::TcpStream::set_nodelay).
    ///
    /// # Errors
    ///
    /// What the operating system says.
    ///
    /// # Examples
    ///
    /// ```
    /// trill_net::TcpSocket::new_v4()?.set_nodelay(true)?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        self.0.set_tcp_nodelay(nodelay)
    }

    /// Sets what a close does with bytes that were not sent; see
    /// [`TcpStream::set_linger`](crate::TcpStream::set_linger).
    ///
    /// # Errors
    ///
    /// What the operating system says.
    ///
    /// # Examples
    ///
    /// ```
    /// trill_net::TcpSocket::new_v4()?.set_linger(None)?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn set_linger(&self, linger: Option<Duration>) -> io::Result<()> {
        self.0.set_linger(linger)
    }

    /// Sets whether and how the system probes a silent peer; see
    /// [`TcpStream::set_keepalive`](crate::TcpStream::set_keepalive).
    ///
    /// # Errors
    ///
    /// What the operating system says.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use trill_net::{Keepalive, TcpSocket};
    ///
    /// let keepalive = Keepalive::new().time(Duration::from_secs(60));
    /// TcpSocket::new_v4()?.set_keepalive(Some(&keepalive))?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn set_keepalive(&self, keepalive: Option<&Keepalive>) -> io::Result<()> {
        Keepalive::apply(keepalive, &self.0)
    }

    /// Sends and receives by one network interface alone (`SO_BINDTODEVICE`); `None` by all.
    ///
    /// # Errors
    ///
    /// What the operating system says: `PermissionDenied` without the right to do so.
    ///
    /// # Examples
    ///
    /// ```
    /// trill_net::TcpSocket::new_v4()?.bind_device(None)?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[cfg(any(target_os = "linux", target_os = "android"))]
    pub fn bind_device(&self, interface: Option<&str>) -> io::Result<()> {
        self.0.bind_device(interface.map(str::as_bytes))
    }
}

/// The socket is made to not block when it connects or listens.
impl TryFrom<Socket> for TcpSocket {
    type Error = io::Error;

    fn try_from(socket: Socket) -> io::Result<TcpSocket> {
        socket.set_nonblocking(true)?;
        Ok(TcpSocket(socket))
    }
}

impl From<TcpSocket> for OwnedFd {
    fn from(socket: TcpSocket) -> OwnedFd {
        socket.0.into()
    }
}

sys::handles!(TcpSocket, Socket, |socket| &socket.0);
