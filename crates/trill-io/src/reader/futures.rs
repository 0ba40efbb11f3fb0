//! The futures that read.

use std::fmt;
use std::future::Future;
use std::io;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_io::AsyncRead;

use super::separators::{self, Separators};
use super::{CHUNK_BYTES, Reader};
use crate::error::{Incomplete, Overrun, ReadError};
use crate::turn::turn;

/// Reads some bytes; see [`Reader::read`].
///
/// # Examples
///
/// See [`Reader::read`].
#[must_use = "futures do nothing unless awaited"]
pub struct Read<'a, R> {
    reader: &'a mut Reader<R>,
    max: usize,
}

impl<'a, R> Read<'a, R> {
    pub(super) fn new(reader: &'a mut Reader<R>, max: usize) -> Read<'a, R> {
        Read { reader, max }
    }
}

impl<R: AsyncRead + Unpin> Future for Read<'_, R> {
    type Output = io::Result<Vec<u8>>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Read { reader, max } = self.get_mut();
        if *max > 0 && reader.buffer.is_empty() {
            let want = (*max).min(CHUNK_BYTES);
            ready!(fill(
                reader,
                cx,
                Location::caller(),
                |_| want,
                |len| len > 0
            ))?;
        } else {
            ready!(turn(cx, Location::caller()));
        }
        Poll::Ready(Ok(reader.buffer.take(*max)))
    }
}

/// Reads some bytes into a buffer; see [`Reader::read_into`].
///
/// # Examples
///
/// See [`Reader::read_into`].
#[must_use = "futures do nothing unless awaited"]
pub struct ReadInto<'a, R> {
    reader: &'a mut Reader<R>,
    buf: &'a mut [u8],
}

impl<'a, R> ReadInto<'a, R> {
    pub(super) fn new(reader: &'a mut Reader<R>, buf: &'a mut [u8]) -> ReadInto<'a, R> {
        ReadInto { reader, buf }
    }
}

impl<R: AsyncRead + Unpin> Future for ReadInto<'_, R> {
    type Output = io::Result<usize>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let ReadInto { reader, buf } = self.get_mut();
        Pin::new(&mut **reader).poll_read(cx, buf)
    }
}

/// Reads a number of bytes; see [`Reader::read_exact`].
///
/// # Examples
///
/// See [`Reader::read_exact`].
#[must_use = "futures do nothing unless awaited"]
pub struct ReadExact<'a, R> {
    reader: &'a mut Reader<R>,
    len: usize,
}

impl<'a, R> ReadExact<'a, R> {
    pub(super) fn new(reader: &'a mut Reader<R>, len: usize) -> ReadExact<'a, R> {
        ReadExact { reader, len }
    }
}

impl<R: AsyncRead + Unpin> Future for ReadExact<'_, R> {
    type Output = Result<Vec<u8>, ReadError>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let ReadExact { reader, len } = self.get_mut();
        let len = *len;
        // More each time, and never more than is asked for.
        let want = |have: usize| (len - have).min(have.clamp(CHUNK_BYTES, FILL_BYTES_MAX));
        ready!(fill(reader, cx, Location::caller(), want, |have| have >= len))?;
        let taken = reader.buffer.take(len);
        if taken.len() < len {
            return Poll::Ready(Err(incomplete(taken, Some(len))));
        }
        Poll::Ready(Ok(taken))
    }
}

/// Reads up to a separator; see [`Reader::read_until`].
///
/// # Examples
///
/// See [`Separators`].
#[must_use = "futures do nothing unless awaited"]
pub struct ReadUntil<'a, R, S> {
    reader: &'a mut Reader<R>,
    separators: S,
    longest: usize,
    /// No match begins before.
    searched: usize,
}

impl<'a, R, S: Separators> ReadUntil<'a, R, S> {
    #[track_caller]
    pub(super) fn new(reader: &'a mut Reader<R>, separators: S) -> ReadUntil<'a, R, S> {
        ReadUntil {
            reader,
            longest: separators::longest(&separators),
            separators,
            searched: 0,
        }
    }

    /// The length of the piece if its end is there; `None` if more must be read.
    fn search(&mut self) -> Result<Option<usize>, Overrun> {
        let (data, limit) = (self.reader.buffer.filled(), self.reader.limit);
        let found = separators::first(&self.separators, data, self.searched);
        // A separator may have begun in the last bytes, but not before them.
        self.searched = (data.len() + 1)
            .saturating_sub(self.longest)
            .max(self.searched);
        // No part of a separator that comes lies within the limit, wherever the stream was cut. What is reported is
        // the same in each case, too: the first `limit + 1` bytes.
        if found.map_or(self.searched, |found| found.start) > limit {
            let consumable = limit + 1;
            return Err(Overrun { consumable, limit });
        }
        Ok(found.map(|found| found.end))
    }

    /// Reads until the end of the piece is there; `None` if the stream ends first.
    #[track_caller]
    fn poll_end(
        &mut self,
        cx: &mut Context<'_>,
        location: &'static Location<'static>,
    ) -> Poll<Result<Option<usize>, ReadError>>
    where
        R: AsyncRead + Unpin,
    {
        loop {
            let unit = ready!(turn(cx, location));
            match self.search() {
                Ok(None) => {}
                Ok(end) => return Poll::Ready(Ok(end)),
                Err(overrun) => return Poll::Ready(Err(ReadError::Overrun(overrun))),
            }
            match self.reader.poll_more(cx, CHUNK_BYTES) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Ok(None)),
                Poll::Ready(Ok(_)) => {}
                Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error.into())),
                Poll::Pending => {
                    unit.refund();
                    return Poll::Pending;
                }
            }
        }
    }
}

