//! Descriptors that travel in messages.
#![allow(unsafe_code)] // Control messages are read and written through pointers.
#![allow(clippy::unnecessary_cast)] // The C libraries have different types for lengths.

use std::io;
use std::mem::size_of;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::ptr;

use super::system;
use super::unix::{again, message, send_message};
use crate::unix::{FDS_MAX, ReceivedFds};

/// Sends bytes with descriptors.
pub(crate) fn send_with_fds(
    socket: BorrowedFd<'_>,
    bytes: &[u8],
    fds: &[BorrowedFd<'_>],
) -> io::Result<usize> {
    debug_assert!(
        fds.len() <= FDS_MAX,
        "the caller has counted the descriptors"
    );
    let mut slice = slice(bytes.as_ptr().cast_mut(), bytes.len());
    let mut header = message(&raw mut slice, 1);
    let mut control = Control::EMPTY;
    if !fds.is_empty() {
        let fds = &fds[..fds.len().min(FDS_MAX)];
        let len = size_of_val(fds) as libc::c_uint;
        header.msg_control = (&raw mut control).cast();
        // SAFETY: arithmetic on a number.
        header.msg_controllen = unsafe { libc::CMSG_SPACE(len) } as _;
        // SAFETY: the header points to room that has the alignment and at least the size of a control message.
        let first = unsafe { libc::CMSG_FIRSTHDR(&raw const header) };
        // SAFETY: it is where the room begins, all of which is initialised. `descriptors_arrive_in_order_with_their_bytes` in
        // `tests/unix_descriptors.rs` would fail.
        let control = unsafe { &mut *first };
        control.cmsg_level = libc::SOL_SOCKET;
        control.cmsg_type = libc::SCM_RIGHTS;
        // SAFETY: arithmetic on a number.
        control.cmsg_len = unsafe { libc::CMSG_LEN(len) } as _;
        // SAFETY: arithmetic on a pointer into the room.
        let data = unsafe { libc::CMSG_DATA(first) }.cast::<RawFd>();
        // SAFETY: a borrowed descriptor is its number, as the standard library promises; behind the header the room has
        // place for as many as a message can have, and it is not among what is borrowed. See the test above.
        unsafe { ptr::copy_nonoverlapping(fds.as_ptr().cast::<RawFd>(), data, fds.len()) };
    }
    send_message(socket, &header)
}

/// Receives bytes with up to `fds_max` descriptors, and closes the others.
pub(crate) fn recv_with_fds(
    socket: BorrowedFd<'_>,
    buffer: &mut [u8],
    fds_max: usize,
) -> io::Result<ReceivedFds> {
    let mut slice = slice(buffer.as_mut_ptr(), buffer.len());
    let mut header = message(&raw mut slice, 1);
    let mut control = Control::EMPTY;
    header.msg_control = (&raw mut control).cast();
    header.msg_controllen = size_of::<Control>() as _;
    let (fd, flags) = (socket.as_raw_fd(), system::RECV_FDS);
    // SAFETY: the header points to a slice of a buffer that is borrowed exclusively and to the room for control messages,
    // which live during the call, with their lengths. `descriptors_arrive_in_order_with_their_bytes` in
    // `tests/unix_descriptors.rs` would fail.
    let len = again(|| unsafe { libc::recvmsg(fd, &raw mut header, flags) })?;
    // All are owned before anything can fail.
    let mut fds = received(&header);
    let mut is_truncated = header.msg_flags & libc::MSG_CTRUNC != 0;
    if fds.len() > fds_max {
        // They are closed here.
        fds.truncate(fds_max);
        is_truncated = true;
    }
    for fd in &fds {
        system::keep_from_children(fd)?;
    }
    Ok(ReceivedFds {
        len,
        fds,
        is_truncated,
    })
}

/// Takes the descriptors out of a header that the system has filled, once.
fn received(header: &libc::msghdr) -> Vec<OwnedFd> {
    let mut fds = Vec::new();
    // SAFETY: the header points to room for control messages, and its length was set by the system.
    let mut next = unsafe { libc::CMSG_FIRSTHDR(header) };
    // SAFETY: a pointer from these two functions is null or to a control message that the system has written.
    while let Some(control) = unsafe { next.as_ref() } {
        if (control.cmsg_level, control.cmsg_type) == (libc::SOL_SOCKET, libc::SCM_RIGHTS) {
            // SAFETY: arithmetic on a number.
            let before = unsafe { libc::CMSG_LEN(0) } as usize;
            let count = (control.cmsg_len as usize).saturating_sub(before) / size_of::<RawFd>();
            // SAFETY: arithmetic on a pointer into the room.
            let data = unsafe { libc::CMSG_DATA(next) }.cast::<RawFd>();
            for index in 0..count {
                // SAFETY: the message's length, from the system, says that so many follow its header.
                let number = unsafe { data.wrapping_add(index).read_unaligned() };
                // SAFETY: the system has just made this descriptor for whoever receives it, and each is taken once.
                // `descriptors_beyond_the_limit_are_closed` in `tests/unix_descriptors.rs` would fail.
                fds.push(unsafe { OwnedFd::from_raw_fd(number) });
            }
        }
        // SAFETY: the control message is of this header.
        next = unsafe { libc::CMSG_NXTHDR(header, next) };
    }
    fds
}

fn slice(at: *mut u8, len: usize) -> libc::iovec {
    libc::iovec {
        iov_base: at.cast(),
        iov_len: len,
    }
}

/// Room for a message with as many descriptors as it can have, so that none is lost before it can be closed; aligned as
/// its header.
#[repr(C)]
union Control {
    bytes: [u8; SPACE],
    _header: libc::cmsghdr,
}

impl Control {
    const EMPTY: Control = Control { bytes: [0; SPACE] };
}

// SAFETY: arithmetic on a number.
const SPACE: usize =
    unsafe { libc::CMSG_SPACE((FDS_MAX * size_of::<RawFd>()) as libc::c_uint) } as usize;
