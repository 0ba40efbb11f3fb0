//! From a file to a stream.

use std::borrow::Borrow;
use std::fmt;
use std::future::Future;
use std::io;
use std::ops::{Bound, RangeBounds};
use std::os::fd::{AsFd, BorrowedFd};
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use trill_blocking::{Class, Task, try_unblock_in};
use trill_cell::Kind;
use trill_reactor::{Async, Direction, Waiter};

use crate::sys;

/// Sends a range of a file to a stream; returns how many bytes that were: fewer if the file ends before.
///
/// `..` is all that the file has now. The position of the file is neither used nor moved, so several may be sent from one
/// at once. Bytes that are not in memory are read by the blocking pool first.
///
/// # Errors
///
/// `InvalidInput` if it is no regular file; else what the operating system says of either. [`SendFile::sent`] says
/// how far it came.
///
/// # Cancel safety
///
/// Cancel safe: what was sent is counted in the poll that sends it. Polled by reference it tells ([`SendFile::sent`]), and
/// can be awaited again; dropped, it takes that number along.
///
/// # Examples
///
/// ```
/// use trill_net::unix::UnixStream;
///
/// # let path = std::env::temp_dir().join(format!("trill-send-{}", std::process::id()));
/// # std::fs::write(&path, "0123456789")?;
/// let file = std::fs::File::open(&path)?;
/// trill_park::block_on(async {
///     let (a, b) = UnixStream::pair()?;
///     assert_eq!(trill_splice::send_file(&file, 2..5, &a).await?, 3);
///     assert_eq!(trill_splice::send_file(&file, 8.., &a).await?, 2);
///     let mut buffer = [0; 5];
///     b.read_exact(&mut buffer).await?;
///     assert_eq!(&buffer, b"23489");
///     # Ok::<(), std::io::Error>(())
/// })?;
/// # std::fs::remove_file(&path)?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn send_file<'a, T>(
    file: &'a impl AsFd,
    range: impl RangeBounds<u64>,
    to: &'a impl Borrow<Async<T>>,
) -> SendFile<'a>
where
    T: AsFd + 'a,
{
    let to: &Async<T> = to.borrow();
    let start = match range.start_bound() {
        Bound::Included(start) => *start,
        Bound::Excluded(start) => start.saturating_add(1),
        Bound::Unbounded => 0,
    };
    let end = match range.end_bound() {
        Bound::Included(end) => end.saturating_add(1),
        Bound::Excluded(end) => *end,
        Bound::Unbounded => u64::MAX,
    };
    SendFile {
        writer: to.source().waiter(Direction::Write),
        to: to.get_ref().as_fd(),
        file: file.as_fd(),
        start,
        offset: start,
        end,
        way: Way::Unknown,
        read_to: 0,
        reading: None,
    }
}

/// Sends a range of a file to a stream; from [`send_file`].
///
/// # Examples
///
/// See [`send_file`].
#[must_use = "futures do nothing unless awaited"]
pub struct SendFile<'a> {
    writer: Waiter<'a>,
    to: BorrowedFd<'a>,
    file: BorrowedFd<'a>,
    start: u64,
    /// What comes next.
    offset: u64,
    end: u64,
    way: Way,
    /// Up to where the file is in memory, as far as is known.
    read_to: u64,
    /// What the pool reads.
    reading: Option<Task<io::Result<Vec<u8>>>>,
}

enum Way {
    Unknown,
    Kernel,
    /// Through memory: what was read and how much of it was sent.
    Memory(Vec<u8>, usize),
}

