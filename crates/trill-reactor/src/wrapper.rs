//! What makes a blocking type asynchronous.
#![allow(unsafe_code)] // Registering a descriptor that is owned here, and handing out what owns it.

use std::fmt;
use std::io;
use std::panic::Location;
use std::sync::Arc;
use std::task::{Context, Poll};

use crate::core::Core;
use crate::direction::Direction;
use crate::event::Interest;
use crate::reactor::{Reactor, current_core};
use crate::ready::{Readable, ReadableOwned, Writable, WritableOwned};
use crate::source::Source;
use crate::sys::{self, AsFd};
use crate::with::{ReadWith, ReadWithMut, WriteWith, WriteWithMut};

/// Makes a type with a descriptor asynchronous: `TcpStream`, `UnixDatagram`, a pipe, an inotify or timer descriptor.
///
/// Readiness and the operations of `T` together make asynchronous operations: [`Async::readable`],
/// [`Async::read_with`], and the traits `AsyncRead` and `AsyncWrite` for types that read and write.
///
/// Any number of tasks may use one `Async` at a time, through shared references.
///
/// # Caveats
///
/// Regular files and directories are always ready; making them `Async` is an error on Linux. Standard input and
/// output may be shared with other programs, which non-blocking mode confuses: see [`Async::new_nonblocking`].
///
/// # Examples
///
/// ```
/// use std::net::UdpSocket;
/// use trill_reactor::{Async, block_on};
///
/// let a = Async::<UdpSocket>::bind(([127, 0, 0, 1], 0))?;
/// let b = Async::<UdpSocket>::bind(([127, 0, 0, 1], 0))?;
/// block_on(async {
///     a.send_to(b"hello", b.get_ref().local_addr()?).await?;
///     let mut buffer = [0; 16];
///     let (len, from) = b.recv_from(&mut buffer).await?;
///     assert_eq!((&buffer[..len], from), (&b"hello"[..], a.get_ref().local_addr()?));
///     Ok(())
/// })
/// # as std::io::Result<()>;
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Async<T> {
    /// Before `io`: the registration ends before the descriptor is closed.
    source: Source,
    /// Whether a short transfer means that no more can be transferred; see [`Source::poll_transfer`].
    short_is_all: bool,
    io: T,
}

impl<T> Unpin for Async<T> {}

impl<T: AsFd> Async<T> {
    /// Registers `io` with the [current](Reactor::current) reactor and puts it into non-blocking mode.
    ///
    /// # Errors
    ///
    /// As [`Async::new_nonblocking`], and what the operating system says when it cannot set the mode. `io` is dropped.
    ///
    /// # Examples
    ///
    /// See [`Async`].
    pub fn new(io: T) -> io::Result<Async<T>> {
        sys::set_nonblocking(io.as_fd())?;
        Async::new_nonblocking(io)
    }

