//! Transfers through memory, and what is asked before.
#![allow(unsafe_code)] // Asks for the disposition of a signal, which takes a pointer.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::BorrowedFd;
use std::ptr;

use rustix::fs::FileType;
use rustix::io::Errno;

use super::{again, system};

/// Reads some bytes of a stream, or says `WouldBlock`.
pub(crate) fn read_now(fd: BorrowedFd<'_>, buffer: &mut [u8]) -> io::Result<usize> {
    again(|| rustix::io::read(fd, &mut *buffer))
}

/// Writes some bytes to a stream, or says `WouldBlock`. To a socket without raising a signal.
pub(crate) fn write_now(fd: BorrowedFd<'_>, buffer: &[u8]) -> io::Result<usize> {
    again(|| match rustix::net::send(fd, buffer, system::SEND) {
        Err(Errno::NOTSOCK) => rustix::io::write(fd, buffer),
        result => result,
    })
}

/// Reads bytes of a file until the buffer is full or the file ends; may wait for a disk.
pub(crate) fn read_at(fd: BorrowedFd<'_>, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        let rest = &mut buffer[filled..];
        match again(|| rustix::io::pread(fd, &mut *rest, offset + filled as u64))? {
            0 => break,
            count => filled += count,
        }
    }
    Ok(filled)
}

/// Writes all bytes to a file; may wait for a disk. Returns how many were written if not all.
pub(crate) fn write_all_at(
    fd: BorrowedFd<'_>,
    bytes: &[u8],
    offset: u64,
) -> (usize, io::Result<()>) {
    let mut written = 0;
    while written < bytes.len() {
        match again(|| rustix::io::pwrite(fd, &bytes[written..], offset + written as u64)) {
            Ok(0) => return (written, Err(io::ErrorKind::WriteZero.into())),
            Ok(count) => written += count,
            Err(error) => return (written, Err(error)),
        }
    }
    (written, Ok(()))
}

/// How many bytes a file has.
pub(crate) fn file_len(fd: BorrowedFd<'_>) -> io::Result<u64> {
    let stat = rustix::fs::fstat(fd)?;
    if FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile {
        return Ok(u64::try_from(stat.st_size).unwrap_or(0));
    }
    Err(io::Error::new(
        io::ErrorKind::InvalidInput,
        "only regular files have ranges to send: use `copy` for streams",
    ))
}

/// Whether writing to a peer that is gone would end this process, as `sendfile` and `splice` cannot be told not to.
///
/// Rust programs ignore the signal unless they or their libraries have put it back.
pub(crate) fn sigpipe_ends_this_process() -> bool {
    let mut action = MaybeUninit::<libc::sigaction>::uninit();
    // SAFETY: without a new action the call only writes the old one to the memory, which is large enough for it.
    // `a_program_with_the_signal_put_back_lives` in `tests/signal.rs` would fail.
    let asked = unsafe { libc::sigaction(libc::SIGPIPE, ptr::null(), action.as_mut_ptr()) };
    if asked != 0 {
        return true;
    }
    // SAFETY: the call has succeeded, so it has written the action. See the test above.
    let action = unsafe { action.assume_init() };
    action.sa_sigaction == libc::SIG_DFL
}
