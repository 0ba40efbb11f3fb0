//! A UDP socket.

use std::io;
use std::net::{self, SocketAddr};
use std::sync::Arc;

use trill_reactor::Async;

use super::bind::Bind;
use super::builder::UdpSocketBuilder;
use super::connect::Connect;
use super::recv_from::RecvFrom;
use super::send_to::SendTo;
use crate::address::AsyncToSocketAddrs;
use crate::convert;
use crate::datagram::{Recv, Send};
use crate::sys;

/// A UDP socket.
///
/// Clones share the socket, which is closed with the last one. Any number of tasks may send and receive at once; each
/// datagram goes to one of them.
///
/// # Examples
///
/// ```
/// use trill_net::UdpSocket;
///
/// trill_park::block_on(async {
///     let receiver = UdpSocket::bind("127.0.0.1:0").await?;
///     let sender = UdpSocket::bind("127.0.0.1:0").await?;
///     sender.send_to(b"hello", receiver.local_addr()?).await?;
///
///     let mut buffer = [0; 1500];
///     let (len, address) = receiver.recv_from(&mut buffer).await?;
///     assert_eq!(&buffer[..len], b"hello");
///     assert_eq!(address, sender.local_addr()?);
///     # Ok::<(), std::io::Error>(())
/// })?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct UdpSocket(Arc<Async<net::UdpSocket>>);

impl UdpSocket {
    /// Makes a socket, bound to the first of the addresses that can be had; port 0 lets the system choose one.
    ///
    /// # Errors
    ///
    /// As [`TcpListener::bind`](crate::TcpListener::bind).
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: the port is taken in the poll that returns the socket.
    ///
    /// # Examples
    ///
    /// See [`UdpSocket`].
    pub fn bind<A: AsyncToSocketAddrs>(addr: A) -> Bind {
        UdpSocket::builder().bind(addr)
    }

    /// Returns options to change before binding.
    ///
    /// # Examples
    ///
    /// See [`UdpSocketBuilder`].
    pub fn builder() -> UdpSocketBuilder {
        UdpSocketBuilder::default()
    }

