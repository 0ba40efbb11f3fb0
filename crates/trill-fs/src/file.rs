//! An open file.

use std::ffi::CString;
use std::fmt;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use trill_reactor::op::{AnyOperation, SetLen, Stat, Sync};
use trill_world::World;

use crate::at::{ReadAt, WriteAt};
use crate::flow::Shared;
use crate::leaf;
use crate::metadata::Metadata;
use crate::now;
use crate::options::OpenOptions;
use crate::pool::pooled;
use crate::sys::{self, Permissions};
use crate::work::Work;

/// An open file.
///
/// It has a position of its own, at which [`AsyncRead`](futures_io::AsyncRead), [`AsyncWrite`](futures_io::AsyncWrite)
/// and [`AsyncSeek`](futures_io::AsyncSeek) work one after another, and [`read_at`](File::read_at) and
/// [`write_at`](File::write_at) for any position, any number at once.
///
/// # Reading
///
/// What is cached is copied at once, on the task's own thread; anything else is left to the system or to the blocking pool.
/// A file is never read ahead: after a read the position is where the standard library would have it.
///
/// # Writing
///
/// What can be written at once is. Else the bytes are accepted into a buffer of at most 512 KiB and written in the
/// background, one operation at a time, in their order; an error is returned by the next write, flush or seek, once.
/// Bytes that could not be written stay first in line, and the next write or flush tries them again.
/// [`read_at`](File::read_at), [`sync_all`](File::sync_all) and the like first wait for what was accepted.
///
/// # Dropping
///
/// Bytes that were accepted are written after the drop, too, while the process lives: `flush` to be sure, and
/// to hear of errors, which otherwise go to [`trill_cell::report`]. What is written is on disk when
/// [`sync_all`](File::sync_all) or [`sync_data`](File::sync_data) has returned `Ok`, and not before; neither a flush nor
/// a drop does that. The descriptor is closed when the last operation that uses it has ended; errors of closing, which
/// file systems on a network have, are only told by `sync_all` before it. `poll_close` flushes, and closes nothing.
///
/// # Cancel safety
///
/// A dropped read loses nothing: what it has read is there for the next one. A dropped write, flush or seek is as if it
/// had not been asked for, or had been done. Who uses the descriptor in another way meanwhile may find its position
/// before or behind what was read or written last, until the next operation.
///
/// # Examples
///
/// ```
/// use futures_lite::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};
/// use std::io::SeekFrom;
/// use trill_fs::OpenOptions;
///
/// trill_reactor::block_on(async {
///     let path = std::env::temp_dir().join(format!("trill-file-{}", std::process::id()));
///     let mut file = OpenOptions::new().read(true).write(true).create(true).open(&path).await?;
///     file.write_all(b"some text").await?;
///     file.flush().await?;
///     file.seek(SeekFrom::Start(5)).await?;
///     let mut word = String::new();
///     file.read_to_string(&mut word).await?;
///     assert_eq!(word, "text");
///     trill_fs::remove_file(&path).await
/// })
/// # as std::io::Result<()>;
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct File {
    pub(crate) shared: Arc<Shared>,
}

impl File {
    pub(crate) fn new(file: OwnedFd) -> File {
        File {
            shared: Shared::new(file),
        }
    }

    /// Opens a file for reading.
    ///
    /// # Errors
    ///
    /// What the system says: `NotFound`, `PermissionDenied` and so on.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: a file that was opened for nobody is closed.
    ///
    /// # Examples
    ///
    /// ```
    /// let none = trill_reactor::block_on(trill_fs::File::open("/no/such/file"));
    /// assert_eq!(none.unwrap_err().kind(), std::io::ErrorKind::NotFound);
    /// ```
    pub fn open<P: AsRef<Path>>(path: P) -> Work<io::Result<File>> {
        OpenOptions::new().read(true).open(path)
    }

