//! The calls of epoll and eventfd, but for waiting.
#![allow(unsafe_code)] // Calls of the C library.

use std::ffi::c_int;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::ptr;

use crate::sys::done;

// The names in C have signs; the kernel's word of events has none.
pub(crate) const READ: u32 = libc::EPOLLIN as u32;
pub(crate) const WRITE: u32 = libc::EPOLLOUT as u32;
pub(crate) const READ_ENDED: u32 = libc::EPOLLRDHUP as u32;
pub(crate) const URGENT: u32 = libc::EPOLLPRI as u32;
pub(crate) const ENDED: u32 = libc::EPOLLHUP as u32;
pub(crate) const FAILED: u32 = libc::EPOLLERR as u32;
pub(crate) const EDGE: u32 = libc::EPOLLET as u32;

/// Makes an instance.
pub(crate) fn epoll() -> io::Result<OwnedFd> {
    // SAFETY: it takes a number.
    adopt(unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) })
}

/// Makes a counter that does not block.
pub(crate) fn eventfd(value: u32) -> io::Result<OwnedFd> {
    // SAFETY: it takes numbers.
    adopt(unsafe { libc::eventfd(value, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) })
}

/// Registers a descriptor for `events`, which come with `data`.
#[inline]
pub(crate) fn add(
    epoll: BorrowedFd<'_>,
    fd: BorrowedFd<'_>,
    events: u32,
    data: u64,
) -> io::Result<()> {
    let mut event = libc::epoll_event { events, u64: data };
    control(epoll, libc::EPOLL_CTL_ADD, fd, &raw mut event)
}

/// Sets which events of a registered descriptor are reported, and with what.
#[inline]
pub(crate) fn change(
    epoll: BorrowedFd<'_>,
    fd: BorrowedFd<'_>,
    events: u32,
    data: u64,
) -> io::Result<()> {
    let mut event = libc::epoll_event { events, u64: data };
    control(epoll, libc::EPOLL_CTL_MOD, fd, &raw mut event)
}

/// Opposite of [`add`].
#[inline]
pub(crate) fn delete(epoll: BorrowedFd<'_>, fd: BorrowedFd<'_>) -> io::Result<()> {
    control(epoll, libc::EPOLL_CTL_DEL, fd, ptr::null_mut())
}

/// Adds 1 to a counter.
pub(crate) fn count(event: BorrowedFd<'_>) -> io::Result<()> {
    let one = 1_u64.to_ne_bytes();
    // The kernel's own call: the C library's is a point at which other threads may cancel this one, which costs.
    // SAFETY: as many bytes may be read as are told; they live during the call. `tests/driving.rs` would hang.
    let written =
        unsafe { libc::syscall(libc::SYS_write, event.as_raw_fd(), one.as_ptr(), one.len()) };
    match written {
        8 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

fn control(
    epoll: BorrowedFd<'_>,
    operation: c_int,
    fd: BorrowedFd<'_>,
    event: *mut libc::epoll_event,
) -> io::Result<()> {
    let (epoll, fd) = (epoll.as_raw_fd(), fd.as_raw_fd());
    // SAFETY: the callers, all here, pass an event that lives during the call, or none where none is read.
    // `old_and_new_call_agree` in `pwait.rs` would fail.
    done(unsafe { libc::epoll_ctl(epoll, operation, fd, event) }).map(drop)
}

/// Owns the descriptor that a call has made, or tells why it has not.
fn adopt(number: c_int) -> io::Result<OwnedFd> {
    let number = done(number)?;
    // SAFETY: the callers, all here, pass what the kernel has just made, which nobody else knows. Tests that count
    // descriptors would fail.
    Ok(unsafe { OwnedFd::from_raw_fd(number) })
}
