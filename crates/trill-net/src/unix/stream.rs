//! A Unix connection.

use std::fmt;
use std::io::{self, IoSlice, IoSliceMut};
use std::net::Shutdown;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::os::unix::net::{self, SocketAddr};
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::path::Path;
use std::sync::Arc;
use std::task::{Context, Poll};

use socket2::Type;
use trill_reactor::{Async, Direction, Readable, Writable};

use super::connect::Connect;
use super::credentials::Credentials;
use crate::convert;
use crate::stream::Stream;
use crate::stream::halves::{ReadHalf, WriteHalf, split};
use crate::stream::owned_halves::{OwnedReadHalf, OwnedWriteHalf, into_split};
use crate::stream::read::{Peek, Read, ReadExact, ReadVectored};
use crate::stream::sealed::Wired;
use crate::stream::wire::Wire;
use crate::stream::write::{Write, WriteAll, WriteVectored};
use crate::sys;

/// A Unix connection, between processes of one host.
///
/// Clones share the socket, which is closed with the last one. What is said of [`TcpStream`](crate::TcpStream) about
/// tasks and traits holds here too.
///
/// # Examples
///
/// ```
/// use trill_net::unix::UnixStream;
///
/// trill_park::block_on(async {
///     let (a, b) = UnixStream::pair()?;
///     a.write_all(b"hello").await?;
///     let mut buffer = [0; 8];
///     let len = b.read(&mut buffer).await?;
///     assert_eq!(&buffer[..len], b"hello");
///     # Ok::<(), std::io::Error>(())
/// })?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone)]
pub struct UnixStream(Arc<Async<net::UnixStream>>);

impl UnixStream {
    /// Connects to a path, or to an abstract name: one that begins with a null byte.
    ///
    /// While the listener has more connections waiting than it allows, this tries again every 1 to 64 ms.
    ///
    /// # Errors
    ///
    /// `NotFound`, `ConnectionRefused` if nobody listens any more, `PermissionDenied` and the like, with the path in
    /// the text and an [`AddressError`](crate::AddressError) inside; `Unsupported` in a simulated world.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: the connection is made in the poll that returns it.
    ///
    /// # Examples
    ///
    /// See the [module's page](super).
    pub fn connect<P: AsRef<Path>>(path: P) -> Connect {
        Connect::new(path.as_ref())
    }

    /// Makes two sockets that are connected to each other.
    ///
    /// # Errors
    ///
    /// What the operating system says; `Unsupported` in a simulated world.
    ///
    /// # Examples
    ///
    /// See [`UnixStream`].
    pub fn pair() -> io::Result<(UnixStream, UnixStream)> {
        sys::os_only("make sockets")?;
        let (a, b) = sys::open_pair(Type::STREAM)?;
        let (a, b) = (
            Async::new_deferred(a.into())?,
            Async::new_deferred(b.into())?,
        );
        Ok((UnixStream::of(a), UnixStream::of(b)))
    }

