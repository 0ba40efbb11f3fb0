//! Listening with options.

use std::io;
use std::net::SocketAddr;

use socket2::{Domain, Socket, Type};
use trill_reactor::Async;

use super::bind::Bind;
use super::listener::TcpListener;
use crate::address::AsyncToSocketAddrs;
use crate::address_error::AddressError;
use crate::sys::{self, AsFd};

/// Options of a listener that is to be made; from [`TcpListener::builder`].
///
/// [`TcpSocket`](crate::TcpSocket) has more of them, for one address that needs no look-up.
///
/// # Examples
///
/// ```
/// use trill_net::TcpListener;
///
/// trill_park::block_on(async {
///     let listener = TcpListener::builder()
///         .backlog(4096)
///         .reuse_port(true)
///         .bind("127.0.0.1:0")
///         .await?;
///     // With `reuse_port` a second listener shares the port, and the system spreads connections.
///     TcpListener::builder().reuse_port(true).bind(listener.local_addr()?).await?;
///     # Ok::<(), std::io::Error>(())
/// })?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until it binds"]
pub struct TcpListenerBuilder {
    backlog: u32,
    reuse_address: bool,
    reuse_port: bool,
    only_v6: Option<bool>,
    pub(super) fast_open: Option<u32>,
}

impl TcpListenerBuilder {
    pub(super) fn new() -> TcpListenerBuilder {
        TcpListenerBuilder {
            backlog: BACKLOG_DEFAULT,
            reuse_address: true,
            reuse_port: false,
            only_v6: None,
            fast_open: None,
        }
    }

    /// Sets how many connections may wait to be accepted: 1024 if not set. The system has a limit of its own, on
    /// Linux `net.core.somaxconn`.
    ///
    /// # Examples
    ///
    /// See [`TcpListenerBuilder`].
    pub fn backlog(mut self, backlog: u32) -> TcpListenerBuilder {
        self.backlog = backlog;
        self
    }

    /// Sets whether the port may be bound while connections of an earlier listener still fade out: yes if not set.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_net::TcpListener;
    ///
    /// let strict = TcpListener::builder().reuse_address(false);
    /// trill_park::block_on(strict.bind("127.0.0.1:0"))?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn reuse_address(mut self, reuse: bool) -> TcpListenerBuilder {
        self.reuse_address = reuse;
        self
    }

    /// Sets whether several listeners of this user may share the port: no if not set.
    ///
    /// # Examples
    ///
    /// See [`TcpListenerBuilder`].
    pub fn reuse_port(mut self, reuse: bool) -> TcpListenerBuilder {
        self.reuse_port = reuse;
        self
    }

    /// Sets whether a listener on an IPv6 address takes IPv6 connections alone: as the system does if not set.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use trill_net::TcpListener;
    ///
    /// let both = TcpListener::builder().only_v6(false);
    /// let both = trill_park::block_on(both.bind("[::]:0"))?;
    /// let port = both.local_addr()?.port();
    /// trill_park::block_on(trill_net::TcpStream::connect(("127.0.0.1", port)))?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn only_v6(mut self, only: bool) -> TcpListenerBuilder {
        self.only_v6 = Some(only);
        self
    }

    /// Listens on the first of the addresses that can be had; port 0 lets the system choose one.
    ///
    /// # Errors
    ///
    /// As [`TcpListener::bind`].
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: the port is taken in the poll that returns the listener.
    ///
    /// # Examples
    ///
    /// See [`TcpListenerBuilder`].
    pub fn bind<A: AsyncToSocketAddrs>(self, addr: A) -> Bind {
        Bind::new(self, &addr)
    }

    /// Listens on one address.
    pub(super) fn listen(&self, address: SocketAddr) -> io::Result<TcpListener> {
        sys::os_only("listen")?;
        let listen = || {
            let socket = sys::open(Domain::for_address(address), Type::STREAM)?;
            // Windows lets a port be used again at once, and with this option would let others take it over.
            if self.reuse_address && cfg!(not(windows)) {
                socket.set_reuse_address(true)?;
            }
            if self.reuse_port {
                sys::set_reuse_port(&socket, true)?;
            }
            if let (Some(only), true) = (self.only_v6, address.is_ipv6()) {
                socket.set_only_v6(only)?;
            }
            if let Some(connections) = self.fast_open {
                sys::set_fast_open(socket.as_fd(), connections)?;
            }
            socket.bind(&address.into())?;
            listen(socket, self.backlog)
        };
        listen().map_err(|error| AddressError::wrap("listen on", address, error))
    }
}

/// Makes a listener of a bound socket.
pub(super) fn listen(socket: Socket, backlog: u32) -> io::Result<TcpListener> {
    // The system lowers what is too much for it.
    socket.listen(backlog.try_into().unwrap_or(i32::MAX))?;
    Ok(TcpListener::of(Async::new_deferred(socket.into())?))
}

/// How many connections may wait to be accepted: what a burst of clients needs; costs memory only while they wait.
pub(super) const BACKLOG_DEFAULT: u32 = 1024;
