//! What all Unix systems do alike.
#![allow(unsafe_code)] // Transfers, which take pointers.

use std::io::{self, IoSlice, IoSliceMut};
#[cfg(any(feature = "tokio-io", feature = "hyper-rt"))]
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use socket2::{Domain, SockAddr, SockRef, Socket, Type};

use super::{calls, open, system, uninterrupted};

/// What a connect says that goes on. After a signal the system goes on, too.
pub(super) const CONNECT_GOES_ON: [i32; 2] = [libc::EINPROGRESS, libc::EINTR];

/// What accepting says of a connection that is gone already.
///
/// Linux reports the network errors of a new connection here as well; accept(2) says to treat them as if there had
/// been none.
pub(crate) const DEAD_CONNECTION: &[i32] = &[
    libc::ECONNABORTED,
    libc::EPROTO,
    libc::ENETDOWN,
    libc::ENOPROTOOPT,
    libc::EHOSTDOWN,
    libc::EHOSTUNREACH,
    libc::ENETUNREACH,
];

/// What accepting says of a connection that a rule of the system forbids.
pub(crate) const FORBIDDEN: i32 = libc::EPERM;

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
pub(crate) fn recv(fd: BorrowedFd<'_>, buffer: &mut [u8]) -> io::Result<usize> {
    recv_with(fd, buffer, 0)
}

/// The count of bytes that it returns are initialised.
#[cfg(any(feature = "tokio-io", feature = "hyper-rt"))]
#[inline]
pub(crate) fn recv_uninit(fd: BorrowedFd<'_>, buffer: &mut [MaybeUninit<u8>]) -> io::Result<usize> {
    let (at, len) = (buffer.as_mut_ptr().cast(), buffer.len());
    // SAFETY: as in `recv_with`; nothing but the system reads or writes the buffer here.
    again(|| unsafe { calls::recv(fd.as_raw_fd(), at, len, 0) })
}

#[inline]
pub(crate) fn peek(fd: BorrowedFd<'_>, buffer: &mut [u8]) -> io::Result<usize> {
    recv_with(fd, buffer, libc::MSG_PEEK)
}

/// Receives with flags.
#[inline]
pub(super) fn recv_with(fd: BorrowedFd<'_>, buffer: &mut [u8], flags: i32) -> io::Result<usize> {
    let (at, len) = (buffer.as_mut_ptr().cast(), buffer.len());
    // SAFETY: the bytes of a buffer may be written over as long as the call takes, which borrows it.
    // `bytes_arrive_both_ways` in `tests/tcp.rs` would fail.
    again(|| unsafe { calls::recv(fd.as_raw_fd(), at, len, flags) })
}

#[inline]
pub(crate) fn send(fd: BorrowedFd<'_>, buffer: &[u8]) -> io::Result<usize> {
    send_with(fd, buffer, system::SEND)
}

/// Sends with flags.
#[inline]
pub(super) fn send_with(fd: BorrowedFd<'_>, buffer: &[u8], flags: i32) -> io::Result<usize> {
    let (at, len) = (buffer.as_ptr().cast(), buffer.len());
    // SAFETY: the bytes of a buffer may be read as long as the call takes, which borrows it.
    // `bytes_arrive_both_ways` in `tests/tcp.rs` would fail.
    again(|| unsafe { calls::send(fd.as_raw_fd(), at, len, flags) })
}

#[inline]
pub(crate) fn recv_vectored(
    fd: BorrowedFd<'_>,
    buffers: &mut [IoSliceMut<'_>],
) -> io::Result<usize> {
    let (at, count) = (buffers.as_mut_ptr().cast(), buffers.len());
    // SAFETY: the standard library promises that its slices have the layout of an `iovec` on Unix; they and their bytes
    // are borrowed for the call. `large_vectored_write_arrives_in_order` in `tests/tcp.rs` would fail.
    again(|| unsafe { calls::readv(fd.as_raw_fd(), at, count) })
}

/// Not `writev`: that would raise SIGPIPE in a program that has not ignored it.
#[inline]
pub(crate) fn send_vectored(fd: BorrowedFd<'_>, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
    send_message(
        fd,
        &message(buffers.as_ptr().cast_mut().cast(), buffers.len()),
    )
}

/// A header for as many slices, without an address and without control messages. The system only writes to what they point
/// to if it is asked to receive.
#[inline]
pub(super) fn message(slices: *mut libc::iovec, count: usize) -> libc::msghdr {
    // SAFETY: a header of zeros is one with null pointers and lengths of 0. It is not written field by field because some
    // systems have fields without a name. Every test that sends several buffers would fail if it were wrong.
    let mut header: libc::msghdr = unsafe { std::mem::zeroed() };
    header.msg_iov = slices;
    header.msg_iovlen = count as _;
    header
}

/// Sends what the header points to, which is made by [`message`] of slices that are still borrowed, and may have a
/// control message that lives.
#[inline]
pub(super) fn send_message(fd: BorrowedFd<'_>, header: &libc::msghdr) -> io::Result<usize> {
    // SAFETY: the callers, here and in `descriptors.rs`, let the header point to nothing else; the standard library promises
    // that its slices have the layout of an `iovec` on Unix. `large_vectored_write_arrives_in_order` in `tests/tcp.rs`
    // would fail.
    again(|| unsafe { calls::sendmsg(fd.as_raw_fd(), header, system::SEND) })
}

#[inline]
pub(crate) fn send_to(fd: BorrowedFd<'_>, buffer: &[u8], to: &SockAddr) -> io::Result<usize> {
    uninterrupted(|| SockRef::from(&fd).send_to_with_flags(buffer, to, system::SEND))
}

/// What a call returned, or the error that it left; repeats one that a signal interrupted.
#[inline]
pub(super) fn again(mut call: impl FnMut() -> isize) -> io::Result<usize> {
    loop {
        // Only a failure is negative.
        if let Ok(count) = usize::try_from(call()) {
            return Ok(count);
        }
        let error = io::Error::last_os_error();
        if error.raw_os_error() != Some(libc::EINTR) {
            return Err(error);
        }
    }
}

/// How long the path of a socket can be: what the system has room for, without the null byte at its end.
const UNIX_PATH_BYTES_MAX: usize = std::mem::size_of::<libc::sockaddr_un>()
    - std::mem::offset_of!(libc::sockaddr_un, sun_path)
    - 1;
