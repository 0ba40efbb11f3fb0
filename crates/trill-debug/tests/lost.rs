//! What is lost is found: failures nobody can receive, tasks dropped unfinished, use from the wrong thread.
#![allow(clippy::unwrap_used)] // A failed step fails its test.
#![allow(clippy::disallowed_methods)] // Tests start threads of their own.

mod common;

use std::future::pending;
use std::thread;
use std::time::Duration;

use common::{found, found_of, listen};
use trill_cell::{Unhandled, What, report};
use trill_debug::{Finding, HomeThread, shutting_down};
use trill_executor::Executor;
use trill_park::block_on;
use trill_timer::sleep;
use trill_world::VirtualWorld;

#[test]
fn failure_that_nobody_awaits_is_found() {
    listen();
    report(&Unhandled::new(What::Failure, &"the disk is full").named("saver"));
    let found = found(|finding| matches!(finding, Finding::Unhandled { .. }));
    let [Finding::Unhandled { what, message, .. }] = &found[..] else {
        panic!("{found:?}");
    };
    assert_eq!(*what, What::Failure);
    assert!(message.contains("the disk is full") && message.contains("saver"));
}

/// Spawns a task of this name that waits an hour, and polls it once.
fn waiting(ex: &Executor<'_>, name: &str) {
    let wait = sleep(Duration::from_secs(3600));
    ex.builder().name(name).spawn(wait).detach();
    while ex.try_tick() {}
}

// Behaviour 20: dropping the runtime with pending tasks names them in debug builds.
#[test]
fn task_dropped_unfinished_at_shutdown_is_found_with_what_it_waited_for() {
    listen();
    VirtualWorld::new(7).run(|| {
        block_on(async {
            let ex = Executor::new();
            waiting(&ex, "unfinished");
            ex.builder()
                .name("unpolled")
                .spawn(pending::<()>())
                .detach();
            ex.builder().name("finished").spawn(async {}).detach();
            ex.builder()
                .name("trill: pump")
                .spawn(pending::<()>())
                .detach();
            ex.try_tick();
            let guard = shutting_down();
            drop(ex);
            drop(guard);
        });
    });
    let found = found_of("unfinished");
    assert!(matches!(found[..], [Finding::DroppedUnfinished { .. }]));
    let text = found[0].to_string();
    assert!(
        text.contains("unfinished") && text.contains("waiting for timer"),
        "{text}"
    );
    assert_eq!(found_of("unpolled").len(), 1);
    assert!(found_of("trill: pump").is_empty());
}

#[test]
fn task_that_is_cancelled_on_purpose_is_not() {
    listen();
    let ex = Executor::new();
    let task = ex.builder().name("cancelled").spawn(pending::<()>());
    ex.try_tick();
    drop(task);
    while ex.try_tick() {}
    let task = ex.builder().name("ended before").spawn(async {});
    while ex.try_tick() {}
    let guard = shutting_down();
    drop((ex, task));
    drop(guard);
    // No longer at shutdown.
    let ex = Executor::new();
    ex.builder()
        .name("dropped later")
        .spawn(pending::<()>())
        .detach();
    ex.try_tick();
    drop(ex);
    for name in ["cancelled", "ended before", "dropped later"] {
        assert!(found_of(name).is_empty(), "{name}");
    }
}

#[test]
fn use_from_the_wrong_thread_is_found_at_its_line() {
    listen();
    let home = HomeThread::here("the canvas");
    let made = line!() - 1;
    home.check();
    let used = line!() + 1;
    thread::spawn(move || home.check()).join().unwrap();
    let found = found(|finding| matches!(finding, Finding::WrongThread { .. }));
    let [
        Finding::WrongThread {
            what, made_at, at, ..
        },
    ] = &found[..]
    else {
        panic!("{found:?}");
    };
    assert_eq!(*what, "the canvas");
    assert_eq!((made_at.line(), at.line()), (made, used));
    assert_eq!((made_at.file(), at.file()), (file!(), file!()));
}
