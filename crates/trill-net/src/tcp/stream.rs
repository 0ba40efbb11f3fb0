//! A TCP connection.

use std::fmt;
use std::io::{self, IoSlice, IoSliceMut};
use std::net::{self, Shutdown, SocketAddr};
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::Arc;

use trill_reactor::Async;

use super::connect::Connect;
use crate::address::AsyncToSocketAddrs;
use crate::convert;
use crate::stream::Stream;
use crate::stream::halves::{ReadHalf, WriteHalf, split};
use crate::stream::owned_halves::{OwnedReadHalf, OwnedWriteHalf, into_split};
use crate::stream::read::{Peek, Read, ReadExact, ReadVectored};
use crate::stream::sealed::Wired;
use crate::stream::wire::Wire;
use crate::stream::write::{Write, WriteAll, WriteVectored};
use crate::sys;

/// A TCP connection.
///
/// Clones share the socket, which is closed with the last one. Any number of tasks may read and write at once; each
/// byte goes to one of them.
///
/// It is an [`AsyncRead`](futures_io::AsyncRead) and [`AsyncWrite`](futures_io::AsyncWrite), and so is a reference to it. Its own [`read`](TcpStream::read),
/// [`write`](TcpStream::write) and so on do the same, and tell where in the program a task waits; they are the ones
/// the compiler takes if an extension trait has methods of the same name.
///
/// # Examples
///
/// ```
/// use trill_net::{TcpListener, TcpStream};
///
/// trill_park::block_on(async {
///     let listener = TcpListener::bind("127.0.0.1:0").await?;
///     let client = TcpStream::connect(listener.local_addr()?).await?;
///     let (server, _) = listener.accept().await?;
///
///     client.write_all(b"ping").await?;
///     let mut buffer = [0; 16];
///     let len = server.read(&mut buffer).await?;
///     assert_eq!(&buffer[..len], b"ping");
///     # Ok::<(), std::io::Error>(())
/// })?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone)]
pub struct TcpStream(Arc<Async<net::TcpStream>>);

impl TcpStream {
    /// Connects to a host.
    ///
    /// If the name has several addresses they are tried as [`HappyEyeballs`](crate::HappyEyeballs) does: families take
    /// turns, a new attempt begins every 250 ms or as soon as one fails, and the first that succeeds wins.
    ///
    /// There is no limit of time but the operating system's, which is minutes: put `trill_timer::timeout` around it.
    ///
    /// # Errors
    ///
    /// `ConnectionRefused`, `TimedOut`, `NetworkUnreachable` and the like, with the address in the text and an
    /// [`AddressError`](crate::AddressError) inside; of several addresses the most useful error, with the others in
    /// the text. As [`resolve`](crate::resolve) if it is a name; `Unsupported` in a simulated world.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: dropping the future closes the sockets that were connecting.
    ///
    /// # Examples
    ///
    /// See [`TcpStream`].
    pub fn connect<A: AsyncToSocketAddrs>(addr: A) -> Connect {
        Connect::new(&addr)
    }