    /// Returns this side's address, which often has no name.
    ///
    /// # Errors
    ///
    /// What the operating system says.
    ///
    /// # Examples
    ///
    /// ```
    /// let (a, _b) = trill_net::unix::UnixStream::pair()?;
    /// assert!(a.local_addr()?.is_unnamed());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.get_ref().local_addr()
    }

    /// Returns the peer's address, which often has no name.
    ///
    /// # Errors
    ///
    /// What the operating system says.
    ///
    /// # Examples
    ///
    /// ```
    /// let (a, _b) = trill_net::unix::UnixStream::pair()?;
    /// assert!(a.peer_addr()?.is_unnamed());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.0.get_ref().peer_addr()
    }

    /// Returns which process, user and group is at the other end.
    ///
    /// # Errors
    ///
    /// What the operating system says; `Unsupported` on systems other than Linux.
    ///
    /// # Examples
    ///
    /// See [`Credentials`].
    pub fn peer_cred(&self) -> io::Result<Credentials> {
        sys::peer_credentials(self.as_fd())
    }

    /// Ends reading, writing or both, for all clones.
    ///
    /// # Errors
    ///
    /// `NotConnected` if the connection has ended already.
    ///
    /// # Examples
    ///
    /// See [`TcpStream::shutdown`](crate::TcpStream::shutdown).
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.0.get_ref().shutdown(how)
    }

    /// Reads some bytes into `buf`; as [`TcpStream::read`](crate::TcpStream::read).
    ///
    /// # Errors
    ///
    /// What the operating system says, such as `ConnectionReset`.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: a read that is dropped has read nothing.
    ///
    /// # Examples
    ///
    /// See [`UnixStream`].
    #[inline]
    pub fn read<'a>(&'a self, buf: &'a mut [u8]) -> Read<'a> {
        Read::new(self.wire(), buf)
    }

    /// Reads some bytes into several buffers; as [`TcpStream::read_vectored`](crate::TcpStream::read_vectored).
    ///
    /// # Errors
    ///
    /// As [`UnixStream::read`].
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: a read that is dropped has read nothing.
    ///
    /// # Examples
    ///
    /// See [`TcpStream::read_vectored`](crate::TcpStream::read_vectored).
    #[inline]
    pub fn read_vectored<'a, 'b>(&'a self, bufs: &'a mut [IoSliceMut<'b>]) -> ReadVectored<'a, 'b> {
        ReadVectored::new(self.wire(), bufs)
    }

    /// Reads until `buf` is full.
    ///
    /// # Errors
    ///
    /// As [`UnixStream::read`], and `UnexpectedEof` if the peer ends writing before. What was read is in `buf`.
    ///
    /// # Cancel safety
    ///
    /// Not cancel safe: what was read before it is dropped is in `buf`, and how much that is is lost.
    ///
    /// # Examples
    ///
    /// See [`TcpListener`](crate::TcpListener).
    pub fn read_exact<'a>(&'a self, buf: &'a mut [u8]) -> ReadExact<'a> {
        ReadExact::new(self.wire(), buf)
    }

    /// Reads some bytes and leaves them there for the next read.
    ///
    /// # Errors
    ///
    /// As [`UnixStream::read`].
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: it changes nothing.
    ///
    /// # Examples
    ///
    /// See [`TcpStream::peek`](crate::TcpStream::peek).
    pub fn peek<'a>(&'a self, buf: &'a mut [u8]) -> Peek<'a> {
        Peek::new(self.wire(), buf)
    }

    /// Writes some bytes of `buf` and returns how many.
    ///
    /// # Errors
    ///
    /// What the operating system says, such as `BrokenPipe` if the peer is gone. A signal is never raised.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: a write that is dropped has written nothing.
    ///
    /// # Examples
    ///
    /// See [`TcpStream::write`](crate::TcpStream::write).
    #[inline]
    pub fn write<'a>(&'a self, buf: &'a [u8]) -> Write<'a> {
        Write::new(self.wire(), buf)
    }

    /// Writes some bytes of several buffers; as [`TcpStream::write_vectored`](crate::TcpStream::write_vectored).
    ///
    /// # Errors
    ///
    /// As [`UnixStream::write`].
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: a write that is dropped has written nothing.
    ///
    /// # Examples
    ///
    /// See [`TcpStream::read_vectored`](crate::TcpStream::read_vectored).
    #[inline]
    pub fn write_vectored<'a, 'b>(&'a self, bufs: &'a [IoSlice<'b>]) -> WriteVectored<'a, 'b> {
        WriteVectored::new(self.wire(), bufs)
    }

    /// Writes all of `buf`.
    ///
    /// # Errors
    ///
    /// As [`UnixStream::write`].
    ///
    /// # Cancel safety
    ///
    /// Not cancel safe: how much was written before it is dropped is lost.
    ///
    /// # Examples
    ///
    /// See [`UnixStream`].
    #[inline]
    pub fn write_all<'a>(&'a self, buf: &'a [u8]) -> WriteAll<'a> {
        WriteAll::new(self.wire(), buf)
    }

    /// Borrows the stream as a reader and a writer.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_net::unix::UnixStream;
    ///
    /// trill_park::block_on(async {
    ///     let (mut a, b) = UnixStream::pair()?;
    ///     let (mut reader, mut writer) = a.split();
    ///     writer.write_all(b"x").await?;
    ///     b.write_all(b"y").await?;
    ///     assert_eq!(reader.read(&mut [0]).await?, 1);
    ///     # Ok::<(), std::io::Error>(())
    /// })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn split(&mut self) -> (ReadHalf<'_, UnixStream>, WriteHalf<'_, UnixStream>) {
        split(self)
    }

    /// Takes the stream apart into a reader and a writer, for two tasks.
    ///
    /// # Examples
    ///
    /// See [`OwnedWriteHalf::forget`].
    pub fn into_split(self) -> (OwnedReadHalf<UnixStream>, OwnedWriteHalf<UnixStream>) {
        into_split(self)
    }

    /// Returns the error that was noted for the socket, if any, and clears it (`SO_ERROR`).
    ///
    /// # Errors
    ///
    /// What the operating system says when asked.
    ///
    /// # Examples
    ///
    /// ```
    /// let (a, _b) = trill_net::unix::UnixStream::pair()?;
    /// assert!(a.take_error()?.is_none());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.0.get_ref().take_error()
    }

    /// Reads some bytes now, without waiting.
    ///
    /// # Errors
    ///
    /// `WouldBlock` if there are none, or as [`UnixStream::read`].
    ///
    /// # Examples
    ///
    /// See [`OwnedWriteHalf::forget`].
    pub fn try_read(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.wire().try_read(buf)
    }

    /// Writes some bytes now, without waiting.
    ///
    /// # Errors
    ///
    /// `WouldBlock` if there is no room, or as [`UnixStream::write`].
    ///
    /// # Examples
    ///
    /// See [`TcpStream::readable`](crate::TcpStream::readable).
    pub fn try_write(&self, buf: &[u8]) -> io::Result<usize> {
        self.wire().try_write(buf)
    }

    /// Tries an operation on the socket now, without waiting, and notes it if it says `WouldBlock`.
    ///
    /// Among the operations are those that pass descriptors, as `rustix::net::sendmsg` and `recvmsg` do.
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
        self.0.source().try_io(direction, op)
    }

    /// Waits until there is something to read: bytes, the end of the stream, or an error.
    ///
    /// # Errors
    ///
    /// See [`Async::readable`].
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: it takes nothing.
    ///
    /// # Examples
    ///
    /// See [`TcpStream::readable`](crate::TcpStream::readable).
    pub fn readable(&self) -> Readable<'_, net::UnixStream> {
        self.0.readable()
    }

    /// Waits until there is room to write, or an error.
    ///
    /// # Errors
    ///
    /// See [`Async::writable`].
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: it takes nothing.
    ///
    /// # Examples
    ///
    /// See [`TcpStream::readable`](crate::TcpStream::readable).
    pub fn writable(&self) -> Writable<'_, net::UnixStream> {
        self.0.writable()
    }

    /// Polls until there is something to read; any number of tasks may wait.
    ///
    /// # Errors
    ///
    /// See [`Async::poll_readable`].
    ///
    /// # Examples
    ///
    /// See [`TcpStream::poll_readable`](crate::TcpStream::poll_readable).
    #[track_caller]
    pub fn poll_readable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_readable(cx)
    }

    /// Polls until there is room to write; any number of tasks may wait.
    ///
    /// # Errors
    ///
    /// See [`Async::poll_writable`].
    ///
    /// # Examples
    ///
    /// See [`TcpStream::poll_readable`](crate::TcpStream::poll_readable).
    #[track_caller]
    pub fn poll_writable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_writable(cx)
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
    pub fn into_std(self) -> io::Result<net::UnixStream> {
        convert::into_std(self.0, net::UnixStream::try_clone)
    }

    /// The registered socket.
    pub(super) fn inner(&self) -> &Async<net::UnixStream> {
        &self.0
    }

    pub(super) fn of(stream: Async<net::UnixStream>) -> UnixStream {
        UnixStream(Arc::new(stream))
    }
}

