//! A Unix connection as the reader and writer of `futures-io`.

use std::io::{self, IoSlice, IoSliceMut};
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_io::{AsyncRead, AsyncWrite};

use super::stream::UnixStream;
use crate::stream::sealed::Wired;

impl AsyncRead for UnixStream {
    #[inline]
    #[track_caller]
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let wire = self.wire();
        wire.poll_read(wire.reading(), cx, Location::caller(), buf)
    }

    #[inline]
    #[track_caller]
    fn poll_read_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        let wire = self.wire();
        wire.poll_read_vectored(wire.reading(), cx, Location::caller(), bufs)
    }
}

impl AsyncWrite for UnixStream {
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

    /// Ready at once: nothing is buffered here.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    /// Ends writing, for all clones.
    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.wire().close_write())
    }
}

impl AsyncRead for &UnixStream {
    #[inline]
    #[track_caller]
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let wire = self.wire();
        wire.poll_read(wire.reading(), cx, Location::caller(), buf)
    }

    #[inline]
    #[track_caller]
    fn poll_read_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        let wire = self.wire();
        wire.poll_read_vectored(wire.reading(), cx, Location::caller(), bufs)
    }
}

impl AsyncWrite for &UnixStream {
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

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.wire().close_write())
    }
}
