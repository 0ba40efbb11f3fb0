//! Why a bounded read failed, and what became of the data.

use std::error::Error;
use std::fmt;
use std::io;

/// Why a read did not return what was asked for.
///
/// It turns into an `io::Error` with `?`: `UnexpectedEof` or `InvalidData` with this error inside, or the reader's own.
///
/// # Examples
///
/// ```
/// use trill_io::{ReadError, Reader};
///
/// let mut reader = Reader::new(&b"abc"[..]);
/// let error = trill_park::block_on(reader.read_exact(5)).unwrap_err();
/// let ReadError::Incomplete(incomplete) = error else { panic!() };
/// assert_eq!(incomplete.partial, b"abc");
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum ReadError {
    /// The stream ended first. What came before is in here and no longer in the reader.
    Incomplete(Incomplete),
    /// More than the limit would have to be buffered. Everything is still in the reader.
    Overrun(Overrun),
    /// The reader failed. What came before is still there; all later reads that need more fail as well.
    Io(io::Error),
}

/// The stream ended before a read had what it was to return.
///
/// # Examples
///
/// See [`ReadError`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Incomplete {
    /// What came before the end.
    pub partial: Vec<u8>,
    /// How many bytes were asked for; `None` if a separator was.
    pub expected: Option<usize>,
}

/// There is more before the separator, or before the end, than the limit allows.
///
/// # Examples
///
/// ```
/// use futures_lite::AsyncBufReadExt;
/// use trill_io::{ReadError, Reader};
///
/// trill_park::block_on(async {
///     let mut reader = Reader::with_limit(4, &b"123456\n"[..]);
///     let Err(ReadError::Overrun(overrun)) = reader.read_line().await else { panic!() };
///     assert_eq!(overrun.consumable, 5);
///     // Nothing is lost: take what is there, and try again.
///     assert_eq!(reader.read(overrun.consumable).await?, b"12345");
///     assert_eq!(reader.read_line().await?, b"6\n");
///     # Ok::<(), trill_io::ReadError>(())
/// })?;
/// # Ok::<(), trill_io::ReadError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Overrun {
    /// How many bytes can be taken without waiting, and without taking a part of the separator.
    pub consumable: usize,
    /// The limit in bytes.
    pub limit: usize,
}

impl fmt::Display for Incomplete {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let len = self.partial.len();
        match self.expected {
            Some(expected) => write!(f, "the stream ended after {len} of {expected} bytes"),
            None => write!(f, "the stream ended after {len} bytes without a separator"),
        }
    }
}

impl fmt::Display for Overrun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Overrun { consumable, limit } = self;
        write!(
            f,
            "more than the limit of {limit} bytes: raise it, or take up to {consumable} bytes and read again"
        )
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReadError::Incomplete(incomplete) => incomplete.fmt(f),
            ReadError::Overrun(overrun) => overrun.fmt(f),
            ReadError::Io(error) => error.fmt(f),
        }
    }
}

impl Error for Incomplete {}

impl Error for Overrun {}

impl Error for ReadError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            ReadError::Io(error) => error.source(),
            ReadError::Incomplete(_) | ReadError::Overrun(_) => None,
        }
    }
}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> ReadError {
        ReadError::Io(error)
    }
}

impl From<ReadError> for io::Error {
    fn from(error: ReadError) -> io::Error {
        match error {
            ReadError::Incomplete(inner) => io::Error::new(io::ErrorKind::UnexpectedEof, inner),
            ReadError::Overrun(inner) => io::Error::new(io::ErrorKind::InvalidData, inner),
            ReadError::Io(error) => error,
        }
    }
}
