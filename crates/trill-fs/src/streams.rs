//! A file's own position, by the traits that everybody shares.

use std::io::{self, SeekFrom};
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_io::{AsyncRead, AsyncSeek, AsyncWrite};
use trill_cell::Kind;

use crate::file::File;
use crate::work::turn;

/// Reads at the file's own position; what was accepted for writing is written before.
impl AsyncRead for File {
    #[track_caller]
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let location = Location::caller();
        told(cx, location, |cx| self.shared.poll_read(cx, buffer))
    }
}

/// Writes at the file's own position; see [`File`] for when.
impl AsyncWrite for File {
    #[track_caller]
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let location = Location::caller();
        told(cx, location, |cx| self.shared.poll_write(cx, bytes))
    }

    /// Waits until what was accepted is written; see [`File::sync_all`] for the disk.
    #[track_caller]
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let location = Location::caller();
        told(cx, location, |cx| self.shared.poll_flush(cx))
    }

    /// As `poll_flush`: the descriptor is closed when the file is dropped.
    #[track_caller]
    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flush(cx)
    }
}

/// Moves the file's own position; what was accepted for writing is written before.
impl AsyncSeek for File {
    #[track_caller]
    fn poll_seek(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        to: SeekFrom,
    ) -> Poll<io::Result<u64>> {
        let location = Location::caller();
        told(cx, location, |cx| self.shared.poll_seek(cx, to))
    }
}

/// Takes a unit of the budget, and says that the task waits if it does.
pub(crate) fn told<T>(
    cx: &mut Context<'_>,
    location: &'static Location<'static>,
    poll: impl FnOnce(&mut Context<'_>) -> Poll<T>,
) -> Poll<T> {
    let unit = ready!(turn(cx, location));
    let polled = poll(cx);
    if polled.is_pending() {
        unit.refund();
        trill_cell::waiting(Kind::File, 0, location);
    }
    polled
}
