//! A child made by `fork` knows that it is another process, and makes its globals anew.
#![cfg(all(unix, not(miri)))] // Miri makes no processes.
#![allow(unsafe_code)] // Forking, which the standard library does not offer.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

use std::cell::Cell;

use trill_world::{PerProcess, forks};

/// Runs `body` in a child made by `fork`; returns its exit code.
fn in_fork(body: impl FnOnce() -> i32) -> i32 {
    // SAFETY: the child runs `body` and ends. The C library makes its allocator usable there, and `body` takes no lock
    // that another thread may have held.
    let child = unsafe { libc::fork() };
    assert!(child >= 0, "{}", std::io::Error::last_os_error());
    if child == 0 {
        let code = body();
        // SAFETY: ends the process at once, without what the parent has registered for its own end.
        unsafe { libc::_exit(code) };
    }
    let mut status = 0;
    // SAFETY: the child was made here and nobody else waits for it; the status is writable.
    assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
    assert!(libc::WIFEXITED(status), "the child ended with {status:#x}");
    libc::WEXITSTATUS(status)
}

// Fault 29c
#[test]
fn each_fork_counts_in_the_child_alone() {
    let parent = forks();
    assert_eq!(forks(), parent, "asking changes nothing");
    let code = in_fork(|| {
        let child = forks();
        let grandchild = in_fork(|| forks() as i32);
        i32::from(child == parent + 1 && grandchild == child as i32 + 1)
    });
    assert_eq!(code, 1);
    assert_eq!(forks(), parent, "a child changes nothing here");
}

// Fault 29c
#[test]
fn each_process_makes_its_value_once() {
    static VALUE: PerProcess<u32> = PerProcess::new();
    let made = Cell::new(0);
    let value = || {
        *VALUE.get_or_init(|| {
            made.set(made.get() + 1);
            forks()
        })
    };
    assert_eq!(VALUE.get(), None);
    assert_eq!((value(), value(), made.get()), (forks(), forks(), 1));
    let code = in_fork(|| {
        let none_yet = VALUE.get().is_none();
        let own = value() == forks() && value() == forks() && made.get() == 2;
        let grandchild = in_fork(|| i32::from(VALUE.get().is_none() && value() == forks()));
        i32::from(none_yet && own && grandchild == 1)
    });
    assert_eq!(code, 1);
    assert_eq!((value(), made.get()), (forks(), 1));
}

#[test]
fn a_value_that_could_not_be_made_is_tried_again() {
    static VALUE: PerProcess<u32> = PerProcess::new();
    assert_eq!(VALUE.get_or_try_init(|| Err("no")), Err("no"));
    assert_eq!(VALUE.get_or_try_init(|| Ok::<_, ()>(5)), Ok(&5));
    assert_eq!(VALUE.get_or_try_init(|| Err("is not asked")), Ok(&5));
    assert_eq!(format!("{VALUE:?}"), "PerProcess(Some(5))");
}