impl SendFile<'_> {
    /// Lets bytes go through memory, as where the kernel cannot move them; to compare, and to test.
    ///
    /// # Cancel safety
    ///
    /// As [`send_file`].
    ///
    /// # Examples
    ///
    /// ```
    /// # let path = std::env::temp_dir().join(format!("trill-send-memory-{}", std::process::id()));
    /// # std::fs::write(&path, "0123456789")?;
    /// let file = std::fs::File::open(&path)?;
    /// trill_park::block_on(async {
    ///     let (a, _b) = trill_net::unix::UnixStream::pair()?;
    ///     assert_eq!(trill_splice::send_file(&file, .., &a).through_memory().await?, 10);
    ///     # Ok::<(), std::io::Error>(())
    /// })?;
    /// # std::fs::remove_file(&path)?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn through_memory(mut self) -> Self {
        self.way = Way::Memory(Vec::new(), 0);
        self
    }

    /// Returns how many bytes were sent.
    ///
    /// # Examples
    ///
    /// ```
    /// use futures_lite::future::poll_once;
    ///
    /// # let path = std::env::temp_dir().join(format!("trill-send-sent-{}", std::process::id()));
    /// # std::fs::write(&path, vec![7; 10 << 20])?;
    /// let file = std::fs::File::open(&path)?;
    /// trill_park::block_on(async {
    ///     let (a, _b) = trill_net::unix::UnixStream::pair()?;
    ///     let mut sending = trill_splice::send_file(&file, .., &a);
    ///     // Nobody reads 10 MiB.
    ///     assert!(poll_once(&mut sending).await.is_none());
    ///     assert!(sending.sent() < 10 << 20);
    ///     # Ok::<(), std::io::Error>(())
    /// })?;
    /// # std::fs::remove_file(&path)?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn sent(&self) -> u64 {
        self.offset - self.start
    }

    /// Chooses a way, and learns where the file ends.
    fn begin(&mut self) -> io::Result<()> {
        self.end = self.end.min(sys::file_len(self.file)?);
        if let Way::Unknown = self.way {
            self.way = if sys::sigpipe_ends_this_process() {
                Way::Memory(Vec::new(), 0)
            } else {
                Way::Kernel
            };
        }
        Ok(())
    }

    /// How many bytes to move at once.
    fn chunk(&self) -> usize {
        let left = self.end.saturating_sub(self.offset);
        usize::try_from(left).map_or(CHUNK_BYTES, |left| left.min(CHUNK_BYTES))
    }

    /// Waits until the pool has read the next chunk, and returns it.
    fn poll_chunk(
        &mut self,
        cx: &mut Context<'_>,
        location: &'static Location<'static>,
    ) -> Poll<io::Result<Vec<u8>>> {
        if self.reading.is_none() {
            let (file, offset, len) = (self.file.try_clone_to_owned()?, self.offset, self.chunk());
            self.reading = Some(try_unblock_in(&Class::DEFAULT, move || {
                let mut buffer = vec![0; len];
                let count = sys::read_at(file.as_fd(), &mut buffer, offset)?;
                buffer.truncate(count);
                Ok(buffer)
            })?);
        }
        let reading = self.reading.as_mut().expect("it was made above");
        let Poll::Ready(read) = Pin::new(reading).poll(cx) else {
            trill_cell::waiting(Kind::Blocking, 0, location);
            return Poll::Pending;
        };
        self.reading = None;
        Poll::Ready(read)
    }

    /// Moves a chunk inside the kernel; 0 is the end of the file.
    fn poll_kernel(
        &mut self,
        cx: &mut Context<'_>,
        location: &'static Location<'static>,
    ) -> Poll<io::Result<usize>> {
        let len = self.chunk();
        let last = self.offset + len as u64 - 1;
        let known = last < self.read_to;
        let here = |at| sys::is_resident(self.file, at);
        if self.reading.is_some() || !(known || here(self.offset) && here(last)) {
            // What was read is thrown away: it is in the kernel's memory now, from where it is sent.
            ready!(self.poll_chunk(cx, location))?;
        }
        self.read_to = last + 1;
        let (to, file, offset) = (self.to, self.file, self.offset);
        self.writer
            .poll_io(cx, location, || sys::send_file(to, file, offset, len))
    }

    /// Sends some of what was read into memory, or reads the next chunk; 0 is the end of the file.
    fn poll_memory(
        &mut self,
        cx: &mut Context<'_>,
        location: &'static Location<'static>,
    ) -> Poll<io::Result<usize>> {
        if let Way::Memory(bytes, sent) = &self.way {
            if *sent == bytes.len() {
                let read = ready!(self.poll_chunk(cx, location))?;
                if read.is_empty() {
                    return Poll::Ready(Ok(0));
                }
                self.way = Way::Memory(read, 0);
            }
        }
        let (to, Way::Memory(bytes, sent)) = (self.to, &mut self.way) else {
            unreachable!("the caller goes through memory");
        };
        let rest = &bytes[*sent..];
        let count = ready!(
            self.writer
                .poll_io(cx, location, || sys::write_now(to, rest))
        )?;
        *sent += count;
        Poll::Ready(Ok(count))
    }
}

impl Unpin for SendFile<'_> {}

impl Future for SendFile<'_> {
    type Output = io::Result<u64>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        let (this, location) = (self.get_mut(), Location::caller());
        if this.sent() == 0 && this.reading.is_none() {
            this.begin()?;
        }
        while this.offset < this.end {
            let count = match this.way {
                Way::Memory(..) => ready!(this.poll_memory(cx, location))?,
                _ => match ready!(this.poll_kernel(cx, location)) {
                    Err(error) if sys::cannot_move(&error) => {
                        this.way = Way::Memory(Vec::new(), 0);
                        continue;
                    }
                    result => result?,
                },
            };
            if count == 0 {
                // The file became shorter meanwhile.
                break;
            }
            this.offset += count as u64;
        }
        Poll::Ready(Ok(this.sent()))
    }
}

impl fmt::Debug for SendFile<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendFile")
            .field("sent", &self.sent())
            .field("in_kernel", &matches!(self.way, Way::Kernel))
            .finish_non_exhaustive()
    }
}

/// How much is moved with one call: as much as the kernel reads ahead of a file at least, so that its first and last byte
/// tell whether it is in memory.
const CHUNK_BYTES: usize = 128 * 1024;
