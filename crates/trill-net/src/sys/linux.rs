//! What Linux does in fewer calls.

use std::io;

use rustix::event::PollFlags;
use rustix::fd::{BorrowedFd, OwnedFd};
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags, SocketAddrAny, SocketAddrUnix, SocketFlags};
use socket2::{SockAddr, SockRef, Socket, Type};

use crate::unix::Credentials;

/// A peer that is gone is an error of the call, never a signal.
pub(super) const SEND: SendFlags = SendFlags::NOSIGNAL;

/// Received descriptors are not inherited by child programs from the call on that receives them.
pub(super) const RECV_FDS: RecvFlags = RecvFlags::CMSG_CLOEXEC;

/// Nothing is left to do.
pub(super) fn keep_from_children(_: &OwnedFd) -> io::Result<()> {
    Ok(())
}

/// What the system says of a stream whose peer will send nothing more.
pub(super) const ENDED: PollFlags = PollFlags::RDHUP.union(PollFlags::HUP).union(PollFlags::ERR);

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
pub(crate) fn accept(listener: BorrowedFd<'_>) -> io::Result<(OwnedFd, Option<SocketAddrAny>)> {
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    super::again(|| rustix::net::acceptfrom_with(listener, flags))
}

/// Finds out how connecting ended; `WouldBlock` if it has not.
///
/// A second connect answers with one call: done, still under way, or why it failed.
pub(crate) fn check_connected(socket: BorrowedFd<'_>, address: &SockAddr) -> io::Result<()> {
    let Err(error) = SockRef::from(&socket).connect(address) else {
        return Ok(());
    };
    match error.raw_os_error().map(Errno::from_raw_os_error) {
        Some(Errno::ISCONN) => Ok(()),
        Some(Errno::ALREADY | Errno::INPROGRESS | Errno::INTR) => {
            Err(io::ErrorKind::WouldBlock.into())
        }
        _ => Err(error),
    }
}

/// Whether the address is known to be of a socket without a name.
pub(crate) fn is_unnamed(address: &SocketAddrUnix) -> bool {
    address.is_unnamed()
}

/// Who is at the other end of a Unix socket.
pub(crate) fn peer_credentials(socket: BorrowedFd<'_>) -> io::Result<Credentials> {
    let peer = rustix::net::sockopt::socket_peercred(socket)?;
    Ok(Credentials::new(
        Some(peer.pid.as_raw_nonzero().get()),
        peer.uid.as_raw(),
        peer.gid.as_raw(),
    ))
}
