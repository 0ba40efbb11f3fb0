//! Directories.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fmt;
use std::io;
use std::panic::Location;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use trill_cell::Kind;
use trill_reactor::op::{AnyOperation, CreateDir};

use crate::leaf;
use crate::metadata::{FileType, Metadata};
use crate::options::c_path;
use crate::paths::symlink_metadata;
use crate::pool::pooled;
use crate::sys::{self, Listing};
use crate::work::{Work, turn};

/// How to make a directory: the options of [`std::fs::DirBuilder`].
///
/// # Examples
///
/// ```
/// use trill_fs::DirBuilder;
///
/// # let path = std::env::temp_dir().join(format!("trill-dirs-{}", std::process::id()));
/// let deep = path.join("a/b/c");
/// trill_reactor::block_on(DirBuilder::new().recursive(true).create(&deep))?;
/// assert!(deep.is_dir());
/// # std::fs::remove_dir_all(&path)?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct DirBuilder {
    recursive: bool,
    pub(crate) mode: u32,
}

impl DirBuilder {
    /// Starts with one directory whose parent is there, and permissions for all that the process does not mask out.
    ///
    /// # Examples
    ///
    /// See [`DirBuilder`].
    pub fn new() -> DirBuilder {
        DirBuilder {
            recursive: false,
            mode: 0o777,
        }
    }

    /// Makes parents that are missing, too, and takes no offence at a directory that is there.
    ///
    /// # Examples
    ///
    /// See [`DirBuilder`].
    pub fn recursive(&mut self, recursive: bool) -> &mut DirBuilder {
        self.recursive = recursive;
        self
    }

    /// Makes the directory.
    ///
    /// # Errors
    ///
    /// What the system says: `AlreadyExists`, `NotFound` for a missing parent, and so on.
    ///
    /// # Cancel safety
    ///
    /// Dropped after its first poll, the directory may be there or not.
    ///
    /// # Examples
    ///
    /// See [`DirBuilder`].
    pub fn create<P: AsRef<Path>>(&self, path: P) -> Work<io::Result<()>> {
        self.create_at(path.as_ref())
    }

    fn create_at(&self, path: &Path) -> Work<io::Result<()>> {
        let mode = self.mode;
        if self.recursive {
            let path = path.to_path_buf();
            return Work::new(pooled(move || sys::create_dirs(&path, mode)));
        }
        let path = c_path(path);
        leaf::work(path.map(|path| AnyOperation::CreateDir(CreateDir::new(path, mode))))
    }
}

impl Default for DirBuilder {
    fn default() -> DirBuilder {
        DirBuilder::new()
    }
}

/// The entries of a directory, a stream; from [`read_dir`](crate::read_dir()).
///
/// Entries are fetched some at a time. One that is removed or made while the stream is read may come or not; each
/// other one comes once. `.` and `..` do not come. After an error the stream ends.
///
/// # Cancel safety
///
/// Dropping a future of the next entry loses none.
///
/// # Examples
///
/// See [`read_dir`](crate::read_dir()).
pub struct ReadDir {
    /// Fetched and not yet taken.
    entries: VecDeque<io::Result<DirEntry>>,
    rest: Rest,
}

/// What else there may be.
enum Rest {
    Open(Box<Listing>),
    Fetching(Work<io::Result<Batch>>),
    Nothing,
}

struct Batch {
    entries: VecDeque<io::Result<DirEntry>>,
    listing: Option<Box<Listing>>,
}

impl ReadDir {
    /// Opens a directory and fetches its first entries.
    pub(crate) fn open(path: &Path) -> Work<io::Result<ReadDir>> {
        let path = path.to_path_buf();
        Work::new(async move {
            let batch = pooled(move || Ok(fetch(Box::new(sys::list(&path)?)))).await?;
            Ok(ReadDir {
                entries: batch.entries,
                rest: batch.listing.map_or(Rest::Nothing, Rest::Open),
            })
        })
    }

