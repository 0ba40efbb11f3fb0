//! The way of all Unix systems.

use std::ffi::CStr;
use std::io;
use std::os::fd::OwnedFd;

use rustix::fs::{FileType, fstat, lstat};
use rustix::io::retry_on_intr;
use trill_reactor::op::Attributes;

pub(crate) fn stat(file: Option<&OwnedFd>, path: &CStr, follow: bool) -> io::Result<Attributes> {
    let stat = retry_on_intr(|| match file {
        Some(file) => fstat(file),
        None if follow => rustix::fs::stat(path),
        None => lstat(path),
    });
    Ok(super::attributes(&stat?))
}

/// Not known without a call that may block.
pub(crate) fn stat_now(_: Option<&OwnedFd>, _: &CStr, _: bool) -> Option<Attributes> {
    None
}

/// Not known without a call that may block.
pub(crate) fn size_now(_: &OwnedFd) -> Option<u64> {
    None
}

/// Not needed: here files are opened by calls that wait.
pub(crate) fn kind_now(_: &OwnedFd) -> Option<FileType> {
    None
}
