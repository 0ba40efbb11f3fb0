//! The calls of the kernel, on machines where they have numbers of their own.
//!
//! The C library makes each call a point at which another thread may cancel this one, which costs glibc two atomic
//! read-modify-writes in a program with threads. A Rust program has no use for it.
#![allow(unsafe_code)] // They take pointers.

use std::ptr;

use libc::{c_int, c_void, iovec, msghdr, socklen_t};

/// See the contract.
///
/// # Safety
///
/// As `recv`: `len` bytes may be written at `buffer`.
#[inline]
pub(super) unsafe fn recv(fd: c_int, buffer: *mut c_void, len: usize, flags: c_int) -> isize {
    let none = ptr::null_mut::<c_void>();
    // SAFETY: the caller promises it; no address is asked for.
    unsafe { libc::syscall(libc::SYS_recvfrom, fd, buffer, len, flags, none, none) as isize }
}

/// See the contract.
///
/// # Safety
///
/// As `send`: `len` bytes may be read at `buffer`.
#[inline]
pub(super) unsafe fn send(fd: c_int, buffer: *const c_void, len: usize, flags: c_int) -> isize {
    let none = ptr::null::<c_void>();
    // SAFETY: the caller promises it; no address is given.
    unsafe { libc::syscall(libc::SYS_sendto, fd, buffer, len, flags, none, 0) as isize }
}

/// See the contract.
///
/// # Safety
///
/// As `readv`: there are `count` slices at `slices`, whose bytes may be written.
#[inline]
pub(super) unsafe fn readv(fd: c_int, slices: *const iovec, count: usize) -> isize {
    // SAFETY: the caller promises it.
    unsafe { libc::syscall(libc::SYS_readv, fd, slices, count) as isize }
}

/// See the contract.
///
/// # Safety
///
/// As `sendmsg`: what the header points to may be read.
#[inline]
pub(super) unsafe fn sendmsg(fd: c_int, header: *const msghdr, flags: c_int) -> isize {
    // SAFETY: the caller promises it.
    unsafe { libc::syscall(libc::SYS_sendmsg, fd, header, flags) as isize }
}

/// See the contract.
///
/// # Safety
///
/// As `accept4`: `len` says how many bytes may be written at `address`.
#[inline]
pub(super) unsafe fn accept4(
    fd: c_int,
    address: *mut c_void,
    len: *mut socklen_t,
    flags: c_int,
) -> c_int {
    // SAFETY: the caller promises it.
    unsafe { libc::syscall(libc::SYS_accept4, fd, address, len, flags) as c_int }
}
