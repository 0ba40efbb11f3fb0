//! A registered descriptor, and how an operation on it waits.
#![allow(unsafe_code)] // The descriptor is borrowed for longer than the compiler can see.

use std::fmt;
use std::io;
use std::mem;
use std::panic::Location;
use std::task::{Context, Poll, Waker, ready};

use trill_cell::Kind;
use trill_world::World;

use crate::core::{Core, Entry};
use crate::direction::Direction;
use crate::error::no_simulated_sources;
use crate::event::Interest;
use crate::reactor::Reactor;
use crate::slot::{Listed, Seen, Who};
use crate::sys::{self, AsRawFd, BorrowedFd, RawFd};
use crate::waiter::Waiter;

/// A descriptor that is registered with a reactor: what [`Async`](crate::Async) and sockets are built on.
///
/// It keeps what is known of the descriptor's readiness. An operation is tried at once while the direction may be
/// ready; if it would block, that is noted, and the task waits for the next event.
///
/// Methods named `poll_…` here wait with the waker alone: it stays registered until the next event. A future that
/// may be dropped while it waits uses a [`Waiter`], which takes its waker back.
///
/// # Examples
///
/// ```
/// use std::io::Write;
/// use std::panic::Location;
/// use trill_reactor::{Async, Direction, block_on};
///
/// let (receiver, mut sender) = std::os::unix::net::UnixStream::pair()?;
/// let receiver = Async::new(receiver)?;
/// sender.write_all(b"hello")?;
///
/// let mut buffer = [0; 8];
/// let here = Location::caller();
/// let len = block_on(std::future::poll_fn(|cx| {
///     receiver.source().poll_io(cx, Direction::Read, here, || {
///         std::io::Read::read(&mut receiver.get_ref(), &mut buffer)
///     })
/// }))?;
/// assert_eq!(&buffer[..len], b"hello");
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Source {
    core: &'static Core,
    entry: Entry,
    fd: RawFd,
}

