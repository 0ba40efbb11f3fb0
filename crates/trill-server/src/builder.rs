//! Options of a server.

use trill_net::{AsyncToSocketAddrs, TcpListener, TcpListenerBuilder};

use crate::acceptor::Plain;
use crate::bind::Bind;
use crate::listener::Listener;
use crate::server::Server;

/// Options of a server that is to be made; from [`Server::builder`](crate::Server::builder).
///
/// # Examples
///
/// ```
/// use trill_server::{Server, WhenFull};
///
/// trill_park::block_on(async {
///     let server = Server::builder()
///         .name("front")
///         .backlog(4096)
///         .connections_max(10_000)
///         .when_full(WhenFull::Refuse)
///         .bind("127.0.0.1:0")
///         .await?;
///     assert_eq!(server.local_addrs()?.len(), 1);
///     # Ok::<(), std::io::Error>(())
/// })?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "a builder does nothing until it binds"]
pub struct ServerBuilder {
    backlog: Option<u32>,
    reuse_port: bool,
    options: Options,
}

/// What a server needs once its listeners are there.
#[derive(Clone, Debug, Default)]
pub(crate) struct Options {
    pub(crate) name: Option<Box<str>>,
    pub(crate) connections_max: Option<usize>,
    pub(crate) when_full: WhenFull,
}

/// What a server does with a connection that comes while it has as many as it may.
///
/// # Examples
///
/// See [`ServerBuilder`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum WhenFull {
    /// Leaves it in the backlog of the listener until another one ends.
    #[default]
    Wait,
    /// Accepts and closes it, and counts it as [`refused`](crate::ServerHandle::refused).
    Refuse,
}

impl ServerBuilder {
    /// Sets how many connections may wait to be accepted: 1024 if not set. The system has a limit of its own.
    ///
    /// # Examples
    ///
    /// See [`ServerBuilder`].
    pub fn backlog(mut self, backlog: u32) -> ServerBuilder {
        self.backlog = Some(backlog);
        self
    }

    /// Lets several TCP servers listen on the same port (`SO_REUSEPORT`).
    ///
    /// # Examples
    ///
    /// ```
    /// let builder = trill_server::Server::builder().reuse_port(true);
    /// ```
    pub fn reuse_port(mut self, reuse: bool) -> ServerBuilder {
        self.reuse_port = reuse;
        self
    }

    /// Sets how many connections may live at a time: any number if not set.
    ///
    /// # Panics
    ///
    /// If `max` is 0.
    ///
    /// # Examples
    ///
    /// See [`ServerBuilder`].
    #[track_caller]
    pub fn connections_max(mut self, max: usize) -> ServerBuilder {
        assert!(max > 0, "a server needs room for one connection at least");
        self.options.connections_max = Some(max);
        self
    }

    /// Sets what happens to a connection that comes when there is no room.
    ///
    /// # Examples
    ///
    /// See [`ServerBuilder`].
    pub fn when_full(mut self, when_full: WhenFull) -> ServerBuilder {
        self.options.when_full = when_full;
        self
    }

    /// Gives the server a name, for people: its tasks and its reports bear it.
    ///
    /// # Examples
    ///
    /// See [`ServerBuilder`].
    pub fn name(mut self, name: impl Into<Box<str>>) -> ServerBuilder {
        self.options.name = Some(name.into());
        self
    }

    /// Listens on all TCP addresses of a host.
    ///
    /// Addresses that this machine does not have are passed over as long as there is another one. IPv6 sockets take IPv6 only,
    /// so that both families can be listened on. With port 0 the system chooses one, the same for all addresses if
    /// it is free there.
    ///
    /// # Errors
    ///
    /// As [`TcpListener::bind`]; then nothing is listened on.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: ports are taken in the poll that returns the server.
    ///
    /// # Examples
    ///
    /// See [`ServerBuilder`].
    pub fn bind<A: AsyncToSocketAddrs>(self, addr: A) -> Bind {
        Bind::new(self, addr)
    }

    /// Makes a server of a listener that is there already.
    ///
    /// # Examples
    ///
    /// See [`Server::from_listener`](crate::Server::from_listener).
    pub fn listener<L: Listener>(self, listener: L) -> Server<L, Plain> {
        self.listeners(vec![listener])
    }

    pub(crate) fn listeners<L: Listener>(self, listeners: Vec<L>) -> Server<L, Plain> {
        Server::new(listeners, self.options)
    }

    /// What listens on one TCP address.
    pub(crate) fn tcp(&self) -> TcpListenerBuilder {
        let builder = TcpListener::builder().reuse_port(self.reuse_port);
        match self.backlog {
            Some(backlog) => builder.backlog(backlog),
            None => builder,
        }
    }

    #[cfg(unix)] // TCP listeners get it when they are made.
    pub(crate) fn backlog_max(&self) -> Option<i32> {
        let clamp = |backlog| i32::try_from(backlog).unwrap_or(i32::MAX);
        self.backlog.map(clamp)
    }
}
