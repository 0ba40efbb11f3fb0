//! What is known of a file.

use std::fmt;
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::time::{Duration, SystemTime};

use trill_reactor::op::{Attributes, Stamp};

use crate::sys::Permissions;

/// What is known of a file: the methods of [`std::fs::Metadata`], and its trait
/// [`MetadataExt`](std::os::unix::fs::MetadataExt).
///
/// It is a type of its own because the standard library's can only be made by its own calls, which block.
///
/// # Examples
///
/// ```
/// let known = trill_reactor::block_on(trill_fs::metadata("/etc/hostname"));
/// if let Ok(known) = known {
///     println!("{} bytes, written {:?}", known.len(), known.modified()?);
/// }
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone)]
pub struct Metadata(Attributes);

impl Metadata {
    pub(crate) fn new(attributes: Attributes) -> Metadata {
        Metadata(attributes)
    }

    /// Tells what kind of file it is.
    ///
    /// # Examples
    ///
    /// ```
    /// let root = trill_reactor::block_on(trill_fs::metadata("/"))?;
    /// assert!(root.file_type().is_dir());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn file_type(&self) -> FileType {
        FileType::from_mode(self.0.mode)
    }

    /// Says whether it is a directory.
    ///
    /// # Examples
    ///
    /// See [`Work`](crate::Work).
    pub fn is_dir(&self) -> bool {
        self.file_type().is_dir()
    }

    /// Says whether it is a regular file.
    ///
    /// # Examples
    ///
    /// ```
    /// let root = trill_reactor::block_on(trill_fs::metadata("/"))?;
    /// assert!(!root.is_file());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn is_file(&self) -> bool {
        self.file_type().is_file()
    }

    /// Says whether it is a symbolic link, which only [`symlink_metadata`](crate::symlink_metadata()) finds.
    ///
    /// # Examples
    ///
    /// ```
    /// let own = trill_reactor::block_on(trill_fs::symlink_metadata("/proc/self"))?;
    /// assert!(own.is_symlink());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn is_symlink(&self) -> bool {
        self.file_type().is_symlink()
    }

    /// Returns the length in bytes.
    ///
    /// # Examples
    ///
    /// See [`Metadata`].
    #[expect(clippy::len_without_is_empty, reason = "as in the standard library")]
    pub fn len(&self) -> u64 {
        self.0.len
    }

    /// Returns the permissions.
    ///
    /// # Examples
    ///
    /// ```
    /// let null = trill_reactor::block_on(trill_fs::metadata("/dev/null"))?;
    /// assert!(!null.permissions().readonly());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn permissions(&self) -> Permissions {
        Permissions::from_mode(self.0.mode)
    }

    /// Returns when the contents were last changed.
    ///
    /// # Errors
    ///
    /// `InvalidData` if the file system says a time that cannot be represented.
    ///
    /// # Examples
    ///
    /// See [`Metadata`].
    pub fn modified(&self) -> io::Result<SystemTime> {
        time(self.0.modified)
    }

    /// Returns when the contents were last read, as far as the file system keeps that.
    ///
    /// # Errors
    ///
    /// As [`Metadata::modified`].
    ///
    /// # Examples
    ///
    /// ```
    /// let root = trill_reactor::block_on(trill_fs::metadata("/"))?;
    /// assert!(root.accessed()? > std::time::SystemTime::UNIX_EPOCH);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn accessed(&self) -> io::Result<SystemTime> {
        time(self.0.accessed)
    }

    /// Returns when the file was made.
    ///
    /// # Errors
    ///
    /// `Unsupported` if the file system or the operating system does not say, else as [`Metadata::modified`].
    ///
    /// # Examples
    ///
    /// ```
    /// let root = trill_reactor::block_on(trill_fs::metadata("/"))?;
    /// println!("made {:?}", root.created());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn created(&self) -> io::Result<SystemTime> {
        let stamp = self.0.created.ok_or_else(|| {
            io::Error::new(
                io::ErrorKind::Unsupported,
                "this file system does not say when a file was made",
            )
        })?;
        time(stamp)
    }
}

impl MetadataExt for Metadata {
    fn dev(&self) -> u64 {
        self.0.dev
    }

    fn ino(&self) -> u64 {
        self.0.ino
    }

    fn mode(&self) -> u32 {
        self.0.mode
    }

    fn nlink(&self) -> u64 {
        self.0.nlink
    }

    fn uid(&self) -> u32 {
        self.0.uid
    }

    fn gid(&self) -> u32 {
        self.0.gid
    }

    fn rdev(&self) -> u64 {
        self.0.rdev
    }

    fn size(&self) -> u64 {
        self.0.len
    }

