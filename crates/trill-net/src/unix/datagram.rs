//! Unix datagrams.

use std::fmt;
use std::io;
use std::net::Shutdown;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::os::unix::net::{self, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use socket2::{Domain, SockRef, Type};
use trill_reactor::Async;

use super::datagram_futures::{RecvFrom, SendTo};
use super::left_over::advice;
use crate::address_error::AddressError;
use crate::convert;
use crate::datagram::{Recv, Send};
use crate::sys;

/// A Unix socket that sends and receives datagrams, which are never lost or reordered: a sender waits.
///
/// Clones share the socket, which is closed with the last one; the file of a bound one stays. Any number of tasks may
/// send and receive at once.
///
/// # Examples
///
/// ```
/// use trill_net::unix::UnixDatagram;
///
/// trill_park::block_on(async {
///     let (a, b) = UnixDatagram::pair()?;
///     a.send(b"hello").await?;
///     let mut buffer = [0; 16];
///     let len = b.recv(&mut buffer).await?;
///     assert_eq!(&buffer[..len], b"hello");
///     # Ok::<(), std::io::Error>(())
/// })?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone)]
pub struct UnixDatagram(Arc<Async<net::UnixDatagram>>);

impl UnixDatagram {
    /// Makes a socket with a path, or with an abstract name: one that begins with a null byte.
    ///
    /// # Errors
    ///
    /// As [`UnixListener::bind`](super::UnixListener::bind).
    ///
    /// # Examples
    ///
    /// See [`UnixDatagram::recv_from`].
    pub fn bind<P: AsRef<Path>>(path: P) -> io::Result<UnixDatagram> {
        let path = path.as_ref();
        let bind = || {
            sys::os_only("make sockets")?;
            let address = sys::unix_address(path)?;
            let socket = sys::open(Domain::UNIX, Type::DGRAM)?;
            socket.bind(&address)?;
            Async::new_deferred(socket.into())
        };
        bind().map(UnixDatagram::of).map_err(|error| {
            let advice = advice(path, &error);
            AddressError::wrap_with("bind to", path.display(), error, advice)
        })
    }

    /// Makes a socket without a name, which can send and, once connected, receive.
    ///
    /// # Errors
    ///
    /// What the operating system says; `Unsupported` in a simulated world.
    ///
    /// # Examples
    ///
    /// See [`UnixDatagram::recv_from`].
    pub fn unbound() -> io::Result<UnixDatagram> {
        sys::os_only("make sockets")?;
        let socket = sys::open(Domain::UNIX, Type::DGRAM)?;
        Async::new_deferred(socket.into()).map(UnixDatagram::of)
    }

    /// Makes two sockets that are connected to each other.
    ///
    /// # Errors
    ///
    /// What the operating system says; `Unsupported` in a simulated world.
    ///
    /// # Examples
    ///
    /// See [`UnixDatagram`].
    pub fn pair() -> io::Result<(UnixDatagram, UnixDatagram)> {
        sys::os_only("make sockets")?;
        let (a, b) = sys::open_pair(Type::DGRAM)?;
        let (a, b) = (
            Async::new_deferred(a.into())?,
            Async::new_deferred(b.into())?,
        );
        Ok((UnixDatagram::of(a), UnixDatagram::of(b)))
    }

    /// Sets the peer: where [`UnixDatagram::send`] sends to, and the only one whose datagrams are received.
    ///
    /// # Errors
    ///
    /// `NotFound`, `ConnectionRefused` if nobody has bound the path any more, and the like, with the path in the text.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(target_os = "linux")] {
    /// use trill_net::unix::UnixDatagram;
    ///
    /// trill_park::block_on(async {
    ///     let name = format!("\0connect-{}", std::process::id());
    ///     let receiver = UnixDatagram::bind(&name)?;
    ///     let sender = UnixDatagram::unbound()?;
    ///     sender.connect(&name)?;
    ///     sender.send(b"hello").await?;
    ///     assert_eq!(receiver.recv(&mut [0; 8]).await?, 5);
    ///     # Ok::<(), std::io::Error>(())
    /// })?;
    /// # }
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn connect<P: AsRef<Path>>(&self, path: P) -> io::Result<()> {
        let path = path.as_ref();
        sys::unix_address(path)
            .and_then(|address| SockRef::from(self).connect(&address))
            .map_err(|error| AddressError::wrap("connect to", path.display(), error))
    }

    /// Returns this side's address.
    ///
    /// # Errors
    ///
    /// What the operating system says.
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(trill_net::unix::UnixDatagram::unbound()?.local_addr()?.is_unnamed());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.get_ref().local_addr()
    }

    /// Returns the peer's address.
    ///
    /// # Errors
    ///
    /// `NotConnected` if it was not set.
    ///
    /// # Examples
    ///
    /// ```
    /// let (a, _b) = trill_net::unix::UnixDatagram::pair()?;
    /// assert!(a.peer_addr()?.is_unnamed());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.0.get_ref().peer_addr()
    }

    /// Receives a datagram and learns who sent it. What does not fit into `buf` is lost.
    ///
    /// # Errors
    ///
    /// What the operating system says.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: a datagram is taken in the poll that returns it.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(target_os = "linux")] {
    /// use trill_net::unix::UnixDatagram;
    ///
    /// trill_park::block_on(async {
    ///     let name = format!("\0receive-{}", std::process::id());
    ///     let receiver = UnixDatagram::bind(&name)?;
    ///     let sender = UnixDatagram::unbound()?;
    ///     sender.send_to(b"hello", &name).await?;
    ///     let (len, address) = receiver.recv_from(&mut [0; 8]).await?;
    ///     assert_eq!(len, 5);
    ///     assert!(address.is_unnamed());
    ///     # Ok::<(), std::io::Error>(())
    /// })?;
    /// # }
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn recv_from<'a>(&'a self, buf: &'a mut [u8]) -> RecvFrom<'a> {
        RecvFrom::new(&self.0, buf)
    }

    /// Sends a datagram to a path or an abstract name, and returns how many bytes it has.
    ///
    /// While the receiver's queue is full, this tries again every 1 to 64 ms; a connected socket is told when there
    /// is room.
    ///
    /// # Errors
    ///
    /// What the operating system says, such as `NotFound` and `ConnectionRefused`.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: the datagram is sent in the poll that says so.
    ///
    /// # Examples
    ///
    /// See [`UnixDatagram::recv_from`].
    pub fn send_to<'a, P: AsRef<Path>>(&'a self, buf: &'a [u8], path: P) -> SendTo<'a> {
        SendTo::new(&self.0, buf, path.as_ref())
    }

    /// Receives a datagram. What does not fit into `buf` is lost.
    ///
    /// # Errors
    ///
    /// What the operating system says.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: a datagram is taken in the poll that returns it.
    ///
    /// # Examples
    ///
    /// See [`UnixDatagram`].
    pub fn recv<'a>(&'a self, buf: &'a mut [u8]) -> Recv<'a> {
        Recv::new(&self.0, buf, false)
    }

    /// Sends a datagram to the peer, and returns how many bytes it has. Waits while the peer's queue is full.
    ///
    /// # Errors
    ///
    /// `NotConnected` if no peer was set, `ConnectionRefused` if it is gone, or what the operating system says.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: the datagram is sent in the poll that says so.
    ///
    /// # Examples
    ///
    /// See [`UnixDatagram`].
    pub fn send<'a>(&'a self, buf: &'a [u8]) -> Send<'a> {
        Send::new(&self.0, buf)
    }

    /// Ends receiving, sending or both, for all clones.
    ///
    /// # Errors
    ///
    /// `NotConnected` if no peer was set.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::ErrorKind;
    /// use std::net::Shutdown;
    /// use trill_net::unix::UnixDatagram;
    ///
    /// trill_park::block_on(async {
    ///     let (a, _b) = UnixDatagram::pair()?;
    ///     a.shutdown(Shutdown::Write)?;
    ///     assert_eq!(a.send(b"x").await.unwrap_err().kind(), ErrorKind::BrokenPipe);
    ///     # Ok::<(), std::io::Error>(())
    /// })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.0.get_ref().shutdown(how)
    }

    /// Returns the socket for use without this crate; as [`TcpStream::into_std`](crate::TcpStream::into_std).
    ///
    /// # Errors
    ///
    /// What the operating system says.
    ///
    /// # Examples
    ///
    /// See [`TcpStream::into_std`](crate::TcpStream::into_std).
    pub fn into_std(self) -> io::Result<net::UnixDatagram> {
        convert::into_std(self.0, net::UnixDatagram::try_clone)
    }

    /// The registered socket.
    pub(super) fn inner(&self) -> &Async<net::UnixDatagram> {
        &self.0
    }

    fn of(socket: Async<net::UnixDatagram>) -> UnixDatagram {
        UnixDatagram(Arc::new(socket))
    }
}

