//! A stream owned by a reader and a writer, for two tasks.

use std::error::Error;
use std::fmt;
use std::io::{self, IoSlice, IoSliceMut};
use std::mem;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_io::{AsyncRead, AsyncWrite};

use super::Stream;
use super::read::{Peek, Read, ReadExact, ReadVectored};
use super::wire::Wire;
use super::write::{Write, WriteAll, WriteVectored};
use crate::tcp::TcpStream;

/// The half of a stream that reads; from [`TcpStream::into_split`] or [`UnixStream::into_split`](crate::unix::UnixStream::into_split).
///
/// # Examples
///
/// See [`TcpStream::into_split`].
pub struct OwnedReadHalf<S = TcpStream>(S);

/// The half of a stream that writes; from [`TcpStream::into_split`] or [`UnixStream::into_split`](crate::unix::UnixStream::into_split).
///
/// Dropping it ends writing: the peer reads the end of the stream. [`OwnedWriteHalf::forget`] does not.
///
/// # Examples
///
/// See [`TcpStream::into_split`].
pub struct OwnedWriteHalf<S: Stream = TcpStream> {
    stream: S,
    /// Whether a drop ends writing.
    closes: bool,
}

/// Takes a stream apart.
pub(crate) fn into_split<S: Stream>(stream: S) -> (OwnedReadHalf<S>, OwnedWriteHalf<S>) {
    let read = OwnedReadHalf(stream.clone());
    let write = OwnedWriteHalf {
        stream,
        closes: true,
    };
    (read, write)
}

/// Puts halves together again.
pub(crate) fn reunite<S: Stream>(
    read: OwnedReadHalf<S>,
    write: OwnedWriteHalf<S>,
) -> Result<S, ReuniteError<S>> {
    if !read.0.is_same(&write.stream) {
        return Err(ReuniteError(read, write));
    }
    write.forget();
    Ok(read.0)
}

impl<S: Stream> OwnedReadHalf<S> {
    /// Puts the halves of a stream together again.
    ///
    /// # Errors
    ///
    /// [`ReuniteError`] with both halves if they are of different streams.
    ///
    /// # Examples
    ///
    /// See [`TcpStream::into_split`].
    pub fn reunite(self, write: OwnedWriteHalf<S>) -> Result<S, ReuniteError<S>> {
        reunite(self, write)
    }

    /// Reads some bytes; as [`TcpStream::read`].
    ///
    /// # Errors
    ///
    /// As there.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: a read that is dropped has read nothing.
    ///
    /// # Examples
    ///
    /// See [`TcpStream::into_split`].
    #[inline]
    pub fn read<'b>(&'b mut self, buf: &'b mut [u8]) -> Read<'b> {
        Read::new(self.0.wire(), buf)
    }

    /// Reads some bytes into several buffers; as [`TcpStream::read_vectored`].
    ///
    /// # Errors
    ///
    /// As there.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: a read that is dropped has read nothing.
    ///
    /// # Examples
    ///
    /// See [`TcpStream::read_vectored`].
    #[inline]
    pub fn read_vectored<'b, 'c>(
        &'b mut self,
        bufs: &'b mut [IoSliceMut<'c>],
    ) -> ReadVectored<'b, 'c> {
        ReadVectored::new(self.0.wire(), bufs)
    }

    /// Reads until `buf` is full; as [`TcpStream::read_exact`].
    ///
    /// # Errors
    ///
    /// As there.
    ///
    /// # Cancel safety
    ///
    /// Not cancel safe: what was read before it is dropped is in `buf`, and how much that is is lost.
    ///
    /// # Examples
    ///
    /// See [`TcpStream::read_exact`].
    pub fn read_exact<'b>(&'b mut self, buf: &'b mut [u8]) -> ReadExact<'b> {
        ReadExact::new(self.0.wire(), buf)
    }

    /// Reads some bytes and leaves them there; as [`TcpStream::peek`].
    ///
    /// # Errors
    ///
    /// As there.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: it changes nothing.
    ///
    /// # Examples
    ///
    /// See [`TcpStream::peek`].
    pub fn peek<'b>(&'b mut self, buf: &'b mut [u8]) -> Peek<'b> {
        Peek::new(self.0.wire(), buf)
    }

    /// The stream as its transfers see it.
    #[cfg(feature = "tokio-io")]
    pub(crate) fn wire(&self) -> Wire<'_> {
        self.0.wire()
    }
}

impl<S: Stream> OwnedWriteHalf<S> {
    /// Puts the halves of a stream together again.
    ///
    /// # Errors
    ///
    /// [`ReuniteError`] with both halves if they are of different streams.
    ///
    /// # Examples
    ///
    /// See [`TcpStream::into_split`].
    pub fn reunite(self, read: OwnedReadHalf<S>) -> Result<S, ReuniteError<S>> {
        reunite(read, self)
    }

