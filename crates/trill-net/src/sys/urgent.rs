//! Urgent data.
#![allow(unsafe_code)] // Calls `sockatmark` and `poll`.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

use socket2::SockRef;

use super::system;
use super::unix::{again, recv_with, send_with};

unsafe extern "C" {
    /// Of every Unix, and in no crate.
    fn sockatmark(fd: libc::c_int) -> libc::c_int;
}

/// Sends a byte of urgent data.
pub(crate) fn send_urgent(fd: BorrowedFd<'_>, byte: u8) -> io::Result<()> {
    send_with(fd, &[byte], system::SEND | libc::MSG_OOB).map(drop)
}

/// Takes a byte of urgent data, or says `WouldBlock`.
pub(crate) fn recv_urgent(fd: BorrowedFd<'_>) -> io::Result<u8> {
    let mut byte = [0];
    match recv_with(fd, &mut byte, libc::MSG_OOB) {
        Ok(1) => return Ok(byte[0]),
        // None has come, which is an invalid call to the system; or the end of the stream has.
        Ok(_) => {}
        Err(error) if error.raw_os_error() == Some(libc::EINVAL) => {}
        Err(error) => return Err(error),
    }
    if SockRef::from(&fd).out_of_band_inline()? {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "urgent bytes are left in the stream: read it, or call set_urgent_inline(false)",
        ));
    }
    if has_ended(fd)? {
        return Err(io::Error::new(
            io::ErrorKind::UnexpectedEof,
            "the peer has ended writing and sent no urgent byte",
        ));
    }
    Err(io::ErrorKind::WouldBlock.into())
}

/// Whether the peer will send nothing more, whatever is still to be read.
fn has_ended(fd: BorrowedFd<'_>) -> io::Result<bool> {
    let mut asked = libc::pollfd {
        fd: fd.as_raw_fd(),
        events: system::ENDED,
        revents: 0,
    };
    // SAFETY: the pointer is to one entry, as it says, which lives during the call.
    // `the_end_of_the_stream_ends_the_wait_for_urgent_bytes` in `tests/tcp_options.rs` would fail.
    again(|| unsafe { libc::poll(&raw mut asked, 1, 0) as isize })?;
    Ok(asked.revents != 0)
}

/// Whether the next byte is the urgent one.
pub(crate) fn is_at_urgent(fd: BorrowedFd<'_>) -> io::Result<bool> {
    // SAFETY: it takes a number, which is that of a descriptor that `fd` keeps open, and touches no memory of ours.
    // `the_mark_is_before_the_urgent_byte` in `tests/tcp_options.rs` would fail if it were another.
    match unsafe { sockatmark(fd.as_raw_fd()) } {
        -1 => Err(io::Error::last_os_error()),
        at => Ok(at == 1),
    }
}
