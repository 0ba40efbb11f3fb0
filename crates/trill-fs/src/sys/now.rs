//! Transfers that need no disk, done at once: data that is cached is copied, and nothing waits.

use std::io::{IoSlice, IoSliceMut};
use std::os::fd::OwnedFd;

use rustix::io::{Errno, ReadWriteFlags, preadv2, pwritev2};

/// Reads what is at hand; the position of the file is `u64::MAX`.
///
/// `AGAIN` means that a disk or somebody else would have to be waited for, another error that such a question cannot be
/// asked here.
pub(crate) fn read_now(file: &OwnedFd, buffer: &mut [u8], offset: u64) -> Result<usize, Errno> {
    preadv2(
        file,
        &mut [IoSliceMut::new(buffer)],
        offset,
        ReadWriteFlags::NOWAIT,
    )
}

/// Writes what there is room for at once.
pub(crate) fn write_now(file: &OwnedFd, bytes: &[u8], offset: u64) -> Result<usize, Errno> {
    pwritev2(file, &[IoSlice::new(bytes)], offset, ReadWriteFlags::NOWAIT)
}