    /// Opens a file for writing, and makes it empty or creates it.
    ///
    /// # Errors
    ///
    /// As [`File::open`].
    ///
    /// # Cancel safety
    ///
    /// As [`File::open`]; it may have been created or made empty.
    ///
    /// # Examples
    ///
    /// ```
    /// # let path = std::env::temp_dir().join(format!("trill-create-{}", std::process::id()));
    /// let file = trill_reactor::block_on(trill_fs::File::create(&path))?;
    /// # std::fs::remove_file(&path)?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn create<P: AsRef<Path>>(path: P) -> Work<io::Result<File>> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true).open(path)
    }

    /// Creates a file that was not there, for reading and writing.
    ///
    /// # Errors
    ///
    /// `AlreadyExists` if it was, else as [`File::open`].
    ///
    /// # Cancel safety
    ///
    /// As [`File::open`]; it may have been created.
    ///
    /// # Examples
    ///
    /// ```
    /// let there = trill_reactor::block_on(trill_fs::File::create_new("/etc"));
    /// assert_eq!(there.unwrap_err().kind(), std::io::ErrorKind::AlreadyExists);
    /// ```
    pub fn create_new<P: AsRef<Path>>(path: P) -> Work<io::Result<File>> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true).open(path)
    }

    /// Starts to say how to open a file.
    ///
    /// # Examples
    ///
    /// See [`OpenOptions`].
    pub fn options() -> OpenOptions {
        OpenOptions::new()
    }

    /// Reads at the position `offset` in bytes into the whole of `buffer`, and gives it back with the count.
    ///
    /// Fewer bytes than asked for may come at any place, and none at the end of the file. The file's own position stays
    /// where it is; any number of these may be under way at once.
    ///
    /// # Errors
    ///
    /// What the system says, beside the buffer: `EISDIR` for a directory, `ESPIPE` for a pipe, and so on.
    ///
    /// # Cancel safety
    ///
    /// See [`ReadAt`].
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_fs::File;
    ///
    /// trill_reactor::block_on(async {
    ///     let path = std::env::temp_dir().join(format!("trill-at-{}", std::process::id()));
    ///     let file = File::create_new(&path).await?;
    ///     trill_fs::remove_file(&path).await?;
    ///     let (written, _) = file.write_at("some text", 100).await;
    ///     assert_eq!(written?, 9);
    ///     let (read, buffer) = file.read_at(vec![0; 4], 105).await;
    ///     assert_eq!(&buffer[..read?], b"text");
    ///     Ok(())
    /// })
    /// # as std::io::Result<()>;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn read_at<B>(&self, buffer: B, offset: u64) -> ReadAt<B>
    where
        B: AsMut<[u8]> + Send + Unpin + 'static,
    {
        ReadAt::new(self.shared.clone(), buffer, offset)
    }

    /// Writes the whole of `buffer` at the position `offset` in bytes, and gives it back with the count.
    ///
    /// Fewer bytes than asked for may be written. The file's own position stays where it is. With
    /// [`append`](OpenOptions::append) Linux writes at the end, whatever the offset.
    ///
    /// # Errors
    ///
    /// What the system says, beside the buffer: `ENOSPC`, `EFBIG`, `EBADF` for a file that is not open for writing.
    ///
    /// # Cancel safety
    ///
    /// See [`WriteAt`].
    ///
    /// # Examples
    ///
    /// See [`File::read_at`].
    pub fn write_at<B>(&self, buffer: B, offset: u64) -> WriteAt<B>
    where
        B: AsRef<[u8]> + Send + Unpin + 'static,
    {
        WriteAt::new(self.shared.clone(), buffer, offset)
    }

    /// Writes what was accepted and brings the file to the disk, with all that is known about it.
    ///
    /// # Errors
    ///
    /// What a write that was accepted, or the system now, has failed with. The system reports a failure of the disk
    /// once: what could not be written may be lost then, and another call may say `Ok`. It is never tried again here.
    ///
    /// # Cancel safety
    ///
    /// What has begun runs to its end; whether it succeeded is not known then.
    ///
    /// # Examples
    ///
    /// ```
    /// use futures_lite::AsyncWriteExt;
    ///
    /// trill_reactor::block_on(async {
    ///     let path = std::env::temp_dir().join(format!("trill-sync-{}", std::process::id()));
    ///     let mut file = trill_fs::File::create(&path).await?;
    ///     file.write_all(b"precious").await?;
    ///     file.sync_all().await?;
    ///     trill_fs::remove_file(&path).await
    /// })
    /// # as std::io::Result<()>;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn sync_all(&self) -> Work<io::Result<()>> {
        self.sync(false)
    }

    /// As [`File::sync_all`], without what is not needed to read the data again, like times.
    ///
    /// # Errors
    ///
    /// As [`File::sync_all`].
    ///
    /// # Cancel safety
    ///
    /// As [`File::sync_all`].
    ///
    /// # Examples
    ///
    /// See [`File::sync_all`].
    pub fn sync_data(&self) -> Work<io::Result<()>> {
        self.sync(true)
    }

    fn sync(&self, data_only: bool) -> Work<io::Result<()>> {
        Work::new(change(self.shared.clone(), Change::Sync { data_only }))
    }

    /// Writes what was accepted, then cuts the file off at `size` bytes or fills it up with zeros to that.
    ///
    /// The file's own position stays where it is, also behind the end.
    ///
    /// # Errors
    ///
    /// As [`File::sync_all`]; `EINVAL` if it is not open for writing, `EFBIG` if it would be too large.
    ///
    /// # Cancel safety
    ///
    /// As [`File::sync_all`].
    ///
    /// # Examples
    ///
    /// ```
    /// trill_reactor::block_on(async {
    ///     let path = std::env::temp_dir().join(format!("trill-len-{}", std::process::id()));
    ///     let file = trill_fs::File::create(&path).await?;
    ///     file.set_len(10).await?;
    ///     assert_eq!(file.metadata().await?.len(), 10);
    ///     trill_fs::remove_file(&path).await
    /// })
    /// # as std::io::Result<()>;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn set_len(&self, size: u64) -> Work<io::Result<()>> {
        Work::new(change(self.shared.clone(), Change::SetLen(size)))
    }

    /// Returns what is known about the file, after what was accepted is written.
    ///
    /// # Errors
    ///
    /// What the system says. That a write has failed is left for the next write or flush.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    ///
    /// # Examples
    ///
    /// See [`File::set_len`].
    pub fn metadata(&self) -> Work<io::Result<Metadata>> {
        Work::new(stat(Asked::File(self.shared.clone())))
    }

    /// Changes the permissions.
    ///
    /// # Errors
    ///
    /// What the system says: `EPERM` if the file is somebody else's.
    ///
    /// # Cancel safety
    ///
    /// Dropped after its first poll, the permissions may be changed or not.
    ///
    /// # Examples
    ///
    /// ```
    /// trill_reactor::block_on(async {
    ///     let path = std::env::temp_dir().join(format!("trill-mode-{}", std::process::id()));
    ///     let file = trill_fs::File::create(&path).await?;
    ///     let mut permissions = file.metadata().await?.permissions();
    ///     permissions.set_readonly(true);
    ///     file.set_permissions(permissions).await?;
    ///     assert!(trill_fs::metadata(&path).await?.permissions().readonly());
    ///     trill_fs::remove_file(&path).await
    /// })
    /// # as std::io::Result<()>;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn set_permissions(&self, permissions: Permissions) -> Work<io::Result<()>> {
        let file = self.shared.file().clone();
        let mode = permissions.mode();
        Work::new(pooled(move || sys::set_file_permissions(&file, mode)))
    }

    /// Makes another handle of the same open file, which shares its own position, after what was accepted is written.
    ///
    /// # Errors
    ///
    /// As [`File::sync_all`]; `EMFILE` if the process has no descriptor left.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    ///
    /// # Examples
    ///
    /// ```
    /// let zeros = trill_reactor::block_on(async {
    ///     trill_fs::File::open("/dev/zero").await?.try_clone().await
    /// })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn try_clone(&self) -> Work<io::Result<File>> {
        let shared = self.shared.clone();
        Work::new(async move {
            flush(&shared).await?;
            Ok(File::new(sys::duplicate(shared.file())?))
        })
    }
}

