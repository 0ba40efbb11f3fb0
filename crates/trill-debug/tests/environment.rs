//! `TRILL_DEBUG` and what is printed: each test runs this program again.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod common;

use std::process::Command;

use common::{LIMIT, run_task};
use trill_debug::enable_from_environment;
use trill_park::block_on;

/// Runs the program below with `TRILL_DEBUG` set so; returns what it prints to standard error.
fn stderr_with(value: Option<&str>) -> String {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "program", "--nocapture"]);
    command.env(ROLE, "1").env_remove("TRILL_DEBUG");
    if let Some(value) = value {
        command.env("TRILL_DEBUG", value);
    }
    let output = command.output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{stderr}");
    stderr
}

/// The program that is run again; as a test of its own it does nothing.
#[test]
fn program() {
    if std::env::var_os(ROLE).is_none() {
        return;
    }
    let is_on = enable_from_environment();
    assert_eq!(is_on, enable_from_environment());
    run_task("slow", |world| async move { world.advance(LIMIT) });
    for _ in 0..1000 {
        block_on(async { block_on(async {}) });
    }
}

#[test]
fn variable_turns_it_on_and_a_storm_does_not_flood() {
    let text = stderr_with(Some("1"));
    let lines: Vec<_> = text.lines().filter(|l| l.starts_with("trill: ")).collect();
    assert!(lines[0].contains("a poll of task") && lines[0].contains("\"slow\""));
    assert!(lines[1].contains("environment.rs"), "{text}");
    // 20 at once, then one in 100 ms; 1,000 findings take far less than ten seconds.
    assert!((20..120).contains(&lines.len()), "{text}");
}

#[test]
fn without_the_variable_nothing_is_printed() {
    for off in [None, Some(""), Some("0")] {
        let text = stderr_with(off);
        assert!(!text.contains("trill: "), "{text}");
    }
}

/// Says that this is the program to run.
const ROLE: &str = "TRILL_DEBUG_TEST_PROGRAM";
