//! Operations on open files.

use std::fmt;
use std::io;
use std::ops::Range;
use std::sync::Arc;

use crate::landed::Landed;
use crate::op::Operation;
use crate::sys::OwnedFile;

/// Reads into a buffer that it owns, and gives it back with the count.
///
/// # Examples
///
/// See [`Reactor::submit`](crate::Reactor::submit).
pub struct Read<B> {
    /// Where to read from.
    pub file: Arc<OwnedFile>,
    /// Where to read to.
    pub buffer: B,
    /// Which part of the buffer is filled; what lies outside of the buffer is left out.
    pub range: Range<usize>,
    /// The position in the file in bytes; `None` means the file's own, which moves on then.
    pub offset: Option<u64>,
}

impl<B: AsMut<[u8]> + Send + 'static> Read<B> {
    /// Reads to the whole buffer, at the position `offset` in bytes or at the file's own.
    ///
    /// # Examples
    ///
    /// See [`Reactor::submit`](crate::Reactor::submit).
    pub fn new(file: Arc<OwnedFile>, mut buffer: B, offset: Option<u64>) -> Read<B> {
        let range = 0..buffer.as_mut().len();
        Read {
            file,
            buffer,
            range,
            offset,
        }
    }
}

impl<B: AsMut<[u8]> + Send + Unpin + 'static> Operation for Read<B> {
    /// The number of bytes, which is 0 at the end of the file; and the buffer.
    type Output = (io::Result<usize>, B);

    fn complete(self, landed: Landed) -> (io::Result<usize>, B) {
        (landed.count(), self.buffer)
    }
}

/// Writes from a buffer that it owns, and gives it back with the count.
///
/// At the file's own position: after a write that is cut short, as by a full disk, Linux leaves the position where it was.
/// Say the offset where that matters.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
/// use trill_reactor::op::Write;
///
/// # fn file() -> std::os::fd::OwnedFd { std::fs::File::open("/dev/null").unwrap().into() }
/// let write = Write::new(Arc::new(file()), "some text", Some(10));
/// assert_eq!(write.range, 0..9);
/// ```
pub struct Write<B> {
    /// Where to write to.
    pub file: Arc<OwnedFile>,
    /// Where to write from.
    pub buffer: B,
    /// Which part of the buffer is written; what lies outside of the buffer is left out.
    pub range: Range<usize>,
    /// The position in the file in bytes; `None` means the file's own, which moves on then.
    pub offset: Option<u64>,
}

impl<B: AsRef<[u8]> + Send + 'static> Write<B> {
    /// Writes the whole buffer, at the position `offset` in bytes or at the file's own.
    ///
    /// # Examples
    ///
    /// See [`Write`].
    pub fn new(file: Arc<OwnedFile>, buffer: B, offset: Option<u64>) -> Write<B> {
        let range = 0..buffer.as_ref().len();
        Write {
            file,
            buffer,
            range,
            offset,
        }
    }
}

impl<B: AsRef<[u8]> + Send + Unpin + 'static> Operation for Write<B> {
    /// The number of bytes, which may be less than asked for; and the buffer.
    type Output = (io::Result<usize>, B);

    fn complete(self, landed: Landed) -> (io::Result<usize>, B) {
        (landed.count(), self.buffer)
    }
}

/// Brings what was written to the disk.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
/// use trill_reactor::op::Sync;
///
/// # fn file() -> std::os::fd::OwnedFd { std::fs::File::open("/dev/null").unwrap().into() }
/// let sync = Sync::new(Arc::new(file()), true);
/// assert!(sync.data_only);
/// ```
#[derive(Debug)]
pub struct Sync {
    /// Which file.
    pub file: Arc<OwnedFile>,
    /// Leaves out what is not needed to read the data again, like times.
    pub data_only: bool,
}

impl Sync {
    /// Brings the file's data to the disk, and unless `data_only` all else about it.
    ///
    /// # Examples
    ///
    /// See [`Sync`].
    pub fn new(file: Arc<OwnedFile>, data_only: bool) -> Sync {
        Sync { file, data_only }
    }
}

impl Operation for Sync {
    type Output = io::Result<()>;

    fn complete(self, landed: Landed) -> io::Result<()> {
        landed.nothing()
    }
}

/// Cuts a file off, or fills it up with zeros.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
/// use trill_reactor::op::SetLen;
///
/// # fn file() -> std::os::fd::OwnedFd { std::fs::File::open("/dev/null").unwrap().into() }
/// assert_eq!(SetLen::new(Arc::new(file()), 4096).len, 4096);
/// ```
#[derive(Debug)]
pub struct SetLen {
    /// Which file.
    pub file: Arc<OwnedFile>,
    /// How long it is to be, in bytes.
    pub len: u64,
}

impl SetLen {
    /// Makes the file `len` bytes long.
    ///
    /// # Examples
    ///
    /// See [`SetLen`].
    pub fn new(file: Arc<OwnedFile>, len: u64) -> SetLen {
        SetLen { file, len }
    }
}

impl Operation for SetLen {
    type Output = io::Result<()>;

    fn complete(self, landed: Landed) -> io::Result<()> {
        landed.nothing()
    }
}

/// Closes a descriptor, which may have to wait for a file on a network.
///
/// # Examples
///
/// ```
/// use trill_reactor::op::Close;
///
/// # fn file() -> std::os::fd::OwnedFd { std::fs::File::open("/dev/null").unwrap().into() }
/// drop(Close::new(file())); // a Close that is dropped closes at once
/// ```
#[derive(Debug)]
pub struct Close {
    /// What to close.
    pub file: OwnedFile,
}

impl Close {
    /// Closes the descriptor.
    ///
    /// # Examples
    ///
    /// See [`Close`].
    pub fn new(file: OwnedFile) -> Close {
        Close { file }
    }
}

impl Operation for Close {
    type Output = io::Result<()>;

    fn complete(self, landed: Landed) -> io::Result<()> {
        landed.closed(self.file)
    }
}

impl<B> fmt::Debug for Read<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        transfer(f, "Read", &self.file, &self.range, self.offset)
    }
}

impl<B> fmt::Debug for Write<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        transfer(f, "Write", &self.file, &self.range, self.offset)
    }
}

fn transfer(
    f: &mut fmt::Formatter<'_>,
    name: &str,
    file: &OwnedFile,
    range: &Range<usize>,
    offset: Option<u64>,
) -> fmt::Result {
    f.debug_struct(name)
        .field("file", file)
        .field("range", range)
        .field("offset", &offset)
        .finish_non_exhaustive()
}
