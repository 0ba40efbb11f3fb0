//! The error number of the thread, which a signal handler must leave as it was.
#![allow(unsafe_code)] // The C library hands out its address.

use libc::c_int;

unsafe extern "C" {
    // The name differs between the C libraries, the function does not.
    #[cfg_attr(
        any(target_vendor = "apple", target_os = "freebsd"),
        link_name = "__error"
    )]
    #[cfg_attr(
        any(target_os = "android", target_os = "netbsd", target_os = "openbsd"),
        link_name = "__errno"
    )]
    #[cfg_attr(
        any(target_os = "solaris", target_os = "illumos"),
        link_name = "___errno"
    )]
    #[cfg_attr(
        any(
            target_os = "linux",
            target_os = "dragonfly",
            target_os = "hurd",
            target_os = "emscripten"
        ),
        link_name = "__errno_location"
    )]
    fn errno_location() -> *mut c_int;
}

/// Runs `body` and sets the error number back to what it was.
pub(super) fn keeping<R>(body: impl FnOnce() -> R) -> R {
    // SAFETY: the C library promises a valid address for as long as the thread lives. It upholds this; every test that
    // raises a signal would crash.
    let errno = unsafe { errno_location() };
    // SAFETY: as above; no other thread uses the address.
    let before = unsafe { errno.read() };
    let result = body();
    // SAFETY: as above. `error_number_survives_the_handler` would fail.
    unsafe { errno.write(before) };
    result
}
