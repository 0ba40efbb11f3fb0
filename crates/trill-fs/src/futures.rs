//! The futures of a file's own position.
//!
//! They are here to be named; the methods of [`File`] that make them describe them. Each tells the task that awaits it in
//! which line of the program that is, which the extension methods of other crates cannot.

use std::fmt;
use std::future::Future;
use std::io::{self, SeekFrom};
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use crate::file::File;
use crate::streams::{flush_told, read_told, seek_told, write_told};

/// Reads some bytes; from [`File::read`].
///
/// # Examples
///
/// See [`File::read`].
#[must_use = "futures do nothing unless awaited"]
pub struct Read<'a> {
    pub(crate) file: &'a mut File,
    pub(crate) buffer: &'a mut [u8],
}

impl Future for Read<'_> {
    type Output = io::Result<usize>;

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let (location, this) = (Location::caller(), &mut *self);
        read_told(&this.file.shared, cx, location, this.buffer)
    }
}

/// Fills a buffer; from [`File::read_exact`].
///
/// # Examples
///
/// See [`File::read_exact`].
#[must_use = "futures do nothing unless awaited"]
pub struct ReadExact<'a> {
    pub(crate) file: &'a mut File,
    pub(crate) buffer: &'a mut [u8],
    pub(crate) done: usize,
}

impl Future for ReadExact<'_> {
    type Output = io::Result<()>;

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let (location, this) = (Location::caller(), &mut *self);
        while this.done < this.buffer.len() {
            let rest = &mut this.buffer[this.done..];
            let read = read_told(&this.file.shared, cx, location, rest);
            match ready!(read)? {
                0 => return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into())),
                count => this.done += count,
            }
        }
        Poll::Ready(Ok(()))
    }
}

/// Writes some bytes; from [`File::write`].
///
/// # Examples
///
/// See [`File::write`].
#[must_use = "futures do nothing unless awaited"]
pub struct Write<'a> {
    pub(crate) file: &'a mut File,
    pub(crate) bytes: &'a [u8],
}

impl Future for Write<'_> {
    type Output = io::Result<usize>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        write_told(&self.file.shared, cx, Location::caller(), self.bytes)
    }
}

/// Writes all bytes; from [`File::write_all`].
///
/// # Examples
///
/// See [`File::write_all`].
#[must_use = "futures do nothing unless awaited"]
pub struct WriteAll<'a> {
    pub(crate) file: &'a mut File,
    pub(crate) bytes: &'a [u8],
}

impl Future for WriteAll<'_> {
    type Output = io::Result<()>;

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let (location, this) = (Location::caller(), &mut *self);
        while !this.bytes.is_empty() {
            let wrote = write_told(&this.file.shared, cx, location, this.bytes);
            match ready!(wrote)? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                count => this.bytes = &this.bytes[count..],
            }
        }
        Poll::Ready(Ok(()))
    }
}

/// Waits until what was accepted is written; from [`File::flush`].
///
/// # Examples
///
/// See [`File::flush`].
#[must_use = "futures do nothing unless awaited"]
pub struct Flush<'a> {
    pub(crate) file: &'a mut File,
}

impl Future for Flush<'_> {
    type Output = io::Result<()>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        flush_told(&self.file.shared, cx, Location::caller())
    }
}

/// Moves the position; from [`File::seek`].
///
/// # Examples
///
/// See [`File::seek`].
#[must_use = "futures do nothing unless awaited"]
pub struct Seek<'a> {
    pub(crate) file: &'a mut File,
    pub(crate) to: SeekFrom,
}

impl Future for Seek<'_> {
    type Output = io::Result<u64>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        seek_told(&self.file.shared, cx, Location::caller(), self.to)
    }
}

impl fmt::Debug for Read<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(f, "Read", self.file)
    }
}

impl fmt::Debug for ReadExact<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(f, "ReadExact", self.file)
    }
}

impl fmt::Debug for Write<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(f, "Write", self.file)
    }
}

impl fmt::Debug for WriteAll<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(f, "WriteAll", self.file)
    }
}

impl fmt::Debug for Flush<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(f, "Flush", self.file)
    }
}

impl fmt::Debug for Seek<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(f, "Seek", self.file)
    }
}

fn show(f: &mut fmt::Formatter<'_>, name: &str, file: &File) -> fmt::Result {
    f.debug_tuple(name).field(file).finish()
}
