//! Children that somebody else reaps, and systems that refuse: behaviour 25.
//!
//! Each test changes its whole process, so it has one of its own.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod support;

use std::io;
use std::process::ExitStatus;

use rustix::io::Errno;
use rustix::process::WaitOptions;
use support::{alone, alone_with, alone_with_numbers, both, children, poll_once, state, until};
use trill_process::{Command, StatusUnknown, Stdio, Watch};
use trill_reactor::block_on;

both! {
    a_child_that_the_system_reaps_ends_with_an_error
    many_children_that_the_system_reaps_end_with_an_error
    a_child_that_other_code_reaps_ends_with_an_error
    a_signal_never_reaches_a_number_that_was_given_away
}

#[track_caller]
fn is_unknown(ended: &io::Result<ExitStatus>, id: u32) {
    let error = ended.as_ref().unwrap_err();
    let inner = error.get_ref().unwrap();
    let unknown = inner.downcast_ref::<StatusUnknown>().unwrap();
    assert_eq!(unknown.id(), id);
    assert!(error.to_string().contains("SIGCHLD"), "{error}");
}

// Behaviour 25: works with SIGCHLD ignored.
// Fault 31d
fn a_child_that_the_system_reaps_ends_with_an_error(watch: Watch) {
    alone(|| {
        support::ignore_child_signals();
        block_on(async {
            let mut cat = Command::new("cat");
            cat.stdin(Stdio::piped()).watch_by(watch);
            let mut child = cat.spawn().unwrap();
            assert_eq!(child.watched_by(), watch);
            let (mut wait, id) = (child.wait(), child.id());
            assert!(poll_once(&mut wait).is_pending());
            assert_eq!(child.try_status().unwrap(), None);
            child.stdin = None;
            is_unknown(&wait.await, id);
            is_unknown(&child.wait().await, id);
            is_unknown(&child.try_status().map(Option::unwrap), id);
            child.kill().unwrap();

            // What it wrote is not lost, but there is no way to return it without a status.
            let child = cat.stdout(Stdio::piped()).spawn().unwrap();
            let id = child.id();
            let error = child.communicate("x").await.unwrap_err();
            is_unknown(&Err(error), id);

            let mut child = cat.spawn().unwrap();
            let stdin = child.stdin.take();
            let id = child.id();
            drop(child);
            drop(stdin);
            until(|| state(id).is_none());
        });
    });
}

// Fault 31d
fn many_children_that_the_system_reaps_end_with_an_error(watch: Watch) {
    alone(|| {
        support::ignore_child_signals();
        block_on(async {
            // Some are gone before they can be watched.
            for _ in 0..200 {
                let child = Command::new("true").watch_by(watch).spawn().unwrap();
                is_unknown(&child.wait().await, child.id());
            }
        });
        assert_eq!(children().len(), 0);
    });
}

// Behaviour 25: works with the child reaped by foreign code.
// Fault 31d
fn a_child_that_other_code_reaps_ends_with_an_error(watch: Watch) {
    alone(|| {
        for _ in 0..100 {
            let mut cat = Command::new("cat");
            let mut child = cat.stdin(Stdio::piped()).watch_by(watch).spawn().unwrap();
            let mut wait = child.wait();
            assert!(poll_once(&mut wait).is_pending());
            let id = child.id();
            child.stdin = None;
            // Any child, as careless programs do.
            let taken = rustix::process::wait(WaitOptions::empty());
            let ended = block_on(wait);
            match taken {
                Ok(taken) => {
                    let (pid, status) = taken.unwrap();
                    assert_eq!(pid.as_raw_nonzero().get().unsigned_abs(), id);
                    assert_eq!(status.exit_status(), Some(0));
                    is_unknown(&ended, id);
                }
                // The thread was quicker; with a pidfd nobody has looked meanwhile.
                Err(Errno::CHILD) => {
                    assert_eq!(watch, Watch::Thread);
                    assert!(ended.unwrap().success());
                }
                Err(error) => panic!("{error}"),
            }
            assert_eq!(children().len(), 0);
        }
    });
}

