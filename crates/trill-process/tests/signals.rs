//! Signals to children and to their groups.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod support;

use std::io::ErrorKind;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;

use futures_lite::AsyncReadExt;
use support::{both, is_child, is_zombie, state, until};
use trill_process::{Command, Stdio, Watch};
use trill_reactor::{Async, block_on};

both! {
    kill_and_terminate_end_a_child
    signals_after_the_end_do_nothing
    a_child_may_handle_signals
    signals_that_do_not_exist_are_refused
    a_group_gets_signals_together
    a_group_can_be_ended_after_its_leader_until_that_is_reaped
    only_a_leader_has_a_group
}

fn sleep(watch: Watch) -> Command {
    let mut sleep = Command::new("sleep");
    sleep.arg("1000").kill_on_drop(true).watch_by(watch);
    sleep
}

fn kill_and_terminate_end_a_child(watch: Watch) {
    block_on(async {
        let child = sleep(watch).spawn().unwrap();
        child.kill().unwrap();
        assert_eq!(child.wait().await.unwrap().signal(), Some(9));
        let child = sleep(watch).spawn().unwrap();
        child.start_kill().unwrap();
        assert_eq!(child.wait().await.unwrap().signal(), Some(9));
        let child = sleep(watch).spawn().unwrap();
        child.terminate().unwrap();
        assert_eq!(child.wait().await.unwrap().signal(), Some(15));
    });
}

fn signals_after_the_end_do_nothing(watch: Watch) {
    let child = Command::shell("exit 5").watch_by(watch).spawn().unwrap();
    // It has ended, and perhaps nobody has reaped it.
    until(|| state(child.id()).is_none_or(|(letter, _)| letter == 'Z'));
    child.kill().unwrap();
    assert_eq!(block_on(child.wait()).unwrap().code(), Some(5));
    // Now its number is free.
    assert!(!is_child(child.id()));
    child.kill().unwrap();
    child.terminate().unwrap();
    child.signal(1).unwrap();
}

fn a_child_may_handle_signals(watch: Watch) {
    block_on(async {
        let script = "trap 'echo heard; exit 6' USR1; echo ready; while :; do sleep 0.01; done";
        let mut child = Command::shell(script)
            .stdout(Stdio::piped())
            .watch_by(watch)
            .spawn()
            .unwrap();
        let mut line = [0; 6];
        let mut stdout = child.stdout.take().unwrap();
        stdout.read_exact(&mut line).await.unwrap();
        child.signal(libc::SIGUSR1).unwrap();
        stdout.read_exact(&mut line).await.unwrap();
        assert_eq!(&line, b"heard\n");
        assert_eq!(child.wait().await.unwrap().code(), Some(6));
    });
}

fn signals_that_do_not_exist_are_refused(watch: Watch) {
    let child = sleep(watch).process_group(0).spawn().unwrap();
    for number in [-1, 0, 1000] {
        let errors = [child.signal(number), child.signal_group(number)];
        assert!(
            errors
                .map(Result::unwrap_err)
                .iter()
                .all(|error| error.kind() == ErrorKind::InvalidInput)
        );
    }
    assert_eq!(child.try_status().unwrap(), None);
}

fn a_group_gets_signals_together(watch: Watch) {
    block_on(async {
        // The pipe ends when the last of the group has ended.
        let (here, there) = UnixStream::pair().unwrap();
        let mut line = Command::shell("echo x; sleep 1000 | sleep 1000; true");
        let child = line
            .process_group(0)
            .stdout(OwnedFd::from(there))
            .watch_by(watch)
            .spawn()
            .unwrap();
        drop(line);
        let mut here = Async::new(here).unwrap();
        let mut said = [0; 2];
        here.read_exact(&mut said).await.unwrap();
        child.signal_group(15).unwrap();
        assert_eq!(here.read(&mut said).await.unwrap(), 0);
        assert_eq!(child.wait().await.unwrap().signal(), Some(15));
    });
}

fn a_group_can_be_ended_after_its_leader_until_that_is_reaped(watch: Watch) {
    block_on(async {
        let (here, there) = UnixStream::pair().unwrap();
        let mut line = Command::shell("sleep 1000 & echo x");
        let child = line
            .process_group(0)
            .stdout(OwnedFd::from(there))
            .watch_by(watch)
            .spawn()
            .unwrap();
        drop(line);
        let mut here = Async::new(here).unwrap();
        let mut said = [0; 2];
        here.read_exact(&mut said).await.unwrap();
        if watch == Watch::Pidfd {
            // Nobody has asked for the status, so nobody has reaped it.
            until(|| is_zombie(child.id()));
            child.signal_group(9).unwrap();
            assert_eq!(here.read(&mut said).await.unwrap(), 0);
            assert!(child.wait().await.unwrap().success());
        } else {
            // The thread reaps at once.
            assert!(child.wait().await.unwrap().success());
            end_members_of(child.id());
        }
        let error = child.signal_group(9).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
    });
}

/// The group still has a member, so its number is not free.
fn end_members_of(group: u32) {
    let group = rustix::process::Pid::from_raw(i32::try_from(group).unwrap()).unwrap();
    rustix::process::kill_process_group(group, rustix::process::Signal::KILL).unwrap();
}

fn only_a_leader_has_a_group(watch: Watch) {
    let child = sleep(watch).spawn().unwrap();
    let error = child.signal_group(9).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert_eq!(child.try_status().unwrap(), None);

    // A member of that leader's group is none either.
    let leader = sleep(watch).process_group(0).spawn().unwrap();
    let group = i32::try_from(leader.id()).unwrap();
    let member = sleep(watch).process_group(group).spawn().unwrap();
    assert_eq!(
        member.signal_group(9).unwrap_err().kind(),
        ErrorKind::InvalidInput
    );
    leader.signal_group(15).unwrap();
    assert_eq!(block_on(member.wait()).unwrap().signal(), Some(15));
    assert_eq!(block_on(leader.wait()).unwrap().signal(), Some(15));
}
