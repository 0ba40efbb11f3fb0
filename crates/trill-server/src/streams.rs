//! Servers and clients with buffered streams, as asyncio has them.

use std::fmt;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use futures_io::{AsyncRead, AsyncWrite};
use trill_io::futures::Pump;
use trill_io::{Joined, Reader, Writer};
use trill_net::futures::Connect;
use trill_net::{AsyncToSocketAddrs, OwnedReadHalf, OwnedWriteHalf, TcpStream};

use crate::bind::Bind;
use crate::handle::ServerHandle;
use crate::outcome::Outcome;
use crate::server::Server;

/// The reader of a connection; while it waits, what its writer has buffered goes out.
pub type StreamReader<S = TcpStream> = Reader<Joined<<S as Split>::Read, <S as Split>::Write>>;

/// The writer of a connection.
pub type StreamWriter<S = TcpStream> = Writer<<S as Split>::Write>;

/// A stream that falls into a half that reads and one that writes.
///
/// # Examples
///
/// ```
/// use trill_net::unix::UnixStream;
/// use trill_server::Split;
///
/// let (near, far) = UnixStream::pair()?;
/// let (mut read, _write) = near.split_in_two();
/// drop(far);
/// assert_eq!(trill_park::block_on(read.read(&mut [0]))?, 0);
/// # Ok::<(), std::io::Error>(())
/// ```
pub trait Split {
    /// The half that reads.
    type Read: AsyncRead + Unpin + Send + 'static;

    /// The half that writes. Closing it ends writing only.
    type Write: AsyncWrite + Unpin + Send + 'static;

    /// Takes the stream apart.
    fn split_in_two(self) -> (Self::Read, Self::Write);

    /// Has small writes sent at once, where the stream would wait for more.
    fn send_at_once(&self) {}
}

/// Small writes are sent at once (`TCP_NODELAY`), since the writer collects them already.
impl Split for TcpStream {
    type Read = OwnedReadHalf<TcpStream>;
    type Write = OwnedWriteHalf<TcpStream>;

    fn split_in_two(self) -> (Self::Read, Self::Write) {
        self.send_at_once();
        self.into_split()
    }

    fn send_at_once(&self) {
        // It fails only on a connection that is lost, and the first read or write says so better.
        let _ = self.set_nodelay(true);
    }
}

/// Listens on all TCP addresses of a host, and runs `handler` with a buffered reader and writer of each connection.
///
/// Short for [`Server::bind`] and [`Server::serve_streams`].
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
/// use trill_server::{open_connection, start_server};
///
/// let ex = trill_executor::Executor::new();
/// trill_park::block_on(ex.run(async {
///     let server = start_server("127.0.0.1:0", |mut reader, writer| async move {
///         let line = reader.read_line().await?;
///         writer.write(&line.to_ascii_uppercase())?;
///         Ok::<(), trill_io::ReadError>(())
///     })
///     .await?;
///
///     let port = server.local_addrs()[0].port();
///     let (mut reader, writer) = open_connection("127.0.0.1", port).await?;
///     writer.write(b"hello\n")?;
///     assert_eq!(reader.read_to_end(100).await?, b"HELLO\n");
///     # Ok::<(), trill_io::ReadError>(())
/// }))?;
/// # Ok::<(), trill_io::ReadError>(())
/// ```
pub fn start_server<T, H, F>(addr: T, handler: H) -> StartServer<H>
where
    T: AsyncToSocketAddrs,
    H: Fn(StreamReader, StreamWriter) -> F + Send + Sync + 'static,
    F: Future<Output: Outcome> + Send + 'static,
{
    StartServer {
        bind: Server::bind(addr),
        handler: Some(handler),
    }
}

/// Connects to a host, for a buffered reader and writer.
///
/// # Errors
///
/// As [`TcpStream::connect`].
///
/// # Cancel safety
///
/// Cancel safe: dropping the future closes the sockets that were connecting.
///
/// # Examples
///
/// See [`start_server`].
pub fn open_connection(host: &str, port: u16) -> OpenConnection {
    OpenConnection(TcpStream::connect((host, port)))
}

/// Starts a server; see [`start_server`].
///
/// # Examples
///
/// See [`start_server`].
#[must_use = "futures do nothing unless awaited"]
pub struct StartServer<H> {
    bind: Bind,
    handler: Option<H>,
}

impl<H, F> Future for StartServer<H>
where
    H: Fn(StreamReader, StreamWriter) -> F + Send + Sync + Unpin + 'static,
    F: Future<Output: Outcome> + Send + 'static,
{
    type Output = io::Result<ServerHandle>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let server = ready!(Pin::new(&mut this.bind).poll(cx))?;
        let handler = this.handler.take();
        let handler = handler.expect("a future is not polled after it was ready");
        Poll::Ready(server.serve_streams(handler))
    }
}

/// Connects to a host; see [`open_connection`].
///
/// # Examples
///
/// See [`start_server`].
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct OpenConnection(Connect);

impl Future for OpenConnection {
    type Output = io::Result<(StreamReader, StreamWriter)>;

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let stream = ready!(Pin::new(&mut self.0).poll(cx))?;
        let (read, write) = stream.split_in_two();
        Poll::Ready(Ok(trill_io::joined(read, write)))
    }
}

/// Runs a handler, writes out meanwhile what it writes, and sends the rest when it has returned.
pub(crate) async fn converse<F, W>(handled: F, mut pump: Pump<W>) -> F::Output
where
    F: Future<Output: Outcome>,
    W: AsyncWrite + Unpin,
{
    let outcome = {
        let mut handled = pin!(handled);
        let mut is_pumping = true;
        poll_fn(|cx| {
            let polled = handled.as_mut().poll(cx);
            // After the handler, which may have written. The writer itself tells the handler of an error.
            if polled.is_pending() && is_pumping {
                is_pumping = Pin::new(&mut pump).poll(cx).is_pending();
            }
            polled
        })
        .await
    };
    if outcome.failure().is_some() {
        pump.begin_close();
    }
    // An error here is one that no handler is left to see: the peer did not want the rest.
    let _ = pump.await;
    outcome
}

impl<H> fmt::Debug for StartServer<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("StartServer").field(&self.bind).finish()
    }
}
