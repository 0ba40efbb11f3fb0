//! From a stream to a file.

use std::borrow::Borrow;
use std::fmt;
use std::future::Future;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use trill_blocking::{Class, Task, try_unblock_in};
use trill_cell::Kind;
use trill_reactor::{Async, Direction, Waiter};

use crate::middle::Middle;
use crate::sys;

/// Writes a stream to a file, from `offset` on, until the stream ends; returns how many bytes that were.
///
/// The position of the file is neither used nor moved. The blocking pool writes, so no thread of tasks waits for a disk.
/// Whether the bytes are safe from a power failure is for the caller to see to.
///
/// # Errors
///
/// What the operating system says of either end. [`ReceiveFile::written`] says how far it came.
///
/// # Cancel safety
///
/// Cancel safe if it is polled by reference, and then awaited again or asked for [`ReceiveFile::written`]. To drop it
/// loses what was read and not written, at most 64 KiB; a write that has begun goes on.
///
/// # Examples
///
/// ```
/// use trill_net::unix::UnixStream;
///
/// # let path = std::env::temp_dir().join(format!("trill-receive-{}", std::process::id()));
/// let file = std::fs::File::create(&path)?;
/// trill_park::block_on(async {
///     let (a, b) = UnixStream::pair()?;
///     a.write_all(b"hello").await?;
///     drop(a);
///     assert_eq!(trill_splice::receive_file(&b, &file, 0).await?, 5);
///     # Ok::<(), std::io::Error>(())
/// })?;
/// assert_eq!(std::fs::read(&path)?, b"hello");
/// # std::fs::remove_file(&path)?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn receive_file<'a, T>(
    from: &'a impl Borrow<Async<T>>,
    file: &'a impl AsFd,
    offset: u64,
) -> ReceiveFile<'a>
where
    T: AsFd + 'a,
{
    let from: &Async<T> = from.borrow();
    ReceiveFile {
        reader: from.source().waiter(Direction::Read),
        from: from.get_ref().as_fd(),
        file: file.as_fd(),
        start: offset,
        offset,
        left: u64::MAX,
        has_ended: false,
        state: State::Here(Middle::Unmade),
    }
}

/// Writes a stream to a file; from [`receive_file`].
///
/// # Examples
///
/// See [`receive_file`].
#[must_use = "futures do nothing unless awaited"]
pub struct ReceiveFile<'a> {
    reader: Waiter<'a>,
    from: BorrowedFd<'a>,
    file: BorrowedFd<'a>,
    start: u64,
    /// Where the next byte goes.
    offset: u64,
    /// How many bytes may still be read.
    left: u64,
    has_ended: bool,
    state: State,
}

enum State {
    /// What was read is here.
    Here(Middle),
    /// The pool has it and writes it; it comes back with how much was written.
    Away(Task<(Middle, usize, io::Result<()>)>),
    /// It was away when the pool failed.
    Lost,
}

