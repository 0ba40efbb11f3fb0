//! Futures that try an operation until it does not block.

use std::fmt;
use std::future::Future;
use std::io;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::direction::Direction;
use crate::slot::Who;
use crate::ticket::Ticket;
use crate::waiter::Waiter;
use crate::wrapper::Async;

/// Tries a reading operation until it does not block; from [`Async::read_with`] and others.
///
/// # Cancel safety
///
/// As safe as the operation: it succeeds only in the poll that returns its result.
///
/// # Examples
///
/// See [`Async::read_with`].
#[must_use = "futures do nothing unless awaited"]
pub struct ReadWith<'a, T, F> {
    waiter: Waiter<'a>,
    io: &'a Async<T>,
    op: F,
    /// Whether `op` was called; the first call does not ask for readiness.
    tried: bool,
}

impl<'a, T, F> ReadWith<'a, T, F> {
    pub(crate) fn new(io: &'a Async<T>, op: F) -> ReadWith<'a, T, F> {
        ReadWith {
            waiter: io.source().waiter(Direction::Read),
            io,
            op,
            tried: false,
        }
    }
}

impl<T, F> Unpin for ReadWith<'_, T, F> {}

impl<T, R, F: FnMut(&T) -> io::Result<R>> Future for ReadWith<'_, T, F> {
    type Output = io::Result<R>;

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<R>> {
        let this = &mut *self;
        let op = || (this.op)(this.io.get_ref());
        let here = Location::caller();
        this.waiter.poll_op(cx, here, &mut this.tried, op)
    }
}

impl<T: fmt::Debug, F> fmt::Debug for ReadWith<'_, T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ReadWith").field(self.io).finish()
    }
}

/// Tries a writing operation until it does not block; from [`Async::write_with`] and others.
///
/// # Cancel safety
///
/// As safe as the operation: it succeeds only in the poll that returns its result.
///
/// # Examples
///
/// See [`Async::write_with`].
#[must_use = "futures do nothing unless awaited"]
pub struct WriteWith<'a, T, F> {
    waiter: Waiter<'a>,
    io: &'a Async<T>,
    op: F,
    /// Whether `op` was called; the first call does not ask for readiness.
    tried: bool,
}

impl<'a, T, F> WriteWith<'a, T, F> {
    pub(crate) fn new(io: &'a Async<T>, op: F) -> WriteWith<'a, T, F> {
        WriteWith {
            waiter: io.source().waiter(Direction::Write),
            io,
            op,
            tried: false,
        }
    }
}

impl<T, F> Unpin for WriteWith<'_, T, F> {}

impl<T, R, F: FnMut(&T) -> io::Result<R>> Future for WriteWith<'_, T, F> {
    type Output = io::Result<R>;

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<R>> {
        let this = &mut *self;
        let op = || (this.op)(this.io.get_ref());
        let here = Location::caller();
        this.waiter.poll_op(cx, here, &mut this.tried, op)
    }
}

impl<T: fmt::Debug, F> fmt::Debug for WriteWith<'_, T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("WriteWith").field(self.io).finish()
    }
}

/// Tries a reading operation until it does not block; from [`Async::read_with_mut`].
///
/// # Cancel safety
///
/// As safe as the operation: it succeeds only in the poll that returns its result.
///
/// # Examples
///
/// See [`Async::read_with_mut`].
#[must_use = "futures do nothing unless awaited"]
pub struct ReadWithMut<'a, T, F>(Exclusive<'a, T, F>);

impl<'a, T, F> ReadWithMut<'a, T, F> {
    pub(crate) fn new(io: &'a mut Async<T>, op: F) -> ReadWithMut<'a, T, F> {
        ReadWithMut(Exclusive::new(io, op, Direction::Read))
    }
}

impl<T, F> Unpin for ReadWithMut<'_, T, F> {}

impl<T, R, F: FnMut(&mut T) -> io::Result<R>> Future for ReadWithMut<'_, T, F> {
    type Output = io::Result<R>;

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<R>> {
        self.0.poll_op(cx, Location::caller())
    }
}

impl<T: fmt::Debug, F> fmt::Debug for ReadWithMut<'_, T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ReadWithMut").field(&self.0.io).finish()
    }
}

/// Tries a writing operation until it does not block; from [`Async::write_with_mut`].
///
/// # Cancel safety
///
/// As safe as the operation: it succeeds only in the poll that returns its result.
///
/// # Examples
///
/// See [`Async::write_with_mut`].
#[must_use = "futures do nothing unless awaited"]
pub struct WriteWithMut<'a, T, F>(Exclusive<'a, T, F>);

impl<'a, T, F> WriteWithMut<'a, T, F> {
    pub(crate) fn new(io: &'a mut Async<T>, op: F) -> WriteWithMut<'a, T, F> {
        WriteWithMut(Exclusive::new(io, op, Direction::Write))
    }
}

impl<T, F> Unpin for WriteWithMut<'_, T, F> {}

impl<T, R, F: FnMut(&mut T) -> io::Result<R>> Future for WriteWithMut<'_, T, F> {
    type Output = io::Result<R>;

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<R>> {
        self.0.poll_op(cx, Location::caller())
    }
}

impl<T: fmt::Debug, F> fmt::Debug for WriteWithMut<'_, T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("WriteWithMut").field(&self.0.io).finish()
    }
}

/// What the two above have in common: a source that is borrowed for changes, so that no [`Waiter`] can borrow it.
struct Exclusive<'a, T, F> {
    io: &'a mut Async<T>,
    direction: Direction,
    ticket: Ticket,
    op: F,
    /// Whether `op` was called; the first call does not ask for readiness.
    tried: bool,
}

impl<'a, T, F> Exclusive<'a, T, F> {
    fn new(io: &'a mut Async<T>, op: F, direction: Direction) -> Exclusive<'a, T, F> {
        Exclusive {
            io,
            direction,
            ticket: Ticket::default(),
            op,
            tried: false,
        }
    }
}

impl<T, R, F: FnMut(&mut T) -> io::Result<R>> Exclusive<'_, T, F> {
    fn poll_op(
        &mut self,
        cx: &mut Context<'_>,
        location: &'static Location<'static>,
    ) -> Poll<io::Result<R>> {
        let (source, io) = self.io.split_mut();
        let (who, op) = (Who::Own(&mut self.ticket), || (self.op)(io));
        source.poll_op_as(cx, self.direction, location, who, &mut self.tried, op)
    }
}

impl<T, F> Drop for Exclusive<'_, T, F> {
    fn drop(&mut self) {
        let slot = self.io.source().entry().slot;
        slot.forget(self.direction, &mut self.ticket);
    }
}
