//! Feeding children and collecting what they write: behaviour 25.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod support;

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};

use futures_lite::{AsyncReadExt, AsyncWriteExt, future};
use support::{both, is_child, poll_once, until};
use trill_process::{Command, Stdio, Watch};
use trill_reactor::block_on;

both! {
    more_than_a_pipe_holds_goes_both_ways_at_once
    both_outputs_are_collected_while_the_other_is_full
    a_child_that_reads_nothing_is_no_error
    a_child_that_reads_a_part_is_no_error
    streams_that_are_not_piped_are_empty
    input_without_a_pipe_is_an_error
    output_leaves_the_command_as_it_was
    an_output_that_is_dropped_half_way_ends_the_child_by_choice
    output_waits_for_the_grandchild_that_holds_the_pipe
}

/// More than sixteen pipes hold, and no two pages of it alike.
fn much() -> Vec<u8> {
    (0..1u32 << 18).flat_map(u32::to_le_bytes).collect()
}

fn piped(command: &mut Command, watch: Watch) -> &mut Command {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .watch_by(watch)
}

// Behaviour 25: output() with >64 KiB in both directions does not deadlock.
fn more_than_a_pipe_holds_goes_both_ways_at_once(watch: Watch) {
    block_on(async {
        let cat = piped(&mut Command::new("cat"), watch).spawn().unwrap();
        let id = cat.id();
        let output = cat.communicate(much()).await.unwrap();
        assert!(output.status.success());
        assert!(output.stdout == much() && output.stderr.is_empty());
        assert!(!is_child(id));
    });
}

fn both_outputs_are_collected_while_the_other_is_full(watch: Watch) {
    block_on(async {
        // One after the other: whoever reads them in the other order waits for ever.
        let script = "head -c 300000 /dev/zero >&2; head -c 300000 /dev/zero; head -c 300000 /dev/zero >&2; exit 3";
        let output = Command::shell(script).watch_by(watch).output().await;
        let output = output.unwrap();
        assert_eq!(output.status.code(), Some(3));
        assert_eq!(
            (output.stdout.len(), output.stderr.len()),
            (300_000, 600_000)
        );
    });
}

fn a_child_that_reads_nothing_is_no_error(watch: Watch) {
    block_on(async {
        let mut command = Command::shell("exec <&-; echo done");
        let child = piped(&mut command, watch).spawn().unwrap();
        let output = child.communicate(much()).await.unwrap();
        assert!(output.status.success());
        assert_eq!(output.stdout, b"done\n");
    });
}

fn a_child_that_reads_a_part_is_no_error(watch: Watch) {
    block_on(async {
        let mut command = Command::new("head");
        let child = piped(command.args(["-c", "100000"]), watch)
            .spawn()
            .unwrap();
        let output = child.communicate(much()).await.unwrap();
        assert!(output.status.success());
        assert!(output.stdout == much()[..100_000]);
    });
}

fn streams_that_are_not_piped_are_empty(watch: Watch) {
    block_on(async {
        let mut command = Command::shell("echo out; echo err >&2");
        command.stdout(Stdio::null()).watch_by(watch);
        let output = command.output().await.unwrap();
        assert_eq!(
            (&output.stdout[..], &output.stderr[..]),
            (&b""[..], &b"err\n"[..])
        );

        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut stderr = child.stderr.take().unwrap();
        let mut said = String::new();
        let (output, read) = future::zip(child.output(), stderr.read_to_string(&mut said)).await;
        read.unwrap();
        assert_eq!(
            (&output.unwrap().stderr[..], &said[..]),
            (&b""[..], "err\n")
        );
    });
}

fn input_without_a_pipe_is_an_error(watch: Watch) {
    block_on(async {
        let mut command = Command::new("true");
        command.watch_by(watch);
        let error = command.spawn().unwrap().communicate("x").await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
        assert!(command.spawn().unwrap().communicate("").await.is_ok());
    });
}

