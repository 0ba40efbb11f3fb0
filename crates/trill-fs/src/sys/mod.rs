//! The operating system's arm of the door.
//!
//! Contract: what is here runs on threads that may block, except for `now`, whose calls return at once whatever the disk
//! does, the questions named `…_now` in `stat`, and for `seek`, which changes a number.

mod block;
mod names;
#[cfg(any(target_os = "linux", target_os = "android"))]
mod now;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
#[path = "no_now.rs"]
mod now;
mod stat;

pub use names::Permissions;

pub(crate) use names::{
    Listing, OsDirEntry, OsEntry, StdFile, canonicalize, copy, create_dirs, hard_link, list,
    of_std, read, read_link, remove_dir_all, set_permissions, symlink, write,
};
pub(crate) use now::{read_now, write_now};
pub(crate) use stat::{size_now, stat_now};

use std::io;
use std::os::fd::OwnedFd;

use rustix::fs::{Mode, OFlags, SeekFrom as To};

/// Opens a file.
pub(crate) fn open(path: &std::ffi::CStr, flags: u32, mode: u32) -> io::Result<OwnedFd> {
    let flags = OFlags::from_bits_retain(flags as _) | OFlags::CLOEXEC;
    let mode = Mode::from_bits_retain(mode as _);
    Ok(rustix::io::retry_on_intr(|| {
        rustix::fs::open(path, flags, mode)
    })?)
}

/// Moves a file's own position. From its end this may ask a server; else it changes a number.
pub(crate) fn seek(file: &OwnedFd, to: io::SeekFrom) -> io::Result<u64> {
    let to = match to {
        io::SeekFrom::Start(at) => To::Start(at),
        io::SeekFrom::End(by) => To::End(by),
        io::SeekFrom::Current(by) => To::Current(by),
    };
    Ok(rustix::fs::seek(file, to)?)
}

/// The file's own position, if it has one.
pub(crate) fn position(file: &OwnedFd) -> Option<u64> {
    rustix::fs::tell(file).ok()
}

/// As [`position`], for a write: a file that is appended to is written at its end.
pub(crate) fn write_position(file: &OwnedFd) -> Option<u64> {
    let flags = rustix::fs::fcntl_getfl(file).ok()?;
    if flags.contains(OFlags::APPEND) {
        return None;
    }
    position(file)
}

/// Changes the permissions of an open file.
pub(crate) fn set_file_permissions(file: &OwnedFd, mode: u32) -> io::Result<()> {
    let mode = Mode::from_bits_retain(mode as _);
    Ok(rustix::io::retry_on_intr(|| {
        rustix::fs::fchmod(file, mode)
    })?)
}

/// Makes another descriptor of the same open file.
pub(crate) fn duplicate(file: &OwnedFd) -> io::Result<OwnedFd> {
    file.try_clone()
}

/// Whether an open file is a FIFO. It returns at once: a file's kind is known to who has it open.
#[cfg_attr(not(target_os = "linux"), allow(dead_code))]
pub(crate) fn is_fifo(file: &OwnedFd) -> bool {
    stat::kind_now(file) == Some(rustix::fs::FileType::Fifo)
}
