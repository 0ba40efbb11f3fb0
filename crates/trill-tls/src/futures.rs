//! The futures that this crate's functions and methods return.
//!
//! They are here to be named; what makes them describes them. Each tells the task that awaits it in which line of the
//! program that is.

use std::fmt;
use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_io::{AsyncRead, AsyncWrite};

pub use crate::handshake::{Accept, Connect};

/// Reads some bytes; see [`TlsStream::read`](crate::TlsStream::read).
///
/// # Examples
///
/// See [`TlsConnector`](crate::TlsConnector).
#[must_use = "futures do nothing unless awaited"]
pub struct Read<'a, T> {
    pub(crate) stream: &'a mut T,
    pub(crate) buf: &'a mut [u8],
}

impl<T: AsyncRead + Unpin> Future for Read<'_, T> {
    type Output = io::Result<usize>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Read { stream, buf } = self.get_mut();
        Pin::new(&mut **stream).poll_read(cx, buf)
    }
}

/// Fills a buffer; see [`TlsStream::read_exact`](crate::TlsStream::read_exact).
///
/// # Examples
///
/// See [`TlsConnector`](crate::TlsConnector).
#[must_use = "futures do nothing unless awaited"]
pub struct ReadExact<'a, T> {
    pub(crate) stream: &'a mut T,
    pub(crate) buf: &'a mut [u8],
    pub(crate) filled: usize,
}

impl<T: AsyncRead + Unpin> Future for ReadExact<'_, T> {
    type Output = io::Result<()>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let ReadExact {
            stream,
            buf,
            filled,
        } = self.get_mut();
        while *filled < buf.len() {
            match ready!(Pin::new(&mut **stream).poll_read(cx, &mut buf[*filled..]))? {
                0 => {
                    let text = format!("the stream ended after {filled} of {} bytes", buf.len());
                    return Poll::Ready(Err(io::Error::new(io::ErrorKind::UnexpectedEof, text)));
                }
                count => *filled += count,
            }
        }
        Poll::Ready(Ok(()))
    }
}

/// Writes some bytes; see [`TlsStream::write`](crate::TlsStream::write).
///
/// # Examples
///
/// See [`TlsStream::write`](crate::TlsStream::write).
#[must_use = "futures do nothing unless awaited"]
pub struct Write<'a, T> {
    pub(crate) stream: &'a mut T,
    pub(crate) buf: &'a [u8],
}

impl<T: AsyncWrite + Unpin> Future for Write<'_, T> {
    type Output = io::Result<usize>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Write { stream, buf } = self.get_mut();
        Pin::new(&mut **stream).poll_write(cx, buf)
    }
}

/// Writes some bytes of several buffers; see [`TlsStream::write_vectored`](crate::TlsStream::write_vectored).
///
/// # Examples
///
/// See [`TlsStream::write_vectored`](crate::TlsStream::write_vectored).
#[must_use = "futures do nothing unless awaited"]
pub struct WriteVectored<'a, 'b, T> {
    pub(crate) stream: &'a mut T,
    pub(crate) bufs: &'a [IoSlice<'b>],
}

impl<T: AsyncWrite + Unpin> Future for WriteVectored<'_, '_, T> {
    type Output = io::Result<usize>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let WriteVectored { stream, bufs } = self.get_mut();
        Pin::new(&mut **stream).poll_write_vectored(cx, bufs)
    }
}

/// Writes a whole buffer; see [`TlsStream::write_all`](crate::TlsStream::write_all).
///
/// # Examples
///
/// See [`TlsConnector`](crate::TlsConnector).
#[must_use = "futures do nothing unless awaited"]
pub struct WriteAll<'a, T> {
    pub(crate) stream: &'a mut T,
    pub(crate) buf: &'a [u8],
}

impl<T: AsyncWrite + Unpin> Future for WriteAll<'_, T> {
    type Output = io::Result<()>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let WriteAll { stream, buf } = self.get_mut();
        while !buf.is_empty() {
            match ready!(Pin::new(&mut **stream).poll_write(cx, buf))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                count => *buf = &buf[count..],
            }
        }
        Poll::Ready(Ok(()))
    }
}

