//! What the standard library does best: names, trees and copies.

use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{DirBuilderExt, DirEntryExt};
use std::path::{Path, PathBuf};

pub use std::fs::Permissions;

use crate::metadata::FileType;

/// A file of the standard library.
pub(crate) type StdFile = fs::File;

/// An entry of the standard library.
pub(crate) type OsDirEntry = fs::DirEntry;

/// An open directory.
pub(crate) type Listing = fs::ReadDir;

/// What a directory holds.
pub(crate) struct OsEntry {
    pub(crate) path: PathBuf,
    pub(crate) ino: u64,
    /// The kind, where the directory tells it or the file could be asked.
    pub(crate) kind: Option<FileType>,
}

pub(crate) fn of_std(file: fs::File) -> OwnedFd {
    file.into()
}

pub(crate) fn canonicalize(path: &Path) -> io::Result<PathBuf> {
    fs::canonicalize(path)
}

pub(crate) fn copy(from: &Path, to: &Path) -> io::Result<u64> {
    fs::copy(from, to)
}

pub(crate) fn create_dirs(path: &Path, mode: u32) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true).mode(mode).create(path)
}

pub(crate) fn hard_link(from: &Path, to: &Path) -> io::Result<()> {
    fs::hard_link(from, to)
}

pub(crate) fn symlink(from: &Path, to: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(from, to)
}

pub(crate) fn read_link(path: &Path) -> io::Result<PathBuf> {
    fs::read_link(path)
}

pub(crate) fn remove_dir_all(path: &Path) -> io::Result<()> {
    fs::remove_dir_all(path)
}

pub(crate) fn set_permissions(path: &Path, permissions: Permissions) -> io::Result<()> {
    fs::set_permissions(path, permissions)
}

pub(crate) fn read(path: &Path) -> io::Result<Vec<u8>> {
    fs::read(path)
}

pub(crate) fn write(path: &Path, contents: &[u8]) -> io::Result<()> {
    fs::write(path, contents)
}

pub(crate) fn list(path: &Path) -> io::Result<Listing> {
    fs::read_dir(path)
}

impl From<fs::DirEntry> for OsEntry {
    fn from(entry: fs::DirEntry) -> OsEntry {
        OsEntry {
            path: entry.path(),
            ino: entry.ino(),
            kind: entry.file_type().ok().map(|kind| {
                FileType::of_std(&kind, kind.is_dir(), kind.is_file(), kind.is_symlink())
            }),
        }
    }
}
