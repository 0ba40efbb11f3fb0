//! A server that accepts, as its owner sees it.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use trill_timer::{sleep, sleep_until};

use crate::handle_futures::{Shutdown, WaitClosed, WaitStopped};
use crate::shared::Shared;

/// A server that accepts; from [`Server::serve`](crate::Server::serve).
///
/// When the last clone is dropped the server closes, as by [`close`](ServerHandle::close); [`detach`](ServerHandle::detach)
/// lets it go on.
///
/// # Ending
///
/// | to | call |
/// | --- | --- |
/// | stop accepting and let connections live | [`close`](ServerHandle::close) |
/// | ask connections to end, and abort those that have not by a deadline | [`shutdown`](ServerHandle::shutdown) |
/// | drop everything | [`abort`](ServerHandle::abort) |
/// | wait until no listener is open | [`wait_stopped`](ServerHandle::wait_stopped) |
/// | wait until no connection lives, either | [`wait_closed`](ServerHandle::wait_closed) |
///
/// # Examples
///
/// See [`Server`](crate::Server).
#[must_use = "the server closes when its handle is dropped: keep it, or `detach` it"]
pub struct ServerHandle<P = SocketAddr> {
    inner: Arc<Inner<P>>,
}

struct Inner<P> {
    shared: Arc<Shared>,
    addresses: Vec<P>,
    is_detached: AtomicBool,
}

impl<P> ServerHandle<P> {
    pub(crate) fn new(shared: Arc<Shared>, addresses: Vec<P>) -> ServerHandle<P> {
        ServerHandle {
            inner: Arc::new(Inner {
                shared,
                addresses,
                is_detached: AtomicBool::new(false),
            }),
        }
    }

    /// Returns the addresses it listens on, or listened on.
    ///
    /// # Examples
    ///
    /// See [`Server`](crate::Server).
    pub fn local_addrs(&self) -> &[P] {
        &self.inner.addresses
    }

