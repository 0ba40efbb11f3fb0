//! `hyper::rt::{Read, Write}` on streams.
#![allow(unsafe_code)] // Bytes are received into memory that is not initialised.

use std::io::{self, IoSlice};
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::rt::{Read, ReadBufCursor, Write};

use crate::stream::sealed::Wired;
use crate::stream::wire::Wire;
use crate::tcp::TcpStream;
#[cfg(unix)]
use crate::unix::UnixStream;

/// Receives into what is left of the buffer.
#[inline]
#[track_caller]
fn poll_read(
    wire: Wire<'_>,
    cx: &mut Context<'_>,
    mut buf: ReadBufCursor<'_>,
) -> Poll<io::Result<()>> {
    // SAFETY: what is there must not be made uninitialised; receiving only writes bytes to it. `Wire` upholds this;
    // `hyper_reads_into_uninitialised_memory` in `tests/hyper_rt.rs` would fail.
    let unfilled = unsafe { buf.as_mut() };
    match wire.poll_read_uninit(wire.reading(), cx, Location::caller(), unfilled) {
        Poll::Ready(Ok(len)) => {
            // SAFETY: `len` bytes were received into the beginning of `unfilled`, as the system call returned.
            // `Wire::poll_read_uninit` upholds this; `hyper_reads_into_uninitialised_memory` would see other bytes.
            unsafe { buf.advance(len) };
            Poll::Ready(Ok(()))
        }
        Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
        Poll::Pending => Poll::Pending,
    }
}

impl Read for TcpStream {
    #[inline]
    #[track_caller]
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        poll_read(self.wire(), cx, buf)
    }
}

impl Write for TcpStream {
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

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.wire().close_write())
    }

    fn is_write_vectored(&self) -> bool {
        true
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
}

#[cfg(unix)]
impl Read for UnixStream {
    #[inline]
    #[track_caller]
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        poll_read(self.wire(), cx, buf)
    }
}

#[cfg(unix)]
impl Write for UnixStream {
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

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.wire().close_write())
    }

    fn is_write_vectored(&self) -> bool {
        true
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
}
