//! A test that runs once more in a process of its own, where it may lower limits, fail, or die.
#![allow(clippy::disallowed_methods)] // Tests look at processes from outside.

use std::ffi::OsString;
use std::io::{Read, Write};
use std::process::{Command, Output, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::allowed::DENIED;

/// A test that runs once more in a process of its own.
///
/// # Examples
///
/// ```no_run
/// use trill_tests::Alone;
///
/// // In the test `limits_are_kept` of the module `limits`:
/// Alone::new("limits::limits_are_kept").passes(|| {
///     // Runs in the child only.
/// });
/// ```
#[derive(Debug)]
pub struct Alone {
    test: &'static str,
    under: Vec<OsString>,
    variables: Vec<(&'static str, String)>,
}

impl Alone {
    /// Names the test, by its path in its program.
    pub fn new(test: &'static str) -> Alone {
        Alone {
            test,
            under: Vec::new(),
            variables: Vec::new(),
        }
    }

    /// Runs the process under another program, such as `strace`, with its arguments; the last one is the outermost.
    pub fn under<I>(mut self, words: I) -> Alone
    where
        I: IntoIterator,
        I::Item: Into<OsString>,
    {
        let mut words: Vec<OsString> = words.into_iter().map(Into::into).collect();
        words.append(&mut self.under);
        self.under = words;
        self
    }

    /// Sets a variable of its environment.
    pub fn variable(mut self, name: &'static str, value: impl Into<String>) -> Alone {
        self.variables.push((name, value.into()));
        self
    }

    /// Runs `body` in the process of its own, and checks there that it passed.
    ///
    /// # Panics
    ///
    /// If the process fails, hangs, or does not find the test.
    pub fn passes(self, body: impl FnOnce()) {
        let test = self.test;
        if let Some(output) = self.ends(body) {
            let shown = String::from_utf8_lossy(&output.stdout);
            assert!(
                output.status.success() && shown.contains(DONE),
                "{test}: {}\n{shown}\n{}",
                output.status,
                String::from_utf8_lossy(&output.stderr)
            );
        }
    }

    /// As [`Alone::passes`], and returns how the process ended to the one that started it; `None` in itself.
    ///
    /// # Panics
    ///
    /// If it hangs, or cannot be started.
    pub fn ends(self, body: impl FnOnce()) -> Option<Output> {
        if std::env::var(CHILD).is_ok_and(|test| test == self.test) {
            body();
            println!("{DONE}");
            return None;
        }
        let own = std::env::current_exe().unwrap_or_else(|error| panic!("where is this? {error}"));
        let mut words = self.under;
        words.push(own.into());
        let mut command = Command::new(&words[0]);
        command
            .args(&words[1..])
            .args(["--exact", self.test, "--nocapture", "--test-threads=1"])
            .env(CHILD, self.test)
            .envs(self.variables)
            .stdin(Stdio::null());
        let output = output(command);
        // What it said aloud is for whoever runs the tests.
        for line in String::from_utf8_lossy(&output.stderr).lines() {
            if line.contains(DENIED) {
                let _ = writeln!(std::io::stderr().lock(), "\n{line}");
            }
        }
        Some(output)
    }
}

/// Whether this is the process of its own of some test.
pub(crate) fn is_alone() -> bool {
    std::env::var_os(CHILD).is_some()
}

/// Runs a command to its end, which must come within three minutes.
///
/// # Panics
///
/// If it cannot be started or hangs.
pub fn output(mut command: Command) -> Output {
    let child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = child.unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
    let stdout = all(child.stdout.take());
    let stderr = all(child.stderr.take());
    // A process that hangs holds its pipes open.
    let hung = [&stdout, &stderr].map(|pipe| pipe.recv_timeout(PATIENCE));
    let [Ok(stdout), Ok(stderr)] = hung else {
        let _ = child.kill();
        let _ = child.wait();
        panic!("{command:?} did not end within {PATIENCE:?}");
    };
    let status = child.wait().unwrap_or_else(|error| panic!("{error}"));
    Output {
        status,
        stdout,
        stderr,
    }
}

/// Reads a pipe to its end on another thread.
fn all(pipe: Option<impl Read + Send + 'static>) -> mpsc::Receiver<Vec<u8>> {
    let (send, receive) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            // What came until then is what there is.
            let _ = pipe.read_to_end(&mut bytes);
        }
        let _ = send.send(bytes);
    });
    receive
}

/// Tells the process of its own which test it is to run.
const CHILD: &str = "TRILL_TEST_ALONE";

/// What that process says at the end of the test's body.
const DONE: &str = "done in the child";

/// Far longer than any test takes on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(180);
