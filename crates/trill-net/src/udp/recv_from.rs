//! Receiving from anybody.

use std::fmt;
use std::future::Future;
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use trill_reactor::{Async, Direction, Waiter};

use crate::sys;

/// Receives a datagram and learns who sent it; see [`UdpSocket::recv_from`](crate::UdpSocket::recv_from).
///
/// # Examples
///
/// See [`UdpSocket::recv_from`](crate::UdpSocket::recv_from).
#[must_use = "futures do nothing unless awaited"]
pub struct RecvFrom<'a> {
    waiter: Waiter<'a>,
    socket: &'a UdpSocket,
    buffer: &'a mut [u8],
    /// Whether the datagram stays.
    peek: bool,
}

impl<'a> RecvFrom<'a> {
    pub(super) fn new(
        socket: &'a Async<UdpSocket>,
        buffer: &'a mut [u8],
        peek: bool,
    ) -> RecvFrom<'a> {
        RecvFrom {
            waiter: socket.source().waiter(Direction::Read),
            socket: socket.get_ref(),
            buffer,
            peek,
        }
    }
}

impl Future for RecvFrom<'_> {
    type Output = io::Result<(usize, SocketAddr)>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        this.waiter.poll_io(cx, Location::caller(), || {
            sys::uninterrupted(|| {
                if this.peek {
                    this.socket.peek_from(this.buffer)
                } else {
                    this.socket.recv_from(this.buffer)
                }
            })
        })
    }
}

impl fmt::Debug for RecvFrom<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecvFrom")
            .field("len", &self.buffer.len())
            .field("waiter", &self.waiter)
            .finish()
    }
}
