//! Waiting for the end of a child: behaviour 25.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod support;

use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;

use futures_lite::{AsyncReadExt, future};
use support::{both, is_child, poll_once, until};
use trill_executor::Executor;
use trill_process::{Child, Command, Stdio, Watch};
use trill_reactor::block_on;

both! {
    wait_completes_on_exit_though_a_grandchild_holds_the_pipe
    many_waiters_all_get_the_status
    an_exit_before_the_first_poll_is_not_missed
    an_exit_after_the_first_poll_wakes
    the_status_is_kept_for_later_waits
    waiting_goes_on_when_the_handle_is_dropped
    a_dropped_wait_leaves_the_child_and_others_alone
    exit_codes_and_signals_are_told_apart
    a_program_that_is_not_there_is_an_error_and_no_child
    status_closes_standard_input_and_wait_does_not
    try_status_does_not_wait
    waiting_works_on_an_executor_of_other_threads
}

/// A child that runs until its standard input ends.
fn cat(watch: Watch) -> Child {
    Command::new("cat")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .watch_by(watch)
        .spawn()
        .unwrap()
}

// Behaviour 25: `wait` completes on exit though a grandchild holds the pipe.
fn wait_completes_on_exit_though_a_grandchild_holds_the_pipe(watch: Watch) {
    block_on(async {
        // The grandchild reads its own input, a pipe that this test holds, and inherits the child's output.
        let (grandchild_input, mut hold) = UnixStream::pair().unwrap();
        // A shell gives its jobs in the background an empty input unless told otherwise.
        let mut child = Command::shell("exec 3<&0; cat <&3 & echo started")
            .stdin(OwnedFd::from(grandchild_input))
            .stdout(Stdio::piped())
            .watch_by(watch)
            .spawn()
            .unwrap();
        assert!(child.wait().await.unwrap().success());

        let mut stdout = child.stdout.take().unwrap();
        let mut said = [0; 8];
        stdout.read_exact(&mut said).await.unwrap();
        assert_eq!(&said, b"started\n");
        // The pipe is still open: there is nothing to read, and no end.
        assert!(poll_once(&mut stdout.read(&mut said)).is_pending());
        hold.write_all(b"late").unwrap();
        drop(hold);
        let mut rest = String::new();
        stdout.read_to_string(&mut rest).await.unwrap();
        assert_eq!(rest, "late");
    });
}

// Behaviour 25: many waiters all get the code.
fn many_waiters_all_get_the_status(watch: Watch) {
    let ex = Executor::new();
    block_on(ex.run(async {
        let mut child = Command::shell("read line; exit 7")
            .stdin(Stdio::piped())
            .watch_by(watch)
            .spawn()
            .unwrap();
        let mut waits: Vec<_> = (0..100).map(|_| child.wait()).collect();
        for wait in &mut waits {
            assert!(poll_once(wait).is_pending());
        }
        let again = waits[0].clone();
        let tasks: Vec<_> = waits.into_iter().map(|wait| ex.spawn(wait)).collect();
        // They all wait before the child ends.
        trill_executor::yield_now().await;
        child.stdin = None;
        for task in tasks {
            assert_eq!(task.await.unwrap().code(), Some(7));
        }
        assert_eq!(again.await.unwrap().code(), Some(7));
    }));
}

// Behaviour 25: an exit that happens before the first poll is not missed.
fn an_exit_before_the_first_poll_is_not_missed(watch: Watch) {
    let child = Command::shell("exit 4").watch_by(watch).spawn().unwrap();
    let id = child.id();
    // It has ended, whether or not somebody has reaped it yet.
    until(|| support::state(id).is_none_or(|(letter, _)| letter == 'Z'));
    assert_eq!(block_on(child.wait()).unwrap().code(), Some(4));
    assert!(!is_child(id));
}

fn an_exit_after_the_first_poll_wakes(watch: Watch) {
    block_on(async {
        let mut child = cat(watch);
        let mut wait = child.wait();
        assert!(poll_once(&mut wait).is_pending());
        let ended = future::zip(wait, async { child.stdin = None });
        assert!(ended.await.0.unwrap().success());
        assert!(!is_child(child.id()));
    });
}

