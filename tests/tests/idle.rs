//! An idle process makes no wake-ups: not one context switch of any of its threads.
#![cfg(target_os = "linux")]
#![allow(clippy::disallowed_methods)] // The test drives processes from outside.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

use std::net::TcpStream;
use std::process::Command;
use std::time::Duration;

use trill_tests::Server;

/// How often the threads of a process were switched away from because they waited, all together.
fn waits(pid: u32) -> u64 {
    let threads = std::fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    threads
        .map(|thread| {
            let status = std::fs::read_to_string(thread.unwrap().path().join("status")).unwrap();
            let line = status
                .lines()
                .find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
            line.unwrap().trim().parse::<u64>().unwrap()
        })
        .sum()
}

#[test]
fn idle_server_with_connections_and_sleepers_makes_no_wake_ups() {
    let server = Server::start(Command::new(env!("CARGO_BIN_EXE_idle_server")));
    let connections: Vec<_> = (0..100)
        .map(|_| TcpStream::connect(server.address()).unwrap())
        .collect();
    // The window must begin after the server has accepted them all and gone to sleep; a window in which nothing happens
    // proves the claim, and a server that wakes up for ever has none.
    let window = Duration::from_millis(500);
    let quiet = (0..20).any(|_| {
        let before = waits(server.pid());
        std::thread::sleep(window);
        waits(server.pid()) == before
    });
    assert!(
        quiet,
        "the idle server woke up in each of 20 windows of {window:?}"
    );
    drop(connections);
    server.stop();
}
