//! What an echo server asks of the kernel per message, as strace counts it.
#![cfg(target_os = "linux")]
#![allow(clippy::disallowed_methods)] // The test drives processes from outside.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

use std::collections::BTreeMap;
use std::process::Command;

use trill_tests::{Server, exchange};

/// Runs an echo server under strace for so many messages; returns how often it made each system call.
fn calls_for(messages: u32) -> BTreeMap<String, u64> {
    let report =
        std::env::temp_dir().join(format!("trill-strace-{}-{messages}", std::process::id()));
    let mut strace = Command::new("strace");
    strace
        .args(["-f", "-c", "-U", "calls,name", "-o"])
        .arg(&report)
        .arg(env!("CARGO_BIN_EXE_echo_server"));
    let server = Server::start(strace);
    exchange(server.address(), messages).unwrap();
    server.stop();
    let text = std::fs::read_to_string(&report).unwrap();
    std::fs::remove_file(&report).unwrap();
    let counts: BTreeMap<String, u64> = text
        .lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            let count = words.next()?.parse().ok()?;
            Some((words.next()?.to_owned(), count))
        })
        .collect();
    assert!(
        counts.contains_key("execve"),
        "strace printed no table:\n{text}"
    );
    counts
}

#[test]
fn a_message_costs_one_wait_one_read_and_one_write() {
    let (few, many) = (100, 1100);
    let before = calls_for(few);
    let after = calls_for(many);
    let grown = |names: &[&str]| {
        let sum = |counts: &BTreeMap<String, u64>| {
            names
                .iter()
                .filter_map(|name| counts.get(*name))
                .sum::<u64>()
        };
        sum(&after).saturating_sub(sum(&before))
    };
    let messages = u64::from(many - few);
    // A wait may find nothing because a deadline or a signal ended it; one in ten is far more than there are.
    let spare = messages / 10;

    let waits = grown(&["epoll_wait", "epoll_pwait", "epoll_pwait2"]);
    assert!(
        waits <= messages + spare,
        "{waits} waits for {messages} messages: {after:?}"
    );
    assert!(
        waits >= messages / 2,
        "the server does not wait in epoll: {after:?}"
    );

    let reads = grown(&["read", "readv", "recvfrom", "recvmsg"]);
    assert!(
        reads <= messages + spare,
        "{reads} reads for {messages} messages: {after:?}"
    );

    let writes = grown(&["write", "writev", "sendto", "sendmsg"]);
    assert!(
        writes <= messages + spare,
        "{writes} writes for {messages} messages: {after:?}"
    );

    let registered = grown(&["epoll_ctl"]);
    assert!(
        registered <= 2,
        "{registered} more epoll_ctl for {messages} more messages: {after:?}"
    );

    let timers = after
        .keys()
        .filter(|name| name.starts_with("timerfd"))
        .count();
    assert_eq!(timers, 0, "{after:?}");
}
