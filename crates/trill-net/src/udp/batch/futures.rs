//! Sending and receiving batches.

use std::fmt;
use std::future::Future;
use std::io;
use std::net;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use trill_reactor::{Async, Direction, Waiter};

use super::{RecvBatch, SendBatch};
use crate::UdpSocket;
use crate::sys::{AsFd, BorrowedFd};

impl UdpSocket {
    /// Sends datagrams from the front of a batch with one system call, waiting until at least one can be sent; returns
    /// how many were. What was sent has left the batch; an empty one is 0 at once.
    ///
    /// # Errors
    ///
    /// As [`UdpSocket::send_to`], for the first datagram that is left in the batch: those before it were sent, and
    /// reported by an earlier call. [`SendBatch::pop`] takes it out, to go on behind it.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: datagrams leave the batch in the poll that sends them and says so.
    ///
    /// # Examples
    ///
    /// See [`SendBatch`].
    pub fn send_batch<'a>(&'a self, batch: &'a mut SendBatch) -> SendBatched<'a> {
        SendBatched {
            waiter: self.inner().source().waiter(Direction::Write),
            fd: fd(self.inner()),
            batch,
        }
    }

    /// Sends datagrams from the front of a batch now, without waiting; returns how many.
    ///
    /// # Errors
    ///
    /// `WouldBlock` if there is no room, or as [`UdpSocket::send_batch`].
    ///
    /// # Examples
    ///
    /// ```
    /// let socket = trill_park::block_on(trill_net::UdpSocket::bind("127.0.0.1:0"))?;
    /// let mut batch = trill_net::SendBatch::new();
    /// batch.push(socket.local_addr()?, b"hello");
    /// assert_eq!(socket.try_send_batch(&mut batch)?, 1);
    /// assert!(batch.is_empty());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn try_send_batch(&self, batch: &mut SendBatch) -> io::Result<usize> {
        if batch.is_empty() {
            return Ok(0);
        }
        let fd = fd(self.inner());
        self.try_io(Direction::Write, || batch.send(fd))
    }

    /// Receives datagrams with one system call, waiting for the first; returns how many are in the batch.
    ///
    /// # Errors
    ///
    /// As [`UdpSocket::recv`]. The batch is empty then.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: datagrams are taken in the poll that returns them. The batch is empty if it was polled in vain.
    ///
    /// # Examples
    ///
    /// See [`RecvBatch`].
    pub fn recv_batch<'a>(&'a self, batch: &'a mut RecvBatch) -> RecvBatched<'a> {
        RecvBatched {
            waiter: self.inner().source().waiter(Direction::Read),
            fd: fd(self.inner()),
            batch,
        }
    }

    /// Receives datagrams now, without waiting; returns how many are in the batch.
    ///
    /// # Errors
    ///
    /// `WouldBlock` if there are none, or as [`UdpSocket::recv_batch`].
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::ErrorKind;
    ///
    /// let socket = trill_park::block_on(trill_net::UdpSocket::bind("127.0.0.1:0"))?;
    /// let mut batch = trill_net::RecvBatch::new(16, 1500);
    /// let error = socket.try_recv_batch(&mut batch).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::WouldBlock);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn try_recv_batch(&self, batch: &mut RecvBatch) -> io::Result<usize> {
        let fd = fd(self.inner());
        self.try_io(Direction::Read, || batch.recv(fd))
    }
}

fn fd(socket: &Async<net::UdpSocket>) -> BorrowedFd<'_> {
    socket.get_ref().as_fd()
}

/// Sends datagrams of a batch; see [`UdpSocket::send_batch`].
///
/// # Examples
///
/// See [`SendBatch`].
#[must_use = "futures do nothing unless awaited"]
pub struct SendBatched<'a> {
    waiter: Waiter<'a>,
    fd: BorrowedFd<'a>,
    batch: &'a mut SendBatch,
}

impl Future for SendBatched<'_> {
    type Output = io::Result<usize>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if this.batch.is_empty() {
            return Poll::Ready(Ok(0));
        }
        this.waiter
            .poll_io(cx, Location::caller(), || this.batch.send(this.fd))
    }
}

impl fmt::Debug for SendBatched<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendBatched")
            .field("len", &self.batch.len())
            .field("waiter", &self.waiter)
            .finish()
    }
}

/// Receives datagrams into a batch; see [`UdpSocket::recv_batch`].
///
/// # Examples
///
/// See [`RecvBatch`].
#[must_use = "futures do nothing unless awaited"]
pub struct RecvBatched<'a> {
    waiter: Waiter<'a>,
    fd: BorrowedFd<'a>,
    batch: &'a mut RecvBatch,
}

impl Future for RecvBatched<'_> {
    type Output = io::Result<usize>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.waiter
            .poll_io(cx, Location::caller(), || this.batch.recv(this.fd))
    }
}

impl fmt::Debug for RecvBatched<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecvBatched")
            .field("batch", &self.batch)
            .field("waiter", &self.waiter)
            .finish()
    }
}