    /// Returns this side's address.
    ///
    /// # Errors
    ///
    /// What the operating system says.
    ///
    /// # Examples
    ///
    /// See [`TcpListener`](crate::TcpListener).
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.get_ref().local_addr()
    }

    /// Returns the peer's address.
    ///
    /// # Errors
    ///
    /// `NotConnected` if the peer has reset the connection.
    ///
    /// # Examples
    ///
    /// See [`TcpSocket`](crate::TcpSocket).
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.0.get_ref().peer_addr()
    }

    /// Ends reading, writing or both, for all clones.
    ///
    /// After writing has ended the peer reads the end of the stream. Tasks that wait here are woken.
    ///
    /// # Errors
    ///
    /// `NotConnected` if the connection has ended already.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::net::Shutdown;
    /// use trill_net::{TcpListener, TcpStream};
    ///
    /// trill_park::block_on(async {
    ///     let listener = TcpListener::bind("127.0.0.1:0").await?;
    ///     let client = TcpStream::connect(listener.local_addr()?).await?;
    ///     let (server, _) = listener.accept().await?;
    ///     client.shutdown(Shutdown::Write)?;
    ///     assert_eq!(server.read(&mut [0]).await?, 0);
    ///     # Ok::<(), std::io::Error>(())
    /// })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.0.get_ref().shutdown(how)
    }

    /// Reads some bytes into `buf` and returns how many; 0 means that the peer has ended writing, or that `buf` is
    /// empty.
    ///
    /// # Errors
    ///
    /// What the operating system says, such as `ConnectionReset`.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: a read that is dropped has read nothing.
    ///
    /// # Examples
    ///
    /// See [`TcpStream`].
    #[inline]
    pub fn read<'a>(&'a self, buf: &'a mut [u8]) -> Read<'a> {
        Read::new(self.wire(), buf)
    }

    /// Reads some bytes into several buffers, one after the other, with one system call; up to 1024 buffers.
    ///
    /// # Errors
    ///
    /// As [`TcpStream::read`].
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: a read that is dropped has read nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::{IoSlice, IoSliceMut};
    /// use trill_net::{TcpListener, TcpStream};
    ///
    /// trill_park::block_on(async {
    ///     let listener = TcpListener::bind("127.0.0.1:0").await?;
    ///     let client = TcpStream::connect(listener.local_addr()?).await?;
    ///     let (server, _) = listener.accept().await?;
    ///
    ///     let len = client.write_vectored(&[IoSlice::new(b"he"), IoSlice::new(b"llo")]).await?;
    ///     assert_eq!(len, 5);
    ///     let (mut head, mut tail) = ([0; 1], [0; 9]);
    ///     let mut buffers = [IoSliceMut::new(&mut head), IoSliceMut::new(&mut tail)];
    ///     assert_eq!(server.read_vectored(&mut buffers).await?, 5);
    ///     assert_eq!((&head, &tail[..4]), (b"h", &b"ello"[..]));
    ///     # Ok::<(), std::io::Error>(())
    /// })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[inline]
    pub fn read_vectored<'a, 'b>(&'a self, bufs: &'a mut [IoSliceMut<'b>]) -> ReadVectored<'a, 'b> {
        ReadVectored::new(self.wire(), bufs)
    }

    /// Reads until `buf` is full.
    ///
    /// # Errors
    ///
    /// As [`TcpStream::read`], and `UnexpectedEof` if the peer ends writing before. What was read is in `buf`.
    ///
    /// # Cancel safety
    ///
    /// Not cancel safe: what was read before it is dropped is in `buf`, and how much that is is lost.
    ///
    /// # Examples
    ///
    /// See [`TcpListener`](crate::TcpListener).
    pub fn read_exact<'a>(&'a self, buf: &'a mut [u8]) -> ReadExact<'a> {
        ReadExact::new(self.wire(), buf)
    }

    /// Reads some bytes and leaves them there for the next read.
    ///
    /// # Errors
    ///
    /// As [`TcpStream::read`].
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: it changes nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_net::{TcpListener, TcpStream};
    ///
    /// trill_park::block_on(async {
    ///     let listener = TcpListener::bind("127.0.0.1:0").await?;
    ///     let client = TcpStream::connect(listener.local_addr()?).await?;
    ///     let (server, _) = listener.accept().await?;
    ///     client.write_all(b"x").await?;
    ///
    ///     let mut buffer = [0; 2];
    ///     assert_eq!(server.peek(&mut buffer).await?, 1);
    ///     assert_eq!(server.read(&mut buffer).await?, 1);
    ///     # Ok::<(), std::io::Error>(())
    /// })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn peek<'a>(&'a self, buf: &'a mut [u8]) -> Peek<'a> {
        Peek::new(self.wire(), buf)
    }

    /// Writes some bytes of `buf` and returns how many.
    ///
    /// # Errors
    ///
    /// What the operating system says, such as `BrokenPipe` and `ConnectionReset` if the peer is gone. A signal is
    /// never raised.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: a write that is dropped has written nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_net::{TcpListener, TcpStream};
    ///
    /// trill_park::block_on(async {
    ///     let listener = TcpListener::bind("127.0.0.1:0").await?;
    ///     let client = TcpStream::connect(listener.local_addr()?).await?;
    ///     assert_eq!(client.write(b"hello").await?, 5);
    ///     # Ok::<(), std::io::Error>(())
    /// })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[inline]
    pub fn write<'a>(&'a self, buf: &'a [u8]) -> Write<'a> {
        Write::new(self.wire(), buf)
    }

    /// Writes some bytes of several buffers, one after the other, with one system call; up to 1024 buffers.
    ///
    /// # Errors
    ///
    /// As [`TcpStream::write`].
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: a write that is dropped has written nothing.
    ///
    /// # Examples
    ///
    /// See [`TcpStream::read_vectored`].
    #[inline]
    pub fn write_vectored<'a, 'b>(&'a self, bufs: &'a [IoSlice<'b>]) -> WriteVectored<'a, 'b> {
        WriteVectored::new(self.wire(), bufs)
    }

    /// Writes all of `buf`.
    ///
    /// # Errors
    ///
    /// As [`TcpStream::write`].
    ///
    /// # Cancel safety
    ///
    /// Not cancel safe: how much was written before it is dropped is lost.
    ///
    /// # Examples
    ///
    /// See [`TcpStream`].
    #[inline]
    pub fn write_all<'a>(&'a self, buf: &'a [u8]) -> WriteAll<'a> {
        WriteAll::new(self.wire(), buf)
    }

    /// Borrows the stream as a reader and a writer.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_net::{TcpListener, TcpStream};
    ///
    /// trill_park::block_on(async {
    ///     let listener = TcpListener::bind("127.0.0.1:0").await?;
    ///     let mut client = TcpStream::connect(listener.local_addr()?).await?;
    ///     let (server, _) = listener.accept().await?;
    ///
    ///     let (mut reader, mut writer) = client.split();
    ///     writer.write_all(b"x").await?;
    ///     server.write_all(b"y").await?;
    ///     assert_eq!(reader.read(&mut [0]).await?, 1);
    ///     # Ok::<(), std::io::Error>(())
    /// })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn split(&mut self) -> (ReadHalf<'_>, WriteHalf<'_>) {
        split(self)
    }

    /// Takes the stream apart into a reader and a writer, for two tasks.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_net::{TcpListener, TcpStream};
    ///
    /// trill_park::block_on(async {
    ///     let listener = TcpListener::bind("127.0.0.1:0").await?;
    ///     let client = TcpStream::connect(listener.local_addr()?).await?;
    ///     let (server, _) = listener.accept().await?;
    ///
    ///     let (mut reader, mut writer) = client.into_split();
    ///     writer.write_all(b"x").await?;
    ///     drop(writer);
    ///     // The server reads the byte, and the end of the stream.
    ///     assert_eq!(server.read(&mut [0; 2]).await?, 1);
    ///     assert_eq!(server.read(&mut [0; 2]).await?, 0);
    ///     // It may still answer.
    ///     server.write_all(b"y").await?;
    ///     assert_eq!(reader.read(&mut [0]).await?, 1);
    ///
    ///     let (reader, writer) = server.into_split();
    ///     let _server: TcpStream = reader.reunite(writer).unwrap();
    ///     # Ok::<(), std::io::Error>(())
    /// })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn into_split(self) -> (OwnedReadHalf, OwnedWriteHalf) {
        into_split(self)
    }

    /// Returns the socket for use without this crate; it still does not block.
    ///
    /// If clones exist, they keep the socket and this returns a duplicate of its descriptor.
    ///
    /// # Errors
    ///
    /// What the operating system says.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_net::{TcpListener, TcpStream};
    ///
    /// trill_park::block_on(async {
    ///     let listener = TcpListener::bind("127.0.0.1:0").await?;
    ///     let client = TcpStream::connect(listener.local_addr()?).await?;
    ///     let client: std::net::TcpStream = client.into_std()?;
    ///     client.set_nonblocking(false)?;
    ///     # Ok::<(), std::io::Error>(())
    /// })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn into_std(self) -> io::Result<net::TcpStream> {
        convert::into_std(self.0, net::TcpStream::try_clone)
    }

    /// The registered socket.
    #[inline]
    pub(super) fn inner(&self) -> &Async<net::TcpStream> {
        &self.0
    }

    /// The standard library's socket.
    #[inline]
    pub(super) fn std(&self) -> &net::TcpStream {
        self.0.get_ref()
    }

    pub(super) fn of(stream: Async<net::TcpStream>) -> TcpStream {
        TcpStream(Arc::new(stream))
    }
}

