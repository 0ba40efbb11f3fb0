//! A reader and a writer as one stream.

use std::io::{self, IoSlice, IoSliceMut};
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_io::{AsyncRead, AsyncWrite};

/// A reader and a writer of one connection, joined to the stream that TLS needs.
///
/// # Examples
///
/// ```
/// use futures_lite::AsyncReadExt;
/// use trill_tls::Duplex;
///
/// let mut duplex = Duplex::new(&b"hello"[..], Vec::<u8>::new());
/// let mut text = String::new();
/// trill_park::block_on(duplex.read_to_string(&mut text))?;
/// assert_eq!(text, "hello");
/// let (_, written) = duplex.into_parts();
/// assert!(written.is_empty());
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Duplex<R, W> {
    read: R,
    write: W,
}

impl<R, W> Duplex<R, W> {
    /// Joins the two.
    ///
    /// # Examples
    ///
    /// See [`Duplex`].
    pub fn new(read: R, write: W) -> Duplex<R, W> {
        Duplex { read, write }
    }

    /// Returns the reader and the writer.
    ///
    /// # Examples
    ///
    /// ```
    /// let duplex = trill_tls::Duplex::new(&b"abc"[..], Vec::<u8>::new());
    /// assert_eq!(duplex.get_ref().0.len(), 3);
    /// ```
    pub fn get_ref(&self) -> (&R, &W) {
        (&self.read, &self.write)
    }

    /// Takes the two apart.
    ///
    /// # Examples
    ///
    /// See [`Duplex`].
    pub fn into_parts(self) -> (R, W) {
        (self.read, self.write)
    }
}

impl<R: AsyncRead + Unpin, W: Unpin> AsyncRead for Duplex<R, W> {
    #[track_caller]
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.read).poll_read(cx, buf)
    }

    #[track_caller]
    fn poll_read_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.read).poll_read_vectored(cx, bufs)
    }
}

impl<R: Unpin, W: AsyncWrite + Unpin> AsyncWrite for Duplex<R, W> {
    #[track_caller]
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.write).poll_write(cx, buf)
    }

    #[track_caller]
    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.write).poll_write_vectored(cx, bufs)
    }

    #[track_caller]
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.write).poll_flush(cx)
    }

    #[track_caller]
    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.write).poll_close(cx)
    }
}
