//! A stream borrowed as a reader and a writer.

use std::fmt;
use std::io::{self, IoSlice, IoSliceMut};
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_io::{AsyncRead, AsyncWrite};

use super::Stream;
use super::read::{Peek, Read, ReadExact, ReadVectored};
#[cfg(feature = "tokio-io")]
use super::wire::Wire;
use super::write::{Write, WriteAll, WriteVectored};
use crate::tcp::TcpStream;

/// The half of a borrowed stream that reads; from [`TcpStream::split`] or [`UnixStream::split`](crate::unix::UnixStream::split).
///
/// # Examples
///
/// See [`TcpStream::split`].
pub struct ReadHalf<'a, S = TcpStream>(&'a S);

/// The half of a borrowed stream that writes; from [`TcpStream::split`] or [`UnixStream::split`](crate::unix::UnixStream::split).
///
/// Dropping it does nothing to the stream.
///
/// # Examples
///
/// See [`TcpStream::split`].
pub struct WriteHalf<'a, S = TcpStream>(&'a S);

/// Makes both halves. The caller has borrowed the stream mutably, so that there are two and no more.
pub(crate) fn split<S: Stream>(stream: &S) -> (ReadHalf<'_, S>, WriteHalf<'_, S>) {
    (ReadHalf(stream), WriteHalf(stream))
}

impl<S: Stream> ReadHalf<'_, S> {
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
    /// See [`TcpStream::split`].
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

impl<S: Stream> WriteHalf<'_, S> {
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
    /// See [`TcpStream::split`].
    #[inline]
    pub fn write<'b>(&'b mut self, buf: &'b [u8]) -> Write<'b> {
        Write::new(self.0.wire(), buf)
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
        WriteVectored::new(self.0.wire(), bufs)
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
    /// See [`TcpStream::split`].
    #[inline]
    pub fn write_all<'b>(&'b mut self, buf: &'b [u8]) -> WriteAll<'b> {
        WriteAll::new(self.0.wire(), buf)
    }

    /// The stream as its transfers see it.
    #[cfg(feature = "tokio-io")]
    pub(crate) fn wire(&self) -> Wire<'_> {
        self.0.wire()
    }
}

impl<S: Stream> AsyncRead for ReadHalf<'_, S> {
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

impl<S: Stream> AsyncWrite for WriteHalf<'_, S> {
    #[inline]
    #[track_caller]
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let wire = self.0.wire();
        wire.poll_write(wire.writing(), cx, Location::caller(), buf)
    }

    #[inline]
    #[track_caller]
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let wire = self.0.wire();
        wire.poll_write_vectored(wire.writing(), cx, Location::caller(), bufs)
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.0.wire().close_write())
    }
}

/// The stream, whose address and options can be asked for.
impl<S> AsRef<S> for ReadHalf<'_, S> {
    fn as_ref(&self) -> &S {
        self.0
    }
}

/// The stream, whose address and options can be asked for.
impl<S> AsRef<S> for WriteHalf<'_, S> {
    fn as_ref(&self) -> &S {
        self.0
    }
}

impl<S: fmt::Debug> fmt::Debug for ReadHalf<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ReadHalf").field(self.0).finish()
    }
}

impl<S: fmt::Debug> fmt::Debug for WriteHalf<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("WriteHalf").field(self.0).finish()
    }
}
