//! A file's own position, by the traits that everybody shares.

use std::io::{self, SeekFrom};
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_io::{AsyncRead, AsyncSeek, AsyncWrite};
use trill_cell::Kind;

use crate::file::File;
use crate::flow::Shared;
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
        read_told(&self.shared, cx, location, buffer)
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
        write_told(&self.shared, cx, location, bytes)
    }

    /// Waits until what was accepted is written; see [`File::sync_all`] for the disk.
    #[track_caller]
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let location = Location::caller();
        flush_told(&self.shared, cx, location)
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
        seek_told(&self.shared, cx, location, to)
    }
}

pub(crate) fn read_told(
    shared: &Arc<Shared>,
    cx: &mut Context<'_>,
    location: &'static Location<'static>,
    buffer: &mut [u8],
) -> Poll<io::Result<usize>> {
    told(cx, location, |cx| shared.poll_read(cx, buffer))
}

pub(crate) fn write_told(
    shared: &Arc<Shared>,
    cx: &mut Context<'_>,
    location: &'static Location<'static>,
    bytes: &[u8],
) -> Poll<io::Result<usize>> {
    told(cx, location, |cx| shared.poll_write(cx, bytes))
}

pub(crate) fn flush_told(
    shared: &Arc<Shared>,
    cx: &mut Context<'_>,
    location: &'static Location<'static>,
) -> Poll<io::Result<()>> {
    told(cx, location, |cx| shared.poll_flush(cx))
}

pub(crate) fn seek_told(
    shared: &Arc<Shared>,
    cx: &mut Context<'_>,
    location: &'static Location<'static>,
    to: SeekFrom,
) -> Poll<io::Result<u64>> {
    told(cx, location, |cx| shared.poll_seek(cx, to))
}

/// Takes a unit of the budget, and says that the task waits if it does.
fn told<T>(
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
