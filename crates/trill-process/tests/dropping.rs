//! What happens to children whose handles or futures are dropped: behaviour 25.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod support;

use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;

use futures_lite::AsyncReadExt;
use support::{alone, both, is_child, is_zombie, poll_once, state, until};
use trill_executor::Executor;
use trill_process::{Child, Command, Stdio, Watch};
use trill_reactor::{Async, block_on};
use trill_world::VirtualWorld;

both! {
    a_dropped_child_goes_on_and_is_reaped
    a_dropped_child_is_killed_and_reaped_by_choice
    a_dropped_group_is_killed_by_choice
    a_cancelled_task_leaves_no_child_and_no_zombie
    a_command_that_is_never_awaited_leaves_no_child_and_no_zombie
    a_child_that_ended_before_the_drop_is_reaped
    a_child_that_is_not_to_be_reaped_stays
    dropping_a_child_says_nothing_of_the_task
    a_child_dropped_without_budget_is_reaped
    a_child_dropped_in_a_simulated_world_is_reaped
    a_simulated_world_starts_nothing
}

/// A child that runs until the returned pipe is dropped.
fn cat(watch: Watch, set: impl FnOnce(&mut Command)) -> (Child, UnixStream) {
    let (input, hold) = UnixStream::pair().unwrap();
    let mut cat = Command::new("cat");
    cat.stdin(OwnedFd::from(input))
        .stdout(Stdio::null())
        .watch_by(watch);
    set(&mut cat);
    (cat.spawn().unwrap(), hold)
}

// Fault 31b
fn a_dropped_child_goes_on_and_is_reaped(watch: Watch) {
    let (child, hold) = cat(watch, |_| {});
    let id = child.id();
    drop(child);
    assert!(is_child(id) && !is_zombie(id));
    drop(hold);
    // Nobody of this test waits in a reactor: the helper threads do it.
    until(|| !is_child(id));

    // Here the thread that drops it does.
    let (child, hold) = cat(watch, |_| {});
    let id = child.id();
    block_on(async {
        drop(child);
        drop(hold);
        while is_child(id) {
            trill_executor::yield_now().await;
        }
    });
}

// Fault 31b
fn a_dropped_child_is_killed_and_reaped_by_choice(watch: Watch) {
    let (child, _hold) = cat(watch, |cat| {
        cat.kill_on_drop(true);
    });
    let id = child.id();
    assert!(is_child(id));
    drop(child);
    until(|| !is_child(id));
}

fn a_dropped_group_is_killed_by_choice(watch: Watch) {
    block_on(async {
        // The pipe ends when the last of the group has ended.
        let (here, there) = UnixStream::pair().unwrap();
        let mut line = Command::shell("echo x; sleep 1000 | sleep 1000 & sleep 1000; true");
        let child = line
            .process_group(0)
            .kill_on_drop(true)
            .stdout(OwnedFd::from(there))
            .watch_by(watch)
            .spawn()
            .unwrap();
        drop(line);
        let mut here = Async::new(here).unwrap();
        let mut said = [0; 2];
        here.read_exact(&mut said).await.unwrap();
        let id = child.id();
        drop(child);
        assert_eq!(here.read(&mut said).await.unwrap(), 0);
        until(|| !is_child(id));
    });
}

// Behaviour 25: cancel during spawn leaves no zombie and no child.
fn a_cancelled_task_leaves_no_child_and_no_zombie(watch: Watch) {
    let ex = Executor::new();
    block_on(ex.run(async {
        for turns in 0..20 {
            let (send, ids) = std::sync::mpsc::channel();
            let task = ex.spawn(async move {
                for _ in 0..4 {
                    let mut sleep = Command::new("sleep");
                    sleep.arg("1000").kill_on_drop(true).watch_by(watch);
                    let child = sleep.spawn().unwrap();
                    send.send(child.id()).unwrap();
                    trill_executor::yield_now().await;
                    // Started and not polled; started and polled; the handle of one beside it.
                    let status = sleep.status();
                    trill_executor::yield_now().await;
                    let mut output = sleep.output();
                    assert!(poll_once(&mut output).is_pending());
                    trill_executor::yield_now().await;
                    drop(child);
                    futures_lite::future::zip(status, output).await.0.unwrap();
                }
            });
            for _ in 0..turns % 6 {
                trill_executor::yield_now().await;
            }
            task.cancel().await;
            for id in ids.try_iter() {
                until(|| !is_child(id));
            }
        }
    }));
}

