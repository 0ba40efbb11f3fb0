//! Functions of paths.

use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use trill_reactor::op::{AnyOperation, Read, Rename, Unlink};

use crate::directory::{DirBuilder, ReadDir};
use crate::file::{self, Asked};
use crate::flow::Shared;
use crate::leaf::{self, Leaf, has_ring};
use crate::metadata::Metadata;
use crate::now::{NOW_MAX, OWN_POSITION};
use crate::options::{c_path, open};
use crate::pool::{pooled, with_path, with_paths};
use crate::sys::{self, Permissions};
use crate::work::Work;

/// Returns the path without links, `.` and `..`, from the root.
///
/// # Errors
///
/// What the system says: `NotFound` if it leads nowhere.
///
/// # Cancel safety
///
/// Cancel safe.
///
/// # Examples
///
/// ```
/// let path = trill_reactor::block_on(trill_fs::canonicalize("/usr/.."))?;
/// assert_eq!(path, std::path::Path::new("/"));
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn canonicalize<P: AsRef<Path>>(path: P) -> Work<io::Result<PathBuf>> {
    canonical(path.as_ref())
}

// Here and below: what does not depend on the caller's types is compiled here, and not in each program.
fn canonical(path: &Path) -> Work<io::Result<PathBuf>> {
    with_path(path, sys::canonicalize)
}

/// Copies a file with its permissions over another one, and returns how many bytes that were.
///
/// The system copies where it can, without bringing the data here.
///
/// # Errors
///
/// What the system says; what was copied before an error stays.
///
/// # Cancel safety
///
/// A copy that has begun runs to its end.
///
/// # Examples
///
/// ```
/// # let a = std::env::temp_dir().join(format!("trill-copy-{}", std::process::id()));
/// # let b = a.with_extension("b");
/// std::fs::write(&a, "text")?;
/// assert_eq!(trill_reactor::block_on(trill_fs::copy(&a, &b))?, 4);
/// # std::fs::remove_file(a)?;
/// # std::fs::remove_file(b)?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn copy<P: AsRef<Path>, Q: AsRef<Path>>(src: P, dst: Q) -> Work<io::Result<u64>> {
    copy_file(src.as_ref(), dst.as_ref())
}

fn copy_file(src: &Path, dst: &Path) -> Work<io::Result<u64>> {
    with_paths(src, dst, sys::copy)
}

/// Makes a directory whose parent is there.
///
/// # Errors
///
/// As [`DirBuilder::create`].
///
/// # Cancel safety
///
/// As [`DirBuilder::create`].
///
/// # Examples
///
/// ```
/// let there = trill_reactor::block_on(trill_fs::create_dir("/"));
/// assert_eq!(there.unwrap_err().kind(), std::io::ErrorKind::AlreadyExists);
/// ```
pub fn create_dir<P: AsRef<Path>>(path: P) -> Work<io::Result<()>> {
    DirBuilder::new().create(path)
}

/// Makes a directory and all parents that are missing.
///
/// # Errors
///
/// As [`DirBuilder::create`]; that it is there is none.
///
/// # Cancel safety
///
/// As [`DirBuilder::create`].
///
/// # Examples
///
/// ```
/// trill_reactor::block_on(trill_fs::create_dir_all("/"))?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn create_dir_all<P: AsRef<Path>>(path: P) -> Work<io::Result<()>> {
    DirBuilder::new().recursive(true).create(path)
}

/// Gives a file a second name.
///
/// # Errors
///
/// What the system says: `EXDEV` for another file system, and so on.
///
/// # Cancel safety
///
/// Dropped after its first poll, the name may be there or not.
///
/// # Examples
///
/// ```
/// let nothing = trill_reactor::block_on(trill_fs::hard_link("/no/such/file", "/no/other"));
/// assert_eq!(nothing.unwrap_err().kind(), std::io::ErrorKind::NotFound);
/// ```
pub fn hard_link<P: AsRef<Path>, Q: AsRef<Path>>(src: P, dst: Q) -> Work<io::Result<()>> {
    link(src.as_ref(), dst.as_ref(), sys::hard_link)
}

/// Makes a link, in one way or the other.
pub(crate) fn link(
    src: &Path,
    dst: &Path,
    call: fn(&Path, &Path) -> io::Result<()>,
) -> Work<io::Result<()>> {
    with_paths(src, dst, call)
}

/// Returns what is known about a file, or about where a link leads.
///
/// # Errors
///
/// What the system says: `NotFound`, `PermissionDenied` for a directory on the way, and so on.
///
/// # Cancel safety
///
/// Cancel safe.
///
/// # Examples
///
/// See [`Metadata`].
pub fn metadata<P: AsRef<Path>>(path: P) -> Work<io::Result<Metadata>> {
    stat(path.as_ref(), true)
}

/// Returns what is known about a file, also if it is a link.
///
/// # Errors
///
/// As [`metadata`].
///
/// # Cancel safety
///
/// Cancel safe.
///
/// # Examples
///
/// See [`Metadata::is_symlink`].
pub fn symlink_metadata<P: AsRef<Path>>(path: P) -> Work<io::Result<Metadata>> {
    stat(path.as_ref(), false)
}

