//! A reader as the extension traits of `futures-io` see it.

use std::io::{self, IoSlice};
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_io::{AsyncBufRead, AsyncRead, AsyncWrite};

use super::{CHUNK_BYTES, Reader};
use crate::turn::turn;

impl<R: AsyncRead + Unpin> AsyncRead for Reader<R> {
    #[track_caller]
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let unit = ready!(turn(cx, Location::caller()));
        if buf.is_empty() {
            return Poll::Ready(Ok(0));
        }
        if this.buffer.is_empty() {
            // A large read would only be copied twice.
            let polled = if buf.len() >= CHUNK_BYTES {
                this.poll_past(cx, buf)
            } else {
                this.poll_more(cx, CHUNK_BYTES)
            };
            if polled.is_pending() {
                unit.refund();
                return Poll::Pending;
            }
            let count = ready!(polled)?;
            if this.buffer.is_empty() {
                return Poll::Ready(Ok(count));
            }
        }
        let count = buf.len().min(this.buffer.len());
        buf[..count].copy_from_slice(&this.buffer.filled()[..count]);
        this.buffer.consume(count);
        Poll::Ready(Ok(count))
    }
}

impl<R: AsyncRead + Unpin> AsyncBufRead for Reader<R> {
    #[track_caller]
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let this = self.get_mut();
        let unit = ready!(turn(cx, Location::caller()));
        if this.buffer.is_empty() {
            let polled = this.poll_more(cx, CHUNK_BYTES);
            if polled.is_pending() {
                unit.refund();
                return Poll::Pending;
            }
            ready!(polled)?;
        }
        Poll::Ready(Ok(this.buffer.filled()))
    }

    fn consume(self: Pin<&mut Self>, amt: usize) {
        self.get_mut().discard(amt);
    }
}

/// A reader of a stream with two directions writes past the buffer, so it can stand for the stream: with what it has
/// buffered, as a TLS handshake needs it.
impl<R: AsyncWrite + Unpin> AsyncWrite for Reader<R> {
    #[track_caller]
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().inner).poll_write(cx, buf)
    }

    #[track_caller]
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().inner).poll_write_vectored(cx, bufs)
    }

    #[track_caller]
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_flush(cx)
    }

    #[track_caller]
    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_close(cx)
    }
}