/// Sends everything; see [`TlsStream::flush`](crate::TlsStream::flush).
///
/// # Examples
///
/// See [`TlsConnector`](crate::TlsConnector).
#[must_use = "futures do nothing unless awaited"]
pub struct Flush<'a, T> {
    pub(crate) stream: &'a mut T,
}

impl<T: AsyncWrite + Unpin> Future for Flush<'_, T> {
    type Output = io::Result<()>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut *self.get_mut().stream).poll_flush(cx)
    }
}

/// Ends writing; see [`TlsStream::close`](crate::TlsStream::close).
///
/// # Examples
///
/// See [`TlsConnector`](crate::TlsConnector).
#[must_use = "futures do nothing unless awaited"]
pub struct Close<'a, T> {
    pub(crate) stream: &'a mut T,
}

impl<T: AsyncWrite + Unpin> Future for Close<'_, T> {
    type Output = io::Result<()>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut *self.get_mut().stream).poll_close(cx)
    }
}

/// Gives a type the methods that read.
macro_rules! reads {
    (impl<$($param:tt),*> $type:ty) => {
        impl<$($param),*> $type
        where
            S: futures_io::AsyncRead + futures_io::AsyncWrite + Unpin,
        {
            /// Reads some bytes into a buffer; returns how many, 0 once the peer has closed its side.
            ///
            /// While it waits, what was written and not sent goes out.
            ///
            /// # Errors
            ///
            /// `UnexpectedEof` if the connection was cut, that is, without close_notify; `InvalidData`, with a
            /// [`TlsError`](crate::TlsError), if the peer broke the protocol or says that this side did; what the
            /// stream below says. All that was received before comes first.
            ///
            /// # Cancel safety
            ///
            /// Cancel safe: bytes are taken in the poll that returns them.
            ///
            /// # Examples
            ///
            /// ```
            /// use trill_net::TcpStream;
            /// use trill_tls::TlsStream;
            ///
            /// async fn count(tls: &mut TlsStream<TcpStream>) -> std::io::Result<usize> {
            ///     let mut buffer = [0; 4096];
            ///     let mut total = 0;
            ///     loop {
            ///         match tls.read(&mut buffer).await? {
            ///             0 => return Ok(total),
            ///             count => total += count,
            ///         }
            ///     }
            /// }
            /// ```
            pub fn read<'r>(&'r mut self, buf: &'r mut [u8]) -> $crate::futures::Read<'r, Self> {
                $crate::futures::Read { stream: self, buf }
            }

            /// Reads until a buffer is full.
            ///
            /// # Errors
            ///
            /// `UnexpectedEof` also if the peer closed its side before; as [`read`](Self::read).
            ///
            /// # Cancel safety
            ///
            /// Not cancel safe: what was read so far is in the buffer, but how much that is gets lost.
            ///
            /// # Examples
            ///
            /// See [`TlsConnector`](crate::TlsConnector).
            pub fn read_exact<'r>(
                &'r mut self,
                buf: &'r mut [u8],
            ) -> $crate::futures::ReadExact<'r, Self> {
                $crate::futures::ReadExact {
                    stream: self,
                    buf,
                    filled: 0,
                }
            }
        }
    };
}

