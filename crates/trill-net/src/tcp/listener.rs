//! Listening for TCP connections.

use std::io;
use std::net::{self, SocketAddr};
use std::sync::Arc;
use std::task::{Context, Poll};

use socket2::SockRef;
use trill_reactor::{Async, Readable};

use super::accept::Accept;
use super::bind::Bind;
use super::builder::TcpListenerBuilder;
use super::incoming::Incoming;
use crate::acceptor::{Acceptor, Backoff};
use crate::address::AsyncToSocketAddrs;
use crate::convert;
use crate::sys::{self, AsFd};

/// A TCP socket that listens for connections.
///
/// Clones share the socket; any number of tasks may accept from it. The socket is closed with the last clone.
///
/// # Examples
///
/// ```
/// use trill_net::{TcpListener, TcpStream};
///
/// trill_park::block_on(async {
///     let listener = TcpListener::bind("127.0.0.1:0").await?;
///     let client = TcpStream::connect(listener.local_addr()?).await?;
///     let (server, address) = listener.accept().await?;
///     assert_eq!(address, client.local_addr()?);
///
///     server.write_all(b"hello").await?;
///     let mut buffer = [0; 5];
///     client.read_exact(&mut buffer).await?;
///     assert_eq!(&buffer, b"hello");
///     # Ok::<(), std::io::Error>(())
/// })?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct TcpListener {
    inner: Arc<Async<net::TcpListener>>,
    backoff: Arc<Backoff>,
}

impl TcpListener {
    /// Listens on the first of the addresses that can be had; port 0 lets the system choose one.
    ///
    /// The port can be bound while connections of an earlier listener still fade out (`SO_REUSEADDR`), and 1024
    /// connections may wait to be accepted; [`TcpListener::builder`] changes that.
    ///
    /// # Errors
    ///
    /// `AddrInUse`, `AddrNotAvailable`, `PermissionDenied` and the like, with the address in the text and an
    /// [`AddressError`](crate::AddressError) inside; as [`resolve`](crate::resolve) if it is a name; `Unsupported` in
    /// a simulated world.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: the port is taken in the poll that returns the listener.
    ///
    /// # Examples
    ///
    /// See [`TcpListener`].
    pub fn bind<A: AsyncToSocketAddrs>(addr: A) -> Bind {
        TcpListener::builder().bind(addr)
    }

    /// Returns options to change before binding.
    ///
    /// # Examples
    ///
    /// See [`TcpListenerBuilder`].
    pub fn builder() -> TcpListenerBuilder {
        TcpListenerBuilder::new()
    }

