//! Servers and clients over TLS: the same types, with an acceptor or a connector of `trill-tls`.

use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_io::{AsyncRead, AsyncWrite};
use trill_net::futures::Connect;
use trill_net::{AsyncToSocketAddrs, TcpStream};
use trill_tls::futures::{Accept, Connect as ConnectTls};
use trill_tls::{OwnedReadHalf, OwnedWriteHalf, TlsAcceptor, TlsConnector, TlsStream};

use crate::acceptor::Acceptor;
use crate::bind::Bind;
use crate::handle::ServerHandle;
use crate::outcome::Outcome;
use crate::server::Server;
use crate::streams::{Split, StreamReader, StreamWriter};

/// Shakes hands with each client, in the task of its connection and within the acceptor's limit of time.
impl<S> Acceptor<S> for TlsAcceptor
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    type Stream = TlsStream<S>;
    type Future = Accept<S>;

    fn accept(&self, stream: S) -> Accept<S> {
        TlsAcceptor::accept(self, stream)
    }
}

impl<S> Split for TlsStream<S>
where
    S: Split + AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    type Read = OwnedReadHalf<S>;
    type Write = OwnedWriteHalf<S>;

    fn split_in_two(self) -> (OwnedReadHalf<S>, OwnedWriteHalf<S>) {
        self.send_at_once();
        self.into_split()
    }

    fn send_at_once(&self) {
        self.get_ref().send_at_once();
    }
}

/// Listens on all TCP addresses of a host, and runs `handler` with a buffered reader and writer over TLS of each
/// connection. Needs the feature `tls`.
///
/// Short for [`Server::bind`], [`Server::acceptor`] and [`Server::serve_streams`]. A client that does not get through the
/// handshake is counted as [`failed`](ServerHandle::failed) and reported, and no handler sees it. When a handler has
/// returned, its client is told that there is no more (close_notify).
///
/// # Errors
///
/// As those.
///
/// # Cancel safety
///
/// Cancel safe: it listens from the poll that returns the handle.
///
/// # Examples
///
/// ```
/// use trill_server::{open_tls_connection, start_tls_server};
/// use trill_tls::self_signed::Authority;
/// use trill_tls::{TlsAcceptor, TlsConnector};
///
/// let authority = Authority::new("example")?;
/// let identity = authority.issue(["localhost"])?.into_identity();
/// let acceptor = TlsAcceptor::builder().identity(identity).build()?;
/// let connector = TlsConnector::builder().roots(authority.roots()).build()?;
///
/// let ex = trill_executor::Executor::new();
/// trill_park::block_on(ex.run(async {
///     let server = start_tls_server("localhost:0", acceptor, |mut reader, writer| async move {
///         let line = reader.read_line().await?;
///         writer.write(&line.to_ascii_uppercase())?;
///         Ok::<(), trill_io::ReadError>(())
///     })
///     .await?;
///
///     let port = server.local_addrs()[0].port();
///     let (mut reader, writer) = open_tls_connection("localhost", port, &connector).await?;
///     writer.write(b"hello\n")?;
///     assert_eq!(reader.read_to_end(100).await?, b"HELLO\n");
///     # Ok::<(), trill_io::ReadError>(())
/// }))?;
/// # Ok::<(), trill_io::ReadError>(())
/// ```
pub fn start_tls_server<T, H, F>(addr: T, acceptor: TlsAcceptor, handler: H) -> StartTlsServer<H>
where
    T: AsyncToSocketAddrs,
    H: Fn(StreamReader<TlsStream<TcpStream>>, StreamWriter<TlsStream<TcpStream>>) -> F
        + Send
        + Sync
        + 'static,
    F: Future<Output: Outcome> + Send + 'static,
{
    StartTlsServer {
        bind: Server::bind(addr),
        parts: Some((acceptor, handler)),
    }
}

/// Connects to a host and shakes hands with it, for a buffered reader and writer over TLS. Needs the feature `tls`.
///
/// # Errors
///
/// As [`TcpStream::connect`] and [`TlsConnector::connect`].
///
/// # Cancel safety
///
/// Cancel safe: dropping the future closes the sockets that were connecting.
///
/// # Examples
///
/// See [`start_tls_server`].
pub fn open_tls_connection(host: &str, port: u16, connector: &TlsConnector) -> OpenTlsConnection {
    OpenTlsConnection {
        host: host.to_owned(),
        connector: connector.clone(),
        stage: Stage::Connecting(TcpStream::connect((host, port))),
    }
}

/// Starts a server over TLS; see [`start_tls_server`].
///
/// # Examples
///
/// See [`start_tls_server`].
#[must_use = "futures do nothing unless awaited"]
pub struct StartTlsServer<H> {
    bind: Bind,
    parts: Option<(TlsAcceptor, H)>,
}

impl<H, F> Future for StartTlsServer<H>
where
    H: Fn(StreamReader<TlsStream<TcpStream>>, StreamWriter<TlsStream<TcpStream>>) -> F
        + Send
        + Sync
        + Unpin
        + 'static,
    F: Future<Output: Outcome> + Send + 'static,
{
    type Output = io::Result<ServerHandle>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let server = ready!(Pin::new(&mut this.bind).poll(cx))?;
        let parts = this.parts.take();
        let (acceptor, handler) = parts.expect("a future is not polled after it was ready");
        Poll::Ready(server.acceptor(acceptor).serve_streams(handler))
    }
}

/// Connects to a host over TLS; see [`open_tls_connection`].
///
/// # Examples
///
/// See [`start_tls_server`].
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct OpenTlsConnection {
    host: String,
    connector: TlsConnector,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    Connecting(Connect),
    ShakingHands(ConnectTls<TcpStream>),
}

impl Future for OpenTlsConnection {
    type Output = io::Result<(
        StreamReader<TlsStream<TcpStream>>,
        StreamWriter<TlsStream<TcpStream>>,
    )>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        loop {
            match &mut this.stage {
                Stage::Connecting(connecting) => {
                    let stream = ready!(Pin::new(connecting).poll(cx))?;
                    let shaking = this.connector.connect(&this.host, stream);
                    this.stage = Stage::ShakingHands(shaking);
                }
                Stage::ShakingHands(shaking) => {
                    let stream = ready!(Pin::new(shaking).poll(cx))?;
                    let (read, write) = stream.split_in_two();
                    return Poll::Ready(Ok(trill_io::joined(read, write)));
                }
            }
        }
    }
}

impl<H> fmt::Debug for StartTlsServer<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("StartTlsServer").field(&self.bind).finish()
    }
}