fn a_command_that_is_never_awaited_leaves_no_child_and_no_zombie(watch: Watch) {
    let name = format!("1{}{}", std::process::id(), watch == Watch::Pidfd);
    let running = |name: &str| {
        support::children().into_iter().any(|id| {
            let line = std::fs::read_to_string(format!("/proc/{id}/cmdline"));
            line.is_ok_and(|line| line.contains(name))
        })
    };
    let mut sleep = Command::shell("sleep 1000; true");
    // The shell starts another process.
    sleep.process_group(0);
    sleep.arg(&name).kill_on_drop(true).watch_by(watch);
    let (status, output) = (sleep.status(), sleep.output());
    assert!(running(&name));
    drop((status, output));
    until(|| !running(&name));
}

// Fault 31b
fn a_child_that_ended_before_the_drop_is_reaped(watch: Watch) {
    let child = Command::new("true").watch_by(watch).spawn().unwrap();
    let id = child.id();
    until(|| state(id).is_none_or(|(letter, _)| letter == 'Z'));
    drop(child);
    until(|| !is_child(id));
}

fn a_child_that_is_not_to_be_reaped_stays(watch: Watch) {
    let (child, hold) = cat(watch, |cat| {
        cat.reap_on_drop(false);
    });
    let id = child.id();
    drop(child);
    drop(hold);
    until(|| is_zombie(id));
    let pid = rustix::process::Pid::from_raw(i32::try_from(id).unwrap());
    let waited = rustix::process::waitpid(pid, rustix::process::WaitOptions::empty());
    assert_eq!(waited.unwrap().unwrap().1.exit_status(), Some(0));
}

fn dropping_a_child_says_nothing_of_the_task(watch: Watch) {
    let header = trill_cell::Header::new(trill_cell::Spawned::here());
    let (child, _hold) = cat(watch, |_| {});
    header.poll(|| drop(child));
    assert_eq!(header.wait(), None);
}

fn a_child_dropped_without_budget_is_reaped(watch: Watch) {
    let (child, hold) = cat(watch, |_| {});
    let id = child.id();
    trill_cell::with_budget_of(0, || drop(child));
    drop(hold);
    until(|| !is_child(id));
}

fn a_child_dropped_in_a_simulated_world_is_reaped(watch: Watch) {
    let (child, hold) = cat(watch, |_| {});
    let id = child.id();
    VirtualWorld::new(1).run(|| drop(child));
    drop(hold);
    until(|| {
        // Whoever starts a child looks after those that no reactor would watch.
        block_on(Command::new("true").status()).unwrap();
        !is_child(id)
    });
}

fn a_simulated_world_starts_nothing(watch: Watch) {
    VirtualWorld::new(1).run(|| {
        let error = Command::new("true").watch_by(watch).spawn().unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::Unsupported);
    });
}

#[test]
fn dropped_children_need_no_thread_of_their_own() {
    alone(|| {
        let children: Vec<_> = (0..50).map(|_| cat(Watch::Pidfd, |_| {})).collect();
        let (children, holds): (Vec<_>, Vec<_>) = children.into_iter().unzip();
        drop(children);
        let threads = support::threads();
        assert!(
            threads.iter().all(|name| name != "trill-child"),
            "{threads:?}"
        );
        assert_eq!(support::children().len(), 50);
        drop(holds);
        until(|| support::children().is_empty());
    });
}
