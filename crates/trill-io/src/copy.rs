//! Connecting two streams.

use std::fmt;
use std::future::Future;
use std::io;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_io::{AsyncRead, AsyncWrite};

use crate::buffer::Buffer;
use crate::turn::turn;

/// Copies from each of two streams to the other, until both have ended; returns how many bytes went from `a` to `b`, and
/// from `b` to `a`.
///
/// When one stream ends, the other is flushed and closed for writing, and the opposite direction goes on: a client that
/// has sent its request still gets the answer. Each direction buffers up to 16 KiB, which bounds how far a
/// fast side runs ahead of a slow one.
///
/// # Errors
///
/// What either stream says first; then the other direction stops, too.
///
/// # Cancel safety
///
/// Not cancel safe: up to 16 KiB in each direction may have been read and not written when it is dropped. They are lost.
///
/// # Examples
///
/// ```
/// use futures_lite::future::zip;
/// use trill_net::unix::UnixStream;
///
/// trill_park::block_on(async {
///     let (client, mut front) = UnixStream::pair()?;
///     let (mut back, server) = UnixStream::pair()?;
///     let proxy = trill_io::copy_bidirectional(&mut front, &mut back);
///     let talk = async {
///         client.write_all(b"ping").await?;
///         server.read_exact(&mut [0; 4]).await?;
///         server.write_all(b"pong!").await?;
///         client.read_exact(&mut [0; 5]).await?;
///         drop((client, server));
///         # Ok::<(), std::io::Error>(())
///     };
///     let (copied, talked) = zip(proxy, talk).await;
///     talked?;
///     assert_eq!(copied?, (4, 5));
///     # Ok::<(), std::io::Error>(())
/// })?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn copy_bidirectional<'a, A, B>(a: &'a mut A, b: &'a mut B) -> CopyBidirectional<'a, A, B>
where
    A: AsyncRead + AsyncWrite + Unpin,
    B: AsyncRead + AsyncWrite + Unpin,
{
    CopyBidirectional {
        a,
        b,
        forth: Direction::default(),
        back: Direction::default(),
    }
}

/// Copies between two streams; see [`copy_bidirectional`].
///
/// # Examples
///
/// See [`copy_bidirectional`].
#[must_use = "futures do nothing unless awaited"]
pub struct CopyBidirectional<'a, A, B> {
    a: &'a mut A,
    b: &'a mut B,
    forth: Direction,
    back: Direction,
}

impl<A, B> Future for CopyBidirectional<'_, A, B>
where
    A: AsyncRead + AsyncWrite + Unpin,
    B: AsyncRead + AsyncWrite + Unpin,
{
    type Output = io::Result<(u64, u64)>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let location = Location::caller();
        let CopyBidirectional { a, b, forth, back } = self.get_mut();
        let forth_done = forth.poll(cx, location, &mut **a, &mut **b)?;
        let back_done = back.poll(cx, location, &mut **b, &mut **a)?;
        if forth_done.is_pending() || back_done.is_pending() {
            return Poll::Pending;
        }
        Poll::Ready(Ok((forth.copied, back.copied)))
    }
}

/// One direction.
#[derive(Debug, Default)]
struct Direction {
    buffer: Buffer,
    copied: u64,
    /// Whether something was written and not flushed.
    is_dirty: bool,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    Copy,
    /// The source has ended; the rest goes out, and the other side is told.
    Close,
    Done,
}

impl Direction {
    #[track_caller]
    fn poll<R, W>(
        &mut self,
        cx: &mut Context<'_>,
        location: &'static Location<'static>,
        from: &mut R,
        to: &mut W,
    ) -> Poll<io::Result<()>>
    where
        R: AsyncRead + Unpin,
        W: AsyncWrite + Unpin,
    {
        loop {
            if self.stage == Stage::Done {
                return Poll::Ready(Ok(()));
            }
            let unit = ready!(turn(cx, location));
            let polled = self.step(cx, from, to);
            match polled {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => {
                    unit.refund();
                    return Poll::Pending;
                }
            }
        }
    }

    /// Reads, writes, flushes or closes once.
    #[track_caller]
    fn step<R, W>(&mut self, cx: &mut Context<'_>, from: &mut R, to: &mut W) -> Poll<io::Result<()>>
    where
        R: AsyncRead + Unpin,
        W: AsyncWrite + Unpin,
    {
        if !self.buffer.is_empty() {
            let count = ready!(Pin::new(to).poll_write(cx, self.buffer.filled()))?;
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.buffer.consume(count);
            self.copied += count as u64;
            self.is_dirty = true;
            return Poll::Ready(Ok(()));
        }
        if self.stage == Stage::Close {
            // Closing flushes.
            ready!(Pin::new(to).poll_close(cx))?;
            self.stage = Stage::Done;
            return Poll::Ready(Ok(()));
        }
        match Pin::new(from).poll_read(cx, self.buffer.room(COPY_BYTES)) {
            Poll::Ready(Ok(0)) => self.stage = Stage::Close,
            Poll::Ready(Ok(count)) => self.buffer.fill(count),
            Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
            Poll::Pending => {
                // While nothing comes, what came is not held back.
                if self.is_dirty {
                    ready!(Pin::new(to).poll_flush(cx))?;
                    self.is_dirty = false;
                }
                return Poll::Pending;
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl<A, B> fmt::Debug for CopyBidirectional<'_, A, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CopyBidirectional")
            .field("forth", &self.forth)
            .field("back", &self.back)
            .finish_non_exhaustive()
    }
}

/// How much one direction reads at once: two pages of a pipe's usual read, small enough for many proxied connections.
const COPY_BYTES: usize = 16 * 1024;
