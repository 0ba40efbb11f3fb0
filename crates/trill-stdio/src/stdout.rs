//! Standard output and standard error.

use std::io;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_io::AsyncWrite;
use trill_reactor::Direction;

use crate::stream::{Stream, Way, Which};
use crate::write::{Flush, Write, WriteAll, Writer};

/// Returns a handle to standard output.
///
/// # Examples
///
/// ```no_run
/// trill_reactor::block_on(trill_stdio::stdout().write_all(b"hello\n"))?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn stdout() -> Stdout {
    Stdout {
        writer: Writer::default(),
    }
}

/// Standard output; from [`stdout`]. All handles are the same stream, and none holds anything back.
///
/// # Cancel safety
///
/// See [`Stdout::write`].
///
/// # Examples
///
/// See [`stdout`].
#[derive(Debug)]
pub struct Stdout {
    /// For the trait `AsyncWrite`; futures have their own.
    writer: Writer,
}

impl Stdout {
    /// Writes some bytes, and returns how many.
    ///
    /// # Errors
    ///
    /// `BrokenPipe` if nobody reads; `NotFound` if descriptor 1 is closed, or is something that this process has opened
    /// since; `Unsupported` in a simulated world; or what the operating system says.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe where the stream is waited for in the [reactor](Way::Reactor): nothing is written before the poll that
    /// returns. By a [thread](Way::Thread) a write that was dropped goes on.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// let count = trill_reactor::block_on(trill_stdio::stdout().write(b"hello\n"))?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn write<'a>(&self, bytes: &'a [u8]) -> Write<'a> {
        Write::new(Which::Stdout, bytes)
    }

    /// Writes all bytes.
    ///
    /// # Errors
    ///
    /// As [`Stdout::write`].
    ///
    /// # Cancel safety
    ///
    /// Dropping the future leaves the beginning of the bytes written, and does not tell how many.
    ///
    /// # Examples
    ///
    /// See [`stdout`].
    pub fn write_all<'a>(&self, bytes: &'a [u8]) -> WriteAll<'a> {
        WriteAll::new(Which::Stdout, bytes)
    }

    /// Waits for a write through this handle that was begun and dropped. Others are written when they return.
    ///
    /// # Errors
    ///
    /// As [`Stdout::write`].
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: the writing goes on.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// trill_reactor::block_on(trill_stdio::stdout().flush())?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn flush(&mut self) -> Flush<'_> {
        Flush::new(Which::Stdout, &mut self.writer)
    }

    /// Tells how the stream is waited for. It is opened if this is its first use.
    ///
    /// # Errors
    ///
    /// As [`Stdout::write`].
    ///
    /// # Examples
    ///
    /// ```no_run
    /// println!("{:?}", trill_stdio::stdout().way()?);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn way(&self) -> io::Result<Way> {
        Which::Stdout.stream().map(Stream::way)
    }
}

impl AsyncWrite for Stdout {
    #[track_caller]
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let location = Location::caller();
        poll_write(
            Which::Stdout,
            &mut self.get_mut().writer,
            cx,
            location,
            bytes,
        )
    }

    #[track_caller]
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let location = Location::caller();
        let this = self.get_mut();
        this.writer.poll_flush(Which::Stdout, cx, location)
    }

    /// Only flushes: the stream is the whole process's.
    #[track_caller]
    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flush(cx)
    }
}

/// Returns a handle to standard error.
///
/// # Examples
///
/// ```no_run
/// trill_reactor::block_on(trill_stdio::stderr().write_all(b"hello\n"))?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn stderr() -> Stderr {
    Stderr {
        writer: Writer::default(),
    }
}

/// Standard error; from [`stderr`]. All handles are the same stream, and none holds anything back.
///
/// # Cancel safety
///
/// See [`Stderr::write`].
///
/// # Examples
///
/// See [`stderr`].
#[derive(Debug)]
pub struct Stderr {
    /// For the trait `AsyncWrite`; futures have their own.
    writer: Writer,
}

impl Stderr {
    /// Writes some bytes, and returns how many.
    ///
    /// # Errors
    ///
    /// `BrokenPipe` if nobody reads; `NotFound` if descriptor 2 is closed, or is something that this process has opened
    /// since; `Unsupported` in a simulated world; or what the operating system says.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe where the stream is waited for in the [reactor](Way::Reactor): nothing is written before the poll that
    /// returns. By a [thread](Way::Thread) a write that was dropped goes on.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// let count = trill_reactor::block_on(trill_stdio::stderr().write(b"hello\n"))?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn write<'a>(&self, bytes: &'a [u8]) -> Write<'a> {
        Write::new(Which::Stderr, bytes)
    }

    /// Writes all bytes.
    ///
    /// # Errors
    ///
    /// As [`Stderr::write`].
    ///
    /// # Cancel safety
    ///
    /// Dropping the future leaves the beginning of the bytes written, and does not tell how many.
    ///
    /// # Examples
    ///
    /// See [`stderr`].
    pub fn write_all<'a>(&self, bytes: &'a [u8]) -> WriteAll<'a> {
        WriteAll::new(Which::Stderr, bytes)
    }

    /// Waits for a write through this handle that was begun and dropped. Others are written when they return.
    ///
    /// # Errors
    ///
    /// As [`Stderr::write`].
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: the writing goes on.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// trill_reactor::block_on(trill_stdio::stderr().flush())?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn flush(&mut self) -> Flush<'_> {
        Flush::new(Which::Stderr, &mut self.writer)
    }

    /// Tells how the stream is waited for. It is opened if this is its first use.
    ///
    /// # Errors
    ///
    /// As [`Stderr::write`].
    ///
    /// # Examples
    ///
    /// ```no_run
    /// println!("{:?}", trill_stdio::stderr().way()?);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn way(&self) -> io::Result<Way> {
        Which::Stderr.stream().map(Stream::way)
    }
}

impl AsyncWrite for Stderr {
    #[track_caller]
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let location = Location::caller();
        poll_write(
            Which::Stderr,
            &mut self.get_mut().writer,
            cx,
            location,
            bytes,
        )
    }

    #[track_caller]
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let location = Location::caller();
        let this = self.get_mut();
        this.writer.poll_flush(Which::Stderr, cx, location)
    }

    /// Only flushes: the stream is the whole process's.
    #[track_caller]
    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flush(cx)
    }
}

/// Writes for a handle: whoever polls it last waits.
fn poll_write(
    which: Which,
    writer: &mut Writer,
    cx: &mut Context<'_>,
    location: &'static Location<'static>,
    bytes: &[u8],
) -> Poll<io::Result<usize>> {
    match which.stream()? {
        Stream::Ready(stream) => stream.source().poll_io(cx, Direction::Write, location, || {
            stream.get_ref().write(bytes)
        }),
        Stream::Slow(_) => writer.poll_write(which, cx, location, bytes),
    }
}
