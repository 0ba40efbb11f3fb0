//! Fences in all threads of the process, by `membarrier` on Linux.
#![allow(unsafe_code)] // A system call for which the standard library has no function.

use std::ffi::{c_int, c_long};

/// Whether the system may have them.
pub(crate) const EXISTS: bool = true;

/// Prepares [`everywhere`]; returns whether the kernel has it. May take some milliseconds.
pub(crate) fn prepare() -> bool {
    ask(libc::MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED)
}

/// Has every running thread of the process pass a full fence before it returns `true`.
pub(crate) fn everywhere() -> bool {
    // A child that was forked has the parent's registration, but nothing says so.
    ask(libc::MEMBARRIER_CMD_PRIVATE_EXPEDITED)
        || prepare() && ask(libc::MEMBARRIER_CMD_PRIVATE_EXPEDITED)
}

fn ask(command: c_int) -> bool {
    let none: c_int = 0;
    // SAFETY: the call takes numbers and no pointer, and changes no memory. This file upholds it; the tests of
    // `fence.rs` would fail if another call were made.
    unsafe { libc::syscall(libc::SYS_membarrier, c_long::from(command), none, none) == 0 }
}
