//! What Linux does in fewer calls.
#![allow(unsafe_code)] // Accepting, which takes pointers, and credentials.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

use socket2::{SockAddr, SockAddrStorage, SockRef, Socket, Type};

use super::calls;
use super::unix::again;
use crate::unix::Credentials;

/// A peer that is gone is an error of the call, never a signal.
pub(super) const SEND: i32 = libc::MSG_NOSIGNAL;

/// Received descriptors are not inherited by child programs from the call on that receives them.
pub(super) const RECV_FDS: i32 = libc::MSG_CMSG_CLOEXEC;

/// Nothing is left to do.
pub(super) fn keep_from_children(_: &OwnedFd) -> io::Result<()> {
    Ok(())
}

/// What the system says of a stream whose peer will send nothing more.
pub(super) const ENDED: i16 = libc::POLLRDHUP | libc::POLLHUP | libc::POLLERR;

/// Sets how many connections may wait with data in their first packet.
pub(crate) fn set_fast_open(listener: BorrowedFd<'_>, connections: u32) -> io::Result<()> {
    let connections = connections.try_into().unwrap_or(libc::c_int::MAX);
    super::set_option(listener, libc::IPPROTO_TCP, libc::TCP_FASTOPEN, connections)
}

/// Asks for a socket that does not block.
pub(super) fn nonblocking(kind: Type) -> Type {
    kind.nonblocking()
}

/// Nothing is left to do.
pub(super) fn set_nonblocking(_: &Socket) -> io::Result<()> {
    Ok(())
}

/// Accepts a connection with one call: it does not block, and child programs do not inherit it.
pub(crate) fn accept(listener: BorrowedFd<'_>) -> io::Result<(OwnedFd, SockAddr)> {
    let flags = libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC;
    let call = |address: *mut SockAddrStorage, len| {
        // SAFETY: room and length are those of an address that is being made. `peer_addr` would differ from what
        // `many_connections_are_accepted_from_several_tasks` in `tests/tcp.rs` is told.
        again(|| unsafe {
            calls::accept4(listener.as_raw_fd(), address.cast(), len, flags) as isize
        })
    };
    // SAFETY: the system has written the address and its length if the call succeeds, and zeros are one, too.
    let (number, address) = unsafe { SockAddr::try_init(call) }?;
    // SAFETY: the system has just made this descriptor, which nobody else knows. Tests that count descriptors would fail.
    let socket = unsafe { OwnedFd::from_raw_fd(number as RawFd) };
    Ok((socket, address))
}

/// Finds out how connecting ended; `WouldBlock` if it has not.
///
/// A second connect answers with one call: done, still under way, or why it failed.
pub(crate) fn check_connected(socket: BorrowedFd<'_>, address: &SockAddr) -> io::Result<()> {
    let Err(error) = SockRef::from(&socket).connect(address) else {
        return Ok(());
    };
    match error.raw_os_error() {
        Some(libc::EISCONN) => Ok(()),
        Some(libc::EALREADY | libc::EINPROGRESS | libc::EINTR) => {
            Err(io::ErrorKind::WouldBlock.into())
        }
        _ => Err(error),
    }
}

/// Whether the address is known to be of a socket without a name.
pub(crate) fn is_unnamed(address: &SockAddr) -> bool {
    address.is_unnamed()
}

/// Who is at the other end of a Unix socket.
pub(crate) fn peer_credentials(socket: BorrowedFd<'_>) -> io::Result<Credentials> {
    let mut peer = libc::ucred {
        pid: 0,
        uid: 0,
        gid: 0,
    };
    let mut len = size_of::<libc::ucred>() as libc::socklen_t;
    // SAFETY: the pointers are to a structure that the call fills and to its length, which live during the call.
    // `the_peer_is_this_process` in `tests/unix.rs` would fail.
    let result = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_PEERCRED,
            (&raw mut peer).cast(),
            &raw mut len,
        )
    };
    match result {
        0 => Ok(Credentials::new(Some(peer.pid), peer.uid, peer.gid)),
        _ => Err(io::Error::last_os_error()),
    }
}
