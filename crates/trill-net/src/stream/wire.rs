//! A stream socket as those see it who transfer bytes over it: TCP and Unix streams, and halves of them.

use std::io::{self, IoSlice, IoSliceMut};
#[cfg(any(feature = "tokio-io", feature = "hyper-rt"))]
use std::mem::MaybeUninit;
use std::net::Shutdown;
use std::panic::Location;
use std::task::{Context, Poll};

use socket2::SockRef;
use trill_reactor::{Async, Direction, Source, Waiter};

use crate::sys::{self, AsFd, BUFFERS_MAX, BorrowedFd, TRANSFER_BYTES_MAX};

/// A stream socket, borrowed.
#[derive(Clone, Copy)]
pub(crate) struct Wire<'a> {
    pub(crate) source: &'a Source,
    fd: BorrowedFd<'a>,
    /// Whether a short count says that no more can be transferred now.
    short_is_all: bool,
}

/// Who waits when a transfer cannot be done yet.
pub(crate) enum Place<'p, 'a> {
    /// The task, until the next event.
    Task(&'a Source, Direction),
    /// One future, until it is dropped.
    Future(&'p mut Waiter<'a>),
}

impl<'a> Wire<'a> {
    /// Borrows a TCP stream, on which a short count saves the call that would only say so again.
    #[inline]
    pub(crate) fn tcp<T: AsFd>(socket: &'a Async<T>) -> Wire<'a> {
        Wire {
            source: socket.source(),
            fd: socket.get_ref().as_fd(),
            short_is_all: true,
        }
    }

    /// Borrows a Unix stream. A read there ends where descriptors were attached, so a short count says nothing.
    #[cfg(unix)]
    #[inline]
    pub(crate) fn unix<T: AsFd>(socket: &'a Async<T>) -> Wire<'a> {
        Wire {
            short_is_all: false,
            ..Wire::tcp(socket)
        }
    }

    #[inline]
    pub(crate) fn reader(self) -> Waiter<'a> {
        self.source.waiter(Direction::Read)
    }

    #[inline]
    pub(crate) fn writer(self) -> Waiter<'a> {
        self.source.waiter(Direction::Write)
    }

    /// The task as a reader.
    #[inline]
    pub(crate) fn reading<'p>(self) -> Place<'p, 'a> {
        Place::Task(self.source, Direction::Read)
    }

    /// The task as a writer.
    #[inline]
    pub(crate) fn writing<'p>(self) -> Place<'p, 'a> {
        Place::Task(self.source, Direction::Write)
    }

    #[inline]
    pub(crate) fn poll_read(
        self,
        place: Place<'_, 'a>,
        cx: &mut Context<'_>,
        location: &'static Location<'static>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_transfer(place, cx, location, buffer.len(), || {
            sys::recv(self.fd, buffer)
        })
    }

    /// As [`Wire::poll_read`]; the count of bytes that it returns are initialised.
    #[cfg(any(feature = "tokio-io", feature = "hyper-rt"))]
    #[inline]
    pub(crate) fn poll_read_uninit(
        self,
        place: Place<'_, 'a>,
        cx: &mut Context<'_>,
        location: &'static Location<'static>,
        buffer: &mut [MaybeUninit<u8>],
    ) -> Poll<io::Result<usize>> {
        self.poll_transfer(place, cx, location, buffer.len(), || {
            sys::recv_uninit(self.fd, buffer)
        })
    }

    #[inline]
    pub(crate) fn poll_read_vectored(
        self,
        place: Place<'_, 'a>,
        cx: &mut Context<'_>,
        location: &'static Location<'static>,
        buffers: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        let count = buffers.len().min(BUFFERS_MAX);
        let buffers = &mut buffers[..count];
        let len = total(buffers.iter().map(|buffer| buffer.len()));
        self.poll_transfer(place, cx, location, len, || {
            sys::recv_vectored(self.fd, buffers)
        })
    }

    /// Reads without taking what it reads.
    pub(crate) fn poll_peek(
        self,
        waiter: &mut Waiter<'a>,
        cx: &mut Context<'_>,
        location: &'static Location<'static>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        if buffer.is_empty() {
            return Poll::Ready(Ok(0));
        }
        waiter.poll_io(cx, location, || sys::peek(self.fd, buffer))
    }

    #[inline]
    pub(crate) fn poll_write(
        self,
        place: Place<'_, 'a>,
        cx: &mut Context<'_>,
        location: &'static Location<'static>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_transfer(place, cx, location, buffer.len(), || {
            sys::send(self.fd, buffer)
        })
    }

    #[inline]
    pub(crate) fn poll_write_vectored(
        self,
        place: Place<'_, 'a>,
        cx: &mut Context<'_>,
        location: &'static Location<'static>,
        buffers: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let buffers = &buffers[..buffers.len().min(BUFFERS_MAX)];
        let len = total(buffers.iter().map(|buffer| buffer.len()));
        self.poll_transfer(place, cx, location, len, || {
            sys::send_vectored(self.fd, buffers)
        })
    }

    /// Reads now, or says `WouldBlock`.
    pub(crate) fn try_read(self, buffer: &mut [u8]) -> io::Result<usize> {
        self.source
            .try_io(Direction::Read, || sys::recv(self.fd, buffer))
    }

    /// Writes now, or says `WouldBlock`.
    pub(crate) fn try_write(self, buffer: &[u8]) -> io::Result<usize> {
        self.source
            .try_io(Direction::Write, || sys::send(self.fd, buffer))
    }

    /// Ends writing; the peer reads an end of stream.
    pub(crate) fn close_write(self) -> io::Result<()> {
        match SockRef::from(&self.fd).shutdown(Shutdown::Write) {
            // Reset by the peer: there is nobody left to tell.
            Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(()),
            result => result,
        }
    }

    /// Runs a transfer of `len` bytes. Nothing to transfer is done at once, whatever the socket is ready for.
    #[inline]
    fn poll_transfer(
        self,
        place: Place<'_, 'a>,
        cx: &mut Context<'_>,
        location: &'static Location<'static>,
        len: usize,
        op: impl FnMut() -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        if len == 0 {
            return Poll::Ready(Ok(0));
        }
        let len = if self.short_is_all {
            len.min(TRANSFER_BYTES_MAX)
        } else {
            // No count is shorter.
            1
        };
        match place {
            Place::Task(source, direction) => {
                source.poll_transfer(cx, direction, location, len, op)
            }
            Place::Future(waiter) => waiter.poll_transfer(cx, location, len, op),
        }
    }
}

/// The sum of lengths, which a program can make larger than a `usize` by naming a buffer twice.
fn total(lens: impl Iterator<Item = usize>) -> usize {
    lens.fold(0, usize::saturating_add)
}
