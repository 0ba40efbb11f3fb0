//! What a machine may not allow to a test: tracing, namespaces.
//!
//! A test that needs it asks here. If the answer is no, that is said aloud, past what the test harness captures, and noted
//! for the table of `cargo xtask test-all`.
#![allow(clippy::disallowed_methods)] // Tests look at processes from outside.

use std::io::Write;
use std::process::{Command, Stdio};

use crate::alone::is_alone;

/// The words that run a command in namespaces of its own, such as `--net`; `None` if this machine forbids it.
///
/// `faults` are the rows of `docs/faults.md` that are then not shown.
pub fn namespaces(kinds: &[&str], faults: &str) -> Option<Vec<String>> {
    let words = |user: &[&str]| -> Vec<String> {
        let all = ["unshare"].iter().chain(user).chain(kinds);
        all.map(|word| (*word).to_owned()).collect()
    };
    // A user other than root has rights only in a namespace of users.
    let ways = [words(&[]), words(&["--user", "--map-root-user"])];
    let found = ways.into_iter().find(|way| works(way));
    if found.is_none() {
        say_denied(&format!("namespaces ({})", kinds.join(" ")), faults);
    }
    found
}

/// The words that run a command under `strace`; `None` if this machine forbids tracing.
///
/// `faults` as in [`namespaces`].
pub fn strace(faults: &str) -> Option<Vec<String>> {
    let words = ["strace", "-f", "-qq", "-o", "/dev/null"].map(str::to_owned);
    if works(&words) {
        return Some(words.to_vec());
    }
    say_denied("tracing by strace", faults);
    None
}

/// Says that this machine does not allow `what`, so that these faults are not shown.
pub fn say_denied(what: &str, faults: &str) {
    let line = format!("{what}{DENIED}{faults} not shown");
    // Written past the macros, whose output the test harness captures.
    let _ = writeln!(std::io::stderr().lock(), "\n{line}");
    if let Some(path) = std::env::var_os(NOTES) {
        let file = std::fs::OpenOptions::new().append(true).open(path);
        let noted = file.and_then(|mut file| file.write_all(format!("{line}\n").as_bytes()));
        noted.unwrap_or_else(|error| panic!("{line}, and that could not be noted: {error}"));
    }
}

/// Whether a command that these words run does nothing with success.
fn works(words: &[String]) -> bool {
    // In the process of its own the answer was yes, or it would not be there.
    if is_alone() {
        return true;
    }
    let run = Command::new(&words[0])
        .args(&words[1..])
        .arg("true")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    run.is_ok_and(|status| status.success())
}

/// The file in which `cargo xtask test-all` collects what was denied.
const NOTES: &str = "TRILL_TEST_DENIED";

/// What stands in each line of [`say_denied`].
pub(crate) const DENIED: &str = " denied: faults ";
