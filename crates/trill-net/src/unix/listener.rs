//! Listening for Unix connections.

use std::fmt;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::os::unix::net::{self, SocketAddr};
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_core::Stream;
use socket2::{Domain, Type};
use trill_reactor::{Async, Readable};

use super::accept::{Accept, NextIncoming, adopt};
use super::left_over::advice;
use super::stream::UnixStream;
use crate::acceptor::{Acceptor, Backoff};
use crate::address_error::AddressError;
use crate::convert;
use crate::sys;

/// A Unix socket that listens for connections.
///
/// Clones share the socket; any number of tasks may accept from it. The socket is closed with the last clone; its
/// file stays, and must be removed before the path can be bound again.
///
/// # Examples
///
/// See the [module's page](super).
#[derive(Clone, Debug)]
pub struct UnixListener {
    inner: Arc<Async<net::UnixListener>>,
    backoff: Arc<Backoff>,
}

impl UnixListener {
    /// Listens on a path, or on an abstract name: one that begins with a null byte.
    ///
    /// # Errors
    ///
    /// `AddrInUse` if something is at the path, which says whether anybody listens there, `NotFound` if its directory is not there, and the like, with the path
    /// in the text and an [`AddressError`](crate::AddressError) inside; `InvalidInput` if it is longer than an
    /// address can be (about 100 bytes); `Unsupported` in a simulated world.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(target_os = "linux")] {
    /// use trill_net::unix::UnixListener;
    ///
    /// let name = format!("\0example-{}", std::process::id());
    /// let _listener = UnixListener::bind(&name)?;
    /// let error = UnixListener::bind(&name).unwrap_err();
    /// assert_eq!(error.kind(), std::io::ErrorKind::AddrInUse);
    /// # }
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn bind<P: AsRef<Path>>(path: P) -> io::Result<UnixListener> {
        let path = path.as_ref();
        let bind = || {
            sys::os_only("listen")?;
            let address = sys::unix_address(path)?;
            let socket = sys::open(Domain::UNIX, Type::STREAM)?;
            socket.bind(&address)?;
            socket.listen(BACKLOG)?;
            Async::new_deferred(net::UnixListener::from(OwnedFd::from(socket)))
        };
        bind().map(UnixListener::of).map_err(|error| {
            let advice = advice(path, &error);
            AddressError::wrap_with("listen on", path.display(), error, advice)
        })
    }

    /// Accepts a connection: the stream, and the address of its peer, which usually has no name.
    ///
    /// # Errors
    ///
    /// As [`TcpListener::accept`](crate::TcpListener::accept), which also tells how the listener pauses after one.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: a connection is taken in the poll that returns it; until then it stays in the backlog.
    ///
    /// # Examples
    ///
    /// See the [module's page](super).
    pub fn accept(&self) -> Accept<'_> {
        Accept::new(self)
    }

    /// Returns a stream of connections, which never ends.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(target_os = "linux")] {
    /// use trill_net::unix::{UnixListener, UnixStream};
    ///
    /// trill_park::block_on(async {
    ///     let name = format!("\0incoming-{}", std::process::id());
    ///     let listener = UnixListener::bind(&name)?;
    ///     let _client = UnixStream::connect(&name).await?;
    ///     let mut incoming = listener.incoming();
    ///     while let Some(stream) = incoming.next().await {
    ///         println!("a connection of process {:?}", stream?.peer_cred()?.pid());
    ///         break;
    ///     }
    ///     # Ok::<(), std::io::Error>(())
    /// })?;
    /// # }
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn incoming(&self) -> Incoming<'_> {
        Incoming(self.acceptor())
    }

    /// Returns the address it listens on.
    ///
    /// # Errors
    ///
    /// What the operating system says.
    ///
    /// # Examples
    ///
    /// ```
    /// # let path = std::env::temp_dir().join(format!("trill-net-addr-{}", std::process::id()));
    /// let listener = trill_net::unix::UnixListener::bind(&path)?;
    /// assert_eq!(listener.local_addr()?.as_pathname(), Some(&*path));
    /// # std::fs::remove_file(&path)?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.inner.get_ref().local_addr()
    }

    /// Waits until a connection can be accepted.
    ///
    /// # Errors
    ///
    /// See [`Async::readable`].
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: it takes nothing.
    ///
    /// # Examples
    ///
    /// See [`TcpListener::readable`](crate::TcpListener::readable).
    pub fn readable(&self) -> Readable<'_, net::UnixListener> {
        self.inner.readable()
    }

    /// Polls until a connection can be accepted; any number of tasks may wait.
    ///
    /// # Errors
    ///
    /// See [`Async::poll_readable`].
    ///
    /// # Examples
    ///
    /// See [`TcpListener::poll_readable`](crate::TcpListener::poll_readable).
    #[track_caller]
    pub fn poll_readable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.inner.poll_readable(cx)
    }

    /// Returns the socket for use without this crate; as
    /// [`TcpListener::into_std`](crate::TcpListener::into_std).
    ///
    /// # Errors
    ///
    /// What the operating system says.
    ///
    /// # Examples
    ///
    /// See [`TcpListener::into_std`](crate::TcpListener::into_std).
    pub fn into_std(self) -> io::Result<net::UnixListener> {
        convert::into_std(self.inner, net::UnixListener::try_clone)
    }

    fn of(inner: Async<net::UnixListener>) -> UnixListener {
        UnixListener {
            inner: Arc::new(inner),
            backoff: Arc::default(),
        }
    }

    /// What accepts from it.
    pub(super) fn acceptor(&self) -> Acceptor<'_> {
        let fd = self.inner.get_ref().as_fd();
        Acceptor::new(self.inner.source(), fd, &self.backoff)
    }
}

