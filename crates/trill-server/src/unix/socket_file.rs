//! The file of a Unix socket.
//!
//! Looked at and removed by plain system calls, as the socket itself is bound: they take microseconds, and the
//! listener that they belong to exists in the operating system's world only.

use std::mem;
use std::path::{Path, PathBuf};

use rustix::fs::{FileType, Stat, lstat, unlink};

/// A socket file, removed when this is dropped if it is still the same one.
#[derive(Debug)]
pub(crate) struct SocketFile {
    path: PathBuf,
    /// Device and inode.
    identity: (u64, u64),
}

impl SocketFile {
    /// Finds the socket file at `path`; `None` if there is none, as for an abstract name.
    pub(crate) fn of(path: &Path) -> Option<SocketFile> {
        let stat = lstat(path).ok()?;
        let is_socket = FileType::from_raw_mode(stat.st_mode) == FileType::Socket;
        is_socket.then(|| SocketFile {
            path: path.to_owned(),
            identity: identity(&stat),
        })
    }

    /// Leaves the file where it is.
    pub(crate) fn forget(mut self) {
        drop(mem::take(&mut self.path));
        mem::forget(self);
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        // Another process may have put its own socket there meanwhile.
        if lstat(&self.path).is_ok_and(|stat| identity(&stat) == self.identity) {
            // If it cannot be removed now, the next who binds there does it.
            let _ = unlink(&self.path);
        }
    }
}

/// What tells a file from another one that has its path later. The types differ between systems.
#[allow(clippy::unnecessary_cast)]
fn identity(stat: &Stat) -> (u64, u64) {
    (stat.st_dev as u64, stat.st_ino as u64)
}