fn output_leaves_the_command_as_it_was(watch: Watch) {
    block_on(async {
        let mut command = Command::new("true");
        command.watch_by(watch);
        command.output().await.unwrap();
        let child = command.spawn().unwrap();
        assert!(child.stdin.is_none() && child.stdout.is_none() && child.stderr.is_none());
        child.wait().await.unwrap();

        let mut inner = std::process::Command::new("echo");
        inner.arg("kept").stdout(Stdio::piped());
        let mut command = Command::from(inner);
        let child = command.watch_by(watch).spawn().unwrap();
        assert_eq!(child.output().await.unwrap().stdout, b"kept\n");
    });
}

fn an_output_that_is_dropped_half_way_ends_the_child_by_choice(watch: Watch) {
    block_on(async {
        // Dropped at each of its first polls.
        for polls in 0..20 {
            let mut cat = Command::new("cat");
            let child = piped(cat.kill_on_drop(true), watch).spawn().unwrap();
            let id = child.id();
            let mut both = child.communicate(vec![1; 1 << 20]);
            for _ in 0..polls {
                if poll_once(&mut both).is_ready() {
                    break;
                }
            }
            drop(both);
            until(|| !is_child(id));
        }
    });
}

fn output_waits_for_the_grandchild_that_holds_the_pipe(watch: Watch) {
    block_on(async {
        let (grandchild_input, hold) = std::os::unix::net::UnixStream::pair().unwrap();
        let child = Command::shell("exec 3<&0; cat <&3 & echo child")
            .stdin(OwnedFd::from(grandchild_input))
            .stdout(Stdio::piped())
            .watch_by(watch)
            .spawn()
            .unwrap();
        let wait = child.wait();
        let mut output = child.output();
        assert!(poll_once(&mut output).is_pending());
        wait.await.unwrap();
        assert!(poll_once(&mut output).is_pending());
        std::io::Write::write_all(&mut &hold, b"grandchild\n").unwrap();
        drop(hold);
        assert_eq!(output.await.unwrap().stdout, b"child\ngrandchild\n");
    });
}

#[test]
fn a_closed_standard_input_takes_no_more() {
    block_on(async {
        let mut cat = Command::new("cat");
        let mut child = piped(&mut cat, Watch::Pidfd).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(b"x").await.unwrap();
        stdin.close().await.unwrap();
        stdin.close().await.unwrap();
        let refused = stdin.write(b"y").await.unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::BrokenPipe);
        let refused = stdin.into_stdio().await.unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::BrokenPipe);
        assert_eq!(child.output().await.unwrap().stdout, b"x");
    });
}

// Fault 11c
#[test]
fn writing_to_a_child_that_is_gone_is_a_broken_pipe() {
    block_on(async {
        let mut command = Command::new("true");
        let mut child = piped(&mut command, Watch::Pidfd).spawn().unwrap();
        child.wait().await.unwrap();
        let error = child.stdin.as_mut().unwrap().write(b"x").await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
    });
}

#[test]
fn a_pipe_becomes_the_input_of_another_child_in_blocking_mode() {
    block_on(async {
        let mut head = Command::shell("head -c 1000000 /dev/zero");
        let mut head = head.stdout(Stdio::piped()).spawn().unwrap();
        let pipe = head.stdout.take().unwrap().into_stdio().await.unwrap();
        // It would stop at the first pause if the mode had stayed.
        let count = Command::new("wc")
            .arg("-c")
            .stdin(pipe)
            .output()
            .await
            .unwrap();
        assert_eq!(String::from_utf8(count.stdout).unwrap().trim(), "1000000");
        assert!(head.wait().await.unwrap().success());
    });
}

#[test]
fn pipes_show_their_descriptors() {
    let mut cat = Command::new("cat");
    let mut child = piped(cat.kill_on_drop(true), Watch::Pidfd).spawn().unwrap();
    let stdin = child.stdin.take().unwrap();
    let number = stdin.as_raw_fd();
    let stdin = OwnedFd::try_from(stdin).unwrap();
    assert_eq!(stdin.as_raw_fd(), number);
    assert!(child.stdout.as_ref().unwrap().as_raw_fd() > 2);
    assert!(child.stderr.as_ref().unwrap().as_raw_fd() > 2);
}
