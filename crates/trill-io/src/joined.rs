//! A reader and a writer of one connection, where reading moves the writing on.

use std::fmt;
use std::io::{self, IoSliceMut};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_io::{AsyncRead, AsyncWrite};

use crate::reader::Reader;
use crate::writer::{OwnedSeat, Shared, Writer};

/// Joins the halves of a connection: while the reader waits for data, what the writer has buffered goes out.
///
/// A program that writes a request and then waits for the answer needs neither `drain` nor `flush`. If all clones of the
/// writer are dropped, the rest is sent and the stream closed while the reader waits.
///
/// # Examples
///
/// ```
/// use trill_net::unix::UnixStream;
///
/// trill_park::block_on(async {
///     let (near, far) = UnixStream::pair()?;
///     let (read, write) = near.into_split();
///     let (mut reader, writer) = trill_io::joined(read, write);
///     writer.write(b"ping")?;
///     let mut buffer = [0; 4];
///     far.read_exact(&mut buffer).await?;
///     far.write_all(&buffer).await?;
///     assert_eq!(reader.read_exact(4).await?, b"ping");
///     # Ok::<(), std::io::Error>(())
/// })?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn joined<R, W>(read: R, write: W) -> (Reader<Joined<R, W>>, Writer<W>)
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let shared = Arc::new(Shared::new(write));
    let read = Joined {
        inner: read,
        seat: shared.seat(),
        shared: shared.clone(),
    };
    (Reader::new(read), Writer::of(shared))
}

/// The reading half of a connection that moves the writing half on; made by [`joined`].
///
/// # Examples
///
/// See [`joined`].
pub struct Joined<R, W> {
    inner: R,
    shared: Arc<Shared<W>>,
    seat: OwnedSeat,
}

impl<R, W> Joined<R, W> {
    /// Returns the reading half.
    ///
    /// # Examples
    ///
    /// ```
    /// let (reader, _writer) = trill_io::joined(&b"abc"[..], Vec::new());
    /// assert_eq!(*reader.get_ref().get_ref(), b"abc");
    /// ```
    pub fn get_ref(&self) -> &R {
        &self.inner
    }

    /// Takes the reading half; it does not move the writer on any more.
    ///
    /// # Examples
    ///
    /// ```
    /// let (reader, writer) = trill_io::joined(&b"abc"[..], Vec::new());
    /// // Both halves are needed again, as for TLS.
    /// let (joined, buffered) = reader.into_parts();
    /// assert_eq!((joined.into_inner(), buffered), (&b"abc"[..], Vec::new()));
    /// assert!(writer.into_parts().is_ok());
    /// ```
    pub fn into_inner(self) -> R {
        self.inner
    }
}

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> AsyncRead for Joined<R, W> {
    #[track_caller]
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        // What a loop writes that always finds data to read goes out with its writes.
        let polled = Pin::new(&mut this.inner).poll_read(cx, buf);
        this.move_on(cx, polled.is_pending());
        polled
    }

    #[track_caller]
    fn poll_read_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.inner).poll_read_vectored(cx, bufs);
        this.move_on(cx, polled.is_pending());
        polled
    }
}

impl<R, W: AsyncWrite + Unpin> Joined<R, W> {
    #[track_caller]
    fn move_on(&mut self, cx: &mut Context<'_>, waits: bool) {
        if waits {
            self.shared.drive(cx, &mut self.seat.seat);
        } else {
            self.seat.leave();
        }
    }
}

impl<R: fmt::Debug, W> fmt::Debug for Joined<R, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Joined")
            .field("inner", &self.inner)
            .finish_non_exhaustive()
    }
}
