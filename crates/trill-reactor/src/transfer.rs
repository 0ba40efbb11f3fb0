//! `AsyncRead` and `AsyncWrite` for what reads and writes.

use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_io::{AsyncRead, AsyncWrite};

use crate::direction::Direction;
use crate::io_safe::IoSafe;
use crate::source::Source;
use crate::wrapper::Async;

impl<T: IoSafe + Read> AsyncRead for Async<T> {
    #[track_caller]
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let (all, here) = (self.short_is_all(), Location::caller());
        let (source, io) = self.get_mut().split_mut();
        transfer(source, cx, Direction::Read, here, all, buffer.len(), || {
            io.read(buffer)
        })
    }

    #[track_caller]
    fn poll_read_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        let (all, here) = (self.short_is_all(), Location::caller());
        let len = buffers.iter().map(|buffer| buffer.len()).sum();
        let (source, io) = self.get_mut().split_mut();
        transfer(source, cx, Direction::Read, here, all, len, || {
            io.read_vectored(buffers)
        })
    }
}

impl<T> AsyncRead for &Async<T>
where
    for<'a> &'a T: Read,
{
    #[track_caller]
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let (all, here) = (self.short_is_all(), Location::caller());
        let (source, mut io) = (self.source(), Async::get_ref(*self));
        transfer(source, cx, Direction::Read, here, all, buffer.len(), || {
            io.read(buffer)
        })
    }

    #[track_caller]
    fn poll_read_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        let (all, here) = (self.short_is_all(), Location::caller());
        let len = buffers.iter().map(|buffer| buffer.len()).sum();
        let (source, mut io) = (self.source(), Async::get_ref(*self));
        transfer(source, cx, Direction::Read, here, all, len, || {
            io.read_vectored(buffers)
        })
    }
}

impl<T: IoSafe + Write> AsyncWrite for Async<T> {
    #[track_caller]
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        let (all, here) = (self.short_is_all(), Location::caller());
        let (source, io) = self.get_mut().split_mut();
        transfer(
            source,
            cx,
            Direction::Write,
            here,
            all,
            buffer.len(),
            || io.write(buffer),
        )
    }

    #[track_caller]
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let (all, here) = (self.short_is_all(), Location::caller());
        let len = buffers.iter().map(|buffer| buffer.len()).sum();
        let (source, io) = self.get_mut().split_mut();
        transfer(source, cx, Direction::Write, here, all, len, || {
            io.write_vectored(buffers)
        })
    }

    #[track_caller]
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let here = Location::caller();
        let (source, io) = self.get_mut().split_mut();
        flush(source, cx, here, || io.flush())
    }

    /// Only flushes: what is closed when, is up to who owns the descriptor.
    #[track_caller]
    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flush(cx)
    }
}

impl<T> AsyncWrite for &Async<T>
where
    for<'a> &'a T: Write,
{
    #[track_caller]
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        let (all, here) = (self.short_is_all(), Location::caller());
        let (source, mut io) = (self.source(), Async::get_ref(*self));
        transfer(
            source,
            cx,
            Direction::Write,
            here,
            all,
            buffer.len(),
            || io.write(buffer),
        )
    }

    #[track_caller]
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let (all, here) = (self.short_is_all(), Location::caller());
        let len = buffers.iter().map(|buffer| buffer.len()).sum();
        let (source, mut io) = (self.source(), Async::get_ref(*self));
        transfer(source, cx, Direction::Write, here, all, len, || {
            io.write_vectored(buffers)
        })
    }

    #[track_caller]
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let here = Location::caller();
        let (source, mut io) = (self.source(), Async::get_ref(*self));
        flush(source, cx, here, || io.flush())
    }

    /// Only flushes: the descriptor is shared.
    #[track_caller]
    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flush(cx)
    }
}

/// Tries a transfer of `len` bytes; `short_is_all` as in [`Source::poll_transfer`].
#[inline]
fn transfer(
    source: &Source,
    cx: &mut Context<'_>,
    direction: Direction,
    location: &'static Location<'static>,
    short_is_all: bool,
    len: usize,
    op: impl FnMut() -> io::Result<usize>,
) -> Poll<io::Result<usize>> {
    // A length of 0 is never undercut.
    let len = if short_is_all { len } else { 0 };
    source.poll_transfer(cx, direction, location, len, op)
}

/// Tries to flush whatever is known of readiness: flushing a socket does nothing and must not wait.
fn flush(
    source: &Source,
    cx: &mut Context<'_>,
    location: &'static Location<'static>,
    mut op: impl FnMut() -> io::Result<()>,
) -> Poll<io::Result<()>> {
    match source.try_io(Direction::Write, &mut op) {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
            source.poll_io(cx, Direction::Write, location, op)
        }
        flushed => Poll::Ready(flushed),
    }
}