/// Gives a type the methods that write.
macro_rules! writes {
    (impl<$($param:tt),*> $type:ty) => {
        impl<$($param),*> $type
        where
            S: futures_io::AsyncRead + futures_io::AsyncWrite + Unpin,
        {
            /// Writes some bytes, as many as are encrypted at once; returns how many.
            ///
            /// It waits while an earlier write is not sent. What the stream below does not take at once goes out later: see
            /// [`flush`](Self::flush).
            ///
            /// # Errors
            ///
            /// `BrokenPipe` after [`close`](Self::close); `InvalidData`, with a [`TlsError`](crate::TlsError), if a read has
            /// failed because the peer broke the protocol; what the stream below says.
            ///
            /// # Cancel safety
            ///
            /// Cancel safe: bytes are taken in the poll that returns their number.
            ///
            /// # Examples
            ///
            /// ```
            /// use trill_net::TcpStream;
            /// use trill_tls::TlsStream;
            ///
            /// async fn some(tls: &mut TlsStream<TcpStream>, bytes: &[u8]) -> std::io::Result<usize> {
            ///     tls.write(bytes).await
            /// }
            /// ```
            pub fn write<'w>(&'w mut self, buf: &'w [u8]) -> $crate::futures::Write<'w, Self> {
                $crate::futures::Write { stream: self, buf }
            }

            /// Writes some bytes of several buffers as one, so that small ones share a record.
            ///
            /// # Errors
            ///
            /// As [`write`](Self::write).
            ///
            /// # Cancel safety
            ///
            /// As [`write`](Self::write).
            ///
            /// # Examples
            ///
            /// ```
            /// use std::io::IoSlice;
            /// use trill_net::TcpStream;
            /// use trill_tls::TlsStream;
            ///
            /// async fn answer(tls: &mut TlsStream<TcpStream>, body: &[u8]) -> std::io::Result<usize> {
            ///     tls.write_vectored(&[IoSlice::new(b"HTTP/1.0 200 OK\r\n\r\n"), IoSlice::new(body)]).await
            /// }
            /// ```
            pub fn write_vectored<'w, 'v>(
                &'w mut self,
                bufs: &'w [std::io::IoSlice<'v>],
            ) -> $crate::futures::WriteVectored<'w, 'v, Self> {
                $crate::futures::WriteVectored { stream: self, bufs }
            }

            /// Writes a whole buffer. The last of it may still have to go out: see [`flush`](Self::flush).
            ///
            /// # Errors
            ///
            /// As [`write`](Self::write).
            ///
            /// # Cancel safety
            ///
            /// Not cancel safe: a part may have been taken, and how much gets lost.
            ///
            /// # Examples
            ///
            /// See [`TlsConnector`](crate::TlsConnector).
            pub fn write_all<'w>(&'w mut self, buf: &'w [u8]) -> $crate::futures::WriteAll<'w, Self> {
                $crate::futures::WriteAll { stream: self, buf }
            }

            /// Waits until everything that was written is sent, and flushes the stream below.
            ///
            /// It is needed after the last write, unless a read follows, which sends the rest while it waits.
            ///
            /// # Errors
            ///
            /// What the stream below says.
            ///
            /// # Cancel safety
            ///
            /// Cancel safe: what is not sent yet goes out later.
            ///
            /// # Examples
            ///
            /// See [`TlsConnector`](crate::TlsConnector).
            pub fn flush(&mut self) -> $crate::futures::Flush<'_, Self> {
                $crate::futures::Flush { stream: self }
            }

            /// Ends writing: sends everything and close_notify, and closes the stream below. Reading goes on.
            ///
            /// # Errors
            ///
            /// What the stream below says, but not that the peer is gone who has closed its own side already.
            ///
            /// # Cancel safety
            ///
            /// Cancel safe: from the first poll that has sent all data nothing can be written any more; call it
            /// again to go on.
            ///
            /// # Examples
            ///
            /// See [`TlsConnector`](crate::TlsConnector).
            pub fn close(&mut self) -> $crate::futures::Close<'_, Self> {
                $crate::futures::Close { stream: self }
            }
        }
    };
}

pub(crate) use {reads, writes};

macro_rules! debug {
    ($($name:ident<$($life:lifetime),*>),* $(,)?) => {$(
        impl<T> fmt::Debug for $name<$($life,)* T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    )*};
}

debug!(
    Read<'_>,
    ReadExact<'_>,
    Write<'_>,
    WriteVectored<'_, '_>,
    WriteAll<'_>,
    Flush<'_>,
    Close<'_>
);
