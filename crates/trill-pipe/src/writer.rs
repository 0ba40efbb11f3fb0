//! The end that is written.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::panic::Location;
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_io::AsyncWrite;
use rustix::fs::OFlags;
use trill_reactor::{Async, Direction};

use crate::futures::{Write, WriteAll};
use crate::pipe::os_only;
use crate::sys;

/// The end of a pipe that is written; from [`pipe`](crate::pipe()), [`PipeWriter::open`], or a descriptor.
///
/// The reader comes to the end when all writers are dropped. Writes of up to 4,096 bytes are not mixed with those of
/// others.
///
/// # Cancel safety
///
/// Nothing is written before the poll that says so. Dropping this closes the end; what was written can still be read.
///
/// # Examples
///
/// See [`PipeReader`](crate::PipeReader).
#[derive(Debug)]
pub struct PipeWriter {
    io: Async<OwnedFd>,
}

impl PipeWriter {
    pub(crate) fn of(fd: OwnedFd) -> io::Result<PipeWriter> {
        Ok(PipeWriter {
            io: Async::new_nonblocking(fd)?,
        })
    }

    /// Opens a named pipe (a FIFO) to write. Somebody must have it open to read.
    ///
    /// # Errors
    ///
    /// `ENXIO`, as a raw error number, if nobody has it open to read: try again later, or open both ends.
    /// `InvalidInput` if something else is at the path; what the operating system says; or as [`pipe`](crate::pipe()).
    ///
    /// # Examples
    ///
    /// See [`PipeReader::open`](crate::PipeReader::open).
    pub fn open<P: AsRef<Path>>(path: P) -> io::Result<PipeWriter> {
        os_only()?;
        PipeWriter::of(sys::open(path.as_ref(), OFlags::WRONLY)?)
    }

    /// Writes some bytes, and returns how many.
    ///
    /// # Errors
    ///
    /// `BrokenPipe` if nobody reads, and what the operating system says.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: nothing is written before the poll that returns.
    ///
    /// # Examples
    ///
    /// ```
    /// let (_reader, writer) = trill_pipe::pipe()?;
    /// assert_eq!(trill_reactor::block_on(writer.write(b"hello"))?, 5);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn write<'a>(&'a self, bytes: &'a [u8]) -> Write<'a> {
        Write::new(self, bytes)
    }

    /// Writes all bytes.
    ///
    /// # Errors
    ///
    /// As [`PipeWriter::write`].
    ///
    /// # Cancel safety
    ///
    /// Dropping the future leaves the beginning of the bytes written, and does not tell how many.
    ///
    /// # Examples
    ///
    /// See [`pipe`](crate::pipe()).
    pub fn write_all<'a>(&'a self, bytes: &'a [u8]) -> WriteAll<'a> {
        WriteAll::new(self, bytes)
    }

    /// Writes what has room now.
    ///
    /// # Errors
    ///
    /// `WouldBlock` if the pipe is full, and as [`PipeWriter::write`].
    ///
    /// # Examples
    ///
    /// ```
    /// let (_reader, writer) = trill_pipe::pipe()?;
    /// assert_eq!(writer.try_write(b"hello")?, 5);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        self.io
            .source()
            .try_io(Direction::Write, || sys::write(self.as_fd(), bytes))
    }

    /// Gives the descriptor back in blocking mode, as for the standard output of a child.
    ///
    /// # Errors
    ///
    /// What the operating system says; the end is closed then.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::process::Command;
    ///
    /// let (reader, writer) = trill_pipe::pipe()?;
    /// Command::new("echo").arg("hi").stdout(writer.into_blocking_fd()?).spawn()?.wait()?;
    /// let mut text = [0; 8];
    /// assert_eq!(trill_reactor::block_on(reader.read(&mut text))?, 3);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn into_blocking_fd(self) -> io::Result<OwnedFd> {
        let fd = self.io.into_inner()?;
        sys::set_blocking(&fd, true)?;
        Ok(fd)
    }

    pub(crate) fn io(&self) -> &Async<OwnedFd> {
        &self.io
    }
}

impl AsyncWrite for PipeWriter {
    #[track_caller]
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut &*self).poll_write(cx, bytes)
    }

    #[track_caller]
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    /// Does nothing: the end is closed when the writer is dropped.
    #[track_caller]
    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for &PipeWriter {
    #[track_caller]
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let location = Location::caller();
        let fd = self.as_fd();
        self.io
            .source()
            .poll_io(cx, Direction::Write, location, || sys::write(fd, bytes))
    }

    #[track_caller]
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    /// Does nothing: the end is closed when the writer is dropped.
    #[track_caller]
    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// Takes over a pipe, and makes it not block: whoever else has the same end sees that, too.
///
/// Fails with `InvalidInput` if it is no pipe, or the other end of one.
impl TryFrom<OwnedFd> for PipeWriter {
    type Error = io::Error;

    fn try_from(fd: OwnedFd) -> io::Result<PipeWriter> {
        os_only()?;
        sys::is_pipe(&fd)?;
        sys::is_open_for(&fd, OFlags::WRONLY)?;
        sys::set_blocking(&fd, false)?;
        PipeWriter::of(fd)
    }
}

impl AsFd for PipeWriter {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.io.get_ref().as_fd()
    }
}

impl AsRawFd for PipeWriter {
    fn as_raw_fd(&self) -> RawFd {
        self.io.get_ref().as_raw_fd()
    }
}
