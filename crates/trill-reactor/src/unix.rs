//! `Async<UnixListener>`, `Async<UnixStream>` and `Async<UnixDatagram>`.

use std::future::Future;
use std::io;
use std::os::unix::net::{SocketAddr, UnixDatagram, UnixListener, UnixStream};
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use crate::accept::{Accept, Incoming, Listener};
use crate::event::Interest;
use crate::reactor::current_core;
use crate::sys;
use crate::with::{ReadWith, WriteWith};
use crate::wrapper::Async;

impl Async<UnixListener> {
    /// Listens at a path, which must not exist.
    ///
    /// # Errors
    ///
    /// What the operating system says, or as [`Async::new`].
    ///
    /// # Examples
    ///
    /// See [`Async::accept`](Async::<UnixListener>::accept).
    pub fn bind<P: AsRef<Path>>(path: P) -> io::Result<Async<UnixListener>> {
        Async::new(sys::unix_listener(path.as_ref())?)
    }

    /// Accepts a connection.
    ///
    /// The stream is registered with the reactor this thread has entered, else with the listener's.
    ///
    /// # Errors
    ///
    /// What the operating system says; the listener goes on working.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: a connection is taken in the poll that returns it; until then it stays in the backlog.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::os::unix::net::{UnixListener, UnixStream};
    /// use trill_reactor::{Async, block_on};
    ///
    /// let path = std::env::temp_dir().join(format!("trill-accept-{}", std::process::id()));
    /// let listener = Async::<UnixListener>::bind(&path)?;
    /// let client = block_on(Async::<UnixStream>::connect(&path))?;
    /// let (stream, _) = block_on(listener.accept())?;
    /// std::fs::remove_file(&path)?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn accept(&self) -> Accept<'_, UnixListener> {
        Accept::new(self)
    }

    /// Accepts connections for ever.
    ///
    /// # Examples
    ///
    /// As [`Async::incoming`](Async::<std::net::TcpListener>::incoming) of TCP.
    pub fn incoming(&self) -> Incoming<'_, UnixListener> {
        Incoming::new(self)
    }
}

impl Listener for UnixListener {
    type Stream = UnixStream;
    type Address = SocketAddr;

    // Reading stops where descriptors were attached.
    const SHORT_IS_ALL: bool = false;

    fn accept_one(&self) -> io::Result<(UnixStream, SocketAddr)> {
        sys::accept_unix(self)
    }
}

impl TryFrom<UnixListener> for Async<UnixListener> {
    type Error = io::Error;

    fn try_from(listener: UnixListener) -> io::Result<Async<UnixListener>> {
        Async::new(listener)
    }
}

impl Async<UnixStream> {
    /// Connects to a path; on Linux one that begins with a null byte names an abstract address.
    ///
    /// # Errors
    ///
    /// What the operating system says, or as [`Async::new`]. `WouldBlock` if the listener's backlog is full: the
    /// system offers no way to wait for that.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes the socket; the other side may have seen the connection.
    ///
    /// # Examples
    ///
    /// See [`Async::accept`](Async::<UnixListener>::accept).
    pub fn connect<P: AsRef<Path>>(path: P) -> ConnectUnix {
        let stream = current_core().and_then(|core| {
            Async::register(
                core,
                sys::connect_unix(path.as_ref())?,
                Interest::NONE,
                false,
            )
        });
        ConnectUnix(Some(stream))
    }

    /// Makes two streams that are connected to each other.
    ///
    /// # Errors
    ///
    /// What the operating system says, or as [`Async::new`].
    ///
    /// # Examples
    ///
    /// ```
    /// use std::os::unix::net::UnixStream;
    /// use trill_reactor::Async;
    ///
    /// let (a, b) = Async::<UnixStream>::pair()?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn pair() -> io::Result<(Async<UnixStream>, Async<UnixStream>)> {
        let (a, b) = sys::unix_streams()?;
        Ok((Async::new(a)?, Async::new(b)?))
    }
}

impl TryFrom<UnixStream> for Async<UnixStream> {
    type Error = io::Error;

    fn try_from(stream: UnixStream) -> io::Result<Async<UnixStream>> {
        Async::new(stream)
    }
}

/// Connects a Unix stream; from [`Async::connect`](Async::<UnixStream>::connect).
///
/// # Cancel safety
///
/// Dropping it closes the socket.
///
/// # Panics
///
/// If polled after it has returned.
///
/// # Examples
///
/// See [`Async::accept`](Async::<UnixListener>::accept).
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct ConnectUnix(Option<io::Result<Async<UnixStream>>>);

impl Future for ConnectUnix {
    type Output = io::Result<Async<UnixStream>>;

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if let Some(Ok(stream)) = &self.0 {
            ready!(stream.poll_writable(cx))?;
        }
        let begun = self.0.take();
        let stream = begun.expect("a connect is not polled after it has returned")?;
        match stream.get_ref().take_error()? {
            None => Poll::Ready(Ok(stream)),
            Some(error) => Poll::Ready(Err(error)),
        }
    }
}

