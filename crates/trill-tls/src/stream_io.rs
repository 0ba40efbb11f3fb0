//! Reading and writing a TLS stream: its methods, and the traits of `futures-io`.

use std::io::{self, IoSlice, Write as _};
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_io::{AsyncBufRead, AsyncRead, AsyncWrite};

use crate::fan::Side;
use crate::stream::TlsStream;
use crate::turn::turn;

crate::futures::reads!(impl<S> TlsStream<S>);
crate::futures::writes!(impl<S> TlsStream<S>);

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for TlsStream<S> {
    #[track_caller]
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let session = &mut self.get_mut().session;
        if session.has_plain() {
            // What is there can be read a byte at a time; it is not the stream below that says when to give way.
            let _ = ready!(turn(cx, Location::caller()));
        }
        if buf.is_empty() {
            return Poll::Ready(Ok(0));
        }
        session.poll_plain(cx, buf)
    }
}

/// The plaintext in place, a record at a time.
impl<S: AsyncRead + AsyncWrite + Unpin> AsyncBufRead for TlsStream<S> {
    #[track_caller]
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let session = &mut self.get_mut().session;
        if session.has_plain() {
            let _ = ready!(turn(cx, Location::caller()));
        }
        ready!(session.poll_plain(cx, &mut []))?;
        Poll::Ready(session.plain())
    }

    fn consume(self: Pin<&mut Self>, amt: usize) {
        self.get_mut().session.consume(amt);
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for TlsStream<S> {
    #[track_caller]
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let session = &mut self.get_mut().session;
        session.poll_write(cx, |writer| writer.write(buf))
    }

    #[track_caller]
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let session = &mut self.get_mut().session;
        session.poll_write(cx, |writer| writer.write_vectored(bufs))
    }

    #[track_caller]
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().session.poll_flush(cx, Side::Writer)
    }

    #[track_caller]
    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().session.poll_close(cx)
    }
}