impl<R: AsyncRead + Unpin, S: Separators + Unpin> Future for ReadUntil<'_, R, S> {
    type Output = Result<Vec<u8>, ReadError>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let end = ready!(this.poll_end(cx, Location::caller()))?;
        this.searched = 0;
        let taken = this.reader.buffer.take(end.unwrap_or(usize::MAX));
        Poll::Ready(match end {
            Some(_) => Ok(taken),
            None => Err(incomplete(taken, None)),
        })
    }
}

/// Reads a line; see [`Reader::read_line`].
///
/// # Examples
///
/// See [`Reader`].
#[must_use = "futures do nothing unless awaited"]
pub struct ReadLine<'a, R>(ReadUntil<'a, R, u8>);

impl<'a, R> ReadLine<'a, R> {
    pub(super) fn new(reader: &'a mut Reader<R>) -> ReadLine<'a, R> {
        ReadLine(ReadUntil::new(reader, b'\n'))
    }

    /// Goes on with the search that an earlier future of this kind gave up.
    pub(super) fn searched(mut self, searched: usize) -> ReadLine<'a, R> {
        self.0.searched = searched;
        self
    }

    /// Up to where it has searched.
    pub(super) fn has_searched(&self) -> usize {
        self.0.searched
    }
}

impl<R: AsyncRead + Unpin> Future for ReadLine<'_, R> {
    type Output = Result<Vec<u8>, ReadError>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let until = &mut self.get_mut().0;
        let end = ready!(until.poll_end(cx, Location::caller()))?;
        until.searched = 0;
        Poll::Ready(Ok(until.reader.buffer.take(end.unwrap_or(usize::MAX))))
    }
}

/// Reads to the end; see [`Reader::read_to_end`].
///
/// # Examples
///
/// See [`Reader`].
#[must_use = "futures do nothing unless awaited"]
pub struct ReadToEnd<'a, R> {
    reader: &'a mut Reader<R>,
    max: usize,
}

impl<'a, R> ReadToEnd<'a, R> {
    pub(super) fn new(reader: &'a mut Reader<R>, max: usize) -> ReadToEnd<'a, R> {
        ReadToEnd { reader, max }
    }
}

impl<R: AsyncRead + Unpin> Future for ReadToEnd<'_, R> {
    type Output = Result<Vec<u8>, ReadError>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let ReadToEnd { reader, max } = self.get_mut();
        let want = |have: usize| have.clamp(CHUNK_BYTES, FILL_BYTES_MAX);
        ready!(fill(reader, cx, Location::caller(), want, |have| have > *max))?;
        if reader.buffer.len() > *max {
            let (consumable, limit) = (*max, *max);
            return Poll::Ready(Err(ReadError::Overrun(Overrun { consumable, limit })));
        }
        Poll::Ready(Ok(reader.buffer.take(usize::MAX)))
    }
}

/// Reads until `enough` is buffered, or the stream ends. `want` says how much to ask for when so much is there.
#[track_caller]
fn fill<R: AsyncRead + Unpin>(
    reader: &mut Reader<R>,
    cx: &mut Context<'_>,
    location: &'static Location<'static>,
    want: impl Fn(usize) -> usize,
    enough: impl Fn(usize) -> bool,
) -> Poll<io::Result<()>> {
    loop {
        let unit = ready!(turn(cx, location));
        let have = reader.buffer.len();
        if enough(have) {
            return Poll::Ready(Ok(()));
        }
        match reader.poll_more(cx, want(have)) {
            Poll::Ready(Ok(0)) => return Poll::Ready(Ok(())),
            Poll::Ready(Ok(_)) => {}
            Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
            Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
            Poll::Pending => {
                unit.refund();
                return Poll::Pending;
            }
        }
    }
}

fn incomplete(partial: Vec<u8>, expected: Option<usize>) -> ReadError {
    ReadError::Incomplete(Incomplete { partial, expected })
}

impl<R> fmt::Debug for Read<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Read")
            .field("max", &self.max)
            .field("buffer", &self.reader.buffer)
            .finish()
    }
}

impl<R> fmt::Debug for ReadInto<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadInto")
            .field("len", &self.buf.len())
            .field("buffer", &self.reader.buffer)
            .finish()
    }
}

impl<R> fmt::Debug for ReadExact<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadExact")
            .field("len", &self.len)
            .field("buffer", &self.reader.buffer)
            .finish()
    }
}

impl<R, S> fmt::Debug for ReadUntil<'_, R, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadUntil")
            .field("searched", &self.searched)
            .field("buffer", &self.reader.buffer)
            .finish()
    }
}

impl<R> fmt::Debug for ReadLine<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ReadLine").field(&self.0).finish()
    }
}

impl<R> fmt::Debug for ReadToEnd<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadToEnd")
            .field("max", &self.max)
            .field("buffer", &self.reader.buffer)
            .finish()
    }
}

/// How much one read of a long piece asks of the stream at most. A unit of the task's budget is one read, so this bounds
/// what a stream that is always ready delivers in one poll: 8 MiB.
const FILL_BYTES_MAX: usize = 64 * 1024;
