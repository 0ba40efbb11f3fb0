//! The futures of datagram sockets that have one peer.

use std::fmt;
use std::future::Future;
use std::io;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use trill_reactor::{Async, Direction, Waiter};

use crate::sys::{self, AsFd, BorrowedFd};

/// Receives a datagram; see [`UdpSocket::recv`](crate::UdpSocket::recv).
///
/// # Examples
///
/// See [`UdpSocket::recv`](crate::UdpSocket::recv).
#[must_use = "futures do nothing unless awaited"]
pub struct Recv<'a> {
    waiter: Waiter<'a>,
    fd: BorrowedFd<'a>,
    buffer: &'a mut [u8],
    /// Whether the datagram stays.
    peek: bool,
}

impl<'a> Recv<'a> {
    pub(crate) fn new<T: AsFd>(socket: &'a Async<T>, buffer: &'a mut [u8], peek: bool) -> Recv<'a> {
        Recv {
            waiter: socket.source().waiter(Direction::Read),
            fd: socket.get_ref().as_fd(),
            buffer,
            peek,
        }
    }
}

impl Future for Recv<'_> {
    type Output = io::Result<usize>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.waiter.poll_io(cx, Location::caller(), || {
            if this.peek {
                sys::peek(this.fd, this.buffer)
            } else {
                sys::recv(this.fd, this.buffer)
            }
        })
    }
}

impl fmt::Debug for Recv<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recv")
            .field("len", &self.buffer.len())
            .field("waiter", &self.waiter)
            .finish()
    }
}

/// Sends a datagram; see [`UdpSocket::send`](crate::UdpSocket::send).
///
/// # Examples
///
/// See [`UdpSocket::send`](crate::UdpSocket::send).
#[must_use = "futures do nothing unless awaited"]
pub struct Send<'a> {
    waiter: Waiter<'a>,
    fd: BorrowedFd<'a>,
    buffer: &'a [u8],
}

impl<'a> Send<'a> {
    pub(crate) fn new<T: AsFd>(socket: &'a Async<T>, buffer: &'a [u8]) -> Send<'a> {
        Send {
            waiter: socket.source().waiter(Direction::Write),
            fd: socket.get_ref().as_fd(),
            buffer,
        }
    }
}

impl Future for Send<'_> {
    type Output = io::Result<usize>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.waiter
            .poll_io(cx, Location::caller(), || sys::send(this.fd, this.buffer))
    }
}

impl fmt::Debug for Send<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Send")
            .field("len", &self.buffer.len())
            .field("waiter", &self.waiter)
            .finish()
    }
}
