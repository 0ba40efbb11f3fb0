//! What hickory asks its runtime for.

use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::time::Duration;

use hickory_net::runtime::{RuntimeProvider, Spawn};

use super::time::HickoryTime;
use crate::{TcpSocket, TcpStream, UdpSocket};

/// Lets hickory's resolver run on this crate's sockets and timers, with any function that spawns.
///
/// Names are then looked up without a thread, with hickory's cache, and look-ups are as cancellable as any future.
/// What it finds goes to [`HappyEyeballs`](crate::HappyEyeballs).
///
/// # Examples
///
/// ```no_run
/// use hickory_resolver::Resolver;
/// use trill_executor::Executor;
/// use trill_net::{HappyEyeballs, HickoryProvider, TcpStream};
///
/// static TASKS: Executor<'static> = Executor::new();
///
/// let provider = HickoryProvider::new(|future| TASKS.spawn(future).detach());
/// // As the system is configured, which is `/etc/resolv.conf` on Unix.
/// let resolver = Resolver::builder(provider).unwrap().build().unwrap();
/// trill_park::block_on(TASKS.run(async {
///     let found = resolver.lookup_ip("example.com").await.unwrap();
///     let addresses: Vec<_> = found.iter().map(|ip| (ip, 80).into()).collect();
///     HappyEyeballs::new(addresses, |address| TcpStream::connect(address)).await
/// }))?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Copy)]
pub struct HickoryProvider<S>(S);

impl<S: Fn(Spawned) + Copy> HickoryProvider<S> {
    /// Makes one of a function that spawns a future and lets it run to its end.
    ///
    /// # Examples
    ///
    /// See [`HickoryProvider`].
    pub fn new(spawn: S) -> HickoryProvider<S> {
        HickoryProvider(spawn)
    }
}

impl<S> RuntimeProvider for HickoryProvider<S>
where
    S: Fn(Spawned) + Copy + Send + Sync + Unpin + 'static,
{
    type Handle = HickoryHandle<S>;
    type Timer = HickoryTime;
    type Udp = UdpSocket;
    type Tcp = TcpStream;

    fn create_handle(&self) -> HickoryHandle<S> {
        HickoryHandle(self.0)
    }

    fn connect_tcp(
        &self,
        server_addr: SocketAddr,
        bind_addr: Option<SocketAddr>,
        timeout: Option<Duration>,
    ) -> Pin<Box<dyn Send + Future<Output = io::Result<TcpStream>>>> {
        Box::pin(async move {
            let socket = match server_addr {
                SocketAddr::V4(_) => TcpSocket::new_v4(),
                SocketAddr::V6(_) => TcpSocket::new_v6(),
            }?;
            if let Some(bind_addr) = bind_addr {
                socket.bind(bind_addr)?;
            }
            socket.set_nodelay(true)?;
            let connect = socket.connect(server_addr);
            trill_timer::timeout(timeout.unwrap_or(CONNECT_TIMEOUT), connect)
                .await
                .map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?
        })
    }

    fn bind_udp(
        &self,
        local_addr: SocketAddr,
        _server_addr: SocketAddr,
    ) -> Pin<Box<dyn Send + Future<Output = io::Result<UdpSocket>>>> {
        Box::pin(UdpSocket::bind(local_addr))
    }
}

impl<S> fmt::Debug for HickoryProvider<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HickoryProvider").finish_non_exhaustive()
    }
}

/// Spawns what hickory does in the background; of a [`HickoryProvider`].
///
/// # Examples
///
/// See [`HickoryProvider`].
#[derive(Clone, Copy)]
pub struct HickoryHandle<S>(S);

impl<S: Fn(Spawned)> Spawn for HickoryHandle<S> {
    fn spawn_bg(&mut self, future: impl Future<Output = ()> + Send + 'static) {
        (self.0)(Box::pin(future));
    }
}

impl<S> fmt::Debug for HickoryHandle<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HickoryHandle").finish_non_exhaustive()
    }
}

/// A future that hickory spawns.
type Spawned = Pin<Box<dyn Future<Output = ()> + Send>>;

/// How long a connection to a name server may take if hickory does not say; as long as hickory gives it on tokio.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
