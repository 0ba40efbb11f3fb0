//! Where connections come from.

use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;

use trill_net::futures::Accept;
use trill_net::{TcpListener, TcpStream};

/// Where a server's connections come from: TCP and Unix sockets, or anything else that accepts.
///
/// Dropping a listener closes it. An error of [`accept`](Listener::accept) does not end a server, so a listener that
/// fails for long has to pause by itself, as those of `trill-net` do.
///
/// # Examples
///
/// ```
/// use trill_net::TcpListener;
/// use trill_server::Listener;
///
/// fn port(listener: &impl Listener<Address = std::net::SocketAddr>) -> std::io::Result<u16> {
///     Ok(listener.local_addr()?.port())
/// }
///
/// let listener = trill_park::block_on(TcpListener::bind("127.0.0.1:0"))?;
/// assert_ne!(port(&listener)?, 0);
/// # Ok::<(), std::io::Error>(())
/// ```
pub trait Listener: Send + Sync + 'static {
    /// A connection.
    type Stream: Send + 'static;

    /// The address of an end of a connection.
    type Address: Clone + fmt::Debug + Send + Sync + 'static;

    /// Waits for a connection.
    type Accept<'a>: Future<Output = io::Result<(Self::Stream, Self::Address)>> + Send
    where
        Self: 'a;

    /// Accepts a connection: the stream, and the address of its peer.
    ///
    /// # Cancel safety
    ///
    /// Has to be cancel safe: a server drops it when it is to stop.
    fn accept(&self) -> Self::Accept<'_>;

    /// Returns the address it listens on.
    ///
    /// # Errors
    ///
    /// What the operating system says.
    fn local_addr(&self) -> io::Result<Self::Address>;
}

impl Listener for TcpListener {
    type Stream = TcpStream;
    type Address = SocketAddr;
    type Accept<'a> = Accept<'a>;

    fn accept(&self) -> Accept<'_> {
        TcpListener::accept(self)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        TcpListener::local_addr(self)
    }
}