    fn atime(&self) -> i64 {
        self.0.accessed.seconds
    }

    fn atime_nsec(&self) -> i64 {
        self.0.accessed.nanoseconds.into()
    }

    fn mtime(&self) -> i64 {
        self.0.modified.seconds
    }

    fn mtime_nsec(&self) -> i64 {
        self.0.modified.nanoseconds.into()
    }

    fn ctime(&self) -> i64 {
        self.0.changed.seconds
    }

    fn ctime_nsec(&self) -> i64 {
        self.0.changed.nanoseconds.into()
    }

    fn blksize(&self) -> u64 {
        self.0.blksize
    }

    fn blocks(&self) -> u64 {
        self.0.blocks
    }
}

impl fmt::Debug for Metadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metadata")
            .field("file_type", &self.file_type())
            .field("len", &self.len())
            .field("permissions", &self.permissions())
            .field("modified", &self.modified())
            .finish_non_exhaustive()
    }
}

/// What kind of file it is: the methods of [`std::fs::FileType`], and its trait
/// [`FileTypeExt`](std::os::unix::fs::FileTypeExt).
///
/// # Examples
///
/// See [`Metadata::file_type`].
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct FileType(u32);

impl FileType {
    pub(crate) fn from_mode(mode: u32) -> FileType {
        FileType(mode & KIND)
    }

    /// Says whether it is a directory.
    ///
    /// # Examples
    ///
    /// See [`Metadata::file_type`].
    pub fn is_dir(&self) -> bool {
        self.0 == DIRECTORY
    }

    /// Says whether it is a regular file.
    ///
    /// # Examples
    ///
    /// ```
    /// let null = trill_reactor::block_on(trill_fs::metadata("/dev/null"))?;
    /// assert!(!null.file_type().is_file());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn is_file(&self) -> bool {
        self.0 == REGULAR
    }

    /// Says whether it is a symbolic link.
    ///
    /// # Examples
    ///
    /// ```
    /// let own = trill_reactor::block_on(trill_fs::symlink_metadata("/proc/self"))?;
    /// assert!(own.file_type().is_symlink());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn is_symlink(&self) -> bool {
        self.0 == LINK
    }

    /// Takes over what the standard library says.
    pub(crate) fn of_std(
        is: &(impl FileTypeExt + ?Sized),
        is_dir: bool,
        is_file: bool,
        is_symlink: bool,
    ) -> FileType {
        let kinds = [
            (is_dir, DIRECTORY),
            (is_file, REGULAR),
            (is_symlink, LINK),
            (is.is_block_device(), BLOCK),
            (is.is_char_device(), CHARACTER),
            (is.is_fifo(), FIFO),
            (is.is_socket(), SOCKET),
        ];
        let kind = kinds.iter().find(|(is, _)| *is);
        FileType(kind.map_or(0, |(_, kind)| *kind))
    }
}

impl FileTypeExt for FileType {
    fn is_block_device(&self) -> bool {
        self.0 == BLOCK
    }

    fn is_char_device(&self) -> bool {
        self.0 == CHARACTER
    }

    fn is_fifo(&self) -> bool {
        self.0 == FIFO
    }

    fn is_socket(&self) -> bool {
        self.0 == SOCKET
    }
}

impl fmt::Debug for FileType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.0 {
            DIRECTORY => "directory",
            REGULAR => "file",
            LINK => "symlink",
            BLOCK => "block device",
            CHARACTER => "character device",
            FIFO => "fifo",
            SOCKET => "socket",
            _ => "unknown",
        };
        write!(f, "FileType({name})")
    }
}

fn time(stamp: Stamp) -> io::Result<SystemTime> {
    let seconds = Duration::from_secs(stamp.seconds.unsigned_abs());
    let whole = if stamp.seconds < 0 {
        SystemTime::UNIX_EPOCH.checked_sub(seconds)
    } else {
        SystemTime::UNIX_EPOCH.checked_add(seconds)
    };
    let rest = Duration::from_nanos(stamp.nanoseconds.into());
    whole
        .and_then(|whole| whole.checked_add(rest))
        .ok_or_else(|| {
            io::Error::new(
                io::ErrorKind::InvalidData,
                "the file system says a time that this system cannot represent",
            )
        })
}

// The kinds in a mode are the same on all Unix systems.
const KIND: u32 = 0o170_000;
const SOCKET: u32 = 0o140_000;
const LINK: u32 = 0o120_000;
const REGULAR: u32 = 0o100_000;
const BLOCK: u32 = 0o060_000;
const DIRECTORY: u32 = 0o040_000;
const CHARACTER: u32 = 0o020_000;
const FIFO: u32 = 0o010_000;
