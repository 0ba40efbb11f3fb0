//! Futures that wait for readiness.

use std::fmt;
use std::future::Future;
use std::io;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use crate::direction::Direction;
use crate::slot::Who;
use crate::ticket::Ticket;
use crate::waiter::Waiter;
use crate::wrapper::Async;

/// Waits until reading would not block; from [`Async::readable`].
///
/// # Cancel safety
///
/// Cancel safe: nothing is consumed.
///
/// # Examples
///
/// See [`Async::readable`].
#[must_use = "futures do nothing unless awaited"]
pub struct Readable<'a, T> {
    waiter: Waiter<'a>,
    io: &'a Async<T>,
}

impl<'a, T> Readable<'a, T> {
    pub(crate) fn new(io: &'a Async<T>) -> Readable<'a, T> {
        let waiter = io.source().waiter(Direction::Read);
        Readable { waiter, io }
    }
}

impl<T> Unpin for Readable<'_, T> {}

impl<T> Future for Readable<'_, T> {
    type Output = io::Result<()>;

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.waiter.poll_asked(cx, Location::caller())
    }
}

impl<T: fmt::Debug> fmt::Debug for Readable<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Readable").field(self.io).finish()
    }
}

/// Waits until writing would not block; from [`Async::writable`].
///
/// # Cancel safety
///
/// Cancel safe: nothing is consumed.
///
/// # Examples
///
/// See [`Async::writable`].
#[must_use = "futures do nothing unless awaited"]
pub struct Writable<'a, T> {
    waiter: Waiter<'a>,
    io: &'a Async<T>,
}

impl<'a, T> Writable<'a, T> {
    pub(crate) fn new(io: &'a Async<T>) -> Writable<'a, T> {
        let waiter = io.source().waiter(Direction::Write);
        Writable { waiter, io }
    }
}

impl<T> Unpin for Writable<'_, T> {}

impl<T> Future for Writable<'_, T> {
    type Output = io::Result<()>;

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.waiter.poll_asked(cx, Location::caller())
    }
}

impl<T: fmt::Debug> fmt::Debug for Writable<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Writable").field(self.io).finish()
    }
}

/// Waits until reading would not block; from [`Async::readable_owned`].
///
/// # Cancel safety
///
/// Cancel safe: nothing is consumed.
///
/// # Examples
///
/// See [`Async::readable_owned`].
#[must_use = "futures do nothing unless awaited"]
pub struct ReadableOwned<T>(Owned<T>);

impl<T> ReadableOwned<T> {
    pub(crate) fn new(io: Arc<Async<T>>) -> ReadableOwned<T> {
        ReadableOwned(Owned::new(io, Direction::Read))
    }

    /// Tries a reading operation until it does not say `WouldBlock`, waiting in between, by hand.
    ///
    /// It is for futures that own what they read, and saves the question whether the source is ready.
    ///
    /// # Errors
    ///
    /// What `op` returns, except `WouldBlock`; see also [`Source::poll_ready`](crate::Source::poll_ready).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::future::poll_fn;
    /// use std::io::Read;
    /// use std::panic::Location;
    /// use std::sync::Arc;
    /// use trill_reactor::{Async, block_on};
    ///
    /// let (a, b) = std::os::unix::net::UnixStream::pair()?;
    /// let mut readable = Arc::new(Async::new(a)?).readable_owned();
    /// drop(b);
    /// let here = Location::caller();
    /// let end = poll_fn(|cx| readable.poll_io(cx, here, |mut a| a.read(&mut [0])));
    /// assert_eq!(block_on(end)?, 0);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn poll_io<R>(
        &mut self,
        cx: &mut Context<'_>,
        location: &'static Location<'static>,
        op: impl FnMut(&T) -> io::Result<R>,
    ) -> Poll<io::Result<R>> {
        self.0.poll_io(cx, location, op)
    }
}

impl<T> Unpin for ReadableOwned<T> {}

impl<T> Future for ReadableOwned<T> {
    type Output = io::Result<()>;

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_asked(cx, Location::caller())
    }
}

impl<T: fmt::Debug> fmt::Debug for ReadableOwned<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ReadableOwned").field(&self.0.io).finish()
    }
}

/// Waits until writing would not block; from [`Async::writable_owned`].
///
/// # Cancel safety
///
/// Cancel safe: nothing is consumed.
///
/// # Examples
///
/// See [`Async::writable_owned`].
#[must_use = "futures do nothing unless awaited"]
pub struct WritableOwned<T>(Owned<T>);

impl<T> WritableOwned<T> {
    pub(crate) fn new(io: Arc<Async<T>>) -> WritableOwned<T> {
        WritableOwned(Owned::new(io, Direction::Write))
    }
}

impl<T> Unpin for WritableOwned<T> {}

impl<T> Future for WritableOwned<T> {
    type Output = io::Result<()>;

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_asked(cx, Location::caller())
    }
}

impl<T: fmt::Debug> fmt::Debug for WritableOwned<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("WritableOwned").field(&self.0.io).finish()
    }
}

/// What a [`Waiter`] is, for a future that owns a share of its source.
struct Owned<T> {
    io: Arc<Async<T>>,
    direction: Direction,
    ticket: Ticket,
}

impl<T> Owned<T> {
    fn new(io: Arc<Async<T>>, direction: Direction) -> Owned<T> {
        Owned {
            io,
            direction,
            ticket: Ticket::default(),
        }
    }

    fn poll_io<R>(
        &mut self,
        cx: &mut Context<'_>,
        location: &'static Location<'static>,
        mut op: impl FnMut(&T) -> io::Result<R>,
    ) -> Poll<io::Result<R>> {
        let (source, who) = (self.io.source(), Who::Own(&mut self.ticket));
        source.poll_io_as(cx, self.direction, location, who, || op(self.io.get_ref()))
    }

    fn poll_asked(
        &mut self,
        cx: &mut Context<'_>,
        location: &'static Location<'static>,
    ) -> Poll<io::Result<()>> {
        let (source, who) = (self.io.source(), Who::Own(&mut self.ticket));
        source.poll_io_as(cx, self.direction, location, who, || {
            source.ask(self.direction)
        })
    }
}

impl<T> Drop for Owned<T> {
    fn drop(&mut self) {
        let slot = self.io.source().entry().slot;
        slot.forget(self.direction, &mut self.ticket);
    }
}
