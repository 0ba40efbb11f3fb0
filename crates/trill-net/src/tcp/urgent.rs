//! Urgent data: one byte beside the stream.

use std::fmt;
use std::future::Future;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use socket2::SockRef;
use trill_reactor::{Async, Direction, Waiter};

use super::stream::TcpStream;
use crate::sys;

impl TcpStream {
    /// Sends one byte of urgent data ("out of band", `MSG_OOB`), which passes what the peer has not read yet.
    ///
    /// TCP remembers one such byte: a second one before the peer took the first makes the first part of the stream.
    /// It is there for old protocols, such as Telnet and FTP.
    ///
    /// # Errors
    ///
    /// As [`TcpStream::write`].
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: the byte is sent in the poll that says so.
    ///
    /// # Examples
    ///
    /// See [`TcpStream::recv_urgent`].
    pub fn send_urgent(&self, byte: u8) -> SendUrgent<'_> {
        SendUrgent {
            waiter: self.inner().source().waiter(Direction::Write),
            fd: self.as_fd(),
            byte,
        }
    }

    /// Waits for a byte of urgent data and takes it, past what lies in the stream before it.
    ///
    /// The kernel keeps it until a read goes past its place: reads end before it, and the next one leaves it out. So
    /// take it before going on to read, or leave it in the stream with [`TcpStream::set_urgent_inline`].
    ///
    /// # Errors
    ///
    /// `UnexpectedEof` if the peer has ended writing and sent none; `InvalidInput` while such bytes are left in the
    /// stream, see [`TcpStream::set_urgent_inline`]; what the operating system says if there is no descriptor left for
    /// the wait; else as [`TcpStream::read`].
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: the byte is taken in the poll that returns it.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_net::{TcpListener, TcpStream};
    ///
    /// trill_park::block_on(async {
    ///     let listener = TcpListener::bind("127.0.0.1:0").await?;
    ///     let client = TcpStream::connect(listener.local_addr()?).await?;
    ///     let (server, _) = listener.accept().await?;
    ///     client.write_all(b"long work").await?;
    ///     client.send_urgent(b'!').await?;
    ///     assert_eq!(server.recv_urgent().await?, b'!');
    ///     assert_eq!(server.read(&mut [0; 16]).await?, 9);
    ///     # Ok::<(), std::io::Error>(())
    /// })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn recv_urgent(&self) -> RecvUrgent<'_> {
        RecvUrgent {
            stream: self,
            own: None,
        }
    }

    /// Sets whether urgent bytes stay in the stream, where reads find them (`SO_OOBINLINE`); no at first.
    ///
    /// A read ends before such a byte; [`TcpStream::is_at_urgent`] says that it comes next.
    ///
    /// # Errors
    ///
    /// What the operating system says.
    ///
    /// # Examples
    ///
    /// See [`TcpStream::is_at_urgent`].
    pub fn set_urgent_inline(&self, inline: bool) -> io::Result<()> {
        SockRef::from(self).set_out_of_band_inline(inline)
    }

    /// Says whether the next byte of the stream is the urgent one, or whether it was there if it was taken
    /// (`SIOCATMARK`).
    ///
    /// # Errors
    ///
    /// What the operating system says.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_net::{TcpListener, TcpStream};
    ///
    /// trill_park::block_on(async {
    ///     let listener = TcpListener::bind("127.0.0.1:0").await?;
    ///     let client = TcpStream::connect(listener.local_addr()?).await?;
    ///     let (server, _) = listener.accept().await?;
    ///     server.set_urgent_inline(true)?;
    ///     client.write_all(b"abc").await?;
    ///     client.send_urgent(b'!').await?;
    ///
    ///     let mut buffer = [0; 3];
    ///     server.read_exact(&mut buffer).await?;
    ///     server.readable().await?;
    ///     assert!(server.is_at_urgent()?);
    ///     assert_eq!(server.read(&mut buffer).await?, 1);
    ///     assert_eq!(buffer[0], b'!');
    ///     # Ok::<(), std::io::Error>(())
    /// })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn is_at_urgent(&self) -> io::Result<bool> {
        sys::is_at_urgent(self.as_fd())
    }
}

/// Sends a byte of urgent data; see [`TcpStream::send_urgent`].
///
/// # Examples
///
/// See [`TcpStream::recv_urgent`].
#[must_use = "futures do nothing unless awaited"]
pub struct SendUrgent<'a> {
    waiter: Waiter<'a>,
    fd: BorrowedFd<'a>,
    byte: u8,
}

impl Future for SendUrgent<'_> {
    type Output = io::Result<()>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.waiter.poll_io(cx, Location::caller(), || {
            sys::send_urgent(this.fd, this.byte)
        })
    }
}

impl fmt::Debug for SendUrgent<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendUrgent")
            .field("byte", &self.byte)
            .field("waiter", &self.waiter)
            .finish()
    }
}

/// Waits for a byte of urgent data; see [`TcpStream::recv_urgent`].
///
/// # Examples
///
/// See [`TcpStream::recv_urgent`].
#[must_use = "futures do nothing unless awaited"]
pub struct RecvUrgent<'a> {
    stream: &'a TcpStream,
    /// A registration for this wait alone. The stream's own says when there is something to read, which this future
    /// must not clear while bytes are unread, and which readers clear while an urgent byte is there.
    own: Option<Async<OwnedFd>>,
}

impl Future for RecvUrgent<'_> {
    type Output = io::Result<u8>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u8>> {
        let this = self.get_mut();
        let fd = this.stream.as_fd();
        let own = match &this.own {
            Some(own) => own,
            None => {
                match sys::recv_urgent(fd) {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    result => return Poll::Ready(result),
                }
                let duplicate = Async::new_nonblocking(fd.try_clone_to_owned()?)?;
                this.own.insert(duplicate)
            }
        };
        own.source()
            .poll_io(cx, Direction::Read, Location::caller(), || {
                sys::recv_urgent(fd)
            })
    }
}

impl fmt::Debug for RecvUrgent<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecvUrgent")
            .field("stream", &self.stream)
            .finish()
    }
}
