//! A server before it accepts.

use std::fmt;
use std::future::Future;
use std::io;
use std::panic::Location;
use std::sync::Arc;

use trill_cell::Spawned;
use trill_executor::ambient;
use trill_net::{AsyncToSocketAddrs, TcpListener};

use crate::accepting::{self, Service};
use crate::acceptor::{Acceptor, Plain};
use crate::bind::Bind;
use crate::builder::{Options, ServerBuilder};
use crate::connection::Connection;
use crate::handle::ServerHandle;
use crate::listener::Listener;
use crate::outcome::Outcome;
use crate::shared::{Open, Shared};
use crate::streams::{Split, StreamReader, StreamWriter, converse};

/// Listens, and serves each connection in a task of its own once [`serve`](Server::serve) is called.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use trill_net::TcpStream;
/// use trill_server::{Connection, Server};
///
/// let ex = trill_executor::Executor::new();
/// trill_park::block_on(ex.run(async {
///     let server = Server::bind("127.0.0.1:0").await?;
///     let handle = server.serve(|connection: Connection| async move {
///         connection.get_ref().write_all(b"hello").await
///     })?;
///
///     let client = TcpStream::connect(handle.local_addrs()[0]).await?;
///     let mut buffer = [0; 5];
///     client.read_exact(&mut buffer).await?;
///     assert_eq!(&buffer, b"hello");
///
///     let ended = handle.shutdown(Duration::from_secs(10)).await;
///     assert_eq!(ended.aborted, 0);
///     # Ok::<(), std::io::Error>(())
/// }))?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[must_use = "a server accepts nothing until `serve` is called"]
pub struct Server<L = TcpListener, A = Plain> {
    listeners: Vec<L>,
    options: Options,
    acceptor: A,
}

impl Server<TcpListener, Plain> {
    /// Returns options to change before binding.
    ///
    /// # Examples
    ///
    /// See [`ServerBuilder`].
    pub fn builder() -> ServerBuilder {
        ServerBuilder::default()
    }

    /// Listens on all TCP addresses of a host; see [`ServerBuilder::bind`].
    ///
    /// # Errors
    ///
    /// As there.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: ports are taken in the poll that returns the server.
    ///
    /// # Examples
    ///
    /// See [`Server`].
    pub fn bind<T: AsyncToSocketAddrs>(addr: T) -> Bind {
        Server::builder().bind(addr)
    }
}

impl<L: Listener> Server<L, Plain> {
    /// Makes a server of a listener that is there already.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_net::TcpListener;
    /// use trill_server::Server;
    ///
    /// let listener = trill_park::block_on(TcpListener::bind("127.0.0.1:0"))?;
    /// let server = Server::from_listener(listener);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn from_listener(listener: L) -> Server<L, Plain> {
        ServerBuilder::default().listener(listener)
    }
}

impl<L, A> Server<L, A> {
    /// Sets what makes a connection of an accepted stream, as for TLS.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_server::{Plain, Server};
    ///
    /// let listener = trill_park::block_on(trill_net::TcpListener::bind("127.0.0.1:0"))?;
    /// let server = Server::from_listener(listener).acceptor(Plain);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn acceptor<B>(self, acceptor: B) -> Server<L, B> {
        let Server {
            listeners, options, ..
        } = self;
        Server {
            listeners,
            options,
            acceptor,
        }
    }
}

impl<L: Listener, A: Acceptor<L::Stream>> Server<L, A> {
    /// Returns the addresses it listens on.
    ///
    /// # Errors
    ///
    /// What the operating system says.
    ///
    /// # Examples
    ///
    /// See [`ServerBuilder`].
    pub fn local_addrs(&self) -> io::Result<Vec<L::Address>> {
        self.listeners.iter().map(Listener::local_addr).collect()
    }

    /// Begins to accept. Each connection runs `handler` in a task of its own, on the runtime of this thread or the executor
    /// that polls here.
    ///
    /// A handler that fails or panics ends its own connection and is reported (`trill_cell::report`). An error of
    /// accepting is reported, too, and accepting goes on after a pause.
    ///
    /// # Errors
    ///
    /// If there is no executor here; what the operating system says of the addresses.
    ///
    /// # Examples
    ///
    /// See [`Server`].
    #[track_caller]
    pub fn serve<H, F>(self, handler: H) -> io::Result<ServerHandle<L::Address>>
    where
        H: Fn(Connection<A::Stream, L::Address>) -> F + Send + Sync + 'static,
        F: Future<Output: Outcome> + Send + 'static,
    {
        let addresses = self.local_addrs()?;
        let site = Location::caller();
        let shared = Arc::new(Shared::new(self.options, self.listeners.len(), site));
        let service = Arc::new(Service {
            acceptor: self.acceptor,
            handler,
        });
        let mut refused = None;
        for listener in self.listeners {
            let open = Open::new(listener, shared.clone());
            let mut spawned = Spawned::at(site);
            if let Some(name) = &shared.name {
                spawned = spawned.named(name.clone());
            }
            match ambient::spawn_as(accepting::run(open, service.clone()), spawned) {
                // It ends when the server closes.
                Ok(task) => task.detach(),
                Err(error) => refused = Some(error.to_string()),
            }
        }
        match refused {
            None => Ok(ServerHandle::new(shared, addresses)),
            Some(text) => {
                shared.closing.set();
                Err(io::Error::other(text))
            }
        }
    }

    /// Begins to accept, as [`serve`](Server::serve), with a buffered reader and writer of each connection.
    ///
    /// While the handler runs, what it writes goes out in the background of its own task. When it has returned, or
    /// failed, the rest is sent and the connection closed as soon as the last clone of the writer is gone; until then it counts
    /// as live.
    ///
    /// # Errors
    ///
    /// As [`serve`](Server::serve).
    ///
    /// # Examples
    ///
    /// See [`start_server`](crate::start_server).
    #[track_caller]
    pub fn serve_streams<H, F>(self, handler: H) -> io::Result<ServerHandle<L::Address>>
    where
        A::Stream: Split,
        H: Fn(StreamReader<A::Stream>, StreamWriter<A::Stream>) -> F + Send + Sync + 'static,
        F: Future<Output: Outcome> + Send + 'static,
    {
        self.serve(move |connection| {
            let (reader, writer, _) = connection.into_streams();
            let pump = writer.pump();
            converse(handler(reader, writer), pump)
        })
    }

    pub(crate) fn new(listeners: Vec<L>, options: Options) -> Server<L, A>
    where
        A: Default,
    {
        Server {
            listeners,
            options,
            acceptor: A::default(),
        }
    }
}

impl<L: fmt::Debug, A> fmt::Debug for Server<L, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("listeners", &self.listeners)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}