    /// Returns the address it is bound to.
    ///
    /// # Errors
    ///
    /// What the operating system says.
    ///
    /// # Examples
    ///
    /// See [`UdpSocket`].
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
    /// See [`UdpSocket::connect`].
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.0.get_ref().peer_addr()
    }

    /// Sets the peer: where [`UdpSocket::send`] sends to, and the only one whose datagrams are received.
    ///
    /// Of several addresses the first that the system has a way to is taken. Nothing is sent.
    ///
    /// # Errors
    ///
    /// As [`TcpStream::connect`](crate::TcpStream::connect), apart from what only an answer of the peer would tell.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: the peer is set in the poll that says so.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_net::UdpSocket;
    ///
    /// trill_park::block_on(async {
    ///     let a = UdpSocket::bind("127.0.0.1:0").await?;
    ///     let b = UdpSocket::bind("127.0.0.1:0").await?;
    ///     a.connect(b.local_addr()?).await?;
    ///     assert_eq!(a.peer_addr()?, b.local_addr()?);
    ///     # Ok::<(), std::io::Error>(())
    /// })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn connect<A: AsyncToSocketAddrs>(&self, addr: A) -> Connect<'_> {
        Connect::new(self.0.get_ref(), &addr)
    }

    /// Receives a datagram and learns who sent it. What does not fit into `buf` is lost in silence:
    /// [`UdpSocket::recv_batch`] tells that it was ([`Datagram::is_truncated`](crate::Datagram::is_truncated)).
    /// An empty datagram is 0 bytes and no end of anything.
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
    /// See [`UdpSocket`].
    pub fn recv_from<'a>(&'a self, buf: &'a mut [u8]) -> RecvFrom<'a> {
        RecvFrom::new(&self.0, buf, false)
    }

    /// As [`UdpSocket::recv_from`], but the datagram stays for the next call.
    ///
    /// # Errors
    ///
    /// What the operating system says.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: it changes nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_net::UdpSocket;
    ///
    /// trill_park::block_on(async {
    ///     let receiver = UdpSocket::bind("127.0.0.1:0").await?;
    ///     receiver.send_to(b"hello", receiver.local_addr()?).await?;
    ///     let (len, address) = receiver.peek_from(&mut [0; 8]).await?;
    ///     assert_eq!(receiver.recv_from(&mut [0; 8]).await?, (len, address));
    ///     # Ok::<(), std::io::Error>(())
    /// })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn peek_from<'a>(&'a self, buf: &'a mut [u8]) -> RecvFrom<'a> {
        RecvFrom::new(&self.0, buf, true)
    }

    /// Sends a datagram to an address and returns how many bytes it has.
    ///
    /// Of several addresses the first of the socket's family is taken.
    ///
    /// # Errors
    ///
    /// What the operating system says, such as "message too long" for more than about 65,500 bytes; as
    /// [`resolve`](crate::resolve) if the address is a name.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: the datagram is sent in the poll that says so.
    ///
    /// # Examples
    ///
    /// See [`UdpSocket`].
    pub fn send_to<'a, A: AsyncToSocketAddrs>(&'a self, buf: &'a [u8], addr: A) -> SendTo<'a> {
        SendTo::new(&self.0, buf, &addr)
    }

    /// Receives a datagram from the peer. What does not fit into `buf` is lost, as with [`UdpSocket::recv_from`].
    ///
    /// # Errors
    ///
    /// `ConnectionRefused` if the peer's host has said that nobody receives what was sent; the socket goes on working.
    /// Else what the operating system says.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: a datagram is taken in the poll that returns it.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_net::UdpSocket;
    ///
    /// trill_park::block_on(async {
    ///     let a = UdpSocket::bind("127.0.0.1:0").await?;
    ///     let b = UdpSocket::bind("127.0.0.1:0").await?;
    ///     a.connect(b.local_addr()?).await?;
    ///     a.send(b"hello").await?;
    ///     assert_eq!(b.peek(&mut [0; 8]).await?, 5);
    ///     assert_eq!(b.recv(&mut [0; 8]).await?, 5);
    ///     # Ok::<(), std::io::Error>(())
    /// })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn recv<'a>(&'a self, buf: &'a mut [u8]) -> Recv<'a> {
        Recv::new(&self.0, buf, false)
    }

    /// As [`UdpSocket::recv`], but the datagram stays for the next call.
    ///
    /// # Errors
    ///
    /// As [`UdpSocket::recv`].
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: it changes nothing.
    ///
    /// # Examples
    ///
    /// See [`UdpSocket::recv`].
    pub fn peek<'a>(&'a self, buf: &'a mut [u8]) -> Recv<'a> {
        Recv::new(&self.0, buf, true)
    }

    /// Sends a datagram to the peer and returns how many bytes it has.
    ///
    /// # Errors
    ///
    /// An error of kind `NotConnected` or "destination address required" if no peer was set; `ConnectionRefused` if
    /// the peer's host has said that nobody receives what was sent before; else what the operating system says.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: the datagram is sent in the poll that says so.
    ///
    /// # Examples
    ///
    /// See [`UdpSocket::recv`].
    pub fn send<'a>(&'a self, buf: &'a [u8]) -> Send<'a> {
        Send::new(&self.0, buf)
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
    pub fn into_std(self) -> io::Result<net::UdpSocket> {
        convert::into_std(self.0, net::UdpSocket::try_clone)
    }

    /// The registered socket.
    pub(super) fn inner(&self) -> &Async<net::UdpSocket> {
        &self.0
    }

    pub(super) fn of(socket: Async<net::UdpSocket>) -> UdpSocket {
        UdpSocket(Arc::new(socket))
    }
}

impl From<Async<net::UdpSocket>> for UdpSocket {
    fn from(socket: Async<net::UdpSocket>) -> UdpSocket {
        UdpSocket::of(socket)
    }
}

impl From<UdpSocket> for Arc<Async<net::UdpSocket>> {
    fn from(socket: UdpSocket) -> Arc<Async<net::UdpSocket>> {
        socket.0
    }
}

/// Fails if the socket cannot be registered with the reactor. Makes it not block.
impl TryFrom<net::UdpSocket> for UdpSocket {
    type Error = io::Error;

    fn try_from(socket: net::UdpSocket) -> io::Result<UdpSocket> {
        Async::new(socket).map(UdpSocket::of)
    }
}

// Turning a descriptor into one fails if it cannot be registered with the reactor, and makes it not block.
sys::handles!(UdpSocket, net::UdpSocket, |socket| socket.0.get_ref());
