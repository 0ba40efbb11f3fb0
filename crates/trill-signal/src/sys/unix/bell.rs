//! Ringing at a listener.
#![allow(unsafe_code)] // The standard library's write would wait if the socket did.

use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;

/// Sends a byte, without waiting. Async-signal-safe.
pub(super) fn ring(bell: &UnixStream) {
    let byte = [1_u8];
    // SAFETY: the byte lives during the call, which POSIX allows in a handler; it leaves an error in `errno`, which the
    // handler sets back. `error_number_survives_the_handler` would fail, or every test that waits for a signal hang.
    unsafe {
        libc::send(
            bell.as_raw_fd(),
            byte.as_ptr().cast(),
            byte.len(),
            libc::MSG_DONTWAIT,
        )
    };
}
