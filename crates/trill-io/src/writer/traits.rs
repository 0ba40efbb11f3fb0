//! A writer as the extension traits of `futures-io` see it.

use std::io::{self, IoSlice};
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_io::AsyncWrite;

use super::Writer;
use crate::turn::turn;

impl<W: AsyncWrite + Unpin> Writer<W> {
    /// Waits while writing is paused.
    #[track_caller]
    fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let location = Location::caller();
        let unit = ready!(turn(cx, location));
        let (shared, polled) = (self.handle.shared.as_ref(), &mut self.polled);
        let shared = shared.expect("only taking the last handle apart takes it out");
        let result = shared.poll_drain(cx, location, &mut polled.seat.seat, &mut polled.since);
        if result.is_pending() {
            unit.refund();
        } else {
            polled.since = None;
        }
        result
    }
}

/// Writing takes everything as soon as it is not paused; flushing and closing are those of the writer itself.
impl<W: AsyncWrite + Unpin> AsyncWrite for Writer<W> {
    #[track_caller]
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        ready!(this.poll_room(cx))?;
        Poll::Ready(this.write(buf).map(|()| buf.len()))
    }

    #[track_caller]
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        ready!(this.poll_room(cx))?;
        let len = bufs.iter().map(|buf| buf.len()).sum();
        Poll::Ready(this.write_vectored(bufs).map(|()| len))
    }

    #[track_caller]
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let location = Location::caller();
        let shared = this.handle.shared.as_ref();
        let shared = shared.expect("only taking the last handle apart takes it out");
        let polled = &mut this.polled;
        let result = shared.poll_flush(cx, location, &mut polled.seat.seat, &mut polled.target);
        if result.is_ready() {
            polled.target = None;
        }
        result
    }

    #[track_caller]
    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let shared = this.handle.shared.as_ref();
        let shared = shared.expect("only taking the last handle apart takes it out");
        shared.poll_close(cx, Location::caller(), &mut this.polled.seat.seat)
    }
}
