//! A process that is killed loses nothing that was acknowledged.
#![cfg(target_os = "linux")]
#![allow(clippy::disallowed_methods)] // The child and its file.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod support;

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use support::{Dir, is_inner};
use trill_fs::OpenOptions;

/// The child appends records, syncs, and says on its output which are safe; it is killed with `SIGKILL` at a moment
/// it does not know. Each record it has acknowledged is in the file, whole and in order.
#[test]
fn what_was_acknowledged_survives_a_kill() {
    // Next to the build, because /tmp may be memory.
    let parent = std::env::current_exe().unwrap();
    let parent = parent.parent().unwrap();
    for uring in ["auto", "off"] {
        for acknowledged_min in [1, 7, 40] {
            let dir = Dir::within(parent, "killed");
            let path = dir.path("log");
            let mut child = Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "inner_appends_until_it_is_killed", "--nocapture"])
                .env("TRILL_TEST_INNER", &path)
                .env("TRILL_URING", uring)
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
            let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
            let mut acknowledged = 0;
            while acknowledged < acknowledged_min {
                let line = lines.next().expect("the child writes on").unwrap();
                if let Some(number) = line.strip_prefix("safe ") {
                    acknowledged = number.parse().unwrap();
                }
            }
            child.kill().unwrap();
            assert!(!child.wait().unwrap().success());
            // What it still said before it died counts as well.
            for line in lines.map_while(Result::ok) {
                if let Some(number) = line.strip_prefix("safe ") {
                    acknowledged = number.parse().unwrap_or(acknowledged);
                }
            }
            let log = fs::read(&path).unwrap();
            for number in 1..=acknowledged {
                let at = (number - 1) * RECORD;
                let found = log.get(at..at + RECORD);
                assert_eq!(
                    found,
                    Some(&record(number)[..]),
                    "record {number}, uring {uring}"
                );
            }
        }
    }
}

#[test]
fn inner_appends_until_it_is_killed() {
    if !is_inner() {
        return;
    }
    let path = std::env::var_os("TRILL_TEST_INNER").unwrap();
    trill_reactor::block_on(async {
        let mut log = OpenOptions::new()
            .append(true)
            .create(true)
            .open(&path)
            .await
            .unwrap();
        for number in 1.. {
            log.write_all(&record(number)).await.unwrap();
            log.sync_data().await.unwrap();
            println!("safe {number}");
        }
    });
}

/// So long that it is written in parts or not at once.
const RECORD: usize = 10_007;

fn record(number: usize) -> Vec<u8> {
    (0..RECORD)
        .map(|at| (at * 31 + number * 17) as u8)
        .collect()
}
