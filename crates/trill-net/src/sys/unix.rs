//! What all Unix systems do alike.

use std::io::{self, IoSlice, IoSliceMut};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fd::BorrowedFd;
use rustix::io::Errno;
use rustix::net::SendAncillaryBuffer;
use socket2::{Domain, SockAddr, SockRef, Socket, Type};

use super::{again, open, system, uninterrupted};

/// What a connect says that goes on. After a signal the system goes on, too.
pub(super) const CONNECT_GOES_ON: [Errno; 2] = [Errno::INPROGRESS, Errno::INTR];

/// What accepting says of a connection that is gone already.
///
/// Linux reports the network errors of a new connection here as well; accept(2) says to treat them as if there had
/// been none.
pub(crate) const DEAD_CONNECTION: &[Errno] = &[
    Errno::CONNABORTED,
    Errno::PROTO,
    Errno::NETDOWN,
    Errno::NOPROTOOPT,
    Errno::HOSTDOWN,
    Errno::HOSTUNREACH,
    Errno::NETUNREACH,
];

/// What accepting says of a connection that a rule of the system forbids.
pub(crate) const FORBIDDEN: Errno = Errno::PERM;

pub(crate) fn set_reuse_port(socket: &Socket, reuse: bool) -> io::Result<()> {
    socket.set_reuse_port(reuse)
}

pub(crate) fn reuse_port(socket: &Socket) -> io::Result<bool> {
    socket.reuse_port()
}

/// Makes a pair of Unix sockets that do not block and that child programs do not inherit, connected to each other.
pub(crate) fn open_pair(kind: Type) -> io::Result<(Socket, Socket)> {
    let (a, b) = Socket::pair(Domain::UNIX, system::nonblocking(kind), None)?;
    system::set_nonblocking(&a)?;
    system::set_nonblocking(&b)?;
    Ok((a, b))
}

/// The address of a Unix socket. A path that begins with a null byte is an abstract name, where the system has them.
pub(crate) fn unix_address(path: &Path) -> io::Result<SockAddr> {
    let bytes = path.as_os_str().as_bytes();
    if bytes.iter().skip(1).any(|byte| *byte == 0) && bytes.first() != Some(&0) {
        let wrong = format!("{path:?} has a null byte inside: no file can have that name");
        return Err(io::Error::new(io::ErrorKind::InvalidInput, wrong));
    }
    SockAddr::unix(path).map_err(|error| {
        if bytes.len() < UNIX_PATH_BYTES_MAX {
            return error;
        }
        let text = format!(
            "{} bytes are too many for the path of a socket, which has at most {UNIX_PATH_BYTES_MAX}: \
             use a shorter one, such as one relative to the working directory",
            bytes.len()
        );
        io::Error::new(io::ErrorKind::InvalidInput, text)
    })
}

/// Whether nobody listens at a path, although something is there.
pub(crate) fn is_left_over(address: &SockAddr) -> bool {
    let refused = |error: io::Error| error.kind() == io::ErrorKind::ConnectionRefused;
    open(Domain::UNIX, Type::STREAM).is_ok_and(|socket| socket.connect(address).is_err_and(refused))
}

#[inline]
pub(crate) fn recv_vectored(
    fd: BorrowedFd<'_>,
    buffers: &mut [IoSliceMut<'_>],
) -> io::Result<usize> {
    again(|| rustix::io::readv(fd, buffers))
}

/// Not `writev`: that would raise SIGPIPE in a program that has not ignored it.
#[inline]
pub(crate) fn send_vectored(fd: BorrowedFd<'_>, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
    again(|| {
        let mut nothing = SendAncillaryBuffer::default();
        rustix::net::sendmsg(fd, buffers, &mut nothing, system::SEND)
    })
}

#[inline]
pub(crate) fn send_to(fd: BorrowedFd<'_>, buffer: &[u8], to: &SockAddr) -> io::Result<usize> {
    let flags = system::SEND.bits() as i32;
    uninterrupted(|| SockRef::from(&fd).send_to_with_flags(buffer, to, flags))
}

/// How long the path of a socket can be: what the system has room for, without the null byte at its end.
const UNIX_PATH_BYTES_MAX: usize = std::mem::size_of::<libc::sockaddr_un>()
    - std::mem::offset_of!(libc::sockaddr_un, sun_path)
    - 1;
