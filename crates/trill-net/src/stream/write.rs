//! The futures that write to a stream.

use std::fmt;
use std::future::Future;
use std::io::{self, IoSlice};
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use trill_reactor::Waiter;

use super::wire::{Place, Wire};

/// Writes some bytes; see [`TcpStream::write`](crate::TcpStream::write).
///
/// # Examples
///
/// See [`TcpStream::write`](crate::TcpStream::write).
#[must_use = "futures do nothing unless awaited"]
pub struct Write<'a> {
    wire: Wire<'a>,
    waiter: Waiter<'a>,
    buffer: &'a [u8],
}

impl<'a> Write<'a> {
    #[inline]
    pub(crate) fn new(wire: Wire<'a>, buffer: &'a [u8]) -> Write<'a> {
        Write {
            wire,
            waiter: wire.writer(),
            buffer,
        }
    }
}

impl Future for Write<'_> {
    type Output = io::Result<usize>;

    #[inline]
    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let place = Place::Future(&mut this.waiter);
        this.wire
            .poll_write(place, cx, Location::caller(), this.buffer)
    }
}

impl fmt::Debug for Write<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Write")
            .field("len", &self.buffer.len())
            .field("source", self.wire.source)
            .finish()
    }
}

/// Writes some bytes of several buffers; see [`TcpStream::write_vectored`](crate::TcpStream::write_vectored).
///
/// # Examples
///
/// See [`TcpStream::write_vectored`](crate::TcpStream::write_vectored).
#[must_use = "futures do nothing unless awaited"]
pub struct WriteVectored<'a, 'b> {
    wire: Wire<'a>,
    waiter: Waiter<'a>,
    buffers: &'a [IoSlice<'b>],
}

impl<'a, 'b> WriteVectored<'a, 'b> {
    #[inline]
    pub(crate) fn new(wire: Wire<'a>, buffers: &'a [IoSlice<'b>]) -> WriteVectored<'a, 'b> {
        WriteVectored {
            wire,
            waiter: wire.writer(),
            buffers,
        }
    }
}

impl Future for WriteVectored<'_, '_> {
    type Output = io::Result<usize>;

    #[inline]
    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let place = Place::Future(&mut this.waiter);
        this.wire
            .poll_write_vectored(place, cx, Location::caller(), this.buffers)
    }
}

impl fmt::Debug for WriteVectored<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WriteVectored")
            .field("buffers", &self.buffers.len())
            .field("source", self.wire.source)
            .finish()
    }
}

/// Writes a whole buffer; see [`TcpStream::write_all`](crate::TcpStream::write_all).
///
/// # Examples
///
/// See [`TcpStream::write_all`](crate::TcpStream::write_all).
#[must_use = "futures do nothing unless awaited"]
pub struct WriteAll<'a> {
    wire: Wire<'a>,
    waiter: Waiter<'a>,
    rest: &'a [u8],
}

impl<'a> WriteAll<'a> {
    #[inline]
    pub(crate) fn new(wire: Wire<'a>, buffer: &'a [u8]) -> WriteAll<'a> {
        WriteAll {
            wire,
            waiter: wire.writer(),
            rest: buffer,
        }
    }
}

impl Future for WriteAll<'_> {
    type Output = io::Result<()>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let (this, location) = (self.get_mut(), Location::caller());
        while !this.rest.is_empty() {
            let place = Place::Future(&mut this.waiter);
            let count = ready!(this.wire.poll_write(place, cx, location, this.rest))?;
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            this.rest = &this.rest[count..];
        }
        Poll::Ready(Ok(()))
    }
}

impl fmt::Debug for WriteAll<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WriteAll")
            .field("rest", &self.rest.len())
            .field("source", self.wire.source)
            .finish()
    }
}
