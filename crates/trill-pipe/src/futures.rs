//! Reading and writing as futures.

use std::fmt;
use std::future::Future;
use std::io;
use std::os::fd::AsFd;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use trill_reactor::{Direction, Waiter};

use crate::reader::PipeReader;
use crate::sys;
use crate::writer::PipeWriter;

/// Reads; from [`PipeReader::read`].
///
/// # Cancel safety
///
/// Cancel safe: bytes leave the pipe only with the poll that returns them.
///
/// # Examples
///
/// See [`PipeReader::read`].
#[must_use = "futures do nothing unless awaited"]
pub struct Read<'a> {
    reader: &'a PipeReader,
    waiter: Waiter<'a>,
    buffer: &'a mut [u8],
}

/// Writes some bytes; from [`PipeWriter::write`].
///
/// # Cancel safety
///
/// Cancel safe: nothing is written before the poll that returns.
///
/// # Examples
///
/// See [`PipeWriter::write`].
#[must_use = "futures do nothing unless awaited"]
pub struct Write<'a> {
    writer: &'a PipeWriter,
    waiter: Waiter<'a>,
    bytes: &'a [u8],
}

/// Writes all bytes; from [`PipeWriter::write_all`].
///
/// # Cancel safety
///
/// Dropping it leaves the beginning of the bytes written, and does not tell how many.
///
/// # Examples
///
/// See [`PipeWriter::write_all`].
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct WriteAll<'a>(Write<'a>);

impl<'a> Read<'a> {
    pub(crate) fn new(reader: &'a PipeReader, buffer: &'a mut [u8]) -> Read<'a> {
        Read {
            reader,
            waiter: reader.io().source().waiter(Direction::Read),
            buffer,
        }
    }
}

impl<'a> Write<'a> {
    pub(crate) fn new(writer: &'a PipeWriter, bytes: &'a [u8]) -> Write<'a> {
        Write {
            writer,
            waiter: writer.io().source().waiter(Direction::Write),
            bytes,
        }
    }
}

impl<'a> WriteAll<'a> {
    pub(crate) fn new(writer: &'a PipeWriter, bytes: &'a [u8]) -> WriteAll<'a> {
        WriteAll(Write::new(writer, bytes))
    }
}

impl Future for Read<'_> {
    type Output = io::Result<usize>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.waiter
            .poll_io(cx, Location::caller(), || this.reader.read_now(this.buffer))
    }
}

impl Future for Write<'_> {
    type Output = io::Result<usize>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.waiter.poll_io(cx, Location::caller(), || {
            sys::write(this.writer.as_fd(), this.bytes)
        })
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

impl fmt::Debug for Read<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Read")
            .field("len", &self.buffer.len())
            .field("waiter", &self.waiter)
            .finish()
    }
}

impl fmt::Debug for Write<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Write")
            .field("len", &self.bytes.len())
            .field("waiter", &self.waiter)
            .finish()
    }
}