impl From<Async<net::UnixListener>> for UnixListener {
    fn from(listener: Async<net::UnixListener>) -> UnixListener {
        UnixListener::of(listener)
    }
}

/// Fails if the socket cannot be registered with the reactor. Makes it not block.
impl TryFrom<net::UnixListener> for UnixListener {
    type Error = io::Error;

    fn try_from(listener: net::UnixListener) -> io::Result<UnixListener> {
        Async::new(listener).map(UnixListener::of)
    }
}

impl From<UnixListener> for Arc<Async<net::UnixListener>> {
    fn from(listener: UnixListener) -> Arc<Async<net::UnixListener>> {
        listener.inner
    }
}

/// Fails if the socket cannot be registered with the reactor. Makes it not block.
impl TryFrom<OwnedFd> for UnixListener {
    type Error = io::Error;

    fn try_from(fd: OwnedFd) -> io::Result<UnixListener> {
        UnixListener::try_from(net::UnixListener::from(fd))
    }
}

impl AsFd for UnixListener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.inner.get_ref().as_fd()
    }
}

impl AsRawFd for UnixListener {
    fn as_raw_fd(&self) -> RawFd {
        self.inner.get_ref().as_raw_fd()
    }
}

/// A stream of the connections of a listener; see [`UnixListener::incoming`]. It never ends.
///
/// # Examples
///
/// See [`UnixListener::incoming`].
pub struct Incoming<'a>(Acceptor<'a>);

impl<'a> Incoming<'a> {
    /// Waits for the next connection. It is never `None`.
    ///
    /// # Errors
    ///
    /// As [`UnixListener::accept`].
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: a connection is taken in the poll that returns it.
    ///
    /// # Examples
    ///
    /// See [`UnixListener::incoming`].
    #[allow(clippy::should_implement_trait)] // The trait would not be asynchronous.
    pub fn next(&mut self) -> NextIncoming<'_, 'a> {
        NextIncoming(self)
    }

    /// Takes the waker of a task back that does not wait any more.
    pub(super) fn forget(&mut self) {
        self.0.forget();
    }
}

impl Stream for Incoming<'_> {
    type Item = io::Result<UnixStream>;

    #[track_caller]
    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match self.0.poll(cx) {
            Poll::Ready(Ok((socket, _))) => Poll::Ready(Some(adopt(socket))),
            Poll::Ready(Err(error)) => Poll::Ready(Some(Err(error))),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl fmt::Debug for Incoming<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Incoming").field(&self.0).finish()
    }
}

/// How many connections may wait to be accepted; as for TCP.
const BACKLOG: i32 = 1024;
