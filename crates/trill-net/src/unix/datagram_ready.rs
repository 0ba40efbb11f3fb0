//! Readiness of a Unix datagram socket, for those who transfer by themselves.

use std::io;
use std::os::unix::net;
use std::task::{Context, Poll};

use trill_reactor::{Direction, Readable, Writable};

use super::datagram::UnixDatagram;

impl UnixDatagram {
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
    /// use trill_net::unix::UnixDatagram;
    ///
    /// trill_park::block_on(async {
    ///     let (a, b) = UnixDatagram::pair()?;
    ///     a.writable().await?;
    ///     a.send(b"x").await?;
    ///     b.readable().await
    /// })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn readable(&self) -> Readable<'_, net::UnixDatagram> {
        self.inner().readable()
    }

    /// Waits until a datagram can be sent; to the peer, if there is one.
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
    /// See [`UnixDatagram::readable`].
    pub fn writable(&self) -> Writable<'_, net::UnixDatagram> {
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
