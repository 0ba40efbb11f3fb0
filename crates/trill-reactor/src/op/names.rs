//! Operations on names in the file system.

use std::ffi::CString;
use std::io;
use std::sync::Arc;

use crate::landed::Landed;
use crate::op::Operation;
use crate::sys::OwnedFile;

/// Opens a file. One that is opened for nobody any more is closed.
///
/// # Examples
///
/// ```
/// use trill_reactor::op::Open;
///
/// let open = Open::new(c"/dev/null", 0, 0o666);
/// assert_eq!(open.path.to_bytes(), b"/dev/null");
/// ```
#[derive(Debug)]
pub struct Open {
    /// Which file; a relative path begins at the working directory.
    pub path: CString,
    /// The flags of `open(2)`. That it is closed in child processes is added.
    pub flags: u32,
    /// The permissions of a file that is made.
    pub mode: u32,
    /// Whether it waits as `open(2)` does, for the other end of a FIFO. Without that a FIFO is opened as if
    /// `O_NONBLOCK` were among the flags, and a file whose name the system has at hand in half of the time.
    pub waits: bool,
}

impl Open {
    /// Opens `path` with the flags and the mode of `open(2)`.
    ///
    /// # Examples
    ///
    /// See [`Open`].
    pub fn new(path: impl Into<CString>, flags: u32, mode: u32) -> Open {
        Open {
            path: path.into(),
            flags,
            mode,
            waits: true,
        }
    }
}

impl Operation for Open {
    type Output = io::Result<OwnedFile>;

    fn complete(self, landed: Landed) -> io::Result<OwnedFile> {
        landed.descriptor()
    }
}

/// Asks for what is known about a file.
///
/// # Examples
///
/// ```
/// use trill_reactor::op::Stat;
///
/// assert!(Stat::path(c"/etc", true).follow);
/// ```
#[derive(Debug)]
pub struct Stat {
    /// The open file that is meant; without one the path counts.
    pub file: Option<Arc<OwnedFile>>,
    /// The path that is meant, if there is no open file.
    pub path: CString,
    /// Whether a symbolic link at the end of the path is followed.
    pub follow: bool,
    #[cfg_attr(not(target_os = "linux"), allow(dead_code))]
    pub(crate) answer: Answer,
}

impl Stat {
    /// Asks about the file at `path`, or with `follow` about where a link there leads.
    ///
    /// # Examples
    ///
    /// See [`Stat`].
    pub fn path(path: impl Into<CString>, follow: bool) -> Stat {
        Stat {
            file: None,
            path: path.into(),
            follow,
            answer: Answer::default(),
        }
    }

    /// Asks about an open file.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// # fn file() -> std::os::fd::OwnedFd { std::fs::File::open("/dev/null").unwrap().into() }
    /// let stat = trill_reactor::op::Stat::file(Arc::new(file()));
    /// assert!(stat.path.is_empty());
    /// ```
    pub fn file(file: Arc<OwnedFile>) -> Stat {
        Stat {
            file: Some(file),
            ..Stat::path(c"", false)
        }
    }
}

impl Operation for Stat {
    type Output = io::Result<Attributes>;

    fn complete(self, landed: Landed) -> io::Result<Attributes> {
        landed.nothing()?;
        crate::ring::attributes(self)
    }
}

/// Where the system puts its answer.
#[derive(Default)]
pub(crate) struct Answer(pub(crate) Option<Box<crate::ring::RawStat>>);

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Answer").field(&self.0.is_some()).finish()
    }
}

/// What the system knows about a file.
///
/// # Examples
///
/// ```
/// let attributes = trill_reactor::op::Attributes { len: 5, ..Default::default() };
/// assert_eq!(attributes.len, 5);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Attributes {
    /// The number of its device.
    pub dev: u64,
    /// Its number on the device.
    pub ino: u64,
    /// Its kind and its permissions.
    pub mode: u32,
    /// How many names it has.
    pub nlink: u64,
    /// Its owner.
    pub uid: u32,
    /// Its group.
    pub gid: u32,
    /// The device that it stands for.
    pub rdev: u64,
    /// Its length in bytes.
    pub len: u64,
    /// The best size of a transfer, in bytes.
    pub blksize: u64,
    /// How much room it takes, in units of 512 bytes.
    pub blocks: u64,
    /// When it was last read.
    pub accessed: Stamp,
    /// When it was last written.
    pub modified: Stamp,
    /// When anything about it last changed.
    pub changed: Stamp,
    /// When it was made, if the file system knows.
    pub created: Option<Stamp>,
}

/// A time of the file system: seconds since 1970, and nanoseconds on top of them.
///
/// # Examples
///
/// ```
/// let stamp = trill_reactor::op::Stamp { seconds: 1, nanoseconds: 500_000_000 };
/// assert_eq!(stamp.seconds, 1);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stamp {
    /// Whole seconds; negative before 1970.
    pub seconds: i64,
    /// The rest, below a second.
    pub nanoseconds: u32,
}

/// Gives a file another name.
///
/// # Examples
///
/// ```
/// let rename = trill_reactor::op::Rename::new(c"from", c"to");
/// assert_eq!(rename.to.to_bytes(), b"to");
/// ```
#[derive(Debug)]
pub struct Rename {
    /// The name it has.
    pub from: CString,
    /// The name it gets; a file of that name is replaced.
    pub to: CString,
}

impl Rename {
    /// Renames `from` to `to`.
    ///
    /// # Examples
    ///
    /// See [`Rename`].
    pub fn new(from: impl Into<CString>, to: impl Into<CString>) -> Rename {
        Rename {
            from: from.into(),
            to: to.into(),
        }
    }
}

impl Operation for Rename {
    type Output = io::Result<()>;

    fn complete(self, landed: Landed) -> io::Result<()> {
        landed.nothing()
    }
}

/// Removes a name, and the file if that was its last.
///
/// # Examples
///
/// ```
/// let unlink = trill_reactor::op::Unlink::new(c"old", false);
/// assert!(!unlink.directory);
/// ```
#[derive(Debug)]
pub struct Unlink {
    /// Which name.
    pub path: CString,
    /// Whether it is an empty directory; else it must be none.
    pub directory: bool,
}

impl Unlink {
    /// Removes `path`, an empty directory or something else.
    ///
    /// # Examples
    ///
    /// See [`Unlink`].
    pub fn new(path: impl Into<CString>, directory: bool) -> Unlink {
        Unlink {
            path: path.into(),
            directory,
        }
    }
}

impl Operation for Unlink {
    type Output = io::Result<()>;

    fn complete(self, landed: Landed) -> io::Result<()> {
        landed.nothing()
    }
}

/// Makes a directory.
///
/// # Examples
///
/// ```
/// let make = trill_reactor::op::CreateDir::new(c"new", 0o777);
/// assert_eq!(make.mode, 0o777);
/// ```
#[derive(Debug)]
pub struct CreateDir {
    /// Its name.
    pub path: CString,
    /// Its permissions.
    pub mode: u32,
}

impl CreateDir {
    /// Makes `path` with these permissions, less those that the process masks out.
    ///
    /// # Examples
    ///
    /// See [`CreateDir`].
    pub fn new(path: impl Into<CString>, mode: u32) -> CreateDir {
        CreateDir {
            path: path.into(),
            mode,
        }
    }
}

impl Operation for CreateDir {
    type Output = io::Result<()>;

    fn complete(self, landed: Landed) -> io::Result<()> {
        landed.nothing()
    }
}