impl Source {
    /// Registers a descriptor for all its events. Its flags are left alone: the caller makes it non-blocking.
    ///
    /// # Errors
    ///
    /// `AlreadyExists` if it is registered with this reactor already (that registration keeps working), `Unsupported`
    /// for descriptors that are always ready (files, directories) and in a simulated world, or what the operating
    /// system says when it refuses.
    ///
    /// # Safety
    ///
    /// The descriptor stays open until the source is dropped or [deregistered](Source::deregister). Otherwise another
    /// part of the program, which opens something of the same number, could lose its registration.
    ///
    /// # Examples
    ///
    /// [`Async`](crate::Async) offers this without `unsafe`, by owning what it registers.
    ///
    /// ```
    /// use std::os::fd::AsFd;
    /// use trill_reactor::{Reactor, Source};
    ///
    /// let (a, _b) = std::os::unix::net::UnixStream::pair()?;
    /// // SAFETY: `a` was declared first, so it is closed after `source` is dropped.
    /// let source = unsafe { Source::register(&Reactor::current()?, a.as_fd()) }?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub unsafe fn register(reactor: &Reactor, fd: BorrowedFd<'_>) -> io::Result<Source> {
        // SAFETY: the caller promises the same.
        unsafe { Source::register_with(reactor.core(), fd, Interest::BOTH) }
    }

    /// As [`Source::register`], but for events of `asked` only, and of other directions when they are waited for.
    ///
    /// # Safety
    ///
    /// As for [`Source::register`].
    pub(crate) unsafe fn register_with(
        core: &'static Core,
        fd: BorrowedFd<'_>,
        asked: Interest,
    ) -> io::Result<Source> {
        if !World::current().is_os() {
            return Err(no_simulated_sources());
        }
        Ok(Source {
            core,
            entry: core.register(fd, asked)?,
            fd: fd.as_raw_fd(),
        })
    }

    /// Ends the registration. Those who still wait are woken.
    ///
    /// # Errors
    ///
    /// What the operating system says; the registration has ended all the same. Dropping the source ignores it.
    ///
    /// # Examples
    ///
    /// See [`Source::register`].
    pub fn deregister(self) -> io::Result<()> {
        let ended = self.end();
        mem::forget(self);
        ended
    }

    /// Waits until the direction may be ready, as far as is known; a fresh source may be ready for everything.
    ///
    /// Whoever then finds an operation to block says so with [`Source::clear`], and waits again.
    ///
    /// # Errors
    ///
    /// If nobody can serve the source: the operating system refuses a helper thread, or the task is in a simulated
    /// world.
    ///
    /// # Examples
    ///
    /// See [`Source::clear`].
    #[track_caller]
    pub fn poll_ready(&self, cx: &mut Context<'_>, direction: Direction) -> Poll<io::Result<Seen>> {
        let location = Location::caller();
        let unit = ready!(proceed(cx, location));
        let seen = self.poll_seen(cx, direction, location, Who::Shared);
        if seen.is_pending() {
            unit.refund();
        }
        seen
    }

    /// Notes that an operation that was tried after `seen` would have blocked.
    ///
    /// An event that came since `seen` is not lost.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::future::poll_fn;
    /// use std::io::{ErrorKind, Read, Write};
    /// use std::task::{Poll, ready};
    /// use trill_reactor::{Async, Direction, block_on};
    ///
    /// let (receiver, mut sender) = std::os::unix::net::UnixStream::pair()?;
    /// let receiver = Async::new(receiver)?;
    /// sender.write_all(b"hello")?;
    ///
    /// let mut buffer = [0; 8];
    /// let len = block_on(poll_fn(|cx| {
    ///     loop {
    ///         let seen = ready!(receiver.source().poll_ready(cx, Direction::Read))?;
    ///         match receiver.get_ref().read(&mut buffer) {
    ///             Err(error) if error.kind() == ErrorKind::WouldBlock => {
    ///                 receiver.source().clear(Direction::Read, seen);
    ///             }
    ///             result => return Poll::Ready(result),
    ///         }
    ///     }
    /// }))?;
    /// assert_eq!(len, 5);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn clear(&self, direction: Direction, seen: Seen) {
        self.entry.slot.clear(direction, seen);
    }

    /// Tries an operation now, without waiting, and notes it if it would block.
    ///
    /// # Errors
    ///
    /// What `op` returns, `WouldBlock` among it.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::{ErrorKind, Read};
    /// use trill_reactor::{Async, Direction};
    ///
    /// let (receiver, _sender) = std::os::unix::net::UnixStream::pair()?;
    /// let receiver = Async::new(receiver)?;
    /// let tried = receiver.source().try_io(Direction::Read, || receiver.get_ref().read(&mut [0]));
    /// assert_eq!(tried.unwrap_err().kind(), ErrorKind::WouldBlock);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn try_io<R>(
        &self,
        direction: Direction,
        op: impl FnOnce() -> io::Result<R>,
    ) -> io::Result<R> {
        // Tried even if nothing is known to be ready: perhaps nobody has looked for events since.
        let seen = self.entry.slot.ready(direction);
        let result = op();
        if let (Some(seen), Err(error)) = (seen, &result) {
            self.tried(direction, seen, error);
        }
        result
    }

    /// Notes why an operation that was tried after `seen` has failed.
    fn tried(&self, direction: Direction, seen: Seen, error: &io::Error) {
        if error.kind() == io::ErrorKind::WouldBlock {
            self.clear(direction, seen);
        }
    }

    /// Tries `op` when the direction may be ready, until it says neither `WouldBlock` nor `Interrupted`.
    ///
    /// `location` is where the program awaits it.
    ///
    /// # Errors
    ///
    /// What `op` returns, except those two, or as [`Source::poll_ready`].
    ///
    /// # Examples
    ///
    /// See [`Source`].
    #[inline]
    pub fn poll_io<R>(
        &self,
        cx: &mut Context<'_>,
        direction: Direction,
        location: &'static Location<'static>,
        op: impl FnMut() -> io::Result<R>,
    ) -> Poll<io::Result<R>> {
        self.poll_io_as(cx, direction, location, Who::Shared, op)
    }

    /// As [`Source::poll_io`], for a transfer of `len` bytes where a short count means that no more can be transferred.
    ///
    /// It saves the system call that would only say `WouldBlock`. True for TCP and pipes. **Not** true for Unix
    /// streams, which stop reading where descriptors were attached, for message sockets, and for terminals.
    ///
    /// # Errors
    ///
    /// As [`Source::poll_io`].
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::{Read, Write};
    /// use std::net::{TcpListener, TcpStream};
    /// use std::panic::Location;
    /// use trill_reactor::{Async, Direction, block_on};
    ///
    /// let listener = TcpListener::bind(("127.0.0.1", 0))?;
    /// let mut sender = TcpStream::connect(listener.local_addr()?)?;
    /// let receiver = Async::new(listener.accept()?.0)?;
    /// sender.write_all(b"hello")?;
    ///
    /// let mut buffer = [0; 8];
    /// let (here, len) = (Location::caller(), buffer.len());
    /// let len = block_on(std::future::poll_fn(|cx| {
    ///     receiver.source().poll_transfer(cx, Direction::Read, here, len, || {
    ///         receiver.get_ref().read(&mut buffer)
    ///     })
    /// }))?;
    /// assert_eq!(&buffer[..len], b"hello");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[inline]
    pub fn poll_transfer(
        &self,
        cx: &mut Context<'_>,
        direction: Direction,
        location: &'static Location<'static>,
        len: usize,
        op: impl FnMut() -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        self.poll_transfer_as(cx, direction, location, Who::Shared, len, op)
    }

    /// Waits until the operating system says that the direction is ready.
    ///
    /// Unlike [`Source::poll_ready`] it asks, with one system call, before it says yes; so it needs not be told when
    /// an operation would have blocked.
    ///
    /// # Errors
    ///
    /// As [`Source::poll_ready`].
    ///
    /// # Examples
    ///
    /// See [`Async::poll_readable`](crate::Async::poll_readable), which is this.
    pub fn poll_asked(
        &self,
        cx: &mut Context<'_>,
        direction: Direction,
        location: &'static Location<'static>,
    ) -> Poll<io::Result<()>> {
        self.poll_io(cx, direction, location, || self.ask(direction))
    }

    /// Makes the place of one future that waits for the direction.
    ///
    /// # Examples
    ///
    /// See [`Waiter`].
    #[inline]
    pub fn waiter(&self, direction: Direction) -> Waiter<'_> {
        Waiter::new(self, direction)
    }

    /// The core it is registered with.
    pub(crate) fn core(&self) -> &'static Core {
        self.core
    }

    /// Its readiness.
    pub(crate) fn entry(&self) -> Entry {
        self.entry
    }

    /// See [`Source::poll_io`].
    #[inline]
    pub(crate) fn poll_io_as<R>(
        &self,
        cx: &mut Context<'_>,
        direction: Direction,
        location: &'static Location<'static>,
        mut who: Who<'_>,
        mut op: impl FnMut() -> io::Result<R>,
    ) -> Poll<io::Result<R>> {
        let unit = ready!(proceed(cx, location));
        loop {
            let Poll::Ready(seen) = self.poll_seen(cx, direction, location, who.reborrow()) else {
                unit.refund();
                return Poll::Pending;
            };
            let seen = seen?;
            match op() {
                Ok(done) => return Poll::Ready(Ok(done)),
                Err(error) => self.failed(direction, seen, error)?,
            }
        }
    }

    /// As `poll_io_as`, but the first call of `op` does not ask for readiness: it may be an operation that has its own
    /// idea of it.
    #[inline]
    pub(crate) fn poll_op_as<R>(
        &self,
        cx: &mut Context<'_>,
        direction: Direction,
        location: &'static Location<'static>,
        who: Who<'_>,
        tried: &mut bool,
        mut op: impl FnMut() -> io::Result<R>,
    ) -> Poll<io::Result<R>> {
        if !*tried {
            let unit = ready!(proceed(cx, location));
            *tried = true;
            match self.try_io(direction, &mut op) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => unit.refund(),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => unit.refund(),
                result => return Poll::Ready(result),
            }
        }
        self.poll_io_as(cx, direction, location, who, op)
    }

    /// See [`Source::poll_transfer`].
    #[inline]
    pub(crate) fn poll_transfer_as(
        &self,
        cx: &mut Context<'_>,
        direction: Direction,
        location: &'static Location<'static>,
        mut who: Who<'_>,
        len: usize,
        mut op: impl FnMut() -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        let unit = ready!(proceed(cx, location));
        loop {
            let Poll::Ready(seen) = self.poll_seen(cx, direction, location, who.reborrow()) else {
                unit.refund();
                return Poll::Pending;
            };
            let seen = seen?;
            match op() {
                Ok(count) => {
                    // Nothing at all is the end of a stream, which stays ready.
                    if 0 < count && count < len {
                        self.entry.slot.clear_short(direction, seen);
                    }
                    return Poll::Ready(Ok(count));
                }
                Err(error) => self.failed(direction, seen, error)?,
            }
        }
    }

    /// Notes why an operation that was tried after `seen` has done nothing, unless that ends it.
    ///
    /// Not generic, so that it is compiled once.
    fn failed(&self, direction: Direction, seen: Seen, error: io::Error) -> io::Result<()> {
        match error.kind() {
            io::ErrorKind::WouldBlock => self.clear(direction, seen),
            // By a signal: nothing was done.
            io::ErrorKind::Interrupted => {}
            _ => return Err(error),
        }
        Ok(())
    }

    /// Waits until the direction may be ready.
    #[inline]
    pub(crate) fn poll_seen(
        &self,
        cx: &mut Context<'_>,
        direction: Direction,
        location: &'static Location<'static>,
        who: Who<'_>,
    ) -> Poll<io::Result<Seen>> {
        if let Some(seen) = self.entry.slot.ready(direction) {
            return Poll::Ready(Ok(seen));
        }
        match self.wait(cx.waker(), direction, location, who) {
            Ok(None) => Poll::Pending,
            Ok(Some(seen)) => Poll::Ready(Ok(seen)),
            Err(error) => Poll::Ready(Err(error)),
        }
    }

    /// Makes the task wait, unless the direction has become ready.
    fn wait(
        &self,
        waker: &Waker,
        direction: Direction,
        location: &'static Location<'static>,
        who: Who<'_>,
    ) -> io::Result<Option<Seen>> {
        if !World::current().is_os() {
            return Err(no_simulated_sources());
        }
        if self.core.is_foreign() {
            // Before the lock of the slot, which a thread of the parent may have held.
            return Err(self.core.refusal());
        }
        let listed = self.entry.slot.wait(direction, who, waker);
        if let Listed::Ready(seen) = listed {
            return Ok(Some(seen));
        }
        self.core.check()?;
        if listed == Listed::Unasked {
            self.core.ask(self.entry, self.fd(), direction)?;
        }
        self.core.arm(self.entry)?;
        trill_cell::waiting(direction.kind(), sys::number(self.fd), location);
        trill_park::thread().drive(self.core)?;
        Ok(None)
    }

    /// Asks the operating system whether the direction is ready; `WouldBlock` means no.
    pub(crate) fn ask(&self, direction: Direction) -> io::Result<()> {
        match sys::is_ready(self.fd(), direction)? {
            true => Ok(()),
            false => Err(io::ErrorKind::WouldBlock.into()),
        }
    }

    /// The descriptor.
    pub(crate) fn fd(&self) -> BorrowedFd<'_> {
        // SAFETY: who made the source has promised to keep the descriptor open as long as it lives. For `Async` the
        // order of its fields upholds this; `a_reused_descriptor_inherits_nothing` in `tests/registration.rs` would
        // fail.
        unsafe { BorrowedFd::borrow_raw(self.fd) }
    }

    fn end(&self) -> io::Result<()> {
        self.core.deregister(self.entry, self.fd())
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        // If the system refuses, the events that still come find nobody.
        let _ = self.end();
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source")
            .field("fd", &self.fd)
            .field("slot", self.entry.slot)
            .finish_non_exhaustive()
    }
}

/// Takes a unit of the budget; without one the task waits for its turn.
#[inline]
pub(crate) fn proceed(
    cx: &mut Context<'_>,
    location: &'static Location<'static>,
) -> Poll<trill_cell::Proceed> {
    let unit = trill_cell::proceed(cx);
    if unit.is_pending() {
        trill_cell::waiting(Kind::Turn, 0, location);
    }
    unit
}