    /// Drops this half and leaves the stream open for writing: the peer sees nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_net::unix::UnixStream;
    ///
    /// trill_park::block_on(async {
    ///     let (a, b) = UnixStream::pair()?;
    ///     let (_read, write) = a.into_split();
    ///     write.forget();
    ///     // Had it been dropped, `b` would read an end of the stream here.
    ///     assert_eq!(b.try_read(&mut [0]).unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
    ///     # Ok::<(), std::io::Error>(())
    /// })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn forget(mut self) {
        self.closes = false;
    }

    /// Writes some bytes; as [`TcpStream::write`].
    ///
    /// # Errors
    ///
    /// As there.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: a write that is dropped has written nothing.
    ///
    /// # Examples
    ///
    /// See [`TcpStream::into_split`].
    #[inline]
    pub fn write<'b>(&'b mut self, buf: &'b [u8]) -> Write<'b> {
        Write::new(self.wire(), buf)
    }

    /// Writes some bytes of several buffers; as [`TcpStream::write_vectored`].
    ///
    /// # Errors
    ///
    /// As there.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: a write that is dropped has written nothing.
    ///
    /// # Examples
    ///
    /// See [`TcpStream::write_vectored`].
    #[inline]
    pub fn write_vectored<'b, 'c>(&'b mut self, bufs: &'b [IoSlice<'c>]) -> WriteVectored<'b, 'c> {
        WriteVectored::new(self.wire(), bufs)
    }

    /// Writes all of `buf`; as [`TcpStream::write_all`].
    ///
    /// # Errors
    ///
    /// As there.
    ///
    /// # Cancel safety
    ///
    /// Not cancel safe: how much was written before it is dropped is lost.
    ///
    /// # Examples
    ///
    /// See [`TcpStream::into_split`].
    #[inline]
    pub fn write_all<'b>(&'b mut self, buf: &'b [u8]) -> WriteAll<'b> {
        WriteAll::new(self.wire(), buf)
    }

    /// The stream as its transfers see it.
    pub(crate) fn wire(&self) -> Wire<'_> {
        self.stream.wire()
    }

    /// Ends writing now, so that a drop need not.
    pub(crate) fn close(&mut self) -> io::Result<()> {
        let closed = self.wire().close_write();
        self.closes = closed.is_err();
        closed
    }
}

impl<S: Stream> Drop for OwnedWriteHalf<S> {
    fn drop(&mut self) {
        if mem::take(&mut self.closes) {
            // If that fails, the connection is gone already.
            let _ = self.wire().close_write();
        }
    }
}

impl<S: Stream + Unpin> AsyncRead for OwnedReadHalf<S> {
    #[inline]
    #[track_caller]
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let wire = self.0.wire();
        wire.poll_read(wire.reading(), cx, Location::caller(), buf)
    }

    #[inline]
    #[track_caller]
    fn poll_read_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        let wire = self.0.wire();
        wire.poll_read_vectored(wire.reading(), cx, Location::caller(), bufs)
    }
}

impl<S: Stream + Unpin> AsyncWrite for OwnedWriteHalf<S> {
    #[inline]
    #[track_caller]
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let wire = self.wire();
        wire.poll_write(wire.writing(), cx, Location::caller(), buf)
    }

    #[inline]
    #[track_caller]
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let wire = self.wire();
        wire.poll_write_vectored(wire.writing(), cx, Location::caller(), bufs)
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.close())
    }
}

/// The stream, whose address and options can be asked for.
impl<S> AsRef<S> for OwnedReadHalf<S> {
    fn as_ref(&self) -> &S {
        &self.0
    }
}

/// The stream, whose address and options can be asked for.
impl<S: Stream> AsRef<S> for OwnedWriteHalf<S> {
    fn as_ref(&self) -> &S {
        &self.stream
    }
}

impl<S: fmt::Debug> fmt::Debug for OwnedReadHalf<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("OwnedReadHalf").field(&self.0).finish()
    }
}

impl<S: Stream> fmt::Debug for OwnedWriteHalf<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("OwnedWriteHalf").field(&self.stream).finish()
    }
}

/// Two halves that are not of one stream; both are inside.
///
/// # Examples
///
/// ```
/// use trill_net::unix::UnixStream;
///
/// let (a, b) = UnixStream::pair()?;
/// let ((read, _write), (_read, write)) = (a.into_split(), b.into_split());
/// let error = read.reunite(write).unwrap_err();
/// println!("{error}, so {:?} and {:?} stay apart", error.0, error.1);
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct ReuniteError<S: Stream = TcpStream>(pub OwnedReadHalf<S>, pub OwnedWriteHalf<S>);

impl<S: Stream> fmt::Debug for ReuniteError<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ReuniteError")
            .field(&self.0)
            .field(&self.1)
            .finish()
    }
}

impl<S: Stream> fmt::Display for ReuniteError<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("these are not the halves of one stream: keep the two that `into_split` returned together")
    }
}

impl<S: Stream> Error for ReuniteError<S> {}
