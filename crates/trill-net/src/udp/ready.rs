//! Readiness of a UDP socket, for those who transfer by themselves.

use std::io;
use std::net::{self, SocketAddr};
use std::panic::Location;
use std::task::{Context, Poll};

use trill_reactor::{Direction, Readable, Writable};

use super::socket::UdpSocket;
use crate::sys;

impl UdpSocket {
    /// Receives a datagram now, without waiting.
    ///
    /// # Errors
    ///
    /// `WouldBlock` if there is none, or as [`UdpSocket::recv_from`].
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::ErrorKind;
    ///
    /// let socket = trill_park::block_on(trill_net::UdpSocket::bind("127.0.0.1:0"))?;
    /// let error = socket.try_recv_from(&mut [0; 8]).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::WouldBlock);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn try_recv_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        let socket = self.inner().get_ref();
        self.try_io(Direction::Read, || {
            sys::uninterrupted(|| socket.recv_from(buf))
        })
    }

    /// Sends a datagram now, without waiting.
    ///
    /// # Errors
    ///
    /// `WouldBlock` if there is no room, or as [`UdpSocket::send_to`].
    ///
    /// # Examples
    ///
    /// ```
    /// let socket = trill_park::block_on(trill_net::UdpSocket::bind("127.0.0.1:0"))?;
    /// assert_eq!(socket.try_send_to(b"hello", socket.local_addr()?)?, 5);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn try_send_to(&self, buf: &[u8], addr: SocketAddr) -> io::Result<usize> {
        let socket = self.inner().get_ref();
        self.try_io(Direction::Write, || {
            sys::uninterrupted(|| socket.send_to(buf, addr))
        })
    }

    /// Tries an operation on the socket now, without waiting, and notes it if it says `WouldBlock`.
    ///
    /// # Errors
    ///
    /// What `op` returns.
    ///
    /// # Examples
    ///
    /// See [`TcpStream::try_io`](crate::TcpStream::try_io).
    pub fn try_io<R>(
        &self,
        direction: Direction,
        op: impl FnOnce() -> io::Result<R>,
    ) -> io::Result<R> {
        self.inner().source().try_io(direction, op)
    }

    /// Polls to receive a datagram; any number of tasks may wait.
    ///
    /// # Errors
    ///
    /// As [`UdpSocket::recv_from`].
    ///
    /// # Examples
    ///
    /// ```
    /// use std::future::poll_fn;
    /// use trill_net::UdpSocket;
    ///
    /// trill_park::block_on(async {
    ///     let socket = UdpSocket::bind("127.0.0.1:0").await?;
    ///     let address = socket.local_addr()?;
    ///     poll_fn(|cx| socket.poll_send_to(cx, b"hello", address)).await?;
    ///     let mut buffer = [0; 8];
    ///     let (len, from) = poll_fn(|cx| socket.poll_recv_from(cx, &mut buffer)).await?;
    ///     assert_eq!((len, from), (5, address));
    ///     # Ok::<(), std::io::Error>(())
    /// })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn poll_recv_from(
        &self,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<(usize, SocketAddr)>> {
        let (location, socket) = (Location::caller(), self.inner());
        socket.source().poll_io(cx, Direction::Read, location, || {
            sys::uninterrupted(|| socket.get_ref().recv_from(buf))
        })
    }

    /// Polls to send a datagram; any number of tasks may wait.
    ///
    /// # Errors
    ///
    /// As [`UdpSocket::send_to`].
    ///
    /// # Examples
    ///
    /// See [`UdpSocket::poll_recv_from`].
    #[track_caller]
    pub fn poll_send_to(
        &self,
        cx: &mut Context<'_>,
        buf: &[u8],
        addr: SocketAddr,
    ) -> Poll<io::Result<usize>> {
        let (location, socket) = (Location::caller(), self.inner());
        socket.source().poll_io(cx, Direction::Write, location, || {
            sys::uninterrupted(|| socket.get_ref().send_to(buf, addr))
        })
    }

    /// Waits until a datagram can be received.
    ///
    /// # Errors
    ///
    /// See [`Async::readable`](trill_reactor::Async::readable).
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: it takes nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_net::UdpSocket;
    ///
    /// trill_park::block_on(async {
    ///     let socket = UdpSocket::bind("127.0.0.1:0").await?;
    ///     socket.writable().await?;
    ///     socket.try_send_to(b"hello", socket.local_addr()?)?;
    ///     socket.readable().await?;
    ///     assert_eq!(socket.try_recv_from(&mut [0; 8])?.0, 5);
    ///     # Ok::<(), std::io::Error>(())
    /// })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn readable(&self) -> Readable<'_, net::UdpSocket> {
        self.inner().readable()
    }

    /// Waits until a datagram can be sent.
    ///
    /// # Errors
    ///
    /// See [`Async::writable`](trill_reactor::Async::writable).
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: it takes nothing.
    ///
    /// # Examples
    ///
    /// See [`UdpSocket::readable`].
    pub fn writable(&self) -> Writable<'_, net::UdpSocket> {
        self.inner().writable()
    }

    /// Polls until a datagram can be received; any number of tasks may wait.
    ///
    /// # Errors
    ///
    /// See [`Async::poll_readable`](trill_reactor::Async::poll_readable).
    ///
    /// # Examples
    ///
    /// See [`TcpStream::poll_readable`](crate::TcpStream::poll_readable).
    #[track_caller]
    pub fn poll_readable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.inner().poll_readable(cx)
    }

    /// Polls until a datagram can be sent; any number of tasks may wait.
    ///
    /// # Errors
    ///
    /// See [`Async::poll_writable`](trill_reactor::Async::poll_writable).
    ///
    /// # Examples
    ///
    /// See [`TcpStream::poll_readable`](crate::TcpStream::poll_readable).
    #[track_caller]
    pub fn poll_writable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.inner().poll_writable(cx)
    }
}