impl Stream for UnixStream {}

impl Wired for UnixStream {
    #[inline]
    #[allow(private_interfaces)] // Nobody outside can call it.
    fn wire(&self) -> Wire<'_> {
        Wire::unix(&self.0)
    }

    fn is_same(&self, other: &UnixStream) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl UnwindSafe for UnixStream {}
impl RefUnwindSafe for UnixStream {}

impl fmt::Debug for UnixStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.get_ref().fmt(f)
    }
}

/// For functions that take whatever a reactor watches.
impl std::borrow::Borrow<Async<net::UnixStream>> for UnixStream {
    fn borrow(&self) -> &Async<net::UnixStream> {
        &self.0
    }
}

impl From<Async<net::UnixStream>> for UnixStream {
    fn from(stream: Async<net::UnixStream>) -> UnixStream {
        UnixStream::of(stream)
    }
}

impl From<UnixStream> for Arc<Async<net::UnixStream>> {
    fn from(stream: UnixStream) -> Arc<Async<net::UnixStream>> {
        stream.0
    }
}

/// Fails if the socket cannot be registered with the reactor. Makes it not block.
impl TryFrom<net::UnixStream> for UnixStream {
    type Error = io::Error;

    fn try_from(stream: net::UnixStream) -> io::Result<UnixStream> {
        Async::new(stream).map(UnixStream::of)
    }
}

/// Fails if the socket cannot be registered with the reactor. Makes it not block.
impl TryFrom<OwnedFd> for UnixStream {
    type Error = io::Error;

    fn try_from(fd: OwnedFd) -> io::Result<UnixStream> {
        UnixStream::try_from(net::UnixStream::from(fd))
    }
}

impl AsFd for UnixStream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.get_ref().as_fd()
    }
}

impl AsRawFd for UnixStream {
    fn as_raw_fd(&self) -> RawFd {
        self.0.get_ref().as_raw_fd()
    }
}
