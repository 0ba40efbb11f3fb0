//! Calls that block the thread of a task are found at their line.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod common;

use std::panic::Location;

use common::{found, found_of, listen, run_task};
use trill_blocking::{Pool, unblock};
use trill_debug::Finding;
use trill_park::block_on;
use trill_sync::{Event, FairMutex, Mutex, RwLock, Semaphore};

/// Where the calls in what was found of a task are.
fn lines(name: &str) -> Vec<u32> {
    let found = found_of(name);
    let at = |finding: &Finding| match finding {
        Finding::BlockingCall { at, .. } => {
            assert_eq!(at.file(), file!());
            at.line()
        }
        other => panic!("{other:?}"),
    };
    found.iter().map(at).collect()
}

// Fault 34b
#[test]
fn block_on_in_a_task_is_found() {
    listen();
    run_task("blocks", |_| async {
        block_on(async {});
    });
    assert_eq!(lines("blocks"), [line!() - 2]);
    let text = found_of("blocks")[0].to_string();
    assert!(
        text.contains("\"blocks\"") && text.contains(".await"),
        "{text}"
    );
}

#[test]
fn blocking_forms_in_a_task_are_found() {
    listen();
    let first = line!() + 2;
    run_task("blocks in every way", |_| async {
        drop(Mutex::new(()).lock_blocking());
        drop(FairMutex::new(()).lock_blocking());
        drop(RwLock::new(()).read_blocking());
        drop(RwLock::new(()).write_blocking());
        drop(Semaphore::new(1).acquire_blocking());
        set().wait_blocking();
    });
    let expected: Vec<_> = (first..first + 6).collect();
    assert_eq!(lines("blocks in every way"), expected);
}

fn set() -> Event {
    let event = Event::new();
    event.set();
    event
}

// Fault 34b
#[test]
fn block_on_in_the_future_of_block_on_is_found_without_a_task() {
    listen();
    let at = Location::caller();
    block_on(async { block_on(async {}) });
    let found = found(|finding| match finding {
        Finding::BlockingCall { at: found, .. } => found.line() == at.line() + 1,
        _ => false,
    });
    let [Finding::BlockingCall { task: None, .. }] = &found[..] else {
        panic!("{found:?}");
    };
    assert!(found[0].to_string().contains("future of a `block_on`"));
}

#[test]
fn awaiting_is_not() {
    listen();
    run_task("awaits", |_| async {
        drop(Mutex::new(()).lock().await);
        set().wait().await;
        unblock(|| ()).await;
    });
    assert!(found_of("awaits").is_empty());
}

#[test]
fn threads_and_jobs_may_block() {
    listen();
    let first = line!();
    block_on(async {});
    drop(Mutex::new(()).lock_blocking());
    block_on(Pool::new().unblock(|| block_on(async {})));
    block_on(Pool::new().to_thread(|| drop(Mutex::new(()).lock_blocking())));
    let found = found(|finding| match finding {
        Finding::BlockingCall { at, .. } => (first..line!()).contains(&at.line()),
        _ => false,
    });
    assert!(found.is_empty(), "{found:?}");
}
