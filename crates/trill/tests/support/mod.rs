//! A log that shows in which order things happen, and processes of their own for tests that are about signals.
#![allow(dead_code)] // Each file of tests uses a part of it.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex};

use rustix::process::{Pid, kill_process};

pub(crate) use rustix::process::Signal as Kind;

/// What happened, in order.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    pub(crate) fn add(&self, what: impl Into<String>) {
        self.0.lock().unwrap().push(what.into());
    }

    pub(crate) fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    /// Notes the drop of what is returned.
    pub(crate) fn on_drop(&self, what: impl Into<String>) -> Noted {
        Noted(self.clone(), what.into())
    }
}

/// From [`Log::on_drop`].
pub(crate) struct Noted(Log, String);

impl Drop for Noted {
    fn drop(&mut self) {
        self.0.add(std::mem::take(&mut self.1));
    }
}

/// Says its word when it is dropped.
pub(crate) struct Says(pub(crate) &'static str);

impl Drop for Says {
    fn drop(&mut self) {
        println!("{}", self.0);
    }
}

/// Says to the process that runs a test that it is to run the body.
const ALONE: &str = "TRILL_TEST_ALONE";

/// Runs the body of the test `name` in a process of its own, and returns that process; `None` in that process itself,
/// after the body.
pub(crate) fn in_child(name: &str, body: impl FnOnce()) -> Option<Talking> {
    if std::env::var(ALONE).is_ok_and(|alone| alone == name) {
        take_back_signals();
        body();
        return None;
    }
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", name, "--nocapture", "--test-threads=1"])
        .env(ALONE, name);
    Some(Talking::start(command))
}

/// Lets signals end this process as they do by default: whoever started it may have had them ignored, as a shell does for
/// what it runs in the background, and a child inherits that.
fn take_back_signals() {
    for number in [libc::SIGHUP, libc::SIGINT, libc::SIGQUIT, libc::SIGTERM] {
        // SAFETY: the process has set no handler yet, and nothing else of it depends on the disposition.
        #[allow(unsafe_code)]
        let before = unsafe { libc::signal(number, libc::SIG_DFL) };
        assert_ne!(before, libc::SIG_ERR);
    }
}

/// A process that says what it does, line by line.
pub(crate) struct Talking {
    child: Child,
    input: ChildStdin,
    lines: BufReader<ChildStdout>,
}

impl Talking {
    fn start(mut command: Command) -> Talking {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        Talking {
            input: child.stdin.take().unwrap(),
            lines: BufReader::new(child.stdout.take().unwrap()),
            child,
        }
    }

    /// Waits until it says `wanted`; what it says before must be nothing.
    pub(crate) fn says(&mut self, wanted: &str) {
        let line = self.next_word();
        assert_eq!(line.as_deref(), Some(wanted));
    }

    /// The rest of what it says.
    pub(crate) fn rest(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.next_word()).collect()
    }

    /// The next line that is not the test harness's.
    fn next_word(&mut self) -> Option<String> {
        let mut line = String::new();
        loop {
            line.clear();
            if self.lines.read_line(&mut line).unwrap() == 0 {
                return None;
            }
            let word = line.trim_end();
            // The harness writes the test's name without ending the line.
            let word = match word.strip_prefix("test ") {
                Some(rest) => rest.split_once(" ... ").map_or("", |(_, word)| word),
                None => word,
            };
            if !word.is_empty() && word != "ok" && !word.starts_with("running ") {
                if word.starts_with("test result") {
                    return None;
                }
                return Some(word.to_owned());
            }
        }
    }

    /// Sends a signal and waits until it has been delivered: of two that are pending at once only one would be.
    pub(crate) fn send(&self, kind: Kind) {
        kill_process(Pid::from_child(&self.child), kind).unwrap();
        while self.is_pending(kind) {
            std::thread::yield_now();
        }
    }

    /// Whether the process, if it still lives, has not looked at a signal that it was sent.
    fn is_pending(&self, kind: Kind) -> bool {
        let Ok(status) = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))
        else {
            // It has ended, or this system tells otherwise what is pending.
            return false;
        };
        let is_dead = |line: &str| line.starts_with("State:") && line.contains('Z');
        let bit = 1 << (kind.as_raw() - 1);
        let is_set = |line: &str| {
            let mask = line
                .strip_prefix("ShdPnd:")
                .or_else(|| line.strip_prefix("SigPnd:"));
            mask.is_some_and(|mask| u64::from_str_radix(mask.trim(), 16).unwrap() & bit != 0)
        };
        !status.lines().any(is_dead) && status.lines().any(is_set)
    }

    /// Writes a line to its standard input.
    pub(crate) fn tell(&mut self, line: &str) {
        writeln!(self.input, "{line}").unwrap();
    }

    /// What it has written to standard error, once it has ended.
    pub(crate) fn errors(&mut self) -> String {
        let mut errors = String::new();
        let stderr = self.child.stderr.as_mut().unwrap();
        stderr.read_to_string(&mut errors).unwrap();
        errors
    }

    /// Waits for its end; returns the signal that ended it, if one did.
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