    /// Registers `io`, which is in non-blocking mode already, with the [current](Reactor::current) reactor.
    ///
    /// The mode belongs to the open file and not to this descriptor of it: one that was inherited from another process
    /// changes there, too. This function never changes it. In blocking mode reads and writes block the thread.
    ///
    /// # Errors
    ///
    /// `AlreadyExists` if the descriptor is registered already, which does not disturb the first registration;
    /// `Unsupported` for regular files and in a simulated world; or what the operating system says when it refuses.
    /// `io` is dropped.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::os::unix::net::UnixStream;
    /// use trill_reactor::Async;
    ///
    /// let (a, _b) = UnixStream::pair()?;
    /// a.set_nonblocking(true)?;
    /// let a = Async::new_nonblocking(a)?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn new_nonblocking(io: T) -> io::Result<Async<T>> {
        Async::register(current_core()?, io, Interest::BOTH, false)
    }

    /// As [`Async::new`], with a reactor of the caller's choice.
    ///
    /// # Errors
    ///
    /// As [`Async::new`].
    ///
    /// # Examples
    ///
    /// See [`Reactor`].
    pub fn new_in(reactor: &Reactor, io: T) -> io::Result<Async<T>> {
        sys::set_nonblocking(io.as_fd())?;
        Async::register(reactor.core(), io, Interest::BOTH, false)
    }

    /// As [`Async::new_nonblocking`], with a reactor of the caller's choice.
    ///
    /// # Errors
    ///
    /// As [`Async::new_nonblocking`].
    ///
    /// # Examples
    ///
    /// ```
    /// use std::os::unix::net::UnixStream;
    /// use trill_reactor::{Async, Reactor};
    ///
    /// let (a, _b) = UnixStream::pair()?;
    /// a.set_nonblocking(true)?;
    /// let a = Async::new_nonblocking_in(&Reactor::global()?, a)?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn new_nonblocking_in(reactor: &Reactor, io: T) -> io::Result<Async<T>> {
        Async::register(reactor.core(), io, Interest::BOTH, false)
    }

    /// As [`Async::new_nonblocking`], but the system is asked for events of a direction when a task first waits for it.
    ///
    /// What nobody ever waits for costs no system call to register and none to deregister. And nobody is woken for
    /// events that nobody asked for: the system reports after each datagram sent that another one can be taken.
    ///
    /// # Errors
    ///
    /// In a simulated world, or if no reactor can be made; `io` is dropped. What [`Async::new_nonblocking`] says of `io`
    /// itself, those operations return that have to wait, `AlreadyExists` among it if the descriptor was registered
    /// meanwhile.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::net::UdpSocket;
    /// use trill_reactor::{Async, block_on};
    ///
    /// let socket = UdpSocket::bind(("127.0.0.1", 0))?;
    /// socket.set_nonblocking(true)?;
    /// let to = socket.local_addr()?;
    /// let socket = Async::new_deferred(socket)?;
    /// block_on(async {
    ///     socket.send_to(b"hello", to).await?; // there was room, so nothing is registered yet
    ///     let (len, from) = socket.recv_from(&mut [0; 16]).await?;
    ///     assert_eq!((len, from), (5, to));
    ///     Ok(())
    /// })
    /// # as std::io::Result<()>;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn new_deferred(io: T) -> io::Result<Async<T>> {
        Async::register(current_core()?, io, Interest::NONE, false)
    }

    /// Registers `io`, which is in non-blocking mode, and asks for the events of `asked` now, for others when a task
    /// waits for them; `short_is_all` as in [`Source::poll_transfer`].
    pub(crate) fn register(
        core: &'static Core,
        io: T,
        asked: Interest,
        short_is_all: bool,
    ) -> io::Result<Async<T>> {
        // SAFETY: the descriptor must stay open as long as the source: `io` is a later field of the same value, it is
        // exchanged only through `get_mut` and the like, whose callers promise not to, and `AsFd` promises that the
        // descriptor is open as long as `io` lives. `a_reused_descriptor_inherits_nothing` would fail.
        let source = unsafe { Source::register_with(core, io.as_fd(), asked) }?;
        Ok(Async {
            source,
            short_is_all,
            io,
        })
    }
}

impl<T> Async<T> {
    /// Returns what was made asynchronous.
    ///
    /// # Examples
    ///
    /// See [`Async`].
    pub fn get_ref(&self) -> &T {
        &self.io
    }

