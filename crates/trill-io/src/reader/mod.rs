//! Reading through a buffer, with a limit.

mod futures;
mod lines;
mod separators;
mod traits;

use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_io::AsyncRead;

pub use self::futures::{Read, ReadExact, ReadInto, ReadLine, ReadToEnd, ReadUntil};
pub use self::lines::Lines;
pub use self::separators::Separators;

use crate::buffer::Buffer;
use crate::fault::Fault;

/// Reads through a buffer: pieces up to a separator, whole lines, an exact number of bytes.
///
/// A limit bounds what is buffered while the end of a piece is looked for, so that a peer cannot fill the memory. What
/// is looked at and not taken stays in the buffer: a read that is dropped, or that fails because of the limit, has taken
/// nothing.
///
/// It is an `AsyncRead` and an `AsyncBufRead`, too. Its own methods come first where an extension trait has one of the
/// same name; that one is called as `AsyncReadExt::read(&mut reader, buf)`.
///
/// Its methods take `&mut self`, so a second read cannot begin while one is under way and take bytes of it:
///
/// ```compile_fail,E0499
/// use trill_io::Reader;
///
/// let mut reader = Reader::new(&b"one\ntwo\n"[..]);
/// let first = reader.read_line();
/// let second = reader.read_line();
/// trill_park::block_on(async { (first.await, second.await) });
/// ```
///
/// # Examples
///
/// ```
/// use trill_io::Reader;
///
/// trill_park::block_on(async {
///     let mut reader = Reader::new(&b"length 5\nhello\n"[..]);
///     assert_eq!(reader.read_line().await?, b"length 5\n");
///     assert_eq!(reader.read_exact(5).await?, b"hello");
///     assert_eq!(reader.read_to_end(100).await?, b"\n");
///     assert!(reader.is_at_end());
///     # Ok::<(), trill_io::ReadError>(())
/// })?;
/// # Ok::<(), trill_io::ReadError>(())
/// ```
pub struct Reader<R> {
    inner: R,
    buffer: Buffer,
    limit: usize,
    end: End,
}

/// What is known of the end of the stream.
enum End {
    Open,
    Reached,
    Failed(Fault),
}

impl<R> Reader<R> {
    /// Makes a reader with the limit [`LIMIT_BYTES`].
    ///
    /// # Examples
    ///
    /// See [`Reader`].
    pub fn new(inner: R) -> Reader<R> {
        Reader::with_limit(LIMIT_BYTES, inner)
    }

    /// Makes a reader in which a piece, without its separator, may have up to `limit` bytes.
    ///
    /// # Examples
    ///
    /// See [`Overrun`](crate::Overrun).
    pub fn with_limit(limit: usize, inner: R) -> Reader<R> {
        Reader::from_parts(limit, inner, Vec::new())
    }

    /// Makes a reader that gives `buffered` out before what comes from `inner`; the opposite of
    /// [`Reader::into_parts`].
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_io::Reader;
    ///
    /// let mut reader = Reader::from_parts(100, &b"lo"[..], b"hel".to_vec());
    /// assert_eq!(trill_park::block_on(reader.read_exact(5))?, b"hello");
    /// # Ok::<(), trill_io::ReadError>(())
    /// ```
    pub fn from_parts(limit: usize, inner: R, buffered: Vec<u8>) -> Reader<R> {
        Reader {
            inner,
            buffer: Buffer::of(buffered),
            limit,
            end: End::Open,
        }
    }

    /// Returns what was read from the stream and not taken yet.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_io::Reader;
    ///
    /// let mut reader = Reader::new(&b"one\ntwo"[..]);
    /// trill_park::block_on(reader.read_line())?;
    /// assert_eq!(reader.buffer(), b"two");
    /// # Ok::<(), trill_io::ReadError>(())
    /// ```
    #[inline]
    pub fn buffer(&self) -> &[u8] {
        self.buffer.filled()
    }

    /// Drops up to `count` bytes of what is buffered, as after an [`Overrun`](crate::Overrun).
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_io::{ReadError, Reader};
    ///
    /// trill_park::block_on(async {
    ///     let mut reader = Reader::with_limit(2, &b"abcdefg\nxy\n"[..]);
    ///     while let Err(ReadError::Overrun(overrun)) = reader.read_line().await {
    ///         reader.discard(overrun.consumable);
    ///     }
    ///     // The rest of the line that was too long went as a line; this is the next one.
    ///     assert_eq!(reader.read_line().await?, b"xy\n");
    ///     # Ok::<(), trill_io::ReadError>(())
    /// })?;
    /// # Ok::<(), trill_io::ReadError>(())
    /// ```
    pub fn discard(&mut self, count: usize) {
        self.buffer.consume(count);
    }