fn the_status_is_kept_for_later_waits(watch: Watch) {
    block_on(async {
        let child = Command::shell("exit 9").watch_by(watch).spawn().unwrap();
        let mut wait = child.wait();
        for _ in 0..3 {
            assert_eq!((&mut wait).await.unwrap().code(), Some(9));
            assert_eq!(child.wait().await.unwrap().code(), Some(9));
            assert_eq!(child.try_status().unwrap().unwrap().code(), Some(9));
        }
    });
}

fn waiting_goes_on_when_the_handle_is_dropped(watch: Watch) {
    block_on(async {
        let mut child = cat(watch);
        let stdin = child.stdin.take();
        let mut wait = child.wait();
        assert!(poll_once(&mut wait).is_pending());
        let id = child.id();
        drop(child);
        drop(stdin);
        assert!(wait.await.unwrap().success());
        assert!(!is_child(id));
    });
}

fn a_dropped_wait_leaves_the_child_and_others_alone(watch: Watch) {
    block_on(async {
        let mut child = cat(watch);
        let mut other = child.wait();
        assert!(poll_once(&mut other).is_pending());
        for polls in 0..3 {
            let mut wait = child.wait();
            for _ in 0..polls {
                assert!(poll_once(&mut wait).is_pending());
            }
        }
        assert_eq!(child.try_status().unwrap(), None);
        child.stdin = None;
        assert!(other.await.unwrap().success());
    });
}

fn exit_codes_and_signals_are_told_apart(watch: Watch) {
    block_on(async {
        for code in [0, 1, 127, 255] {
            let mut command = Command::shell(format!("exit {code}"));
            let status = command.watch_by(watch).status().await.unwrap();
            assert_eq!((status.code(), status.signal()), (Some(code), None));
        }
        for number in [9, 14, 15] {
            let child = cat(watch);
            child.signal(number).unwrap();
            let status = child.wait().await.unwrap();
            assert_eq!((status.code(), status.signal()), (None, Some(number)));
        }
    });
}

// Fault 31c
fn a_program_that_is_not_there_is_an_error_and_no_child(watch: Watch) {
    block_on(async {
        let mut command = Command::new("/nowhere/to/be found");
        command.watch_by(watch);
        let kinds = [
            command.spawn().unwrap_err().kind(),
            command.status().await.unwrap_err().kind(),
            command.output().await.unwrap_err().kind(),
        ];
        assert_eq!(kinds, [io::ErrorKind::NotFound; 3]);
    });
}

fn status_closes_standard_input_and_wait_does_not(watch: Watch) {
    block_on(async {
        let mut child = cat(watch);
        assert!(poll_once(&mut child.wait()).is_pending());
        assert!(child.stdin.is_some());
        // It would never end otherwise.
        assert!(child.status().await.unwrap().success());
        assert!(child.stdin.is_none());
        let mut command = Command::new("cat");
        command.stdin(Stdio::piped()).watch_by(watch);
        assert!(command.status().await.unwrap().success());
    });
}

fn try_status_does_not_wait(watch: Watch) {
    let mut child = cat(watch);
    assert_eq!(child.try_status().unwrap(), None);
    child.stdin = None;
    until(|| child.try_status().unwrap().is_some());
    assert!(child.try_status().unwrap().unwrap().success());
    // The thread may be a little later than whoever looks.
    until(|| !is_child(child.id()));
}

fn waiting_works_on_an_executor_of_other_threads(watch: Watch) {
    // Nobody parks in the reactor but the helper thread.
    let mut child = cat(watch);
    let wait = child.wait();
    let (said, heard) = std::sync::mpsc::channel();
    trill_world::start_thread("waits", move || {
        said.send(futures_lite::future::block_on(wait)).unwrap();
    })
    .unwrap();
    child.stdin = None;
    assert!(heard.recv().unwrap().unwrap().success());
}

#[test]
fn any_descriptor_can_be_a_standard_stream() {
    block_on(async {
        let (mut out, input) = UnixStream::pair().unwrap();
        let mut echo = Command::new("echo");
        let status = echo.arg("hi").stdout(OwnedFd::from(input)).status().await;
        assert!(status.unwrap().success());
        // The command still holds the writing end.
        drop(echo);
        let mut said = String::new();
        out.read_to_string(&mut said).unwrap();
        assert_eq!(said, "hi\n");
    });
}
