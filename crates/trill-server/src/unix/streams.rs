//! Servers and clients with buffered streams over Unix sockets.

use std::fmt;
use std::future::Future;
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use trill_net::futures::unix;
use trill_net::unix::UnixStream;
use trill_net::{OwnedReadHalf, OwnedWriteHalf};

use super::bind::BindUnix;
use crate::handle::ServerHandle;
use crate::outcome::Outcome;
use crate::server::Server;
use crate::streams::{Split, StreamReader, StreamWriter};

impl Split for UnixStream {
    type Read = OwnedReadHalf<UnixStream>;
    type Write = OwnedWriteHalf<UnixStream>;

    fn split_in_two(self) -> (Self::Read, Self::Write) {
        self.into_split()
    }
}

/// Listens on a Unix socket, and runs `handler` with a buffered reader and writer of each connection.
///
/// Short for [`Server::bind_unix`] and [`Server::serve_streams`].
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
/// use trill_server::{open_unix_connection, start_unix_server};
///
/// let path = std::env::temp_dir().join(format!("trill-server-doc-{}", std::process::id()));
/// let ex = trill_executor::Executor::new();
/// trill_park::block_on(ex.run(async {
///     let server = start_unix_server(&path, |mut reader, writer| async move {
///         let line = reader.read_line().await?;
///         writer.write(&line.to_ascii_uppercase())?;
///         Ok::<(), trill_io::ReadError>(())
///     })
///     .await?;
///     let (mut reader, writer) = open_unix_connection(&path).await?;
///     writer.write(b"hello\n")?;
///     assert_eq!(reader.read_line().await?, b"HELLO\n");
///     server.close();
///     server.wait_stopped().await;
///     // The file goes with the listener.
///     assert!(!path.exists());
///     # Ok::<(), trill_io::ReadError>(())
/// }))?;
/// # Ok::<(), trill_io::ReadError>(())
/// ```
pub fn start_unix_server<P, H, F>(path: P, handler: H) -> StartUnixServer<H>
where
    P: AsRef<Path>,
    H: Fn(StreamReader<UnixStream>, StreamWriter<UnixStream>) -> F + Send + Sync + 'static,
    F: Future<Output: Outcome> + Send + 'static,
{
    StartUnixServer {
        bind: Server::bind_unix(path),
        handler: Some(handler),
    }
}

/// Connects to a Unix socket, for a buffered reader and writer.
///
/// # Errors
///
/// As [`UnixStream::connect`].
///
/// # Cancel safety
///
/// Cancel safe: dropping the future closes the socket.
///
/// # Examples
///
/// See [`start_unix_server`].
pub fn open_unix_connection<P: AsRef<Path>>(path: P) -> OpenUnixConnection {
    OpenUnixConnection(UnixStream::connect(path))
}

/// Starts a server on a path; see [`start_unix_server`].
///
/// # Examples
///
/// See [`start_unix_server`].
#[must_use = "futures do nothing unless awaited"]
pub struct StartUnixServer<H> {
    bind: BindUnix,
    handler: Option<H>,
}

impl<H, F> Future for StartUnixServer<H>
where
    H: Fn(StreamReader<UnixStream>, StreamWriter<UnixStream>) -> F + Send + Sync + Unpin + 'static,
    F: Future<Output: Outcome> + Send + 'static,
{
    type Output = io::Result<ServerHandle<trill_net::unix::SocketAddr>>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let server = ready!(Pin::new(&mut this.bind).poll(cx))?;
        let handler = this.handler.take();
        let handler = handler.expect("a future is not polled after it was ready");
        Poll::Ready(server.serve_streams(handler))
    }
}

/// Connects to a Unix socket; see [`open_unix_connection`].
///
/// # Examples
///
/// See [`start_unix_server`].
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct OpenUnixConnection(unix::Connect);

impl Future for OpenUnixConnection {
    type Output = io::Result<(StreamReader<UnixStream>, StreamWriter<UnixStream>)>;

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let stream = ready!(Pin::new(&mut self.0).poll(cx))?;
        let (read, write) = stream.split_in_two();
        Poll::Ready(Ok(trill_io::joined(read, write)))
    }
}

impl<H> fmt::Debug for StartUnixServer<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("StartUnixServer").field(&self.bind).finish()
    }
}
