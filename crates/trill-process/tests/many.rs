//! Many children at once, and one after another.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod support;

use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;

use support::{alone, both, children, descriptors, threads, until};
use trill_executor::Executor;
use trill_process::{Command, Stdio, Watch};
use trill_reactor::block_on;

both! {
    a_thousand_children_that_end_at_once_are_all_reaped
    a_thousand_dropped_children_that_end_at_once_are_all_reaped
    children_one_after_another_leave_no_descriptor
}

const MANY: usize = 1000;

/// Starts that many, which all wait for the end of one pipe.
fn start(watch: Watch) -> (Vec<trill_process::Child>, UnixStream) {
    let (input, hold) = UnixStream::pair().unwrap();
    let children = (0..MANY)
        .map(|_| {
            Command::new("cat")
                .stdin(OwnedFd::from(input.try_clone().unwrap()))
                .stdout(Stdio::null())
                .watch_by(watch)
                .spawn()
                .unwrap()
        })
        .collect();
    (children, hold)
}

// Fault 31a
fn a_thousand_children_that_end_at_once_are_all_reaped(watch: Watch) {
    alone(|| {
        raise_limit();
        let before = descriptors();
        let ex = Executor::new();
        block_on(ex.run(async {
            let (started, hold) = start(watch);
            assert_eq!(children().len(), MANY);
            let watchers = threads()
                .iter()
                .filter(|name| *name == "trill-child")
                .count();
            assert_eq!(watchers, if watch == Watch::Thread { MANY } else { 0 });
            let waits: Vec<_> = started.iter().map(|child| ex.spawn(child.wait())).collect();
            trill_executor::yield_now().await;
            drop(hold);
            for wait in waits {
                assert!(wait.await.unwrap().success());
            }
            assert_eq!(children().len(), 0);
        }));
        // The reactor and the attendant have theirs.
        assert!(descriptors() < before + 10);
    });
}

// Fault 31a
fn a_thousand_dropped_children_that_end_at_once_are_all_reaped(watch: Watch) {
    alone(|| {
        raise_limit();
        let before = descriptors();
        let (started, hold) = start(watch);
        drop(started);
        assert_eq!(children().len(), MANY);
        drop(hold);
        until(|| children().is_empty());
        until(|| descriptors() < before + 10);
    });
}

fn children_one_after_another_leave_no_descriptor(watch: Watch) {
    alone(|| {
        block_on(async {
            let mut before = 0;
            for round in 0..10_000 {
                let mut command = Command::new("true");
                command.watch_by(watch);
                match round % 3 {
                    0 => assert!(command.status().await.unwrap().success()),
                    1 => assert!(command.output().await.unwrap().status.success()),
                    _ => {
                        command.stdin(Stdio::piped()).stdout(Stdio::piped());
                        let child = command.spawn().unwrap();
                        let wait = child.wait();
                        drop(child);
                        assert!(wait.await.unwrap().success());
                    }
                }
                if round == 10 {
                    before = descriptors();
                }
            }
            // An entry of a dropped child is let go of by whoever delivers the event.
            until(|| descriptors() <= before);
            assert_eq!(children().len(), 0);
        });
    });
}

/// Lets this process have as many descriptors and threads as the test needs.
fn raise_limit() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).unwrap();
}
