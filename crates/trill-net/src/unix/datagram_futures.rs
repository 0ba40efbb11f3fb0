//! The futures of Unix datagram sockets that name the other end.

use std::fmt;
use std::future::Future;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::panic::Location;
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use socket2::SockAddr;
use trill_cell::Kind;
use trill_reactor::{Async, Direction, Waiter};
use trill_timer::Sleep;

use crate::address_error::AddressError;
use crate::sys;

/// Receives a datagram and learns who sent it; see
/// [`UnixDatagram::recv_from`](crate::unix::UnixDatagram::recv_from).
///
/// # Examples
///
/// See [`UnixDatagram::recv_from`](crate::unix::UnixDatagram::recv_from).
#[must_use = "futures do nothing unless awaited"]
pub struct RecvFrom<'a> {
    waiter: Waiter<'a>,
    socket: &'a UnixDatagram,
    buffer: &'a mut [u8],
}

impl<'a> RecvFrom<'a> {
    pub(super) fn new(socket: &'a Async<UnixDatagram>, buffer: &'a mut [u8]) -> RecvFrom<'a> {
        RecvFrom {
            waiter: socket.source().waiter(Direction::Read),
            socket: socket.get_ref(),
            buffer,
        }
    }
}

impl Future for RecvFrom<'_> {
    type Output = io::Result<(usize, SocketAddr)>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        this.waiter.poll_io(cx, Location::caller(), || {
            sys::uninterrupted(|| this.socket.recv_from(this.buffer))
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

/// Sends a datagram to a path; see [`UnixDatagram::send_to`](crate::unix::UnixDatagram::send_to).
///
/// # Examples
///
/// See [`UnixDatagram::send_to`](crate::unix::UnixDatagram::send_to).
#[must_use = "futures do nothing unless awaited"]
pub struct SendTo<'a> {
    socket: &'a UnixDatagram,
    buffer: &'a [u8],
    /// The address, or what is wrong with the path.
    to: Result<SockAddr, Option<io::Error>>,
    delay: Duration,
    pause: Option<Sleep>,
}

impl<'a> SendTo<'a> {
    pub(super) fn new(
        socket: &'a Async<UnixDatagram>,
        buffer: &'a [u8],
        path: &Path,
    ) -> SendTo<'a> {
        let to = sys::unix_address(path)
            .map_err(|error| AddressError::wrap("send to", path.display(), error));
        SendTo {
            socket: socket.get_ref(),
            buffer,
            to: to.map_err(Some),
            delay: PAUSE_MIN,
            pause: None,
        }
    }
}

impl Future for SendTo<'_> {
    type Output = io::Result<usize>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let address = match &mut this.to {
            Ok(address) => &*address,
            Err(error) => {
                let error = error.take();
                return Poll::Ready(Err(
                    error.expect("a future is not polled after it was ready")
                ));
            }
        };
        let Poll::Ready(unit) = trill_cell::proceed(cx) else {
            trill_cell::waiting(Kind::Turn, 0, Location::caller());
            return Poll::Pending;
        };
        loop {
            if let Some(pause) = &mut this.pause {
                if Pin::new(pause).poll(cx).is_pending() {
                    unit.refund();
                    return Poll::Pending;
                }
            }
            match sys::send_to(this.socket.as_fd(), this.buffer, address) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    // The receiver's queue is full. No event tells when there is room, because this socket is not
                    // connected to that one and counts as writable all the time.
                    this.pause = Some(trill_timer::sleep(this.delay));
                    this.delay = (this.delay * 2).min(PAUSE_MAX);
                }
                sent => return Poll::Ready(sent),
            }
        }
    }
}

impl fmt::Debug for SendTo<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendTo")
            .field("len", &self.buffer.len())
            .field("to", &self.to)
            .finish_non_exhaustive()
    }
}

/// How long to wait at first when the receiver's queue is full: one that is merely busy has read by then.
const PAUSE_MIN: Duration = Duration::from_millis(1);

/// How long to wait at most: few enough attempts that a receiver which is stuck costs its senders nothing.
const PAUSE_MAX: Duration = Duration::from_millis(64);
