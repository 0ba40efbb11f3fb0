//! `pthread_atfork`, which all Unix systems have.
#![allow(unsafe_code)] // A function of the C library, which the standard library has linked already.

use std::ffi::c_int;

/// What is called around a fork.
type Called = extern "C" fn();

unsafe extern "C" {
    fn pthread_atfork(
        prepare: Option<Called>,
        parent: Option<Called>,
        child: Option<Called>,
    ) -> c_int;
}

/// See the module `sys`. If the system has no memory to note it, forks go unnoticed.
pub(crate) fn at_fork(before: Called, after: Called, child: Called) {
    // SAFETY: POSIX takes functions that can be called in a child, where other threads are gone and may have left locks
    // behind: these touch atomics only. `forks.rs` upholds this; `tests/forks.rs` would hang or crash.
    unsafe { pthread_atfork(Some(before), Some(after), Some(child)) };
}