    /// Returns the limit in bytes.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(trill_io::Reader::new(&b""[..]).limit(), 64 * 1024);
    /// ```
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// Changes the limit; what is buffered stays.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_io::Reader;
    ///
    /// let mut reader = Reader::with_limit(2, &b"hello\n"[..]);
    /// trill_park::block_on(async {
    ///     assert!(reader.read_line().await.is_err());
    ///     reader.set_limit(5);
    ///     assert_eq!(reader.read_line().await.unwrap(), b"hello\n");
    /// });
    /// ```
    pub fn set_limit(&mut self, limit: usize) {
        self.limit = limit;
    }

    /// Says whether the stream is known to have ended and everything was taken.
    ///
    /// # Examples
    ///
    /// See [`Reader`].
    pub fn is_at_end(&self) -> bool {
        matches!(self.end, End::Reached) && self.buffer.is_empty()
    }

    /// Returns the stream.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(trill_io::Reader::new(&b"abc"[..]).get_ref(), b"abc");
    /// ```
    pub fn get_ref(&self) -> &R {
        &self.inner
    }

    /// Returns the stream, to change it. Who reads from it reads past the buffer.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut reader = trill_io::Reader::new(&b"abc"[..]);
    /// *reader.get_mut() = b"def";
    /// assert_eq!(trill_park::block_on(reader.read(3))?, b"def");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn get_mut(&mut self) -> &mut R {
        &mut self.inner
    }

    /// Takes the reader apart: the stream, and what was read from it and not taken.
    ///
    /// Whoever goes on with the stream in another way, as for TLS, needs both.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_io::Reader;
    ///
    /// let mut reader = Reader::new(&b"STARTTLS\nhello"[..]);
    /// trill_park::block_on(reader.read_line())?;
    /// let (inner, rest) = reader.into_parts();
    /// assert_eq!((inner, &*rest), (&b""[..], &b"hello"[..]));
    /// # Ok::<(), trill_io::ReadError>(())
    /// ```
    pub fn into_parts(self) -> (R, Vec<u8>) {
        let Reader {
            inner, mut buffer, ..
        } = self;
        (inner, buffer.take(usize::MAX))
    }

    /// Returns the stream; what is buffered is lost.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(trill_io::Reader::new(&b"abc"[..]).into_inner(), b"abc");
    /// ```
    pub fn into_inner(self) -> R {
        self.inner
    }
}

