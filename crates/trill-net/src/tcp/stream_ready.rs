//! Readiness of a TCP connection, for those who transfer by themselves.

use std::io;
use std::net;
use std::task::{Context, Poll};

use trill_reactor::{Direction, Readable, Writable};

use super::stream::TcpStream;
use crate::stream::sealed::Wired;

impl TcpStream {
    /// Reads some bytes now, without waiting.
    ///
    /// # Errors
    ///
    /// `WouldBlock` if there are none, or as [`TcpStream::read`].
    ///
    /// # Examples
    ///
    /// See [`TcpStream::readable`].
    pub fn try_read(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.wire().try_read(buf)
    }

    /// Writes some bytes now, without waiting.
    ///
    /// # Errors
    ///
    /// `WouldBlock` if there is no room, or as [`TcpStream::write`].
    ///
    /// # Examples
    ///
    /// See [`TcpStream::readable`].
    pub fn try_write(&self, buf: &[u8]) -> io::Result<usize> {
        self.wire().try_write(buf)
    }

    /// Tries an operation on the socket now, without waiting; if it says `WouldBlock` that is noted, so that
    /// [`TcpStream::readable`] and the like wait.
    ///
    /// # Errors
    ///
    /// What `op` returns.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::ErrorKind;
    /// use trill_net::{Direction, TcpListener, TcpStream};
    ///
    /// trill_park::block_on(async {
    ///     let listener = TcpListener::bind("127.0.0.1:0").await?;
    ///     let client = TcpStream::connect(listener.local_addr()?).await?;
    ///     let tried = client.try_io(Direction::Read, || {
    ///         socket2::SockRef::from(&client).recv(&mut [std::mem::MaybeUninit::uninit()])
    ///     });
    ///     assert_eq!(tried.unwrap_err().kind(), ErrorKind::WouldBlock);
    ///     # Ok::<(), std::io::Error>(())
    /// })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn try_io<R>(
        &self,
        direction: Direction,
        op: impl FnOnce() -> io::Result<R>,
    ) -> io::Result<R> {
        self.inner().source().try_io(direction, op)
    }

    /// Waits until there is something to read: bytes, the end of the stream, or an error.
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
    /// use trill_net::{TcpListener, TcpStream};
    ///
    /// trill_park::block_on(async {
    ///     let listener = TcpListener::bind("127.0.0.1:0").await?;
    ///     let client = TcpStream::connect(listener.local_addr()?).await?;
    ///     let (server, _) = listener.accept().await?;
    ///     client.writable().await?;
    ///     assert_eq!(client.try_write(b"hello")?, 5);
    ///     server.readable().await?;
    ///     assert_eq!(server.try_read(&mut [0; 8])?, 5);
    ///     # Ok::<(), std::io::Error>(())
    /// })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn readable(&self) -> Readable<'_, net::TcpStream> {
        self.inner().readable()
    }

    /// Waits until there is room to write, or an error.
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
    /// See [`TcpStream::readable`].
    pub fn writable(&self) -> Writable<'_, net::TcpStream> {
        self.inner().writable()
    }

    /// Polls until there is something to read; any number of tasks may wait.
    ///
    /// # Errors
    ///
    /// See [`Async::poll_readable`](trill_reactor::Async::poll_readable).
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_net::{TcpListener, TcpStream};
    ///
    /// trill_park::block_on(async {
    ///     let listener = TcpListener::bind("127.0.0.1:0").await?;
    ///     let client = TcpStream::connect(listener.local_addr()?).await?;
    ///     let (server, _) = listener.accept().await?;
    ///     std::future::poll_fn(|cx| client.poll_writable(cx)).await?;
    ///     client.try_write(b"x")?;
    ///     std::future::poll_fn(|cx| server.poll_readable(cx)).await
    /// })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn poll_readable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.inner().poll_readable(cx)
    }

    /// Polls until there is room to write; any number of tasks may wait.
    ///
    /// # Errors
    ///
    /// See [`Async::poll_writable`](trill_reactor::Async::poll_writable).
    ///
    /// # Examples
    ///
    /// See [`TcpStream::poll_readable`].
    #[track_caller]
    pub fn poll_writable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.inner().poll_writable(cx)
    }
}
