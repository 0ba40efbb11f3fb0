//! Slow polls are found, with the task's name, spawn site and duration.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod common;

use std::time::Duration;

use common::{LIMIT, NANO, found_of, listen, run_task};
use trill_blocking::Pool;
use trill_cell::{Header, Spawned};
use trill_debug::Finding;
use trill_executor::yield_now;
use trill_park::block_on;
use trill_timer::sleep;
use trill_world::VirtualWorld;

// asyncio T3: each step longer than 0.1 s is logged with its task.
#[test]
fn slow_poll_is_found_with_task_site_and_duration() {
    listen();
    run_task("slow", |world| async move { world.advance(LIMIT) });
    let found = found_of("slow");
    let [Finding::SlowPoll { task, took, .. }] = &found[..] else {
        panic!("{found:?}");
    };
    assert_eq!(*took, LIMIT);
    assert!(task.site.unwrap().file().ends_with("common/mod.rs"));
    let text = found[0].to_string();
    for part in ["\"slow\"", "common/mod.rs", "100.0ms"] {
        assert!(text.contains(part), "{part} is missing in {text}");
    }
}

#[test]
fn each_slow_poll_is_found() {
    listen();
    run_task("slow again and again", |world| async move {
        for ms in [100, 5, 200, 5] {
            world.advance(Duration::from_millis(ms));
            yield_now().await;
        }
    });
    assert_eq!(found_of("slow again and again").len(), 2);
}

#[test]
fn slow_poll_that_panics_is_found() {
    listen();
    let world = VirtualWorld::new(7);
    world.run(|| {
        let task = Header::new(Spawned::here().named("slow and panicking"));
        let failed = std::panic::catch_unwind(|| {
            task.poll(|| {
                world.advance(LIMIT);
                panic!("expected");
            })
        });
        assert!(failed.is_err());
    });
    assert_eq!(found_of("slow and panicking").len(), 1);
}

#[test]
fn quick_polls_and_long_waits_are_not() {
    listen();
    run_task("quick", |world| async move {
        for _ in 0..1000 {
            world.advance(LIMIT - NANO);
            yield_now().await;
        }
        sleep(Duration::from_secs(3600)).await;
    });
    assert!(found_of("quick").is_empty());
}

#[test]
fn poll_is_timed_by_the_clock_of_the_operating_system_outside_a_world() {
    listen();
    let spin = |limit: Duration| {
        let start = trill_world::now();
        while trill_world::now() - start < limit {}
    };
    let task = Header::new(Spawned::here().named("slow on the wall"));
    task.poll(|| spin(LIMIT * 2));
    let found = found_of("slow on the wall");
    let [Finding::SlowPoll { took, .. }] = &found[..] else {
        panic!("{found:?}");
    };
    // It lasted at least so long; a preempted thread may have taken longer.
    assert!(*took >= LIMIT * 2 - Duration::from_millis(2), "{took:?}");
}

#[test]
fn long_job_of_a_blocking_pool_is_not_slow() {
    listen();
    let world = VirtualWorld::with_outside_wakes(7);
    world.run(|| {
        let pool = Pool::new();
        let inside = world.clone();
        block_on(pool.unblock(move || inside.advance(LIMIT * 10)));
        let inside = world.clone();
        block_on(pool.to_thread(move || inside.advance(LIMIT * 10)));
    });
    let jobs = common::found(|finding| {
        common::task(finding).is_some_and(|task| {
            task.site
                .is_some_and(|site| site.file().ends_with("slow_poll.rs") && task.name.is_none())
        })
    });
    assert!(jobs.is_empty(), "{jobs:?}");
}
