//! The promise that reading and writing does not exchange the descriptor.
#![allow(unsafe_code)] // The promise is the point of this module.

use std::borrow::Cow;
use std::fs::File;
use std::io::{
    BufReader, BufWriter, LineWriter, Stderr, StderrLock, Stdin, StdinLock, Stdout, StdoutLock,
    Write,
};
use std::net::TcpStream;
use std::process::{ChildStderr, ChildStdin, ChildStdout};

/// Marks types whose `Read` and `Write` keep the descriptor they were made with.
///
/// [`Async`](crate::Async) reads and writes through `&mut T` only for these.
///
/// # Safety
///
/// No method of the implementations of `Read` and `Write` for the type closes or exchanges its descriptor.
///
/// # Examples
///
/// ```
/// use std::io::{self, Read};
/// use std::os::fd::{AsFd, BorrowedFd};
/// use std::os::unix::net::UnixStream;
/// use trill_reactor::{Async, IoSafe};
///
/// struct Counted { stream: UnixStream, reads: u64 }
///
/// impl AsFd for Counted {
///     fn as_fd(&self) -> BorrowedFd<'_> { self.stream.as_fd() }
/// }
///
/// impl Read for Counted {
///     fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
///         self.reads += 1;
///         self.stream.read(buffer)
///     }
/// }
///
/// // SAFETY: `read` leaves `stream` in its place.
/// unsafe impl IoSafe for Counted {}
///
/// let (stream, other) = UnixStream::pair()?;
/// let mut counted = Async::new(Counted { stream, reads: 0 })?;
/// drop(other);
/// let mut buffer = [0; 8];
/// let end = futures_lite::AsyncReadExt::read(&mut counted, &mut buffer);
/// assert_eq!(trill_reactor::block_on(end)?, 0);
/// assert_eq!(counted.get_ref().reads, 1);
/// # Ok::<(), io::Error>(())
/// ```
pub unsafe trait IoSafe {}

// SAFETY: a shared reference cannot exchange what it names, and a method of `T` that gets one cannot either without
// breaking `AsFd`'s promise. The language upholds this; Miri cannot see descriptors, so no test would fail.
unsafe impl<T: ?Sized> IoSafe for &T {}

macro_rules! keeps_its_descriptor {
    ($($type:ty),+ $(,)?) => {$(
        // SAFETY: the standard library's methods of `Read` and `Write` for this type only make system calls on the
        // descriptor it holds; the library upholds this. `tests/wrapper.rs` reads and writes through these.
        unsafe impl IoSafe for $type {}
    )+};
}

keeps_its_descriptor!(
    File,
    Stdin,
    Stdout,
    Stderr,
    StdinLock<'_>,
    StdoutLock<'_>,
    StderrLock<'_>,
    TcpStream,
    ChildStdin,
    ChildStdout,
    ChildStderr,
);

macro_rules! keeps_the_descriptor_of {
    ($($type:ty, $($bound:path),+;)+) => {$(
        // SAFETY: the wrapper passes calls on to `T`, which keeps its descriptor, and exchanges nothing itself; the
        // standard library upholds this. `tests/wrapper.rs` reads through one.
        unsafe impl<T: $($bound +)+> IoSafe for $type {}
    )+};
}

keeps_the_descriptor_of! {
    BufReader<T>, IoSafe;
    BufWriter<T>, IoSafe, Write;
    LineWriter<T>, IoSafe, Write;
    &mut T, IoSafe, Sized;
    Box<T>, IoSafe, Sized;
}

// SAFETY: it passes calls on to `T`. The standard library upholds this; no test would fail.
unsafe impl<T: IoSafe + Clone> IoSafe for Cow<'_, T> {}