impl Stream for TcpStream {}

impl Wired for TcpStream {
    #[inline]
    #[allow(private_interfaces)] // Nobody outside can call it.
    fn wire(&self) -> Wire<'_> {
        Wire::tcp(&self.0)
    }

    fn is_same(&self, other: &TcpStream) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl UnwindSafe for TcpStream {}
impl RefUnwindSafe for TcpStream {}

impl fmt::Debug for TcpStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.get_ref().fmt(f)
    }
}

/// For functions that take whatever a reactor watches.
impl std::borrow::Borrow<Async<net::TcpStream>> for TcpStream {
    fn borrow(&self) -> &Async<net::TcpStream> {
        &self.0
    }
}

impl From<Async<net::TcpStream>> for TcpStream {
    fn from(stream: Async<net::TcpStream>) -> TcpStream {
        TcpStream::of(stream)
    }
}

impl From<TcpStream> for Arc<Async<net::TcpStream>> {
    fn from(stream: TcpStream) -> Arc<Async<net::TcpStream>> {
        stream.0
    }
}

/// Fails if the socket cannot be registered with the reactor. Makes it not block.
impl TryFrom<net::TcpStream> for TcpStream {
    type Error = io::Error;

    fn try_from(stream: net::TcpStream) -> io::Result<TcpStream> {
        Async::new(stream).map(TcpStream::of)
    }
}

// Turning a descriptor into one fails if it cannot be registered with the reactor, and makes it not block.
sys::handles!(TcpStream, net::TcpStream, |socket| socket.0.get_ref());
