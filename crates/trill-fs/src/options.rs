//! How to open a file.

use std::ffi::CString;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::OFlags;
use rustix::io::Errno;
use trill_reactor::op::Open;

use crate::file::File;
use crate::leaf::opened_file;
use crate::sys;
use crate::work::Work;

/// How to open a file: the options of [`std::fs::OpenOptions`].
///
/// # Examples
///
/// ```
/// use trill_fs::OpenOptions;
///
/// # let path = std::env::temp_dir().join(format!("trill-options-{}", std::process::id()));
/// let log = OpenOptions::new().append(true).create(true).open(&path);
/// let log = trill_reactor::block_on(log)?;
/// # std::fs::remove_file(&path)?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct OpenOptions {
    read: bool,
    write: bool,
    append: bool,
    truncate: bool,
    create: bool,
    create_new: bool,
    pub(crate) custom_flags: i32,
    pub(crate) mode: u32,
}

impl OpenOptions {
    /// Starts with everything off.
    ///
    /// # Examples
    ///
    /// See [`OpenOptions`].
    pub fn new() -> OpenOptions {
        OpenOptions {
            read: false,
            write: false,
            append: false,
            truncate: false,
            create: false,
            create_new: false,
            custom_flags: 0,
            mode: 0o666,
        }
    }

    /// Lets the file be read.
    ///
    /// # Examples
    ///
    /// See [`File`].
    pub fn read(&mut self, read: bool) -> &mut OpenOptions {
        self.read = read;
        self
    }

    /// Lets the file be written.
    ///
    /// # Examples
    ///
    /// See [`File`].
    pub fn write(&mut self, write: bool) -> &mut OpenOptions {
        self.write = write;
        self
    }

    /// Lets the file be written at its end, wherever that is at the time.
    ///
    /// # Examples
    ///
    /// See [`OpenOptions`].
    pub fn append(&mut self, append: bool) -> &mut OpenOptions {
        self.append = append;
        self
    }

    /// Makes the file empty when it is opened.
    ///
    /// # Examples
    ///
    /// ```
    /// # let path = std::env::temp_dir().join(format!("trill-truncate-{}", std::process::id()));
    /// # std::fs::write(&path, "old")?;
    /// let file = trill_fs::OpenOptions::new().write(true).truncate(true).open(&path);
    /// let file = trill_reactor::block_on(file)?;
    /// assert_eq!(std::fs::read(&path)?, b"");
    /// # std::fs::remove_file(&path)?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn truncate(&mut self, truncate: bool) -> &mut OpenOptions {
        self.truncate = truncate;
        self
    }

    /// Creates the file if it is not there.
    ///
    /// # Examples
    ///
    /// See [`File`].
    pub fn create(&mut self, create: bool) -> &mut OpenOptions {
        self.create = create;
        self
    }

    /// Creates the file, and fails if something of that name is there.
    ///
    /// # Examples
    ///
    /// ```
    /// let there = trill_fs::OpenOptions::new().write(true).create_new(true).open("/etc");
    /// let error = trill_reactor::block_on(there).unwrap_err();
    /// assert_eq!(error.kind(), std::io::ErrorKind::AlreadyExists);
    /// ```
    pub fn create_new(&mut self, create_new: bool) -> &mut OpenOptions {
        self.create_new = create_new;
        self
    }

    /// Opens the file.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for options that contradict each other or a path with a null byte, else what the system says.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: a file that was opened for nobody is closed. It may have been created or made empty.
    ///
    /// # Examples
    ///
    /// See [`OpenOptions`].
    pub fn open<P: AsRef<Path>>(&self, path: P) -> Work<io::Result<File>> {
        self.open_at(path.as_ref())
    }

    fn open_at(&self, path: &Path) -> Work<io::Result<File>> {
        let asked = self.flags().and_then(|flags| Ok((c_path(path)?, flags)));
        let mode = self.mode;
        Work::new(async move {
            let (path, flags) = asked?;
            open(path, flags, mode).await.map(File::new)
        })
    }

    /// The flags of the system, as the standard library makes them.
    fn flags(&self) -> io::Result<OFlags> {
        let access = match (self.read, self.write, self.append) {
            (true, false, false) => OFlags::RDONLY,
            (false, true, false) => OFlags::WRONLY,
            (true, true, false) => OFlags::RDWR,
            (false, _, true) => OFlags::WRONLY | OFlags::APPEND,
            (true, _, true) => OFlags::RDWR | OFlags::APPEND,
            (false, false, false) => {
                return Err(contradiction("neither read nor write nor append is set"));
            }
        };
        if self.append && self.truncate && !self.create_new {
            return Err(contradiction("truncate and append exclude each other"));
        }
        if !self.write && !self.append && (self.truncate || self.create || self.create_new) {
            return Err(contradiction(
                "truncating and creating need write or append",
            ));
        }
        let creation = match (self.create, self.truncate, self.create_new) {
            (_, _, true) => OFlags::CREATE | OFlags::EXCL,
            (create, truncate, false) => {
                let create = if create {
                    OFlags::CREATE
                } else {
                    OFlags::empty()
                };
                let truncate = if truncate {
                    OFlags::TRUNC
                } else {
                    OFlags::empty()
                };
                create | truncate
            }
        };
        let custom = OFlags::from_bits_retain(self.custom_flags as _) & !OFlags::ACCMODE;
        Ok(access | creation | custom)
    }
}

impl Default for OpenOptions {
    fn default() -> OpenOptions {
        OpenOptions::new()
    }
}

/// Opens a file in the way that waits least.
pub(crate) async fn open(path: CString, flags: OFlags, mode: u32) -> io::Result<OwnedFd> {
    #[allow(clippy::unnecessary_cast)] // A signed number on some systems.
    let bits = flags.bits() as u32;
    let patient = Open::new(path.clone(), bits, mode);
    let mut quick = Open::new(path, bits, mode);
    quick.waits = false;
    match opened_file(quick).await {
        // A FIFO that nobody reads: wait for somebody.
        Err(error) if error.raw_os_error() == Some(NO_READER) => opened_file(patient).await,
        // A FIFO was opened as if it were not to wait. It is kept open meanwhile, so that a writer who has seen it
        // does not find it closed.
        Ok(file) if !flags.contains(OFlags::NONBLOCK) && sys::is_fifo(&file) => {
            opened_file(patient).await
        }
        result => result,
    }
}

/// A path for the system.
pub(crate) fn c_path(path: &Path) -> io::Result<CString> {
    CString::new(path.as_os_str().as_bytes()).map_err(|_| {
        io::Error::new(
            io::ErrorKind::InvalidInput,
            "a path must not contain a null byte",
        )
    })
}

fn contradiction(what: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidInput,
        format!("these options open no file: {what}"),
    )
}

const NO_READER: i32 = Errno::NXIO.raw_os_error();
