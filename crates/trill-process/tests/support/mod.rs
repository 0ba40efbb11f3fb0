//! What the tests share.
#![allow(dead_code)] // Each file of tests uses a part of it.
#![allow(unsafe_code)] // Dispositions of signals, and filters of system calls.

use std::collections::BTreeSet;
use std::future::Future;
use std::pin::pin;
use std::process::Command;
use std::task::{Context, Poll, Waker};

/// Makes a test of a function for each way to watch a child.
macro_rules! both {
    ($($body:ident)+) => {$(
        mod $body {
            #[test]
            fn with_pidfd() {
                super::$body(trill_process::Watch::Pidfd);
            }

            #[test]
            fn with_thread() {
                super::$body(trill_process::Watch::Thread);
            }
        }
    )+};
}
pub(crate) use both;

/// Says to the process that runs a test that it is to run the body.
const ALONE: &str = "TRILL_PROCESS_TEST_ALONE";

/// Runs the body of the test that calls this in a process of its own, which must end well.
#[track_caller]
pub(crate) fn alone(body: impl FnOnce()) {
    alone_with(&[], body);
}

/// As [`alone`], with variables of the environment.
#[track_caller]
pub(crate) fn alone_with(variables: &[(&str, &str)], body: impl FnOnce()) {
    let program = std::env::current_exe().unwrap();
    alone_by(Command::new(program).envs(variables.iter().copied()), body);
}

/// As [`alone`], with a right of root: to choose the numbers of processes. Who is not root gets processes of their own.
#[track_caller]
pub(crate) fn alone_with_numbers(body: impl FnOnce()) {
    let program = std::env::current_exe().unwrap();
    if rustix::process::geteuid().is_root() {
        return alone_by(&mut Command::new(program), body);
    }
    let mut unshare = Command::new("unshare");
    unshare.args([
        "--user",
        "--map-root-user",
        "--pid",
        "--fork",
        "--mount-proc",
    ]);
    alone_by(unshare.arg(program), body);
}

#[track_caller]
fn alone_by(command: &mut Command, body: impl FnOnce()) {
    // The harness names the thread of a test like the test.
    let name = std::thread::current().name().unwrap().to_owned();
    if std::env::var(ALONE).is_ok_and(|alone| alone == name) {
        return body();
    }
    let output = command
        .args(["--exact", &name, "--nocapture", "--test-threads=2"])
        .env(ALONE, &name)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && said.contains("1 passed"),
        "{name}: {}\n{said}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Polls once.
pub(crate) fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}

/// The letter of the state of a process, and its parent, as the system tells them; nothing if there is no such process.
pub(crate) fn state(id: u32) -> Option<(char, u32)> {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // The name of the program may hold anything, brackets too.
    let mut rest = stat[stat.rfind(')')? + 2..].split(' ');
    let letter = rest.next()?.chars().next()?;
    Some((letter, rest.next()?.parse().ok()?))
}

/// Whether the process is a child of this one that has ended and was not reaped.
pub(crate) fn is_zombie(id: u32) -> bool {
    state(id).is_some_and(|(letter, parent)| letter == 'Z' && parent == std::process::id())
}

/// Whether the system still knows the process as a child of this one.
pub(crate) fn is_child(id: u32) -> bool {
    state(id).is_some_and(|(_, parent)| parent == std::process::id())
}

/// Lets others run until `done` says so. The watchdog of whoever runs the tests is the limit.
pub(crate) fn until(done: impl Fn() -> bool) {
    while !done() {
        std::thread::yield_now();
    }
}

/// All children of this process, zombies included.
pub(crate) fn children() -> BTreeSet<u32> {
    std::fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| entry.unwrap().file_name().to_str()?.parse().ok())
        .filter(|id| is_child(*id))
        .collect()
}

/// How many descriptors are open.
pub(crate) fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

/// How many threads there are.
pub(crate) fn threads() -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir("/proc/self/task")
        .unwrap()
        .filter_map(|entry| std::fs::read_to_string(entry.unwrap().path().join("comm")).ok())
        .map(|name| name.trim_end().to_owned())
        .collect();
    names.sort();
    names
}

/// Lets the system reap the children of this process by itself.
pub(crate) fn ignore_child_signals() {
    // SAFETY: ignoring a signal runs no code.
    let before = unsafe { libc::signal(libc::SIGCHLD, libc::SIG_IGN) };
    assert_ne!(before, libc::SIG_ERR);
}

/// Makes the system refuse one system call to this thread, and to those that it starts, with an error.
#[cfg(target_os = "linux")]
pub(crate) fn refuse(call: libc::c_long, error: i32) {
    filter(&[
        load(NUMBER_AT),
        // Over the next one, unless it is this call.
        equal(u32::try_from(call).unwrap(), 1),
        refused(error),
        allowed(),
    ]);
}

/// As [`refuse`], for waiting by a pidfd, as if the kernel were too old for it.
#[cfg(target_os = "linux")]
pub(crate) fn refuse_pidfd_waits() {
    filter(&[
        load(NUMBER_AT),
        equal(u32::try_from(libc::SYS_waitid).unwrap(), 3),
        load(FIRST_ARGUMENT_AT),
        equal(libc::P_PIDFD, 1),
        refused(libc::EINVAL),
        allowed(),
    ]);
}

/// Where a filter finds the number of the system call, and the lower half of its first argument.
const NUMBER_AT: u32 = 0;
const FIRST_ARGUMENT_AT: u32 = if cfg!(target_endian = "little") {
    16
} else {
    20
};

#[cfg(target_os = "linux")]
fn load(at: u32) -> libc::sock_filter {
    statement(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, at)
}

/// Leaves out that many statements, unless what was loaded is the value.
#[cfg(target_os = "linux")]
fn equal(value: u32, leave_out: u8) -> libc::sock_filter {
    statement(
        libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K,
        leave_out,
        value,
    )
}

#[cfg(target_os = "linux")]
fn refused(error: i32) -> libc::sock_filter {
    let answer = libc::SECCOMP_RET_ERRNO | error.unsigned_abs();
    statement(libc::BPF_RET | libc::BPF_K, 0, answer)
}

#[cfg(target_os = "linux")]
fn allowed() -> libc::sock_filter {
    statement(libc::BPF_RET | libc::BPF_K, 0, libc::SECCOMP_RET_ALLOW)
}

#[cfg(target_os = "linux")]
fn statement(code: u32, jump_else: u8, k: u32) -> libc::sock_filter {
    libc::sock_filter {
        code: u16::try_from(code).unwrap(),
        jt: 0,
        jf: jump_else,
        k,
    }
}

#[cfg(target_os = "linux")]
fn filter(statements: &[libc::sock_filter]) {
    let mut statements = statements.to_vec();
    let program = libc::sock_fprog {
        len: u16::try_from(statements.len()).unwrap(),
        filter: statements.as_mut_ptr(),
    };
    // SAFETY: it takes no pointers.
    let promised = unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) };
    assert_eq!(promised, 0);
    // SAFETY: the program and its statements live until the call returns.
    let filtered =
        unsafe { libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &program) };
    assert_eq!(filtered, 0, "{}", std::io::Error::last_os_error());
}