impl Async<UnixDatagram> {
    /// Makes a socket that receives at a path, which must not exist.
    ///
    /// # Errors
    ///
    /// What the operating system says, or as [`Async::new`].
    ///
    /// # Examples
    ///
    /// ```
    /// use std::os::unix::net::UnixDatagram;
    /// use trill_reactor::{Async, block_on};
    ///
    /// let path = std::env::temp_dir().join(format!("trill-datagram-{}", std::process::id()));
    /// let receiver = Async::<UnixDatagram>::bind(&path)?;
    /// let sender = Async::<UnixDatagram>::unbound()?;
    /// block_on(async {
    ///     sender.send_to(b"hello", &path).await?;
    ///     let (len, from) = receiver.recv_from(&mut [0; 16]).await?;
    ///     assert!(len == 5 && from.is_unnamed());
    ///     Ok::<(), std::io::Error>(())
    /// })?;
    /// std::fs::remove_file(&path)?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn bind<P: AsRef<Path>>(path: P) -> io::Result<Async<UnixDatagram>> {
        Async::new(sys::unix_datagram(path.as_ref())?)
    }

    /// Makes a socket without an address.
    ///
    /// # Errors
    ///
    /// What the operating system says, or as [`Async::new`].
    ///
    /// # Examples
    ///
    /// See [`Async::bind`](Async::<UnixDatagram>::bind).
    pub fn unbound() -> io::Result<Async<UnixDatagram>> {
        Async::new(sys::unix_datagram_unbound()?)
    }

    /// Makes two sockets that are connected to each other.
    ///
    /// # Errors
    ///
    /// What the operating system says, or as [`Async::new`].
    ///
    /// # Examples
    ///
    /// ```
    /// use std::os::unix::net::UnixDatagram;
    /// use trill_reactor::{Async, block_on};
    ///
    /// let (a, b) = Async::<UnixDatagram>::pair()?;
    /// block_on(async {
    ///     a.send(b"hello").await?;
    ///     let mut buffer = [0; 16];
    ///     assert_eq!(b.recv(&mut buffer).await?, 5);
    ///     Ok::<(), std::io::Error>(())
    /// })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn pair() -> io::Result<(Async<UnixDatagram>, Async<UnixDatagram>)> {
        let (a, b) = sys::unix_datagrams()?;
        Ok((Async::new(a)?, Async::new(b)?))
    }

    /// Receives a datagram, and who sent it.
    ///
    /// # Errors
    ///
    /// What the operating system says.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: a datagram is taken in the poll that returns it.
    ///
    /// # Examples
    ///
    /// See [`Async::bind`](Async::<UnixDatagram>::bind).
    pub fn recv_from<'a>(
        &'a self,
        buffer: &'a mut [u8],
    ) -> ReadWith<
        'a,
        UnixDatagram,
        impl FnMut(&UnixDatagram) -> io::Result<(usize, SocketAddr)> + use<'a>,
    > {
        self.read_with(move |socket| socket.recv_from(buffer))
    }

    /// Sends a datagram to a path.
    ///
    /// # Errors
    ///
    /// What the operating system says.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: a datagram is sent in the poll that returns, or not at all.
    ///
    /// # Examples
    ///
    /// See [`Async::bind`](Async::<UnixDatagram>::bind).
    pub fn send_to<'a, P: AsRef<Path> + 'a>(
        &'a self,
        buffer: &'a [u8],
        path: P,
    ) -> WriteWith<'a, UnixDatagram, impl FnMut(&UnixDatagram) -> io::Result<usize> + use<'a, P>>
    {
        self.write_with(move |socket| socket.send_to(buffer, &path))
    }

    /// Receives a datagram from the peer the socket is connected to.
    ///
    /// # Errors
    ///
    /// What the operating system says.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: a datagram is taken in the poll that returns it.
    ///
    /// # Examples
    ///
    /// See [`Async::pair`](Async::<UnixDatagram>::pair).
    pub fn recv<'a>(
        &'a self,
        buffer: &'a mut [u8],
    ) -> ReadWith<'a, UnixDatagram, impl FnMut(&UnixDatagram) -> io::Result<usize> + use<'a>> {
        self.read_with(move |socket| socket.recv(buffer))
    }

    /// Sends a datagram to the peer the socket is connected to.
    ///
    /// # Errors
    ///
    /// What the operating system says.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: a datagram is sent in the poll that returns, or not at all.
    ///
    /// # Examples
    ///
    /// See [`Async::pair`](Async::<UnixDatagram>::pair).
    pub fn send<'a>(
        &'a self,
        buffer: &'a [u8],
    ) -> WriteWith<'a, UnixDatagram, impl FnMut(&UnixDatagram) -> io::Result<usize> + use<'a>> {
        self.write_with(move |socket| socket.send(buffer))
    }
}

impl TryFrom<UnixDatagram> for Async<UnixDatagram> {
    type Error = io::Error;

    fn try_from(socket: UnixDatagram) -> io::Result<Async<UnixDatagram>> {
        Async::new(socket)
    }
}