/// What comes after all that was accepted is written.
enum Change {
    Sync { data_only: bool },
    SetLen(u64),
}

async fn change(shared: Arc<Shared>, change: Change) -> io::Result<()> {
    flush(&shared).await?;
    let file = shared.file().clone();
    let operation = match change {
        Change::Sync { data_only } => AnyOperation::Sync(Sync::new(file, data_only)),
        Change::SetLen(size) => {
            shared.will_be_written();
            AnyOperation::SetLen(SetLen::new(file, size))
        }
    };
    leaf::run(operation).await
}

/// Whose attributes are asked for.
pub(crate) enum Asked {
    File(Arc<Shared>),
    /// And whether a link is followed.
    Path(io::Result<CString>, bool),
}

pub(crate) async fn stat(asked: Asked) -> io::Result<Metadata> {
    // The file stays open until the end.
    let (_shared, stat) = match asked {
        Asked::File(shared) => {
            std::future::poll_fn(|cx| shared.poll_written(cx)).await;
            let stat = Stat::file(shared.file().clone());
            (Some(shared), stat)
        }
        Asked::Path(path, follow) => (None, Stat::path(path?, follow)),
    };
    if now::is_on() && World::current().is_os() {
        if let Some(known) = sys::stat_now(stat.file.as_deref(), &stat.path, stat.follow) {
            return Ok(Metadata::new(known));
        }
    }
    leaf::attributes(stat).await.map(Metadata::new)
}

async fn flush(shared: &Arc<Shared>) -> io::Result<()> {
    std::future::poll_fn(|cx| shared.poll_flush(cx)).await
}

impl Drop for File {
    fn drop(&mut self) {
        self.shared.let_go();
    }
}

impl AsFd for File {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.shared.file().as_fd()
    }
}

impl AsRawFd for File {
    fn as_raw_fd(&self) -> RawFd {
        self.shared.file().as_raw_fd()
    }
}

impl From<OwnedFd> for File {
    fn from(file: OwnedFd) -> File {
        File::new(file)
    }
}

impl From<sys::StdFile> for File {
    fn from(file: sys::StdFile) -> File {
        File::new(sys::of_std(file))
    }
}

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("File")
            .field("fd", &self.as_raw_fd())
            .finish_non_exhaustive()
    }
}
