//! Passing descriptors to another process.

use std::fmt;
use std::future::Future;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use trill_reactor::{Async, Direction, Waiter};

use super::{UnixDatagram, UnixStream};
use crate::sys;

impl UnixStream {
    /// Sends some bytes of `bytes`, and with the first of them `fds`, which the peer receives as descriptors of its own
    /// (`SCM_RIGHTS`); returns how many bytes were sent.
    ///
    /// If not all bytes were sent, the descriptors were all the same: send the rest with
    /// [`UnixStream::write_all`]. A read without [`UnixStream::recv_with_fds`] at the peer closes them.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if `bytes` is empty, as descriptors travel with a byte, or if there are more than
    /// [`FDS_MAX`] of them; "too many references" (`ETOOMANYREFS`) if too many are under way; else as
    /// [`UnixStream::write`].
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: bytes and descriptors are sent in the poll that says so.
    ///
    /// # Examples
    ///
    /// See [`UnixStream::recv_with_fds`].
    pub fn send_with_fds<'a>(
        &'a self,
        bytes: &'a [u8],
        fds: &'a [BorrowedFd<'a>],
    ) -> SendWithFds<'a> {
        SendWithFds::new(self.inner(), bytes, fds, true)
    }

    /// Receives some bytes and the descriptors that were sent with them, up to `fds_max`; what comes beyond that is
    /// closed. Programs that this one starts do not inherit them (`CLOEXEC`).
    ///
    /// A read ends behind the bytes with which descriptors came, so they are those of one send; bytes that were sent
    /// before may come along.
    ///
    /// # Errors
    ///
    /// As [`UnixStream::read`].
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: bytes and descriptors are taken in the poll that returns them.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::os::fd::AsFd;
    /// use trill_net::unix::UnixStream;
    ///
    /// trill_park::block_on(async {
    ///     let (a, b) = UnixStream::pair()?;
    ///     let (here, there) = UnixStream::pair()?;
    ///     a.send_with_fds(b"a socket", &[there.as_fd()]).await?;
    ///     drop(there);
    ///
    ///     let mut buffer = [0; 16];
    ///     let mut received = b.recv_with_fds(&mut buffer, 1).await?;
    ///     assert_eq!((received.len, received.is_truncated), (8, false));
    ///     let there = UnixStream::try_from(received.fds.remove(0))?;
    ///     here.write_all(b"x").await?;
    ///     assert_eq!(there.read(&mut buffer).await?, 1);
    ///     # Ok::<(), std::io::Error>(())
    /// })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn recv_with_fds<'a>(&'a self, buf: &'a mut [u8], fds_max: usize) -> RecvWithFds<'a> {
        RecvWithFds::new(self.inner(), buf, fds_max)
    }
}

impl UnixDatagram {
    /// Sends a datagram to the peer, and with it `fds`; as [`UnixStream::send_with_fds`], but the datagram may be
    /// empty and goes as a whole.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if there are more than [`FDS_MAX`] descriptors; else as [`UnixDatagram::send`].
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: the datagram is sent in the poll that says so.
    ///
    /// # Examples
    ///
    /// See [`UnixDatagram::recv_with_fds`].
    pub fn send_with_fds<'a>(
        &'a self,
        bytes: &'a [u8],
        fds: &'a [BorrowedFd<'a>],
    ) -> SendWithFds<'a> {
        SendWithFds::new(self.inner(), bytes, fds, false)
    }

    /// Receives a datagram and the descriptors that were sent with it, up to `fds_max`; as
    /// [`UnixStream::recv_with_fds`].
    ///
    /// # Errors
    ///
    /// As [`UnixDatagram::recv`].
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: the datagram is taken in the poll that returns it.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::os::fd::AsFd;
    /// use trill_net::unix::UnixDatagram;
    ///
    /// trill_park::block_on(async {
    ///     let (a, b) = UnixDatagram::pair()?;
    ///     a.send_with_fds(b"itself", &[a.as_fd()]).await?;
    ///     let received = b.recv_with_fds(&mut [0; 16], 4).await?;
    ///     assert_eq!((received.len, received.fds.len()), (6, 1));
    ///     # Ok::<(), std::io::Error>(())
    /// })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn recv_with_fds<'a>(&'a self, buf: &'a mut [u8], fds_max: usize) -> RecvWithFds<'a> {
        RecvWithFds::new(self.inner(), buf, fds_max)
    }
}