    /// Says whether it accepts.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_server::{Connection, Server};
    ///
    /// let ex = trill_executor::Executor::new();
    /// trill_park::block_on(ex.run(async {
    ///     let handle = Server::bind("127.0.0.1:0").await?.serve(|_: Connection| async {})?;
    ///     assert!(handle.is_serving());
    ///     handle.close();
    ///     assert!(!handle.is_serving());
    ///     handle.wait_closed().await;
    ///     # Ok::<(), std::io::Error>(())
    /// }))?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn is_serving(&self) -> bool {
        !self.shared().closing.is_set() && !self.shared().stopped.is_set()
    }

    /// Stops accepting. Live connections go on, and are not told.
    ///
    /// The listeners are closed as soon as their tasks run; [`wait_stopped`](ServerHandle::wait_stopped) waits for that.
    ///
    /// # Examples
    ///
    /// See [`ServerHandle::is_serving`].
    pub fn close(&self) {
        self.shared().closing.set();
    }

    /// Stops accepting and drops the handlers of all live connections at their next suspension.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_server::{Connection, Server};
    ///
    /// let ex = trill_executor::Executor::new();
    /// trill_park::block_on(ex.run(async {
    ///     let server = Server::bind("127.0.0.1:0").await?;
    ///     let handle = server.serve(|_: Connection| std::future::pending::<()>())?;
    ///     handle.abort();
    ///     handle.wait_closed().await;
    ///     # Ok::<(), std::io::Error>(())
    /// }))?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn abort(&self) {
        self.shared().abort();
    }

    /// Stops accepting, asks live connections to end, lets them for `grace`, and then aborts those that live.
    ///
    /// The listeners close at once, so the port is free long before this returns. Handlers see the request in
    /// [`Connection::shutting_down`](crate::Connection::shutting_down). Those that are aborted are dropped at their next
    /// suspension, and this returns when all are. `Duration::MAX` never aborts.
    ///
    /// # Cancel safety
    ///
    /// Nothing happens before the first poll. If it is dropped later the server stays closed and connections stay asked to end,
    /// but they are not aborted; call it again to set another deadline.
    ///
    /// # Examples
    ///
    /// See [`Server`](crate::Server).
    pub fn shutdown(&self, grace: Duration) -> Shutdown<'_> {
        Shutdown::new(self.shared(), sleep(grace))
    }

    /// Shuts down as [`shutdown`](ServerHandle::shutdown), with a deadline instead of a delay.
    ///
    /// # Cancel safety
    ///
    /// As there.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_server::{Connection, Server};
    ///
    /// let ex = trill_executor::Executor::new();
    /// trill_park::block_on(ex.run(async {
    ///     let handle = Server::bind("127.0.0.1:0").await?.serve(|_: Connection| async {})?;
    ///     handle.shutdown_at(trill_world::now()).await;
    ///     # Ok::<(), std::io::Error>(())
    /// }))?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn shutdown_at(&self, deadline: Instant) -> Shutdown<'_> {
        Shutdown::new(self.shared(), sleep_until(deadline))
    }

    /// Waits until no listener is open any more, so that the ports are free.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: it changes nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_server::{Connection, Server};
    ///
    /// let ex = trill_executor::Executor::new();
    /// trill_park::block_on(ex.run(async {
    ///     let handle = Server::bind("127.0.0.1:0").await?.serve(|_: Connection| async {})?;
    ///     handle.close();
    ///     handle.wait_stopped().await;
    ///     // Somebody else can listen there now.
    ///     Server::bind(handle.local_addrs()[0]).await?;
    ///     # Ok::<(), std::io::Error>(())
    /// }))?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn wait_stopped(&self) -> WaitStopped<'_> {
        WaitStopped(self.shared().stopped.wait())
    }

    /// Waits until no listener is open and no connection lives, in whichever order that happens.
    ///
    /// It closes nothing by itself: on a server that accepts it waits until somebody closes it.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: it changes nothing.
    ///
    /// # Examples
    ///
    /// See [`ServerHandle::is_serving`].
    pub fn wait_closed(&self) -> WaitClosed<'_> {
        WaitClosed(self.shared().ended.wait())
    }

    /// Lets the server go on when all handles are gone, until the process or its executor ends.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_server::{Connection, Server};
    ///
    /// let ex = trill_executor::Executor::new();
    /// trill_park::block_on(ex.run(async {
    ///     Server::bind("127.0.0.1:0").await?.serve(|_: Connection| async {})?.detach();
    ///     # Ok::<(), std::io::Error>(())
    /// }))?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn detach(self) {
        // Relaxed: the last drop of the `Arc` sees what happened before other drops of it.
        self.inner.is_detached.store(true, Ordering::Relaxed);
    }

    /// Returns how many connections live, those that are being set up among them.
    ///
    /// # Examples
    ///
    /// ```
    /// # fn show(handle: trill_server::ServerHandle) {
    /// println!("{} of {} connections live", handle.live(), handle.accepted());
    /// # }
    /// ```
    pub fn live(&self) -> usize {
        self.shared().live()
    }

    /// Returns how many connections were accepted and handed to a task.
    ///
    /// # Examples
    ///
    /// See [`ServerHandle::live`].
    pub fn accepted(&self) -> u64 {
        self.shared().accepted.load(Ordering::Relaxed)
    }

    /// Returns how many connections were closed at once because there was no room; see
    /// [`WhenFull::Refuse`](crate::WhenFull::Refuse).
    ///
    /// # Examples
    ///
    /// See [`ServerHandle::live`].
    pub fn refused(&self) -> u64 {
        self.shared().refused.load(Ordering::Relaxed)
    }

    /// Returns how often accepting, or setting a connection up, has failed. Each was reported.
    ///
    /// # Examples
    ///
    /// See [`ServerHandle::live`].
    pub fn failed(&self) -> u64 {
        self.shared().failed.load(Ordering::Relaxed)
    }

    fn shared(&self) -> &Shared {
        &self.inner.shared
    }
}

impl<P> Clone for ServerHandle<P> {
    fn clone(&self) -> ServerHandle<P> {
        ServerHandle {
            inner: self.inner.clone(),
        }
    }
}

impl<P> Drop for Inner<P> {
    fn drop(&mut self) {
        if !*self.is_detached.get_mut() {
            self.shared.closing.set();
        }
    }
}

impl<P: fmt::Debug> fmt::Debug for ServerHandle<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerHandle")
            .field("name", &self.shared().name)
            .field("addresses", &self.inner.addresses)
            .field("is_serving", &self.is_serving())
            .field("live", &self.live())
            .finish_non_exhaustive()
    }
}