    /// Accepts a connection: the stream, and the address of its peer.
    ///
    /// Connections that died while they waited are skipped.
    ///
    /// # Errors
    ///
    /// What the operating system says, with its code, as when there are no descriptors left (`EMFILE`, `ENFILE`) or no
    /// memory (`ENOBUFS`, `ENOMEM`). The connection waits in the backlog, the listener goes on working, and the
    /// next call waits before it tries again: [`ACCEPT_PAUSE_MIN`](crate::ACCEPT_PAUSE_MIN) at first, doubled with
    /// each failure up to [`ACCEPT_PAUSE_MAX`](crate::ACCEPT_PAUSE_MAX). So a server may report the error and
    /// simply call again.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: a connection is taken in the poll that returns it; until then it stays in the backlog.
    ///
    /// # Examples
    ///
    /// See [`TcpListener`].
    #[inline]
    pub fn accept(&self) -> Accept<'_> {
        Accept::new(self)
    }

    /// Returns a stream of connections, which never ends.
    ///
    /// Errors are items of it, as [`TcpListener::accept`] returns them; the stream goes on after one.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_net::{TcpListener, TcpStream};
    ///
    /// trill_park::block_on(async {
    ///     let listener = TcpListener::bind("127.0.0.1:0").await?;
    ///     let client = TcpStream::connect(listener.local_addr()?).await?;
    ///     let mut incoming = listener.incoming();
    ///     while let Some(stream) = incoming.next().await {
    ///         assert_eq!(stream?.peer_addr()?, client.local_addr()?);
    ///         break;
    ///     }
    ///     # Ok::<(), std::io::Error>(())
    /// })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn incoming(&self) -> Incoming<'_> {
        Incoming::new(self)
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
    /// let listener = trill_park::block_on(trill_net::TcpListener::bind("127.0.0.1:0"))?;
    /// assert_ne!(listener.local_addr()?.port(), 0);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.inner.get_ref().local_addr()
    }

    /// Returns how many hops packets of its connections may take (`IP_TTL`).
    ///
    /// # Errors
    ///
    /// What the operating system says.
    ///
    /// # Examples
    ///
    /// ```
    /// let listener = trill_park::block_on(trill_net::TcpListener::bind("127.0.0.1:0"))?;
    /// listener.set_ttl(100)?;
    /// assert_eq!(listener.ttl()?, 100);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn ttl(&self) -> io::Result<u32> {
        self.inner.get_ref().ttl()
    }

    /// Sets how many hops packets of its connections may take (`IP_TTL`).
    ///
    /// # Errors
    ///
    /// What the operating system says.
    ///
    /// # Examples
    ///
    /// See [`TcpListener::ttl`].
    pub fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        self.inner.get_ref().set_ttl(ttl)
    }

    /// Returns the error that was noted for the socket, if any, and clears it (`SO_ERROR`).
    ///
    /// # Errors
    ///
    /// What the operating system says when asked.
    ///
    /// # Examples
    ///
    /// ```
    /// let listener = trill_park::block_on(trill_net::TcpListener::bind("127.0.0.1:0"))?;
    /// assert!(listener.take_error()?.is_none());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        SockRef::from(self.inner.get_ref()).take_error()
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
    /// ```
    /// use trill_net::{TcpListener, TcpStream};
    ///
    /// trill_park::block_on(async {
    ///     let listener = TcpListener::bind("127.0.0.1:0").await?;
    ///     let _client = TcpStream::connect(listener.local_addr()?).await?;
    ///     listener.readable().await
    /// })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn readable(&self) -> Readable<'_, net::TcpListener> {
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
    /// ```
    /// use trill_net::{TcpListener, TcpStream};
    ///
    /// trill_park::block_on(async {
    ///     let listener = TcpListener::bind("127.0.0.1:0").await?;
    ///     let _client = TcpStream::connect(listener.local_addr()?).await?;
    ///     std::future::poll_fn(|cx| listener.poll_readable(cx)).await
    /// })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn poll_readable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.inner.poll_readable(cx)
    }

    /// Returns the socket for use without this crate; it still does not block.
    ///
    /// If clones exist, they keep the socket and this returns a duplicate of its descriptor.
    ///
    /// # Errors
    ///
    /// What the operating system says.
    ///
    /// # Examples
    ///
    /// ```
    /// let listener = trill_park::block_on(trill_net::TcpListener::bind("127.0.0.1:0"))?;
    /// let address = listener.local_addr()?;
    /// assert_eq!(listener.into_std()?.local_addr()?, address);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn into_std(self) -> io::Result<net::TcpListener> {
        convert::into_std(self.inner, net::TcpListener::try_clone)
    }

    pub(super) fn of(inner: Async<net::TcpListener>) -> TcpListener {
        TcpListener {
            inner: Arc::new(inner),
            backoff: Arc::default(),
        }
    }

    /// What accepts from it.
    #[inline]
    pub(super) fn acceptor(&self) -> Acceptor<'_> {
        Acceptor::new(
            self.inner.source(),
            self.inner.get_ref().as_fd(),
            &self.backoff,
        )
    }
}

impl From<Async<net::TcpListener>> for TcpListener {
    fn from(listener: Async<net::TcpListener>) -> TcpListener {
        TcpListener::of(listener)
    }
}

/// Fails if the socket cannot be registered with the reactor. Makes it not block.
impl TryFrom<net::TcpListener> for TcpListener {
    type Error = io::Error;

    fn try_from(listener: net::TcpListener) -> io::Result<TcpListener> {
        Async::new(listener).map(TcpListener::of)
    }
}

impl From<TcpListener> for Arc<Async<net::TcpListener>> {
    fn from(listener: TcpListener) -> Arc<Async<net::TcpListener>> {
        listener.inner
    }
}

// Turning a descriptor into one fails if it cannot be registered with the reactor, and makes it not block.
sys::handles!(TcpListener, net::TcpListener, |socket| socket
    .inner
    .get_ref());
