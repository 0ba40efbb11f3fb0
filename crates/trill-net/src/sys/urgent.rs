//! Urgent data.
#![allow(unsafe_code)] // Calls `sockatmark`.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

use rustix::event::{PollFd, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags, sockopt};

use super::system;

unsafe extern "C" {
    /// Of every Unix, and in no crate.
    fn sockatmark(fd: libc::c_int) -> libc::c_int;
}

/// Sends a byte of urgent data.
pub(crate) fn send_urgent(fd: BorrowedFd<'_>, byte: u8) -> io::Result<()> {
    super::again(|| rustix::net::send(fd, &[byte], system::SEND | SendFlags::OOB)).map(drop)
}

/// Takes a byte of urgent data, or says `WouldBlock`.
pub(crate) fn recv_urgent(fd: BorrowedFd<'_>) -> io::Result<u8> {
    let mut byte = [0];
    match rustix::net::recv(fd, &mut byte, RecvFlags::OOB) {
        Ok((1, _)) => return Ok(byte[0]),
        // None has come, which is an invalid call to the system; or the end of the stream has.
        Ok(_) | Err(Errno::INVAL) => {}
        Err(error) => return Err(error.into()),
    }
    if sockopt::socket_oobinline(fd)? {
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
    let mut asked = [PollFd::from_borrowed_fd(fd, system::ENDED)];
    super::again(|| poll(&mut asked, Some(&Timespec::default())))?;
    Ok(!asked[0].revents().is_empty())
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
