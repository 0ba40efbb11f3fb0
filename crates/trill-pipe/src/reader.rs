//! The end that is read.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::panic::Location;
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_io::AsyncRead;
use rustix::fs::OFlags;
use trill_reactor::{Async, Direction};

use crate::fifo;
use crate::futures::Read;
use crate::pipe::os_only;
use crate::sys;

/// The end of a pipe that is read; from [`pipe`](crate::pipe()), [`PipeReader::open`], or a descriptor.
///
/// Any number of tasks may read, through shared references.
///
/// # Cancel safety
///
/// Bytes leave the pipe only with the poll that returns them. Dropping this closes the end.
///
/// # Examples
///
/// ```
/// use futures_lite::AsyncReadExt;
///
/// trill_reactor::block_on(async {
///     let (mut reader, writer) = trill_pipe::pipe()?;
///     writer.write_all(b"all of it").await?;
///     drop(writer);
///     let mut text = String::new();
///     reader.read_to_string(&mut text).await?;
///     assert_eq!(text, "all of it");
///     Ok(())
/// })
/// # as std::io::Result<()>;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct PipeReader {
    io: Async<OwnedFd>,
    /// Whether it was opened by its name, and may have had no writer yet.
    is_named: bool,
}

impl PipeReader {
    pub(crate) fn of(fd: OwnedFd) -> io::Result<PipeReader> {
        Ok(PipeReader {
            io: Async::new_nonblocking(fd)?,
            is_named: false,
        })
    }

    /// Opens a named pipe (a FIFO) to read.
    ///
    /// It returns at once, whether or not somebody writes. The first read waits for the first writer; when all writers are
    /// gone it is at its end, until another one opens the pipe. It looks a name up in the file system, which takes
    /// microseconds where that is not on a network.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if something else is at the path; what the operating system says; or as [`pipe`](crate::pipe()).
    ///
    /// # Examples
    ///
    /// ```
    /// # use rustix::fs::{CWD, FileType, Mode, mknodat};
    /// let path = std::env::temp_dir().join(format!("trill-fifo-{}", std::process::id()));
    /// # mknodat(CWD, &path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0)?;
    /// // `mkfifo` has made it.
    /// let reader = trill_pipe::PipeReader::open(&path)?;
    /// let writer = trill_pipe::PipeWriter::open(&path)?;
    /// trill_reactor::block_on(writer.write_all(b"hello"))?;
    /// let mut text = [0; 8];
    /// assert_eq!(trill_reactor::block_on(reader.read(&mut text))?, 5);
    /// # std::fs::remove_file(path)?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn open<P: AsRef<Path>>(path: P) -> io::Result<PipeReader> {
        os_only()?;
        let fd = sys::open(path.as_ref(), OFlags::RDONLY)?;
        Ok(PipeReader {
            io: Async::new_nonblocking(fd)?,
            is_named: true,
        })
    }

    /// Reads some bytes; none at the end, or for an empty buffer.
    ///
    /// # Errors
    ///
    /// What the operating system says.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: bytes leave the pipe only with the poll that returns them.
    ///
    /// # Examples
    ///
    /// See [`pipe`](crate::pipe()).
    pub fn read<'a>(&'a self, buffer: &'a mut [u8]) -> Read<'a> {
        Read::new(self, buffer)
    }

    /// Reads what is there now.
    ///
    /// # Errors
    ///
    /// `WouldBlock` if there is nothing, and what the operating system says.
    ///
    /// # Examples
    ///
    /// ```
    /// let (reader, _writer) = trill_pipe::pipe()?;
    /// let error = reader.try_read(&mut [0]).unwrap_err();
    /// assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.io
            .source()
            .try_io(Direction::Read, || self.read_now(buffer))
    }

    /// Gives the descriptor back in blocking mode, as for the standard input of a child.
    ///
    /// # Errors
    ///
    /// What the operating system says; the end is closed then.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::process::{Command, Stdio};
    ///
    /// let (reader, writer) = trill_pipe::pipe()?;
    /// let mut cat = Command::new("cat").stdin(reader.into_blocking_fd()?).stdout(Stdio::null()).spawn()?;
    /// trill_reactor::block_on(writer.write_all(b"hello"))?;
    /// drop(writer);
    /// assert!(cat.wait()?.success());
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

    pub(crate) fn read_now(&self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.is_named {
            true => fifo::read(self.as_fd(), buffer),
            false => sys::read(self.as_fd(), buffer),
        }
    }
}

impl AsyncRead for PipeReader {
    #[track_caller]
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut &*self).poll_read(cx, buffer)
    }
}

impl AsyncRead for &PipeReader {
    #[track_caller]
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let location = Location::caller();
        self.io
            .source()
            .poll_io(cx, Direction::Read, location, || self.read_now(buffer))
    }
}

/// Takes over a pipe, and makes it not block: whoever else has the same end sees that, too.
///
/// Fails with `InvalidInput` if it is no pipe, or the other end of one.
impl TryFrom<OwnedFd> for PipeReader {
    type Error = io::Error;

    fn try_from(fd: OwnedFd) -> io::Result<PipeReader> {
        os_only()?;
        sys::is_pipe(&fd)?;
        sys::is_open_for(&fd, OFlags::RDONLY)?;
        sys::set_blocking(&fd, false)?;
        PipeReader::of(fd)
    }
}

impl AsFd for PipeReader {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.io.get_ref().as_fd()
    }
}

impl AsRawFd for PipeReader {
    fn as_raw_fd(&self) -> RawFd {
        self.io.get_ref().as_raw_fd()
    }
}
