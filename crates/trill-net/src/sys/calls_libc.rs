//! The calls of the C library.
#![allow(unsafe_code)] // They take pointers.

use libc::{c_int, c_void, iovec, msghdr};

/// See the contract.
///
/// # Safety
///
/// As `recv`: `len` bytes may be written at `buffer`.
#[inline]
pub(super) unsafe fn recv(fd: c_int, buffer: *mut c_void, len: usize, flags: c_int) -> isize {
    // SAFETY: the caller promises it.
    unsafe { libc::recv(fd, buffer, len, flags) }
}

/// See the contract.
///
/// # Safety
///
/// As `send`: `len` bytes may be read at `buffer`.
#[inline]
pub(super) unsafe fn send(fd: c_int, buffer: *const c_void, len: usize, flags: c_int) -> isize {
    // SAFETY: the caller promises it.
    unsafe { libc::send(fd, buffer, len, flags) }
}

/// See the contract.
///
/// # Safety
///
/// As `readv`: there are `count` slices at `slices`, whose bytes may be written.
#[inline]
pub(super) unsafe fn readv(fd: c_int, slices: *const iovec, count: usize) -> isize {
    // SAFETY: the caller promises it, and that the count is small.
    unsafe { libc::readv(fd, slices, count as c_int) }
}

/// See the contract.
///
/// # Safety
///
/// As `sendmsg`: what the header points to may be read.
#[inline]
pub(super) unsafe fn sendmsg(fd: c_int, header: *const msghdr, flags: c_int) -> isize {
    // SAFETY: the caller promises it.
    unsafe { libc::sendmsg(fd, header, flags) }
}

/// See the contract.
///
/// # Safety
///
/// As `accept4`: `len` says how many bytes may be written at `address`.
#[cfg(any(target_os = "linux", target_os = "android"))] // Others have not all this call.
#[inline]
pub(super) unsafe fn accept4(
    fd: c_int,
    address: *mut c_void,
    len: *mut libc::socklen_t,
    flags: c_int,
) -> c_int {
    // SAFETY: the caller promises it.
    unsafe { libc::accept4(fd, address.cast(), len, flags) }
}
