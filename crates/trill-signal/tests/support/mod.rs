//! Signals belong to the process, so each test has one of its own.
#![allow(dead_code)] // Each file of tests uses a part of it.
#![allow(unsafe_code)] // The C library's `raise`.

use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ChildStdout, Command, Stdio};

use rustix::process::{Pid, kill_process};

pub(crate) use rustix::process::Signal as Kind;

/// Says to the process that runs a test that it is to run the body.
const ALONE: &str = "TRILL_SIGNAL_TEST_ALONE";

/// Runs the body of the test `name` in a process of its own, which must end well.
#[track_caller]
pub(crate) fn alone(name: &str, body: impl FnOnce()) {
    if is_alone(name) {
        return body();
    }
    let output = command(name).output().unwrap();
    assert!(
        output.status.success(),
        "{name}: {}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Whether this process is the one for the body of the test `name`.
pub(crate) fn is_alone(name: &str) -> bool {
    let is_alone = std::env::var(ALONE).is_ok_and(|alone| alone == name);
    if is_alone {
        take_back_signals();
    }
    is_alone
}

/// Lets signals end this process as they do by default: whoever started it may have had them ignored, as a shell does for
/// what it runs in the background, and a child inherits that.
fn take_back_signals() {
    for number in [libc::SIGHUP, libc::SIGINT, libc::SIGQUIT, libc::SIGTERM] {
        // SAFETY: the process has set no handler yet, and nothing else of it depends on the disposition.
        let before = unsafe { libc::signal(number, libc::SIG_DFL) };
        assert_ne!(before, libc::SIG_ERR);
    }
}

/// The command that runs the body of the test `name`.
pub(crate) fn command(name: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", name, "--nocapture", "--test-threads=1"])
        .env(ALONE, name);
    command
}

/// A process that says what it does, line by line.
pub(crate) struct Talking {
    child: Child,
    lines: BufReader<ChildStdout>,
}

impl Talking {
    pub(crate) fn start(mut command: Command) -> Talking {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        Talking { child, lines }
    }

    /// Waits until it says `wanted`.
    pub(crate) fn says(&mut self, wanted: &str) {
        let mut line = String::new();
        loop {
            line.clear();
            assert_ne!(self.lines.read_line(&mut line).unwrap(), 0, "no {wanted:?}");
            // The test harness writes the test's name without ending the line.
            if line.trim_end().ends_with(wanted) {
                return;
            }
        }
    }

    pub(crate) fn send(&self, kind: Kind) {
        kill_process(Pid::from_child(&self.child), kind).unwrap();
    }

    /// Waits for its end; returns the signal that ended it.
    pub(crate) fn ended_by(&mut self) -> Option<i32> {
        self.child.wait().unwrap().signal()
    }
}

impl Drop for Talking {
    fn drop(&mut self) {
        // If the test has failed it may still be there.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends a signal to the calling thread: its handler has run when this returns. One that is sent to the process may be
/// handled by any thread, some time later.
pub(crate) fn raise(kind: Kind) {
    // SAFETY: the number is a signal's.
    assert_eq!(unsafe { libc::raise(kind.as_raw()) }, 0);
}