impl fmt::Debug for UnixDatagram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.get_ref().fmt(f)
    }
}

impl From<Async<net::UnixDatagram>> for UnixDatagram {
    fn from(socket: Async<net::UnixDatagram>) -> UnixDatagram {
        UnixDatagram::of(socket)
    }
}

impl From<UnixDatagram> for Arc<Async<net::UnixDatagram>> {
    fn from(socket: UnixDatagram) -> Arc<Async<net::UnixDatagram>> {
        socket.0
    }
}

/// Fails if the socket cannot be registered with the reactor. Makes it not block.
impl TryFrom<net::UnixDatagram> for UnixDatagram {
    type Error = io::Error;

    fn try_from(socket: net::UnixDatagram) -> io::Result<UnixDatagram> {
        Async::new(socket).map(UnixDatagram::of)
    }
}

/// Fails if the socket cannot be registered with the reactor. Makes it not block.
impl TryFrom<OwnedFd> for UnixDatagram {
    type Error = io::Error;

    fn try_from(fd: OwnedFd) -> io::Result<UnixDatagram> {
        UnixDatagram::try_from(net::UnixDatagram::from(fd))
    }
}

impl AsFd for UnixDatagram {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.get_ref().as_fd()
    }
}

impl AsRawFd for UnixDatagram {
    fn as_raw_fd(&self) -> RawFd {
        self.0.get_ref().as_raw_fd()
    }
}