    fn poll_entry(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<DirEntry>>> {
        loop {
            if let Some(entry) = self.entries.pop_front() {
                return Poll::Ready(Some(entry));
            }
            match std::mem::replace(&mut self.rest, Rest::Nothing) {
                Rest::Nothing => return Poll::Ready(None),
                Rest::Open(listing) => {
                    let work = Work::new(pooled(move || Ok(fetch(listing))));
                    self.rest = Rest::Fetching(work);
                }
                Rest::Fetching(mut work) => match work.poll_untold(cx) {
                    Poll::Pending => {
                        self.rest = Rest::Fetching(work);
                        return Poll::Pending;
                    }
                    Poll::Ready(Err(error)) => return Poll::Ready(Some(Err(error))),
                    Poll::Ready(Ok(batch)) => {
                        self.entries = batch.entries;
                        self.rest = batch.listing.map_or(Rest::Nothing, Rest::Open);
                    }
                },
            }
        }
    }
}

impl Stream for ReadDir {
    type Item = io::Result<DirEntry>;

    #[track_caller]
    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let location = Location::caller();
        let unit = ready!(turn(cx, location));
        let polled = self.poll_entry(cx);
        if polled.is_pending() {
            unit.refund();
            trill_cell::waiting(Kind::File, 0, location);
        }
        polled
    }
}

impl fmt::Debug for ReadDir {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadDir")
            .field("fetched", &self.entries.len())
            .finish_non_exhaustive()
    }
}

/// Takes the next entries from the system, on a thread that may block.
fn fetch(mut listing: Box<Listing>) -> Batch {
    let mut entries = VecDeque::new();
    for entry in &mut *listing {
        let failed = entry.is_err();
        entries.push_back(entry.map(DirEntry::new));
        if failed {
            return Batch {
                entries,
                listing: None,
            };
        }
        if entries.len() == BATCH {
            return Batch {
                entries,
                listing: Some(listing),
            };
        }
    }
    Batch {
        entries,
        listing: None,
    }
}

/// What a directory holds under one name.
///
/// # Examples
///
/// See [`read_dir`](crate::read_dir()).
#[derive(Clone)]
pub struct DirEntry(Arc<Inner>);

struct Inner {
    path: PathBuf,
    ino: u64,
    kind: Option<FileType>,
}

impl DirEntry {
    fn new(entry: sys::OsDirEntry) -> DirEntry {
        let entry = sys::OsEntry::from(entry);
        DirEntry(Arc::new(Inner {
            path: entry.path,
            ino: entry.ino,
            kind: entry.kind,
        }))
    }

    /// Returns the path: that of the directory as it was given, and the name.
    ///
    /// # Examples
    ///
    /// See [`read_dir`](crate::read_dir()).
    pub fn path(&self) -> PathBuf {
        self.0.path.clone()
    }

    /// Returns the name.
    ///
    /// # Examples
    ///
    /// See [`read_dir`](crate::read_dir()).
    pub fn file_name(&self) -> OsString {
        self.0.path.file_name().unwrap_or_default().to_os_string()
    }

    /// Returns what is known about it, and not about where it leads if it is a symbolic link.
    ///
    /// # Errors
    ///
    /// What the system says: `NotFound` if it was removed meanwhile.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    ///
    /// # Examples
    ///
    /// See [`read_dir`](crate::read_dir()).
    pub fn metadata(&self) -> Work<io::Result<Metadata>> {
        symlink_metadata(&self.0.path)
    }

    /// Returns what kind it is. Most file systems have told it with the name.
    ///
    /// # Errors
    ///
    /// As [`DirEntry::metadata`].
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    ///
    /// # Examples
    ///
    /// See [`read_dir`](crate::read_dir()).
    pub fn file_type(&self) -> Work<io::Result<FileType>> {
        let this = self.clone();
        Work::new(async move {
            match this.0.kind {
                Some(kind) => Ok(kind),
                None => Ok(this.metadata().await?.file_type()),
            }
        })
    }

    pub(crate) fn number(&self) -> u64 {
        self.0.ino
    }
}

impl fmt::Debug for DirEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("DirEntry").field(&self.0.path).finish()
    }
}

/// A trip to the pool takes as long as fetching some fifty names that are cached.
const BATCH: usize = 64;
