//! The place of one future among those who wait for a source.

use std::fmt;
use std::io;
use std::panic::Location;
use std::task::{Context, Poll, ready};

use crate::direction::Direction;
use crate::slot::{Seen, Who};
use crate::source::{Source, proceed};
use crate::ticket::Ticket;

/// The place of one future among those who wait for a direction of a source.
///
/// A future that may be dropped while it waits keeps one, so that its waker is taken back then. Any number may wait
/// at once. It costs nothing until it waits.
///
/// # Examples
///
/// ```
/// use std::future::Future;
/// use std::io::{self, Read};
/// use std::panic::Location;
/// use std::pin::Pin;
/// use std::task::{Context, Poll};
/// use trill_reactor::{Async, Direction, Waiter, block_on};
/// # use std::os::unix::net::UnixStream;
///
/// struct ReadByte<'a> { waiter: Waiter<'a>, stream: &'a UnixStream }
///
/// impl Future for ReadByte<'_> {
///     type Output = io::Result<u8>;
///
///     #[track_caller]
///     fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u8>> {
///         let (mut byte, mut stream) = ([0], self.stream);
///         self.waiter
///             .poll_io(cx, Location::caller(), || stream.read_exact(&mut byte))
///             .map_ok(|()| byte[0])
///     }
/// }
///
/// let (receiver, sender) = UnixStream::pair()?;
/// let receiver = Async::new(receiver)?;
/// io::Write::write_all(&mut &sender, b"x")?;
/// let waiter = receiver.source().waiter(Direction::Read);
/// assert_eq!(block_on(ReadByte { waiter, stream: receiver.get_ref() })?, b'x');
/// # Ok::<(), io::Error>(())
/// ```
pub struct Waiter<'a> {
    source: &'a Source,
    direction: Direction,
    ticket: Ticket,
}

impl<'a> Waiter<'a> {
    #[inline]
    pub(crate) fn new(source: &'a Source, direction: Direction) -> Waiter<'a> {
        Waiter {
            source,
            direction,
            ticket: Ticket::default(),
        }
    }

    /// Returns the source.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_reactor::{Async, Direction};
    ///
    /// let (a, _b) = std::os::unix::net::UnixStream::pair()?;
    /// let a = Async::new(a)?;
    /// println!("{:?}", a.source().waiter(Direction::Read).source());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn source(&self) -> &'a Source {
        self.source
    }

    /// Waits as [`Source::poll_ready`].
    ///
    /// # Errors
    ///
    /// As there.
    ///
    /// # Examples
    ///
    /// See [`Source::clear`].
    #[track_caller]
    pub fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Seen>> {
        let location = Location::caller();
        let unit = ready!(proceed(cx, location));
        let who = Who::Own(&mut self.ticket);
        let seen = self.source.poll_seen(cx, self.direction, location, who);
        if seen.is_pending() {
            unit.refund();
        }
        seen
    }

    /// Tries `op` as [`Source::poll_io`].
    ///
    /// # Errors
    ///
    /// As there.
    ///
    /// # Examples
    ///
    /// See [`Waiter`].
    #[inline]
    pub fn poll_io<R>(
        &mut self,
        cx: &mut Context<'_>,
        location: &'static Location<'static>,
        op: impl FnMut() -> io::Result<R>,
    ) -> Poll<io::Result<R>> {
        let who = Who::Own(&mut self.ticket);
        self.source
            .poll_io_as(cx, self.direction, location, who, op)
    }

    /// Tries a transfer of `len` bytes as [`Source::poll_transfer`].
    ///
    /// # Errors
    ///
    /// As there.
    ///
    /// # Examples
    ///
    /// See [`Source::poll_transfer`].
    #[inline]
    pub fn poll_transfer(
        &mut self,
        cx: &mut Context<'_>,
        location: &'static Location<'static>,
        len: usize,
        op: impl FnMut() -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        let who = Who::Own(&mut self.ticket);
        self.source
            .poll_transfer_as(cx, self.direction, location, who, len, op)
    }

    /// Waits as [`Source::poll_asked`].
    ///
    /// # Errors
    ///
    /// As there.
    ///
    /// # Examples
    ///
    /// See [`Async::readable`](crate::Async::readable), which is this.
    pub fn poll_asked(
        &mut self,
        cx: &mut Context<'_>,
        location: &'static Location<'static>,
    ) -> Poll<io::Result<()>> {
        let (source, direction) = (self.source, self.direction);
        self.poll_io(cx, location, || source.ask(direction))
    }

    /// See [`Source::poll_op_as`].
    #[inline]
    pub(crate) fn poll_op<R>(
        &mut self,
        cx: &mut Context<'_>,
        location: &'static Location<'static>,
        tried: &mut bool,
        op: impl FnMut() -> io::Result<R>,
    ) -> Poll<io::Result<R>> {
        let who = Who::Own(&mut self.ticket);
        self.source
            .poll_op_as(cx, self.direction, location, who, tried, op)
    }
}

impl Drop for Waiter<'_> {
    #[inline]
    fn drop(&mut self) {
        self.source
            .entry()
            .slot
            .forget(self.direction, &mut self.ticket);
    }
}

impl fmt::Debug for Waiter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Waiter")
            .field("source", self.source)
            .field("direction", &self.direction)
            .finish_non_exhaustive()
    }
}
