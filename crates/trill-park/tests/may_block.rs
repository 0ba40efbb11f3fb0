//! Who may block: threads, jobs that say so, and no future.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

use std::panic::{AssertUnwindSafe, catch_unwind};

use trill_cell::{Header, Spawned};
use trill_park::{block_on, is_polling, may_block, was_allowed};
use trill_world::VirtualWorld;

#[test]
fn thread_may_block() {
    assert!(!is_polling());
}

#[test]
fn task_may_not_block() {
    let task = Header::new(Spawned::here());
    task.poll(|| assert!(is_polling()));
    assert!(!is_polling());
}

#[test]
fn future_of_block_on_may_not_block() {
    block_on(async { assert!(is_polling()) });
    assert!(!is_polling());
}

#[test]
fn job_that_says_so_may_block() {
    let (job, other) = (Header::new(Spawned::here()), Header::new(Spawned::here()));
    job.poll(|| {
        may_block(|| assert!(!is_polling()));
        assert!(is_polling());
    });
    assert!(was_allowed(job.id()) && !was_allowed(other.id()));
}

#[test]
fn what_such_a_job_polls_may_not_block() {
    let (job, task) = (Header::new(Spawned::here()), Header::new(Spawned::here()));
    job.poll(|| {
        may_block(|| {
            block_on(async { assert!(is_polling()) });
            task.poll(|| assert!(is_polling()));
            assert!(!is_polling());
        });
    });
}

#[test]
fn inner_block_on_may_not_block_where_the_outer_may() {
    block_on(async {
        may_block(|| {
            assert!(!is_polling());
            block_on(async { assert!(is_polling()) });
            VirtualWorld::new(1).run(|| block_on(async { assert!(is_polling()) }));
        });
    });
}

#[test]
fn panic_takes_the_permission_back() {
    let job = Header::new(Spawned::here());
    job.poll(|| {
        let failed = catch_unwind(AssertUnwindSafe(|| may_block(|| panic!("expected"))));
        assert!(failed.is_err());
        assert!(is_polling());
    });
}
