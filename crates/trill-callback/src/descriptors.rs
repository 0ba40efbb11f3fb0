//! Callbacks that run each time a descriptor is ready.

use std::io;
use std::panic::Location;
use std::sync::Arc;

use crate::callbacks::Callbacks;
use crate::handle::Handle;
use crate::origin::Origin;
use crate::reach::{Reach, TakesEach};
use crate::sys::{self, AsFd, AsRawFd, BorrowedFd};
use crate::watch::{Descriptor, Side};

impl<R: Reach> Callbacks<R> {
    /// Runs a callback in each turn in which reading `io` would not block, until it is removed.
    ///
    /// There is one such callback for a descriptor: adding another one replaces and cancels the first. It watches the level
    /// and not the edge: what it leaves unread makes it run again in the next turn, and so does an end of file or an error
    /// until it is removed.
    ///
    /// `io` is what keeps the descriptor open while it is watched: an `Arc` of a socket, an `OwnedFd`, standard input. Its
    /// flags are left alone, so in blocking mode the callback reads once per run. It is registered with the
    /// [current](trill_reactor::Reactor::current) reactor. See [`add_reader_borrowed`](Callbacks::add_reader_borrowed) for a
    /// descriptor that is only borrowed.
    ///
    /// # Errors
    ///
    /// `AlreadyExists` if the descriptor belongs to an [`Async`](trill_reactor::Async), a socket of `trill-net` or another
    /// loop with the same reactor; `Unsupported` for files and directories, which are always ready, and in a simulated world;
    /// or what the operating system says when it refuses. The callback is dropped then, and the one that there was stays.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::{Read, Write};
    /// use std::os::unix::net::UnixStream;
    /// use std::sync::Arc;
    /// use trill_callback::Callbacks;
    ///
    /// let (receiver, mut sender) = UnixStream::pair()?;
    /// let receiver = Arc::new(receiver);
    /// let callbacks = Callbacks::new();
    /// let (socket, stop) = (receiver.clone(), callbacks.clone());
    /// callbacks.add_reader(receiver.clone(), move || {
    ///     let mut buffer = [0; 8];
    ///     let len = (&*socket).read(&mut buffer).unwrap();
    ///     assert_eq!(&buffer[..len], b"hello");
    ///     stop.stop();
    /// })?;
    /// sender.write_all(b"hello")?;
    /// trill_park::block_on(callbacks.run());
    /// assert!(callbacks.remove_reader(&receiver));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn add_reader<F>(
        &self,
        io: impl AsFd + Send + Sync + 'static,
        callback: F,
    ) -> io::Result<Handle<R>>
    where
        R: TakesEach<F>,
    {
        self.watch(
            Descriptor(Arc::new(io)),
            false,
            R::each(callback),
            Location::caller(),
        )
    }

    /// Runs a callback in each turn in which writing to `io` would not block, until it is removed; as
    /// [`add_reader`](Callbacks::add_reader), which it does not disturb.
    ///
    /// # Errors
    ///
    /// As [`add_reader`](Callbacks::add_reader).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::os::unix::net::UnixStream;
    /// use std::sync::Arc;
    /// use trill_callback::Callbacks;
    ///
    /// let (sender, _receiver) = UnixStream::pair()?;
    /// let sender = Arc::new(sender);
    /// let callbacks = Callbacks::new();
    /// let (this, socket) = (callbacks.clone(), sender.clone());
    /// callbacks.add_writer(sender, move || {
    ///     assert!(this.remove_writer(&socket));
    ///     this.stop();
    /// })?;
    /// trill_park::block_on(callbacks.run());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn add_writer<F>(
        &self,
        io: impl AsFd + Send + Sync + 'static,
        callback: F,
    ) -> io::Result<Handle<R>>
    where
        R: TakesEach<F>,
    {
        self.watch(
            Descriptor(Arc::new(io)),
            true,
            R::each(callback),
            Location::caller(),
        )
    }

    /// As [`add_reader`](Callbacks::add_reader), for a descriptor that somebody else owns, and may close.
    ///
    /// What is watched is a duplicate of it, known by the number of the original. It works beside other registrations of the
    /// descriptor. While it is watched the open file stays open: its other end sees no end of file when the original is
    /// closed. So remove it first.
    ///
    /// # Errors
    ///
    /// As [`add_reader`](Callbacks::add_reader), and if there are too many descriptors; but never `AlreadyExists`.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::os::fd::AsFd;
    /// use std::os::unix::net::UnixStream;
    /// use trill_callback::Callbacks;
    ///
    /// let (receiver, sender) = UnixStream::pair()?;
    /// let callbacks = Callbacks::new();
    /// let stop = callbacks.clone();
    /// callbacks.add_reader_borrowed(receiver.as_fd(), move || stop.stop())?;
    /// drop(sender);
    /// trill_park::block_on(callbacks.run());
    /// assert!(callbacks.remove_reader(&receiver));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn add_reader_borrowed<F>(&self, fd: BorrowedFd<'_>, callback: F) -> io::Result<Handle<R>>
    where
        R: TakesEach<F>,
    {
        self.watch_duplicate(fd, false, R::each(callback), Location::caller())
    }

    /// As [`add_writer`](Callbacks::add_writer), for a descriptor that somebody else owns; see
    /// [`add_reader_borrowed`](Callbacks::add_reader_borrowed).
    ///
    /// # Errors
    ///
    /// As [`add_reader_borrowed`](Callbacks::add_reader_borrowed).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::os::fd::AsFd;
    /// use std::os::unix::net::UnixStream;
    /// use trill_callback::Callbacks;
    ///
    /// let (sender, _receiver) = UnixStream::pair()?;
    /// let callbacks = Callbacks::new();
    /// let stop = callbacks.clone();
    /// let handle = callbacks.add_writer_borrowed(sender.as_fd(), move || stop.stop())?;
    /// trill_park::block_on(callbacks.run());
    /// assert!(handle.cancel());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn add_writer_borrowed<F>(&self, fd: BorrowedFd<'_>, callback: F) -> io::Result<Handle<R>>
    where
        R: TakesEach<F>,
    {
        self.watch_duplicate(fd, true, R::each(callback), Location::caller())
    }

    /// Stops watching a descriptor for reading; returns whether it was watched.
    ///
    /// A callback that is queued already because the descriptor was ready does not run any more.
    ///
    /// # Panics
    ///
    /// As [`Handle::cancel`].
    ///
    /// # Examples
    ///
    /// See [`add_reader`](Callbacks::add_reader).
    pub fn remove_reader(&self, fd: &impl AsRawFd) -> bool {
        self.core.cancel_side(Side {
            fd: sys::number(fd),
            is_write: false,
        })
    }

    /// Stops watching a descriptor for writing; returns whether it was watched.
    ///
    /// # Panics
    ///
    /// As [`Handle::cancel`].
    ///
    /// # Examples
    ///
    /// See [`add_writer`](Callbacks::add_writer).
    pub fn remove_writer(&self, fd: &impl AsRawFd) -> bool {
        self.core.cancel_side(Side {
            fd: sys::number(fd),
            is_write: true,
        })
    }

    fn watch(
        &self,
        io: Descriptor,
        is_write: bool,
        callback: R::Each,
        site: &'static Location<'static>,
    ) -> io::Result<Handle<R>> {
        let fd = sys::number(&sys::borrow(&io));
        let side = Side { fd, is_write };
        let name = self
            .core
            .add_watch(side, io, true, callback, Origin::new(site))?;
        Ok(Handle::of_watch(Arc::downgrade(&self.core), name))
    }

    fn watch_duplicate(
        &self,
        fd: BorrowedFd<'_>,
        is_write: bool,
        callback: R::Each,
        site: &'static Location<'static>,
    ) -> io::Result<Handle<R>> {
        let duplicate = Descriptor(Arc::new(fd.try_clone_to_owned()?));
        let fd = sys::number(&fd);
        let side = Side { fd, is_write };
        let name = self
            .core
            .add_watch(side, duplicate, false, callback, Origin::new(site))?;
        Ok(Handle::of_watch(Arc::downgrade(&self.core), name))
    }
}