// Behaviour 25: a signal after reaping never reaches a recycled pid.
fn a_signal_never_reaches_a_number_that_was_given_away(watch: Watch) {
    alone_with_numbers(|| {
        let first = Command::new("true").watch_by(watch).spawn().unwrap();
        assert!(block_on(first.wait()).unwrap().success());
        // Whoever asks for the number just after the one before gets it, if nobody else started something meanwhile.
        let number = first.id();
        let second = (0..10_000).find_map(|_| {
            std::fs::write("/proc/sys/kernel/ns_last_pid", (number - 1).to_string()).ok()?;
            let mut cat = Command::new("cat");
            cat.stdin(Stdio::piped()).kill_on_drop(true).watch_by(watch);
            let second = cat.spawn().unwrap();
            (second.id() == number).then_some(second)
        });
        let mut second =
            second.expect("the number is given again, to root or where `unshare` is allowed");
        for _ in 0..3 {
            first.kill().unwrap();
            first.terminate().unwrap();
        }
        drop(first);
        assert_eq!(second.try_status().unwrap(), None);
        assert!(block_on(second.status()).unwrap().success());
    });
}

#[test]
fn the_environment_turns_pidfds_off() {
    alone_with(&[("TRILL_PIDFD", "off")], || {
        block_on(async {
            let child = Command::new("true").spawn().unwrap();
            assert_eq!(child.watched_by(), Watch::Thread);
            assert!(child.wait().await.unwrap().success());
            // The program's word counts for more.
            let child = Command::new("true").watch_by(Watch::Pidfd).spawn().unwrap();
            assert_eq!(child.watched_by(), Watch::Pidfd);
            assert!(child.wait().await.unwrap().success());
        });
    });
}

#[test]
fn a_word_in_the_environment_that_means_nothing_is_an_error() {
    alone_with(&[("TRILL_PIDFD", "perhaps")], || {
        let error = Command::new("true").spawn().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
        assert!(error.to_string().contains("`on` or `off`"), "{error}");
        assert_eq!(children().len(), 0);
    });
}

#[cfg(target_os = "linux")]
#[test]
fn pidfds_are_the_default() {
    let child = Command::new("true")
        .env_remove("TRILL_PIDFD")
        .spawn()
        .unwrap();
    assert_eq!(child.watched_by(), Watch::Pidfd);
    assert!(block_on(child.wait()).unwrap().success());
}

// Fault 2c, 31e
#[cfg(target_os = "linux")]
#[test]
fn a_refused_pidfd_falls_back_to_a_thread() {
    alone(|| {
        for error in [libc::ENOSYS, libc::EPERM, libc::EMFILE] {
            // A filter belongs to the thread that sets it.
            std::thread::scope(|scope| {
                scope.spawn(|| {
                    support::refuse(libc::SYS_pidfd_open, error);
                    let child = Command::shell("exit 8").spawn().unwrap();
                    assert_eq!(child.watched_by(), Watch::Thread);
                    assert_eq!(block_on(child.wait()).unwrap().code(), Some(8));
                });
            });
            assert_eq!(children().len(), 0);
        }
    });
}

// Fault 31e
#[cfg(target_os = "linux")]
#[test]
fn a_kernel_that_cannot_wait_by_pidfd_falls_back_to_a_thread() {
    alone(|| {
        // The thread and the standard library wait by other calls than this.
        support::refuse_pidfd_waits();
        let child = Command::shell("exit 8").spawn().unwrap();
        assert_eq!(child.watched_by(), Watch::Thread);
        assert_eq!(block_on(child.wait()).unwrap().code(), Some(8));
    });
}

// Behaviour 25: a failure after the start leaves no child either.
// Fault 2c, 31c
#[cfg(target_os = "linux")]
#[test]
fn a_child_that_cannot_be_watched_is_killed_and_reaped() {
    alone(|| {
        // The reactor is there already, and takes no more pipes.
        assert!(block_on(Command::new("true").status()).unwrap().success());
        support::refuse(libc::SYS_epoll_ctl, libc::ENOSPC);
        for _ in 0..10 {
            let mut cat = Command::new("cat");
            let error = cat.stdin(Stdio::piped()).spawn().unwrap_err();
            assert_eq!(error.raw_os_error(), Some(libc::ENOSPC));
            assert_eq!(children().len(), 0);
        }
        // Without pipes a thread can watch it.
        let child = Command::new("true").spawn().unwrap();
        assert_eq!(child.watched_by(), Watch::Thread);
        drop(child);
        until(|| children().is_empty());
    });
}