fn stat(path: &Path, follow: bool) -> Work<io::Result<Metadata>> {
    Work::new(file::stat(Asked::Path(c_path(path), follow)))
}

/// Reads a whole file.
///
/// # Errors
///
/// What the system says.
///
/// # Cancel safety
///
/// Cancel safe: the file is closed.
///
/// # Examples
///
/// ```
/// let nothing = trill_reactor::block_on(trill_fs::read("/dev/null"))?;
/// assert!(nothing.is_empty());
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn read<P: AsRef<Path>>(path: P) -> Work<io::Result<Vec<u8>>> {
    read_bytes(path.as_ref())
}

fn read_bytes(path: &Path) -> Work<io::Result<Vec<u8>>> {
    Work::new(read_all(path.to_path_buf()))
}

/// Reads a whole file that is text.
///
/// # Errors
///
/// `InvalidData` if it is not UTF-8, else what the system says.
///
/// # Cancel safety
///
/// Cancel safe: the file is closed.
///
/// # Examples
///
/// ```
/// let nothing = trill_reactor::block_on(trill_fs::read_to_string("/dev/null"))?;
/// assert_eq!(nothing, "");
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn read_to_string<P: AsRef<Path>>(path: P) -> Work<io::Result<String>> {
    read_text(path.as_ref())
}

fn read_text(path: &Path) -> Work<io::Result<String>> {
    // Not the future of `read_all`: its size would be this one's, too, and its code be here twice.
    let bytes = read_bytes(path);
    Work::new(async move {
        let bytes = bytes.bare().await?;
        String::from_utf8(bytes)
            .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "the file is not valid UTF-8"))
    })
}

/// Where there are rings, step by step: most steps need no other thread. Else in one trip to the pool.
async fn read_all(path: PathBuf) -> io::Result<Vec<u8>> {
    if !has_ring() {
        return pooled(move || sys::read(&path)).await;
    }
    let shared = Shared::new(open(c_path(&path)?, OFlags::RDONLY, 0).await?);
    let size = sys::size_now(shared.file()).unwrap_or(0);
    // One byte more, so that the end of a file of this size is found without growing.
    let size = usize::try_from(size)
        .unwrap_or(usize::MAX)
        .saturating_add(1);
    let mut bytes = Vec::new();
    let mut len = 0;
    loop {
        if len == bytes.len() {
            let more = if len == 0 { size.min(FIRST_MAX) } else { len };
            let more = more.max(FIRST_MIN);
            bytes
                .try_reserve(more)
                .map_err(|_| io::ErrorKind::OutOfMemory)?;
            bytes.resize(len + more, 0);
        }
        let room = &mut bytes[len..];
        let now = room.len().min(NOW_MAX);
        let count = match shared.try_read(&mut room[..now], OWN_POSITION) {
            Some(result) => {
                // A long file gives others their turn.
                std::future::poll_fn(trill_cell::proceed).await;
                result?
            }
            None => {
                let mut read = Read::new(shared.file().clone(), bytes, None);
                read.range.start = len;
                let (result, buffer) = Leaf::new(read).await;
                bytes = buffer;
                result?
            }
        };
        len += count;
        if count == 0 {
            bytes.truncate(len);
            return Ok(bytes);
        }
    }
}

/// Lists a directory.
///
/// # Errors
///
/// What the system says: `NotFound`, `NotADirectory` and so on. Later errors come out of the stream.
///
/// # Cancel safety
///
/// Cancel safe: the directory is closed.
///
/// # Examples
///
/// ```
/// use futures_lite::StreamExt;
///
/// trill_reactor::block_on(async {
///     let mut entries = trill_fs::read_dir("/").await?;
///     while let Some(entry) = entries.try_next().await? {
///         assert_eq!(entry.path().file_name(), Some(&*entry.file_name()));
///         if entry.file_type().await?.is_dir() {
///             println!("{:?} of {} bytes", entry.path(), entry.metadata().await?.len());
///         }
///     }
///     Ok(())
/// })
/// # as std::io::Result<()>;
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn read_dir<P: AsRef<Path>>(path: P) -> Work<io::Result<ReadDir>> {
    ReadDir::open(path.as_ref())
}

/// Returns where a symbolic link leads.
///
/// # Errors
///
/// What the system says: `InvalidInput` if it is no link.
///
/// # Cancel safety
///
/// Cancel safe.
///
/// # Examples
///
/// ```
/// let own = trill_reactor::block_on(trill_fs::read_link("/proc/self"))?;
/// assert_eq!(own.to_str(), Some(&*std::process::id().to_string()));
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn read_link<P: AsRef<Path>>(path: P) -> Work<io::Result<PathBuf>> {
    target(path.as_ref())
}

fn target(path: &Path) -> Work<io::Result<PathBuf>> {
    with_path(path, sys::read_link)
}

