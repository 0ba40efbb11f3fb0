//! Limits: per class and in all, and what a full class does to others.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod common;

use common::{Crowd, Gate, class, until};
use trill_blocking::{Class, Pool, Task};
use trill_park::block_on;

static NAMES: Class = Class::new("names", 2);
static FILES: Class = Class::new("files", 3);

/// Submits jobs that wait at the gate.
fn crowd(pool: &Pool, class: &Class, jobs: usize, gate: &Gate, crowd: &Crowd) -> Vec<Task<()>> {
    (0..jobs)
        .map(|_| {
            let (gate, crowd) = (gate.clone(), crowd.clone());
            pool.unblock_in(class, move || {
                crowd.enter();
                gate.pass();
                crowd.leave();
            })
        })
        .collect()
}

fn join(tasks: Vec<Task<()>>) {
    block_on(async {
        for task in tasks {
            task.await;
        }
    });
}

#[test]
fn class_holds_no_more_threads_than_its_limit() {
    let pool = Pool::new();
    let (gate, inside) = (Gate::default(), Crowd::default());
    let tasks = crowd(&pool, &NAMES, 10, &gate, &inside);
    until(|| inside.most() == 2);
    let names = class(&pool, "names");
    assert_eq!((names.running, names.queued), (2, 8));
    gate.open();
    join(tasks);
    assert_eq!(inside.most(), 2);
    assert_eq!(pool.stats().started, 2);
}

// Fault 17b
#[test]
fn full_class_does_not_block_another() {
    let pool = Pool::new();
    let (stuck, inside) = (Gate::default(), Crowd::default());
    let names = crowd(&pool, &NAMES, 10, &stuck, &inside);
    until(|| inside.most() == 2);
    // More files than may run at once, while all look-ups hang.
    let open = Gate::default();
    open.open();
    join(crowd(&pool, &FILES, 20, &open, &Crowd::default()));
    assert_eq!(class(&pool, "names").queued, 8);
    stuck.open();
    join(names);
}

#[test]
fn idle_threads_of_one_class_serve_another() {
    let pool = Pool::builder().keep_alive(common::LONG).build().unwrap();
    let (gate, inside) = (Gate::default(), Crowd::default());
    let files = crowd(&pool, &FILES, 3, &gate, &inside);
    until(|| inside.most() == 3);
    gate.open();
    join(files);
    until(|| pool.stats().idle == 3);
    join(crowd(&pool, &NAMES, 10, &gate, &inside));
    assert_eq!(pool.stats().started, 3);
}

#[test]
fn pool_has_no_more_threads_than_its_limit() {
    let pool = Pool::builder().max_threads(4).build().unwrap();
    let (gate, inside) = (Gate::default(), Crowd::default());
    let mut tasks = crowd(&pool, &FILES, 5, &gate, &inside);
    tasks.extend(crowd(&pool, &Class::DEFAULT, 20, &gate, &inside));
    until(|| inside.most() == 4);
    let stats = pool.stats();
    assert_eq!((stats.threads, stats.idle), (4, 0));
    assert_eq!(class(&pool, "files").running, 3);
    assert_eq!(class(&pool, "default").running, 1);
    gate.open();
    join(tasks);
    assert_eq!(inside.most(), 4);
    assert_eq!(pool.stats().started, 4);
}

#[test]
fn higher_limit_starts_threads_for_what_waits() {
    let pool = Pool::builder().max_threads(1).build().unwrap();
    let (gate, inside) = (Gate::default(), Crowd::default());
    let tasks = crowd(&pool, &Class::DEFAULT, 5, &gate, &inside);
    until(|| inside.most() == 1);
    assert_eq!(class(&pool, "default").queued, 4);
    pool.set_max_threads(3);
    until(|| inside.most() == 3);
    assert_eq!(class(&pool, "default").queued, 2);
    gate.open();
    join(tasks);
}

#[test]
fn lower_limit_dismisses_idle_threads_at_once_and_busy_ones_later() {
    let pool = Pool::builder().keep_alive(common::LONG).build().unwrap();
    let (gate, inside) = (Gate::default(), Crowd::default());
    let busy = crowd(&pool, &NAMES, 2, &gate, &inside);
    let idle_gate = Gate::default();
    let idle = crowd(&pool, &FILES, 3, &idle_gate, &inside);
    until(|| inside.most() == 5);
    idle_gate.open();
    join(idle);
    until(|| pool.stats().idle == 3);

    pool.set_max_threads(1);
    assert_eq!((pool.stats().threads, pool.stats().idle), (2, 0));
    let queued = pool.unblock(|| 5);
    gate.open();
    join(busy);
    assert_eq!(block_on(queued), 5);
    until(|| pool.stats().idle == 1);
    assert_eq!(pool.stats().threads, 1);
}

#[test]
fn limit_of_zero_threads_counts_as_one() {
    let pool = Pool::new();
    pool.set_max_threads(0);
    assert_eq!(block_on(pool.unblock(|| 5)), 5);
}