impl<R: AsyncRead + Unpin> Reader<R> {
    /// Reads up to `max` bytes: what is buffered, or else what comes first. Empty at the end, and if `max` is 0.
    ///
    /// # Errors
    ///
    /// What the stream says; then all later reads that need more fail in the same way.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: a read that is dropped has taken nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut reader = trill_io::Reader::new(&b"hello"[..]);
    /// trill_park::block_on(async {
    ///     assert_eq!(reader.read(4).await?, b"hell");
    ///     assert_eq!(reader.read(4).await?, b"o");
    ///     assert_eq!(reader.read(4).await?, b"");
    ///     # Ok::<(), std::io::Error>(())
    /// })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn read(&mut self, max: usize) -> Read<'_, R> {
        Read::new(self, max)
    }

    /// Reads some bytes into `buf` and returns how many: 0 at the end, and if `buf` is empty.
    ///
    /// # Errors
    ///
    /// As [`Reader::read`].
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: a read that is dropped has taken nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut reader = trill_io::Reader::new(&b"hello"[..]);
    /// let mut buffer = [0; 8];
    /// assert_eq!(trill_park::block_on(reader.read_into(&mut buffer))?, 5);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn read_into<'a>(&'a mut self, buf: &'a mut [u8]) -> ReadInto<'a, R> {
        ReadInto::new(self, buf)
    }

    /// Reads exactly `len` bytes, which may be more than the limit.
    ///
    /// Memory is taken as bytes come, not in advance: a length that a peer made up costs nothing by itself. It is the
    /// caller's part to refuse one that is too large.
    ///
    /// # Errors
    ///
    /// [`ReadError::Incomplete`](crate::ReadError::Incomplete) with what came, if the stream ends before; what the
    /// stream says.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: what came before it is dropped is in the buffer for the next read.
    ///
    /// # Examples
    ///
    /// See [`Reader`] and [`ReadError`](crate::ReadError).
    pub fn read_exact(&mut self, len: usize) -> ReadExact<'_, R> {
        ReadExact::new(self, len)
    }

    /// Reads up to and with the separator, or the one of several that ends first.
    ///
    /// Where two separators end at the same byte, as `"\r\n"` and `"\n"` do, the longer one is taken to have matched: it
    /// does not count to the limit. So the result depends only on the bytes of the stream, and never on how they
    /// arrive.
    ///
    /// # Errors
    ///
    /// * [`ReadError::Overrun`](crate::ReadError::Overrun) if there are more bytes than the limit before the separator,
    ///   found or not. They stay in the buffer, and the error says how many of them can be taken without
    ///   taking a part of the separator.
    /// * [`ReadError::Incomplete`](crate::ReadError::Incomplete) with all that came, if the stream ends without one.
    /// * What the stream says.
    ///
    /// # Panics
    ///
    /// If there is no separator, or one is empty.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: what came before it is dropped is in the buffer for the next read.
    ///
    /// # Examples
    ///
    /// See [`Separators`].
    #[track_caller]
    pub fn read_until<S: Separators>(&mut self, separators: S) -> ReadUntil<'_, R, S> {
        ReadUntil::new(self, separators)
    }

    /// Reads a line with its `"\n"`; without one at the end of the stream, and empty when nothing is left.
    ///
    /// # Errors
    ///
    /// [`ReadError::Overrun`](crate::ReadError::Overrun) if the line is longer than the limit, as for
    /// [`Reader::read_until`]; what the stream says.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: what came before it is dropped is in the buffer for the next read.
    ///
    /// # Examples
    ///
    /// See [`Reader`].
    pub fn read_line(&mut self) -> ReadLine<'_, R> {
        ReadLine::new(self)
    }

    /// Returns a stream of the lines as text, without `"\n"` or `"\r\n"`.
    ///
    /// Where `AsyncBufReadExt` is imported, whose method of this name takes the reader itself and has no limit, call
    /// this one as `Reader::lines(&mut reader)`.
    ///
    /// # Examples
    ///
    /// ```
    /// use futures_lite::StreamExt;
    /// use trill_io::Reader;
    ///
    /// let mut reader = Reader::new(&b"one\ntwo"[..]);
    /// trill_park::block_on(async {
    ///     let mut lines = reader.lines();
    ///     while let Some(line) = lines.next().await {
    ///         assert_eq!(line?.len(), 3);
    ///     }
    ///     # Ok::<(), trill_io::ReadError>(())
    /// })?;
    /// # Ok::<(), trill_io::ReadError>(())
    /// ```
    pub fn lines(&mut self) -> Lines<'_, R> {
        Lines::new(self)
    }

    /// Reads all that comes to the end of the stream, up to `max` bytes.
    ///
    /// # Errors
    ///
    /// [`ReadError::Overrun`](crate::ReadError::Overrun) if there are more; all of them are still there. What the
    /// stream says.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: what came before it is dropped is in the buffer for the next read.
    ///
    /// # Examples
    ///
    /// See [`Reader`].
    pub fn read_to_end(&mut self, max: usize) -> ReadToEnd<'_, R> {
        ReadToEnd::new(self, max)
    }

    /// Reads some bytes, about `want`, behind what is buffered. 0 means the end.
    #[track_caller]
    fn poll_more(&mut self, cx: &mut Context<'_>, want: usize) -> Poll<io::Result<usize>> {
        match &self.end {
            End::Open => {}
            End::Reached => return Poll::Ready(Ok(0)),
            End::Failed(fault) => return Poll::Ready(Err(fault.again())),
        }
        let room = self.buffer.room(want);
        let result = ready!(Pin::new(&mut self.inner).poll_read(cx, room));
        if let Ok(count) = &result {
            self.buffer.fill(*count);
        }
        Poll::Ready(self.note(result))
    }

    /// Reads past the buffer, which is empty.
    #[track_caller]
    fn poll_past(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        match &self.end {
            End::Open => {}
            End::Reached => return Poll::Ready(Ok(0)),
            End::Failed(fault) => return Poll::Ready(Err(fault.again())),
        }
        let result = ready!(Pin::new(&mut self.inner).poll_read(cx, buf));
        Poll::Ready(self.note(result))
    }

    /// Remembers the end of the stream, so that it is not read from any more.
    fn note(&mut self, result: io::Result<usize>) -> io::Result<usize> {
        match &result {
            Ok(0) => self.end = End::Reached,
            Err(error) if error.kind() != io::ErrorKind::Interrupted => {
                self.end = End::Failed(Fault::of(error));
            }
            _ => {}
        }
        result
    }
}

impl<R: fmt::Debug> fmt::Debug for Reader<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader")
            .field("inner", &self.inner)
            .field("buffer", &self.buffer)
            .field("limit", &self.limit)
            .finish()
    }
}

/// The limit of a reader for which none is chosen, in bytes; the same as asyncio's.
///
/// # Examples
///
/// ```
/// assert_eq!(trill_io::LIMIT_BYTES, 65536);
/// ```
pub const LIMIT_BYTES: usize = 64 * 1024;

/// How much is asked of the stream at once: as much as arrives together on a usual network connection.
const CHUNK_BYTES: usize = 8 * 1024;