/// Removes an empty directory.
///
/// # Errors
///
/// What the system says: `DirectoryNotEmpty` and so on.
///
/// # Cancel safety
///
/// Dropped after its first poll, the directory may be gone or not.
///
/// # Examples
///
/// ```
/// let full = trill_reactor::block_on(trill_fs::remove_dir("/etc"));
/// assert!(full.is_err());
/// ```
pub fn remove_dir<P: AsRef<Path>>(path: P) -> Work<io::Result<()>> {
    unlink(path.as_ref(), true)
}

/// Removes a directory with all that is in it. Links are removed and not followed.
///
/// # Errors
///
/// What the system says; what was removed before an error is gone.
///
/// # Cancel safety
///
/// A removal that has begun runs to its end.
///
/// # Examples
///
/// ```
/// # let path = std::env::temp_dir().join(format!("trill-tree-{}", std::process::id()));
/// std::fs::create_dir_all(path.join("a/b/c"))?;
/// trill_reactor::block_on(trill_fs::remove_dir_all(&path))?;
/// assert!(!path.exists());
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn remove_dir_all<P: AsRef<Path>>(path: P) -> Work<io::Result<()>> {
    remove_tree(path.as_ref())
}

fn remove_tree(path: &Path) -> Work<io::Result<()>> {
    with_path(path, sys::remove_dir_all)
}

/// Removes a name, and the file when it was the last name and nobody has the file open.
///
/// # Errors
///
/// What the system says: `NotFound`, `IsADirectory` and so on.
///
/// # Cancel safety
///
/// Dropped after its first poll, the name may be gone or not.
///
/// # Examples
///
/// See [`File`](crate::File).
pub fn remove_file<P: AsRef<Path>>(path: P) -> Work<io::Result<()>> {
    unlink(path.as_ref(), false)
}

fn unlink(path: &Path, directory: bool) -> Work<io::Result<()>> {
    let path = c_path(path);
    leaf::work(path.map(|path| AnyOperation::Unlink(Unlink::new(path, directory))))
}

/// Gives a file or directory another name on the same file system; a file of that name is replaced.
///
/// # Errors
///
/// What the system says: `EXDEV` for another file system, and so on.
///
/// # Cancel safety
///
/// Dropped after its first poll, it may have the one name or the other.
///
/// # Examples
///
/// ```
/// let nothing = trill_reactor::block_on(trill_fs::rename("/no/such/file", "/no/other"));
/// assert_eq!(nothing.unwrap_err().kind(), std::io::ErrorKind::NotFound);
/// ```
pub fn rename<P: AsRef<Path>, Q: AsRef<Path>>(src: P, dst: Q) -> Work<io::Result<()>> {
    rename_paths(src.as_ref(), dst.as_ref())
}

fn rename_paths(src: &Path, dst: &Path) -> Work<io::Result<()>> {
    let names = c_path(src).and_then(|from| Ok((from, c_path(dst)?)));
    leaf::work(names.map(|(from, to)| AnyOperation::Rename(Rename::new(from, to))))
}

/// Changes the permissions of a file, or of where a link leads.
///
/// # Errors
///
/// What the system says: `EPERM` if it is somebody else's.
///
/// # Cancel safety
///
/// Dropped after its first poll, they may be changed or not.
///
/// # Examples
///
/// ```
/// use std::os::unix::fs::PermissionsExt;
///
/// let mode = trill_fs::Permissions::from_mode(0o600);
/// let nothing = trill_reactor::block_on(trill_fs::set_permissions("/no/such/file", mode));
/// assert_eq!(nothing.unwrap_err().kind(), std::io::ErrorKind::NotFound);
/// ```
pub fn set_permissions<P: AsRef<Path>>(path: P, perm: Permissions) -> Work<io::Result<()>> {
    permit(path.as_ref().to_path_buf(), perm)
}

fn permit(path: PathBuf, perm: Permissions) -> Work<io::Result<()>> {
    Work::new(pooled(move || sys::set_permissions(&path, perm)))
}

/// Makes a file of these contents, or replaces those of one that is there. The contents are copied first.
///
/// A reader may see the file half written; write another one and [`rename`] it where that matters.
///
/// # Errors
///
/// What the system says; what was written before an error stays.
///
/// # Cancel safety
///
/// A write that has begun runs to its end.
///
/// # Examples
///
/// ```
/// # let path = std::env::temp_dir().join(format!("trill-write-{}", std::process::id()));
/// trill_reactor::block_on(trill_fs::write(&path, "text"))?;
/// assert_eq!(std::fs::read(&path)?, b"text");
/// # std::fs::remove_file(&path)?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn write<P: AsRef<Path>, C: AsRef<[u8]>>(path: P, contents: C) -> Work<io::Result<()>> {
    write_bytes(path.as_ref().to_path_buf(), contents.as_ref().to_vec())
}

fn write_bytes(path: PathBuf, contents: Vec<u8>) -> Work<io::Result<()>> {
    // One trip to the pool: a ring would take three, as creating and writing are left to threads of the system.
    Work::new(pooled(move || sys::write(&path, &contents)))
}

/// What a file that says no size, as those of /proc, is read with first.
const FIRST_MIN: usize = 32;

/// The most that is taken at once because a file says that it is so large.
const FIRST_MAX: usize = 64 << 20;
