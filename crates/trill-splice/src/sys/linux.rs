//! What Linux moves by itself.

use std::io::{self, IoSliceMut};
use std::os::fd::{BorrowedFd, OwnedFd};

use rustix::io::{Errno, ReadWriteFlags};
use rustix::net::SendFlags;
use rustix::pipe::{PipeFlags, SpliceFlags};

use super::again;

/// A peer that is gone is an error of the call, never a signal.
pub(super) const SEND: SendFlags = SendFlags::NOSIGNAL;

/// Moves up to `len` bytes of a file, from `offset` on, to a stream.
pub(crate) fn send_file(
    to: BorrowedFd<'_>,
    file: BorrowedFd<'_>,
    offset: u64,
    len: usize,
) -> io::Result<usize> {
    again(|| {
        let mut offset = offset;
        rustix::fs::sendfile(to, file, Some(&mut offset), len)
    })
}

/// Moves up to `len` bytes; one of the two is a pipe. `at` is where to write, if `to` is a file.
pub(crate) fn splice(
    from: BorrowedFd<'_>,
    to: BorrowedFd<'_>,
    at: Option<u64>,
    len: usize,
) -> io::Result<usize> {
    let flags = SpliceFlags::MOVE | SpliceFlags::NONBLOCK;
    again(|| {
        let mut at = at;
        rustix::pipe::splice(from, None, to, at.as_mut(), len, flags)
    })
}

/// Makes a pipe that does not block: the end to read, and the end to write.
pub(crate) fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    let flags = PipeFlags::CLOEXEC | PipeFlags::NONBLOCK;
    again(|| rustix::pipe::pipe_with(flags))
}

/// Whether a byte of a file is in memory, so that reading it waits for no disk.
///
/// A file system that cannot tell is taken to have it: most such have no disk.
pub(crate) fn is_resident(file: BorrowedFd<'_>, offset: u64) -> bool {
    let mut byte = [0];
    let read = again(|| {
        let buffers = &mut [IoSliceMut::new(&mut byte)];
        rustix::io::preadv2(file, buffers, offset, ReadWriteFlags::NOWAIT)
    });
    let missing = Errno::AGAIN.raw_os_error();
    !read.is_err_and(|error| error.raw_os_error() == Some(missing))
}
