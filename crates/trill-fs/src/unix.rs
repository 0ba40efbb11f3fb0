//! What only Unix systems have.

use std::io;
use std::path::Path;

pub use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};

use crate::directory::{DirBuilder, DirEntry};
use crate::options::OpenOptions;
use crate::paths::link;
use crate::sys;
use crate::work::Work;

/// Makes a symbolic link at `dst` that leads to `src`.
///
/// # Errors
///
/// What the system says: `AlreadyExists` and so on.
///
/// # Cancel safety
///
/// Dropped after its first poll, the link may be there or not.
///
/// # Examples
///
/// ```
/// let there = trill_reactor::block_on(trill_fs::unix::symlink("/", "/etc"));
/// assert_eq!(there.unwrap_err().kind(), std::io::ErrorKind::AlreadyExists);
/// ```
pub fn symlink<P: AsRef<Path>, Q: AsRef<Path>>(src: P, dst: Q) -> Work<io::Result<()>> {
    link(src.as_ref(), dst.as_ref(), sys::symlink)
}

/// What only Unix systems can say of a directory that is made.
///
/// # Examples
///
/// ```
/// use trill_fs::unix::{DirBuilderExt, MetadataExt};
///
/// trill_reactor::block_on(async {
///     let path = std::env::temp_dir().join(format!("trill-dir-mode-{}", std::process::id()));
///     trill_fs::DirBuilder::new().mode(0o700).create(&path).await?;
///     assert_eq!(trill_fs::metadata(&path).await?.mode() & 0o777, 0o700);
///     trill_fs::remove_dir(&path).await
/// })
/// # as std::io::Result<()>;
/// # Ok::<(), std::io::Error>(())
/// ```
pub trait DirBuilderExt: sealed::Sealed {
    /// Sets the permissions, less those that the process masks out.
    fn mode(&mut self, mode: u32) -> &mut Self;
}

impl DirBuilderExt for DirBuilder {
    fn mode(&mut self, mode: u32) -> &mut DirBuilder {
        self.mode = mode;
        self
    }
}

/// What only Unix systems say of what is in a directory.
///
/// # Examples
///
/// ```
/// use futures_lite::StreamExt;
/// use trill_fs::unix::DirEntryExt;
///
/// trill_reactor::block_on(async {
///     let first = trill_fs::read_dir("/").await?.next().await.unwrap()?;
///     assert_ne!(first.ino(), 0);
///     Ok(())
/// })
/// # as std::io::Result<()>;
/// # Ok::<(), std::io::Error>(())
/// ```
pub trait DirEntryExt: sealed::Sealed {
    /// Returns the file's number on its device.
    fn ino(&self) -> u64;
}

impl DirEntryExt for DirEntry {
    fn ino(&self) -> u64 {
        self.number()
    }
}

/// What only Unix systems can say of a file that is opened.
///
/// # Examples
///
/// ```
/// use trill_fs::OpenOptions;
/// use trill_fs::unix::{MetadataExt, OpenOptionsExt};
///
/// trill_reactor::block_on(async {
///     let path = std::env::temp_dir().join(format!("trill-file-mode-{}", std::process::id()));
///     let file = OpenOptions::new().write(true).create(true).mode(0o600).open(&path).await?;
///     assert_eq!(file.metadata().await?.mode() & 0o777, 0o600);
///     trill_fs::remove_file(&path).await
/// })
/// # as std::io::Result<()>;
/// # Ok::<(), std::io::Error>(())
/// ```
pub trait OpenOptionsExt: sealed::Sealed {
    /// Sets the permissions of a file that is made, less those that the process masks out.
    fn mode(&mut self, mode: u32) -> &mut Self;

    /// Sets further flags of `open(2)`; those that say how to access the file are left out.
    fn custom_flags(&mut self, flags: i32) -> &mut Self;
}

impl OpenOptionsExt for OpenOptions {
    fn mode(&mut self, mode: u32) -> &mut OpenOptions {
        self.mode = mode;
        self
    }

    fn custom_flags(&mut self, flags: i32) -> &mut OpenOptions {
        self.custom_flags = flags;
        self
    }
}

mod sealed {
    /// Keeps others from implementing the traits here, so that they can grow.
    pub trait Sealed {}

    impl Sealed for crate::DirBuilder {}
    impl Sealed for crate::DirEntry {}
    impl Sealed for crate::OpenOptions {}
}
