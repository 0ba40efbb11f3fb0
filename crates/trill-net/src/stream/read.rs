//! The futures that read from a stream.

use std::fmt;
use std::future::Future;
use std::io::{self, IoSliceMut};
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use trill_reactor::Waiter;

use super::wire::{Place, Wire};

/// Reads some bytes; see [`TcpStream::read`](crate::TcpStream::read).
///
/// # Examples
///
/// See [`TcpStream::read`](crate::TcpStream::read).
#[must_use = "futures do nothing unless awaited"]
pub struct Read<'a> {
    wire: Wire<'a>,
    waiter: Waiter<'a>,
    buffer: &'a mut [u8],
}

impl<'a> Read<'a> {
    #[inline]
    pub(crate) fn new(wire: Wire<'a>, buffer: &'a mut [u8]) -> Read<'a> {
        Read {
            wire,
            waiter: wire.reader(),
            buffer,
        }
    }
}

impl Future for Read<'_> {
    type Output = io::Result<usize>;

    #[inline]
    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let place = Place::Future(&mut this.waiter);
        this.wire
            .poll_read(place, cx, Location::caller(), this.buffer)
    }
}

impl fmt::Debug for Read<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Read")
            .field("len", &self.buffer.len())
            .field("source", self.wire.source)
            .finish()
    }
}

/// Reads some bytes into several buffers; see [`TcpStream::read_vectored`](crate::TcpStream::read_vectored).
///
/// # Examples
///
/// See [`TcpStream::read_vectored`](crate::TcpStream::read_vectored).
#[must_use = "futures do nothing unless awaited"]
pub struct ReadVectored<'a, 'b> {
    wire: Wire<'a>,
    waiter: Waiter<'a>,
    buffers: &'a mut [IoSliceMut<'b>],
}

impl<'a, 'b> ReadVectored<'a, 'b> {
    #[inline]
    pub(crate) fn new(wire: Wire<'a>, buffers: &'a mut [IoSliceMut<'b>]) -> ReadVectored<'a, 'b> {
        ReadVectored {
            wire,
            waiter: wire.reader(),
            buffers,
        }
    }
}

impl Future for ReadVectored<'_, '_> {
    type Output = io::Result<usize>;

    #[inline]
    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let place = Place::Future(&mut this.waiter);
        this.wire
            .poll_read_vectored(place, cx, Location::caller(), this.buffers)
    }
}

impl fmt::Debug for ReadVectored<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadVectored")
            .field("buffers", &self.buffers.len())
            .field("source", self.wire.source)
            .finish()
    }
}

/// Reads until a buffer is full; see [`TcpStream::read_exact`](crate::TcpStream::read_exact).
///
/// # Examples
///
/// See [`TcpStream::read_exact`](crate::TcpStream::read_exact).
#[must_use = "futures do nothing unless awaited"]
pub struct ReadExact<'a> {
    wire: Wire<'a>,
    waiter: Waiter<'a>,
    buffer: &'a mut [u8],
    filled: usize,
}

impl<'a> ReadExact<'a> {
    pub(crate) fn new(wire: Wire<'a>, buffer: &'a mut [u8]) -> ReadExact<'a> {
        ReadExact {
            wire,
            waiter: wire.reader(),
            buffer,
            filled: 0,
        }
    }
}

impl Future for ReadExact<'_> {
    type Output = io::Result<()>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let (this, location) = (self.get_mut(), Location::caller());
        while this.filled < this.buffer.len() {
            let place = Place::Future(&mut this.waiter);
            let rest = &mut this.buffer[this.filled..];
            let count = ready!(this.wire.poll_read(place, cx, location, rest))?;
            if count == 0 {
                let text = format!(
                    "the stream ended after {} of {} bytes",
                    this.filled,
                    this.buffer.len()
                );
                return Poll::Ready(Err(io::Error::new(io::ErrorKind::UnexpectedEof, text)));
            }
            this.filled += count;
        }
        Poll::Ready(Ok(()))
    }
}

impl fmt::Debug for ReadExact<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadExact")
            .field("filled", &self.filled)
            .field("len", &self.buffer.len())
            .field("source", self.wire.source)
            .finish()
    }
}

/// Reads some bytes and leaves them there; see [`TcpStream::peek`](crate::TcpStream::peek).
///
/// # Examples
///
/// See [`TcpStream::peek`](crate::TcpStream::peek).
#[must_use = "futures do nothing unless awaited"]
pub struct Peek<'a> {
    wire: Wire<'a>,
    waiter: Waiter<'a>,
    buffer: &'a mut [u8],
}

impl<'a> Peek<'a> {
    pub(crate) fn new(wire: Wire<'a>, buffer: &'a mut [u8]) -> Peek<'a> {
        Peek {
            wire,
            waiter: wire.reader(),
            buffer,
        }
    }
}

impl Future for Peek<'_> {
    type Output = io::Result<usize>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.wire
            .poll_peek(&mut this.waiter, cx, Location::caller(), this.buffer)
    }
}

impl fmt::Debug for Peek<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Peek")
            .field("len", &self.buffer.len())
            .field("source", self.wire.source)
            .finish()
    }
}