/// Bytes and descriptors that came together; from [`UnixStream::recv_with_fds`].
///
/// # Examples
///
/// See [`UnixStream::recv_with_fds`].
#[derive(Debug)]
#[non_exhaustive]
pub struct ReceivedFds {
    /// How many bytes came; 0 is the end of a stream.
    pub len: usize,
    /// The descriptors, in the order in which they were given.
    pub fds: Vec<OwnedFd>,
    /// Whether descriptors were lost: more came than were asked for, or than this process may still open. None of the
    /// lost ones stays open.
    pub is_truncated: bool,
}

/// Sends bytes and descriptors; see [`UnixStream::send_with_fds`].
///
/// # Examples
///
/// See [`UnixStream::recv_with_fds`].
#[must_use = "futures do nothing unless awaited"]
pub struct SendWithFds<'a> {
    waiter: Waiter<'a>,
    fd: BorrowedFd<'a>,
    bytes: &'a [u8],
    fds: &'a [BorrowedFd<'a>],
    /// Whether an empty send would not carry the descriptors.
    is_stream: bool,
}

impl<'a> SendWithFds<'a> {
    fn new<T: AsFd>(
        socket: &'a Async<T>,
        bytes: &'a [u8],
        fds: &'a [BorrowedFd<'a>],
        is_stream: bool,
    ) -> SendWithFds<'a> {
        SendWithFds {
            waiter: socket.source().waiter(Direction::Write),
            fd: socket.get_ref().as_fd(),
            bytes,
            fds,
            is_stream,
        }
    }

    /// What is wrong with the call, if anything.
    fn mistake(&self) -> Option<io::Error> {
        let count = self.fds.len();
        let text = if count > FDS_MAX {
            format!("{count} descriptors are too many for one message: send at most {FDS_MAX}")
        } else if self.is_stream && self.bytes.is_empty() && count > 0 {
            "descriptors travel with a byte of the stream: send at least one".to_owned()
        } else {
            return None;
        };
        Some(io::Error::new(io::ErrorKind::InvalidInput, text))
    }
}

impl Future for SendWithFds<'_> {
    type Output = io::Result<usize>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if let Some(mistake) = this.mistake() {
            return Poll::Ready(Err(mistake));
        }
        this.waiter.poll_io(cx, Location::caller(), || {
            sys::send_with_fds(this.fd, this.bytes, this.fds)
        })
    }
}

impl fmt::Debug for SendWithFds<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendWithFds")
            .field("len", &self.bytes.len())
            .field("fds", &self.fds)
            .field("waiter", &self.waiter)
            .finish_non_exhaustive()
    }
}

/// Receives bytes and descriptors; see [`UnixStream::recv_with_fds`].
///
/// # Examples
///
/// See [`UnixStream::recv_with_fds`].
#[must_use = "futures do nothing unless awaited"]
pub struct RecvWithFds<'a> {
    waiter: Waiter<'a>,
    fd: BorrowedFd<'a>,
    buffer: &'a mut [u8],
    fds_max: usize,
}

impl<'a> RecvWithFds<'a> {
    fn new<T: AsFd>(socket: &'a Async<T>, buffer: &'a mut [u8], fds_max: usize) -> RecvWithFds<'a> {
        RecvWithFds {
            waiter: socket.source().waiter(Direction::Read),
            fd: socket.get_ref().as_fd(),
            buffer,
            fds_max,
        }
    }
}

impl Future for RecvWithFds<'_> {
    type Output = io::Result<ReceivedFds>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<ReceivedFds>> {
        let this = self.get_mut();
        this.waiter.poll_io(cx, Location::caller(), || {
            sys::recv_with_fds(this.fd, this.buffer, this.fds_max)
        })
    }
}

impl fmt::Debug for RecvWithFds<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecvWithFds")
            .field("len", &self.buffer.len())
            .field("fds_max", &self.fds_max)
            .field("waiter", &self.waiter)
            .finish()
    }
}

/// How many descriptors one message carries at most (`SCM_MAX_FD` of Linux, the smallest such limit).
pub const FDS_MAX: usize = 253;
