//! From a stream to a stream.

use std::borrow::Borrow;
use std::fmt;
use std::future::Future;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use trill_reactor::{Async, Direction, Waiter};

use crate::middle::Middle;

/// Copies a stream to another until it ends; returns how many bytes that were.
///
/// The ends are what a reactor watches: streams of trill-net, or an [`Async`] of any descriptor. They may be one and the
/// same. Writing is not shut down at the end.
///
/// # Errors
///
/// What the operating system says of either end. What was read and not written is in [`Splice::into_rest`].
///
/// # Cancel safety
///
/// Cancel safe if it is polled by reference, and then awaited again or asked for [`Splice::written`] and
/// [`Splice::into_rest`]. To drop it loses what was read and not written, at most 64 KiB.
///
/// # Examples
///
/// ```
/// use std::net::Shutdown;
/// use trill_net::unix::UnixStream;
///
/// trill_park::block_on(async {
///     let (a, b) = UnixStream::pair()?;
///     let (c, d) = UnixStream::pair()?;
///     a.write_all(b"hello").await?;
///     a.shutdown(Shutdown::Write)?;
///     assert_eq!(trill_splice::copy(&b, &c).await?, 5);
///     let mut buffer = [0; 5];
///     d.read_exact(&mut buffer).await?;
///     assert_eq!(&buffer, b"hello");
///     # Ok::<(), std::io::Error>(())
/// })?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn copy<'a, A, B>(from: &'a impl Borrow<Async<A>>, to: &'a impl Borrow<Async<B>>) -> Splice<'a>
where
    A: AsFd + 'a,
    B: AsFd + 'a,
{
    let (from, to): (&Async<A>, &Async<B>) = (from.borrow(), to.borrow());
    Splice {
        reader: from.source().waiter(Direction::Read),
        from: from.get_ref().as_fd(),
        writer: to.source().waiter(Direction::Write),
        to: to.get_ref().as_fd(),
        middle: Middle::Unmade,
        left: u64::MAX,
        written: 0,
        has_ended: false,
    }
}

/// Copies a stream to another; from [`copy`].
///
/// # Examples
///
/// ```
/// use trill_net::unix::UnixStream;
///
/// trill_park::block_on(async {
///     let (a, b) = UnixStream::pair()?;
///     let (c, d) = UnixStream::pair()?;
///     a.write_all(b"head, body").await?;
///     // The head alone.
///     assert_eq!(trill_splice::copy(&b, &c).limit(6).await?, 6);
///     assert_eq!(b.read(&mut [0; 8]).await?, 4);
///     # Ok::<(), std::io::Error>(())
/// })?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[must_use = "futures do nothing unless awaited"]
pub struct Splice<'a> {
    reader: Waiter<'a>,
    from: BorrowedFd<'a>,
    writer: Waiter<'a>,
    to: BorrowedFd<'a>,
    middle: Middle,
    /// How many bytes may still be read.
    left: u64,
    written: u64,
    has_ended: bool,
}

impl Splice<'_> {
    /// Sets how many bytes are read at most; it is done when they are written.
    ///
    /// # Cancel safety
    ///
    /// As [`copy`].
    ///
    /// # Examples
    ///
    /// See [`Splice`].
    pub fn limit(mut self, bytes: u64) -> Self {
        self.left = bytes;
        self
    }

    /// Lets bytes go through memory, as where the kernel cannot move them; to compare, and to test.
    ///
    /// # Cancel safety
    ///
    /// As [`copy`].
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_net::unix::UnixStream;
    ///
    /// trill_park::block_on(async {
    ///     let (a, b) = UnixStream::pair()?;
    ///     a.write_all(b"hello").await?;
    ///     let copied = trill_splice::copy(&b, &b).limit(5).through_memory().await?;
    ///     assert_eq!(copied, 5);
    ///     # Ok::<(), std::io::Error>(())
    /// })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn through_memory(mut self) -> Self {
        self.middle = Middle::memory();
        self
    }

    /// Returns how many bytes were written.
    ///
    /// # Examples
    ///
    /// See [`Splice::into_rest`].
    pub fn written(&self) -> u64 {
        self.written
    }

    /// Returns how many bytes were read: those that were written, and those that are still in it.
    ///
    /// # Examples
    ///
    /// See [`Splice::into_rest`].
    pub fn read(&self) -> u64 {
        self.written + self.middle.len() as u64
    }

    /// Ends it, and returns what was read and not written.
    ///
    /// # Errors
    ///
    /// What the operating system says.
    ///
    /// # Examples
    ///
    /// ```
    /// use futures_lite::future::poll_once;
    /// use trill_net::unix::UnixStream;
    ///
    /// trill_park::block_on(async {
    ///     let (a, b) = UnixStream::pair()?;
    ///     let (c, d) = UnixStream::pair()?;
    ///     a.write_all(b"hello").await?;
    ///     let mut copying = trill_splice::copy(&b, &c);
    ///     // Not done, as `a` may still write.
    ///     assert!(poll_once(&mut copying).await.is_none());
    ///     assert_eq!((copying.read(), copying.written()), (5, 5));
    ///     assert_eq!(copying.into_rest()?, b"");
    ///     # Ok::<(), std::io::Error>(())
    /// })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn into_rest(self) -> io::Result<Vec<u8>> {
        self.middle.into_rest()
    }
}

impl Unpin for Splice<'_> {}

impl Future for Splice<'_> {
    type Output = io::Result<u64>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        let (this, location) = (self.get_mut(), Location::caller());
        loop {
            while this.middle.len() > 0 {
                let (middle, to) = (&mut this.middle, this.to);
                let count = ready!(this.writer.poll_io(cx, location, || middle.drain(to)))?;
                if count == 0 {
                    return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
                }
                this.written += count as u64;
            }
            if this.has_ended || this.left == 0 {
                return Poll::Ready(Ok(this.written));
            }
            let (middle, from, left) = (&mut this.middle, this.from, this.left);
            let count = ready!(
                this.reader
                    .poll_io(cx, location, || middle.fill(from, left))
            )?;
            this.has_ended = count == 0;
            this.left -= count as u64;
        }
    }
}

impl fmt::Debug for Splice<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Splice")
            .field("read", &self.read())
            .field("written", &self.written)
            .field("in_kernel", &self.middle.is_pipe())
            .finish_non_exhaustive()
    }
}
