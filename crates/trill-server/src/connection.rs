//! A connection as its handler gets it.

use std::fmt;
use std::future::Future;
use std::io::{self, IoSlice, IoSliceMut};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_io::{AsyncRead, AsyncWrite};
use trill_net::TcpStream;
use trill_sync::futures::EventWait;

use crate::shared::Shared;
use crate::streams::{Split, StreamReader, StreamWriter};

/// A connection of a server: the stream, and what is known of it.
///
/// It reads and writes as its stream does.
///
/// # Examples
///
/// ```
/// use futures_lite::future::or;
/// use futures_lite::{AsyncReadExt, AsyncWriteExt};
/// use trill_server::Connection;
///
/// /// Answers requests until the peer ends, or the server shuts down between two of them.
/// async fn echo(mut connection: Connection) -> std::io::Result<()> {
///     let mut buffer = [0; 1024];
///     let about = connection.about().clone();
///     loop {
///         let next = async { Some(connection.read(&mut buffer).await) };
///         let end = async {
///             about.shutting_down().await;
///             None
///         };
///         match or(next, end).await.transpose()? {
///             None | Some(0) => return Ok(()),
///             Some(count) => connection.write_all(&buffer[..count]).await?,
///         }
///     }
/// }
/// ```
pub struct Connection<S = TcpStream, P = SocketAddr> {
    stream: S,
    about: About<P>,
}

/// What is known of a connection; clones can outlive it.
///
/// # Examples
///
/// See [`Connection`].
#[derive(Clone)]
pub struct About<P = SocketAddr> {
    peer: P,
    id: u64,
    shared: Arc<Shared>,
}

impl<S, P> Connection<S, P> {
    pub(crate) fn new(stream: S, peer: P, id: u64, shared: Arc<Shared>) -> Connection<S, P> {
        Connection {
            stream,
            about: About { peer, id, shared },
        }
    }

    /// Returns what is known of the connection.
    ///
    /// # Examples
    ///
    /// See [`Connection`].
    pub fn about(&self) -> &About<P> {
        &self.about
    }

    /// Returns the stream.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_server::Connection;
    ///
    /// async fn hurry(connection: Connection) -> std::io::Result<()> {
    ///     connection.get_ref().set_nodelay(true)
    /// }
    /// ```
    pub fn get_ref(&self) -> &S {
        &self.stream
    }

    /// Returns the stream, to change it.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_server::Connection;
    ///
    /// fn same<S>(connection: &mut Connection<S>) -> bool {
    ///     std::ptr::eq(connection.get_mut(), connection.get_ref())
    /// }
    /// ```
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.stream
    }

    /// Takes the connection apart.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_server::Connection;
    ///
    /// async fn reverse(connection: Connection) -> std::io::Result<()> {
    ///     let (stream, about) = connection.into_parts();
    ///     stream.write_all(about.peer().to_string().as_bytes()).await
    /// }
    /// ```
    pub fn into_parts(self) -> (S, About<P>) {
        (self.stream, self.about)
    }

    /// Says whether the server shuts down; see [`About::is_shutting_down`].
    ///
    /// # Examples
    ///
    /// See [`About::is_shutting_down`].
    pub fn is_shutting_down(&self) -> bool {
        self.about.is_shutting_down()
    }

    /// Waits until the server shuts down; see [`About::shutting_down`].
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: it changes nothing.
    ///
    /// # Examples
    ///
    /// See [`Connection`].
    pub fn shutting_down(&self) -> ShuttingDown<'_> {
        self.about.shutting_down()
    }
}

impl<S: Split, P> Connection<S, P> {
    /// Makes a buffered reader and writer of the connection, with the limit and the marks that are usual.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_server::Connection;
    ///
    /// async fn upper(connection: Connection) -> Result<(), trill_io::ReadError> {
    ///     let (mut reader, writer, about) = connection.into_streams();
    ///     while !about.is_shutting_down() {
    ///         let line = reader.read_line().await?;
    ///         if line.is_empty() {
    ///             break;
    ///         }
    ///         writer.write(&line.to_ascii_uppercase())?;
    ///         writer.drain().await?;
    ///     }
    ///     writer.close().await?;
    ///     Ok(())
    /// }
    /// ```
    pub fn into_streams(self) -> (StreamReader<S>, StreamWriter<S>, About<P>) {
        let (read, write) = self.stream.split_in_two();
        let (reader, writer) = trill_io::joined(read, write);
        (reader, writer, self.about)
    }
}

impl<P> About<P> {
    /// Returns the address of the peer.
    ///
    /// # Examples
    ///
    /// See [`Connection::into_parts`].
    pub fn peer(&self) -> &P {
        &self.peer
    }

    /// Returns the number of the connection, unique in its server.
    ///
    /// # Examples
    ///
    /// ```
    /// async fn hello(connection: trill_server::Connection) {
    ///     println!("connection {}", connection.about().id());
    /// }
    /// ```
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Says whether the server shuts down, so that this should be the last request.
    ///
    /// # Examples
    ///
    /// See [`Connection::into_streams`].
    pub fn is_shutting_down(&self) -> bool {
        self.shared.shutting_down.is_set()
    }

    /// Waits until the server shuts down: somebody called [`shutdown`](crate::ServerHandle::shutdown) or
    /// [`abort`](crate::ServerHandle::abort). [`close`](crate::ServerHandle::close) does not concern connections.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: it changes nothing.
    ///
    /// # Examples
    ///
    /// See [`Connection`].
    pub fn shutting_down(&self) -> ShuttingDown<'_> {
        ShuttingDown(self.shared.shutting_down.wait())
    }
}

/// Waits until a server shuts down; see [`About::shutting_down`].
///
/// # Examples
///
/// See [`Connection`].
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct ShuttingDown<'a>(EventWait<'a>);

impl Future for ShuttingDown<'_> {
    type Output = ();

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.0).poll(cx)
    }
}

impl<S: AsyncRead + Unpin, P: Unpin> AsyncRead for Connection<S, P> {
    #[track_caller]
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }

    #[track_caller]
    fn poll_read_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_read_vectored(cx, bufs)
    }
}

impl<S: AsyncWrite + Unpin, P: Unpin> AsyncWrite for Connection<S, P> {
    #[track_caller]
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    #[track_caller]
    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    #[track_caller]
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    #[track_caller]
    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_close(cx)
    }
}

impl<S: fmt::Debug, P: fmt::Debug> fmt::Debug for Connection<S, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("stream", &self.stream)
            .field("about", &self.about)
            .finish()
    }
}

impl<P: fmt::Debug> fmt::Debug for About<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("About")
            .field("id", &self.id)
            .field("peer", &self.peer)
            .field("is_shutting_down", &self.is_shutting_down())
            .finish()
    }
}