    /// Returns what was made asynchronous, for changes.
    ///
    /// # Safety
    ///
    /// The caller does not drop or exchange the descriptor in it: another part of the program, which opens something
    /// of the same number, could lose its registration.
    ///
    /// # Examples
    ///
    /// ```
    /// let (a, _b) = std::os::unix::net::UnixStream::pair()?;
    /// let mut a = trill_reactor::Async::new(a)?;
    /// // SAFETY: setting a timeout leaves the descriptor alone.
    /// unsafe { a.get_mut() }.set_read_timeout(None)?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub unsafe fn get_mut(&mut self) -> &mut T {
        &mut self.io
    }

    /// Ends the registration and returns what was made asynchronous. It stays in non-blocking mode.
    ///
    /// # Errors
    ///
    /// What the operating system says; the registration has ended all the same, and the descriptor is closed.
    ///
    /// # Examples
    ///
    /// ```
    /// let (a, _b) = std::os::unix::net::UnixStream::pair()?;
    /// let a = trill_reactor::Async::new(a)?;
    /// let a: std::os::unix::net::UnixStream = a.into_inner()?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn into_inner(self) -> io::Result<T> {
        let Async { source, io, .. } = self;
        source.deregister()?;
        Ok(io)
    }

    /// Returns the registration, for operations that wait in their own way.
    ///
    /// # Examples
    ///
    /// See [`Source`].
    #[inline]
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// Waits until reading would not block.
    ///
    /// Another task may be quicker, so the operation that follows must be ready to find nothing.
    ///
    /// # Errors
    ///
    /// See [`Source::poll_ready`].
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: nothing is consumed. Any number of tasks may wait at once.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::net::TcpListener;
    /// use trill_reactor::{Async, block_on};
    ///
    /// let listener = Async::<TcpListener>::bind(([127, 0, 0, 1], 0))?;
    /// let client = std::net::TcpStream::connect(listener.get_ref().local_addr()?)?;
    /// block_on(listener.readable())?;
    /// listener.get_ref().accept()?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn readable(&self) -> Readable<'_, T> {
        Readable::new(self)
    }

    /// As [`Async::readable`], for a future that owns a share of this.
    ///
    /// # Errors
    ///
    /// See [`Source::poll_ready`].
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: nothing is consumed.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    /// use trill_reactor::{Async, block_on};
    ///
    /// let (a, b) = std::os::unix::net::UnixStream::pair()?;
    /// let a = Arc::new(Async::new(a)?);
    /// drop(b);
    /// block_on(a.readable_owned())?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn readable_owned(self: Arc<Self>) -> ReadableOwned<T> {
        ReadableOwned::new(self)
    }

    /// Waits until writing would not block.
    ///
    /// # Errors
    ///
    /// See [`Source::poll_ready`].
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: nothing is written. Any number of tasks may wait at once.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_reactor::{Async, block_on};
    ///
    /// let (a, _b) = std::os::unix::net::UnixStream::pair()?;
    /// block_on(Async::new(a)?.writable())?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn writable(&self) -> Writable<'_, T> {
        Writable::new(self)
    }

    /// As [`Async::writable`], for a future that owns a share of this.
    ///
    /// # Errors
    ///
    /// See [`Source::poll_ready`].
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: nothing is written.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    /// use trill_reactor::{Async, block_on};
    ///
    /// let (a, _b) = std::os::unix::net::UnixStream::pair()?;
    /// block_on(Arc::new(Async::new(a)?).writable_owned())?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn writable_owned(self: Arc<Self>) -> WritableOwned<T> {
        WritableOwned::new(self)
    }

    /// Waits until reading would not block, by hand.
    ///
    /// The waker stays registered until the next event. Any number of tasks may wait at once.
    ///
    /// # Errors
    ///
    /// See [`Source::poll_ready`].
    ///
    /// # Examples
    ///
    /// ```
    /// use std::future::poll_fn;
    /// use trill_reactor::{Async, block_on};
    ///
    /// let (a, b) = std::os::unix::net::UnixStream::pair()?;
    /// let a = Async::new(a)?;
    /// drop(b);
    /// block_on(poll_fn(|cx| a.poll_readable(cx)))?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn poll_readable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.source
            .poll_asked(cx, Direction::Read, Location::caller())
    }

    /// Waits until writing would not block, by hand.
    ///
    /// The waker stays registered until the next event. Any number of tasks may wait at once.
    ///
    /// # Errors
    ///
    /// See [`Source::poll_ready`].
    ///
    /// # Examples
    ///
    /// ```
    /// use std::future::poll_fn;
    /// use trill_reactor::{Async, block_on};
    ///
    /// let (a, _b) = std::os::unix::net::UnixStream::pair()?;
    /// let a = Async::new(a)?;
    /// block_on(poll_fn(|cx| a.poll_writable(cx)))?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn poll_writable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.source
            .poll_asked(cx, Direction::Write, Location::caller())
    }

    /// Tries a reading operation until it does not say `WouldBlock`, waiting in between.
    ///
    /// # Errors
    ///
    /// What `op` returns, except `WouldBlock`; see also [`Source::poll_ready`].
    ///
    /// # Cancel safety
    ///
    /// As safe as `op`: the future returns in the poll in which `op` succeeds, so dropping it while it waits loses
    /// nothing that a call of `op` has done.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::net::TcpListener;
    /// use trill_reactor::{Async, block_on};
    ///
    /// let listener = Async::<TcpListener>::bind(([127, 0, 0, 1], 0))?;
    /// let client = std::net::TcpStream::connect(listener.get_ref().local_addr()?)?;
    /// let (stream, address) = block_on(listener.read_with(|listener| listener.accept()))?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn read_with<R, F>(&self, op: F) -> ReadWith<'_, T, F>
    where
        F: FnMut(&T) -> io::Result<R>,
    {
        ReadWith::new(self, op)
    }

    /// As [`Async::read_with`], for operations that need `&mut T`.
    ///
    /// # Errors
    ///
    /// As [`Async::read_with`].
    ///
    /// # Cancel safety
    ///
    /// As [`Async::read_with`].
    ///
    /// # Safety
    ///
    /// `op` does not drop or exchange the descriptor, see [`Async::get_mut`].
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::Read;
    /// use trill_reactor::{Async, block_on};
    ///
    /// let (a, b) = std::os::unix::net::UnixStream::pair()?;
    /// let mut a = Async::new(a)?;
    /// drop(b);
    /// // SAFETY: reading leaves the descriptor alone.
    /// let end = unsafe { a.read_with_mut(|a| a.read(&mut [0])) };
    /// assert_eq!(block_on(end)?, 0);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub unsafe fn read_with_mut<R, F>(&mut self, op: F) -> ReadWithMut<'_, T, F>
    where
        F: FnMut(&mut T) -> io::Result<R>,
    {
        ReadWithMut::new(self, op)
    }

    /// Tries a writing operation until it does not say `WouldBlock`, waiting in between.
    ///
    /// # Errors
    ///
    /// As [`Async::read_with`].
    ///
    /// # Cancel safety
    ///
    /// As [`Async::read_with`].
    ///
    /// # Examples
    ///
    /// ```
    /// use std::net::UdpSocket;
    /// use trill_reactor::{Async, block_on};
    ///
    /// let socket = Async::<UdpSocket>::bind(([127, 0, 0, 1], 0))?;
    /// let to_itself = socket.get_ref().local_addr()?;
    /// block_on(socket.write_with(|socket| socket.send_to(b"hello", to_itself)))?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn write_with<R, F>(&self, op: F) -> WriteWith<'_, T, F>
    where
        F: FnMut(&T) -> io::Result<R>,
    {
        WriteWith::new(self, op)
    }

    /// As [`Async::write_with`], for operations that need `&mut T`.
    ///
    /// # Errors
    ///
    /// As [`Async::read_with`].
    ///
    /// # Cancel safety
    ///
    /// As [`Async::read_with`].
    ///
    /// # Safety
    ///
    /// `op` does not drop or exchange the descriptor, see [`Async::get_mut`].
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::Write;
    /// use trill_reactor::{Async, block_on};
    ///
    /// let (a, _b) = std::os::unix::net::UnixStream::pair()?;
    /// let mut a = Async::new(a)?;
    /// // SAFETY: writing leaves the descriptor alone.
    /// let written = unsafe { a.write_with_mut(|a| a.write(b"hello")) };
    /// assert_eq!(block_on(written)?, 5);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub unsafe fn write_with_mut<R, F>(&mut self, op: F) -> WriteWithMut<'_, T, F>
    where
        F: FnMut(&mut T) -> io::Result<R>,
    {
        WriteWithMut::new(self, op)
    }

    /// Whether a short transfer means that no more can be transferred.
    #[inline]
    pub(crate) fn short_is_all(&self) -> bool {
        self.short_is_all
    }

    /// The registration, and what it is of. The caller does not exchange the descriptor.
    #[inline]
    pub(crate) fn split_mut(&mut self) -> (&Source, &mut T) {
        (&self.source, &mut self.io)
    }
}

impl<T> AsRef<T> for Async<T> {
    fn as_ref(&self) -> &T {
        &self.io
    }
}

impl<T: fmt::Debug> fmt::Debug for Async<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Async")
            .field("source", &self.source)
            .field("io", &self.io)
            .finish_non_exhaustive()
    }
}