impl ReceiveFile<'_> {
    /// Sets how many bytes are read at most; it is done when they are written.
    ///
    /// # Cancel safety
    ///
    /// As [`receive_file`].
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_net::unix::UnixStream;
    ///
    /// # let path = std::env::temp_dir().join(format!("trill-receive-limit-{}", std::process::id()));
    /// let file = std::fs::File::create(&path)?;
    /// trill_park::block_on(async {
    ///     let (a, b) = UnixStream::pair()?;
    ///     a.write_all(b"head, body").await?;
    ///     assert_eq!(trill_splice::receive_file(&b, &file, 0).limit(4).await?, 4);
    ///     assert_eq!(trill_splice::receive_file(&b, &file, 4).through_memory().limit(6).await?, 6);
    ///     # Ok::<(), std::io::Error>(())
    /// })?;
    /// assert_eq!(std::fs::read(&path)?, b"head, body");
    /// # std::fs::remove_file(&path)?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn limit(mut self, bytes: u64) -> Self {
        self.left = bytes;
        self
    }

    /// Lets bytes go through memory, as where the kernel cannot move them; to compare, and to test.
    ///
    /// # Cancel safety
    ///
    /// As [`receive_file`].
    ///
    /// # Examples
    ///
    /// See [`ReceiveFile::limit`].
    pub fn through_memory(mut self) -> Self {
        self.state = State::Here(Middle::memory());
        self
    }

    /// Returns how many bytes were written to the file, as far as is known; a write that is under way may have come
    /// further.
    ///
    /// # Examples
    ///
    /// ```
    /// use futures_lite::future::poll_once;
    /// use trill_net::unix::UnixStream;
    ///
    /// # let path = std::env::temp_dir().join(format!("trill-receive-written-{}", std::process::id()));
    /// let file = std::fs::File::create(&path)?;
    /// trill_park::block_on(async {
    ///     let (a, b) = UnixStream::pair()?;
    ///     let mut receiving = trill_splice::receive_file(&b, &file, 0);
    ///     assert!(poll_once(&mut receiving).await.is_none());
    ///     assert_eq!(receiving.written(), 0);
    ///     a.write_all(b"hello").await?;
    ///     drop(a);
    ///     // It goes on where it was.
    ///     assert_eq!(receiving.await?, 5);
    ///     # Ok::<(), std::io::Error>(())
    /// })?;
    /// # std::fs::remove_file(&path)?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn written(&self) -> u64 {
        self.offset - self.start
    }
}

impl Unpin for ReceiveFile<'_> {}

impl Future for ReceiveFile<'_> {
    type Output = io::Result<u64>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        let (this, location) = (self.get_mut(), Location::caller());
        loop {
            match &mut this.state {
                State::Away(writing) => {
                    let Poll::Ready((middle, written, result)) = Pin::new(writing).poll(cx) else {
                        trill_cell::waiting(Kind::Blocking, 0, location);
                        return Poll::Pending;
                    };
                    this.state = State::Here(middle);
                    this.offset += written as u64;
                    result?;
                }
                State::Here(middle) if middle.len() > 0 => {
                    let (file, offset) = (this.file.try_clone_to_owned()?, this.offset);
                    let State::Here(middle) = std::mem::replace(&mut this.state, State::Lost)
                    else {
                        unreachable!("it was here");
                    };
                    let write = move || write(middle, &file, offset);
                    this.state = State::Away(try_unblock_in(&Class::DEFAULT, write)?);
                }
                State::Here(_) if this.has_ended || this.left == 0 => {
                    return Poll::Ready(Ok(this.written()));
                }
                State::Here(middle) => {
                    let (from, left) = (this.from, this.left);
                    let read = this
                        .reader
                        .poll_io(cx, location, || middle.fill(from, left));
                    let count = ready!(read)?;
                    this.has_ended = count == 0;
                    this.left -= count as u64;
                }
                State::Lost => {
                    return Poll::Ready(Err(io::Error::other(
                        "what was read got lost when no thread could write it",
                    )));
                }
            }
        }
    }
}

/// Writes all that `middle` holds; gives it back with how much was written.
fn write(mut middle: Middle, file: &OwnedFd, offset: u64) -> (Middle, usize, io::Result<()>) {
    let mut written = 0;
    while let Middle::Pipe { read, len, .. } = &mut middle {
        if *len == 0 {
            return (middle, written, Ok(()));
        }
        let at = Some(offset + written as u64);
        match sys::splice(read.as_fd(), file.as_fd(), at, *len) {
            Ok(0) => return (middle, written, Err(io::ErrorKind::WriteZero.into())),
            Ok(count) => {
                *len -= count;
                written += count;
            }
            Err(error) if sys::cannot_move(&error) => {
                if let Err(error) = middle.fetch() {
                    return (middle, written, Err(error));
                }
            }
            Err(error) => return (middle, written, Err(error)),
        }
    }
    let Middle::Memory { buffer, start, end } = &mut middle else {
        return (middle, written, Ok(()));
    };
    let at = offset + written as u64;
    let (count, result) = sys::write_all_at(file.as_fd(), &buffer[*start..*end], at);
    *start += count;
    (middle, written + count, result)
}

impl fmt::Debug for ReceiveFile<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReceiveFile")
            .field("written", &self.written())
            .finish_non_exhaustive()
    }
}
