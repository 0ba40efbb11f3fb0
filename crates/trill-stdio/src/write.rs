//! Writing as futures.

use std::fmt;
use std::future::Future;
use std::io;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use trill_reactor::{Direction, Waiter};

use crate::job::Job;
use crate::stream::{Stream, Which};

/// One who writes to a stream.
#[derive(Default)]
pub(crate) struct Writer {
    /// The place among those who wait in the reactor.
    waiter: Option<Waiter<'static>>,
    /// The call of a thread that this one has begun.
    job: Option<Arc<Job>>,
}

impl Writer {
    /// Writes for a future, which takes its waker back when it is dropped.
    pub(crate) fn poll_write(
        &mut self,
        which: Which,
        cx: &mut Context<'_>,
        location: &'static Location<'static>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match which.stream()? {
            Stream::Ready(stream) => self
                .waiter
                .get_or_insert_with(|| stream.source().waiter(Direction::Write))
                .poll_io(cx, location, || stream.get_ref().write(bytes)),
            Stream::Slow(slow) => slow.poll_write(&mut self.job, cx, location, bytes),
        }
    }

    /// Waits for what this one has begun to write.
    pub(crate) fn poll_flush(
        &mut self,
        which: Which,
        cx: &mut Context<'_>,
        location: &'static Location<'static>,
    ) -> Poll<io::Result<()>> {
        match which.stream()? {
            Stream::Ready(_) => Poll::Ready(Ok(())),
            Stream::Slow(slow) => slow.poll_flush(&mut self.job, cx, location),
        }
    }
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer")
            .field("waits", &self.waiter.is_some())
            .field("job", &self.job)
            .finish()
    }
}

/// Writes some bytes; from [`Stdout::write`](crate::Stdout::write) and [`Stderr::write`](crate::Stderr::write).
///
/// # Cancel safety
///
/// See [`Stdout::write`](crate::Stdout::write).
///
/// # Examples
///
/// See [`Stdout::write`](crate::Stdout::write).
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct Write<'a> {
    which: Which,
    writer: Writer,
    bytes: &'a [u8],
}

/// Writes all bytes; from [`Stdout::write_all`](crate::Stdout::write_all) and
/// [`Stderr::write_all`](crate::Stderr::write_all).
///
/// # Cancel safety
///
/// Dropping it leaves the beginning of the bytes written, and does not tell how many.
///
/// # Examples
///
/// See [`Stdout::write_all`](crate::Stdout::write_all).
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct WriteAll<'a>(Write<'a>);

/// Waits until what a handle has begun to write is written; from [`Stdout::flush`](crate::Stdout::flush) and
/// [`Stderr::flush`](crate::Stderr::flush).
///
/// # Cancel safety
///
/// Cancel safe: the writing goes on.
///
/// # Examples
///
/// See [`Stdout::flush`](crate::Stdout::flush).
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct Flush<'a> {
    which: Which,
    writer: &'a mut Writer,
}

impl<'a> Write<'a> {
    pub(crate) fn new(which: Which, bytes: &'a [u8]) -> Write<'a> {
        Write {
            which,
            writer: Writer::default(),
            bytes,
        }
    }
}

impl<'a> WriteAll<'a> {
    pub(crate) fn new(which: Which, bytes: &'a [u8]) -> WriteAll<'a> {
        WriteAll(Write::new(which, bytes))
    }
}

impl<'a> Flush<'a> {
    pub(crate) fn new(which: Which, writer: &'a mut Writer) -> Flush<'a> {
        Flush { which, writer }
    }
}

impl Future for Write<'_> {
    type Output = io::Result<usize>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.writer
            .poll_write(this.which, cx, Location::caller(), this.bytes)
    }
}

impl Future for WriteAll<'_> {
    type Output = io::Result<()>;

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.0.bytes.is_empty() {
            let count = ready!(Pin::new(&mut self.0).poll(cx))?;
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.0.bytes = &self.0.bytes[count..];
        }
        Poll::Ready(Ok(()))
    }
}

impl Future for Flush<'_> {
    type Output = io::Result<()>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.writer.poll_flush(this.which, cx, Location::caller())
    }
}
