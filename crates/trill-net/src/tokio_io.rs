//! The traits of `tokio::io` on streams and their halves, without tokio's runtime.
#![allow(unsafe_code)] // Bytes are received into memory that is not initialised.

use std::io::{self, IoSlice};
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::stream::Stream;
use crate::stream::halves::{ReadHalf, WriteHalf};
use crate::stream::owned_halves::{OwnedReadHalf, OwnedWriteHalf};
use crate::stream::sealed::Wired;
use crate::stream::wire::Wire;
use crate::tcp::TcpStream;
#[cfg(unix)]
use crate::unix::UnixStream;

/// Receives into what is left of the buffer.
#[inline]
#[track_caller]
fn poll_read(wire: Wire<'_>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
    // SAFETY: what is there must not be made uninitialised; receiving only writes bytes to it. `Wire` upholds this;
    // `reads_into_uninitialised_memory` in `tests/tokio_io.rs` would fail under Miri's rules for `ReadBuf::filled`.
    let unfilled = unsafe { buf.unfilled_mut() };
    match wire.poll_read_uninit(wire.reading(), cx, Location::caller(), unfilled) {
        Poll::Ready(Ok(len)) => {
            // SAFETY: `len` bytes were received into the beginning of `unfilled`, as the system call returned.
            // `Wire::poll_read_uninit` upholds this; `reads_into_uninitialised_memory` would see other bytes.
            unsafe { buf.assume_init(len) };
            buf.advance(len);
            Poll::Ready(Ok(()))
        }
        Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
        Poll::Pending => Poll::Pending,
    }
}

#[inline]
#[track_caller]
fn poll_write(wire: Wire<'_>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
    wire.poll_write(wire.writing(), cx, Location::caller(), buf)
}

#[inline]
#[track_caller]
fn poll_write_vectored(
    wire: Wire<'_>,
    cx: &mut Context<'_>,
    bufs: &[IoSlice<'_>],
) -> Poll<io::Result<usize>> {
    wire.poll_write_vectored(wire.writing(), cx, Location::caller(), bufs)
}

impl AsyncRead for TcpStream {
    #[inline]
    #[track_caller]
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        poll_read(self.wire(), cx, buf)
    }
}

impl AsyncWrite for TcpStream {
    #[inline]
    #[track_caller]
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        poll_write(self.wire(), cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.wire().close_write())
    }

    #[inline]
    #[track_caller]
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        poll_write_vectored(self.wire(), cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }
}

#[cfg(unix)]
impl AsyncRead for UnixStream {
    #[inline]
    #[track_caller]
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        poll_read(self.wire(), cx, buf)
    }
}

#[cfg(unix)]
impl AsyncWrite for UnixStream {
    #[inline]
    #[track_caller]
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        poll_write(self.wire(), cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.wire().close_write())
    }

    #[inline]
    #[track_caller]
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        poll_write_vectored(self.wire(), cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }
}

impl<S: Stream> AsyncRead for ReadHalf<'_, S> {
    #[inline]
    #[track_caller]
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        poll_read(self.wire(), cx, buf)
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
        poll_write(self.wire(), cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.wire().close_write())
    }

    #[inline]
    #[track_caller]
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        poll_write_vectored(self.wire(), cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }
}

impl<S: Stream + Unpin> AsyncRead for OwnedReadHalf<S> {
    #[inline]
    #[track_caller]
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        poll_read(self.wire(), cx, buf)
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
        poll_write(self.wire(), cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.close())
    }

    #[inline]
    #[track_caller]
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        poll_write_vectored(self.wire(), cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }
}
