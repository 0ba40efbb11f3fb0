//! Idle threads end, on the clock of their world.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod common;

use std::sync::mpsc;
use std::time::Duration;

use common::{Gate, until};
use trill_blocking::{Pool, unblock};
use trill_park::block_on;
use trill_world::{Spot, VirtualWorld, World};

/// Waits in the current world, which is a simulated one.
fn wait(delay: Duration) {
    let until = trill_world::now() + delay;
    let world = World::current();
    while trill_world::now() < until {
        world
            .simulation()
            .unwrap()
            .park(Spot(u64::MAX), Some(until));
    }
}

#[test]
fn idle_thread_ends_after_ten_seconds() {
    let world = VirtualWorld::new(7);
    world.run(|| {
        let pool = Pool::new();
        block_on(pool.unblock(|| ()));
        until(|| pool.stats().idle == 1);
        // The clock jumps from one deadline to the next only when all threads wait.
        wait(Duration::from_millis(9_900));
        assert_eq!(pool.stats().threads, 1);
        wait(Duration::from_millis(200));
        until(|| pool.stats().threads == 0);
        assert!(world.elapsed() < Duration::from_secs(11));
    });
}

#[test]
fn work_makes_the_patience_start_again() {
    let world = VirtualWorld::new(7);
    world.run(|| {
        let pool = Pool::builder()
            .keep_alive(Duration::from_secs(2))
            .build()
            .unwrap();
        for _ in 0..10 {
            block_on(pool.unblock(|| ()));
            until(|| pool.stats().idle == 1);
            wait(Duration::from_millis(1_900));
        }
        assert_eq!(pool.stats().started, 1);
        wait(Duration::from_millis(200));
        until(|| pool.stats().threads == 0);
    });
}

#[test]
fn thread_is_started_again_after_all_have_ended() {
    let world = VirtualWorld::new(7);
    world.run(|| {
        let pool = Pool::new();
        for round in 1..=5 {
            assert_eq!(block_on(pool.unblock(|| 5)), 5);
            assert_eq!(pool.stats().started, round);
            until(|| pool.stats().idle == 1);
            wait(Duration::from_secs(3600));
            until(|| pool.stats().threads == 0);
        }
    });
}

#[test]
fn dropped_pool_dismisses_threads_of_a_simulated_world() {
    let world = VirtualWorld::new(7);
    world.run(|| {
        let pool = Pool::builder().keep_alive(common::LONG).build().unwrap();
        block_on(pool.unblock(|| ()));
        until(|| pool.stats().idle == 1);
        drop(pool);
        // A thread that stayed without a deadline, or an unpark that nobody took, would make this wait for ever.
        wait(Duration::from_secs(5));
    });
}

#[test]
fn jobs_live_in_the_world_of_their_pool() {
    let world = VirtualWorld::with_outside_wakes(7);
    let pool = world.run(Pool::new);
    let os = Pool::new();
    world.run(|| {
        world.advance(Duration::from_secs(3600));
        let inside = block_on(unblock(trill_world::now));
        assert_eq!(inside, trill_world::now());
        assert!(block_on(os.unblock(|| World::current().is_os())));
    });
    // From outside, too.
    let (send, receive) = mpsc::channel();
    pool.unblock(move || send.send(World::current().is_os()).unwrap())
        .detach();
    assert_eq!(receive.recv(), Ok(false));
}

#[test]
fn pool_of_a_world_is_shared_and_ends_with_its_threads() {
    let world = VirtualWorld::new(7);
    world.run(|| {
        let gate = Gate::default();
        let held = unblock({
            let gate = gate.clone();
            move || gate.pass()
        });
        assert_eq!(Pool::current().stats().threads, 1);
        block_on(unblock(|| ()));
        assert_eq!(Pool::current().stats().started, 2);
        gate.open();
        block_on(held);
        wait(Duration::from_secs(11));
        // Nobody else holds it, so with its last thread it is forgotten, and the next one starts from nothing.
        until(|| Pool::current().stats().started == 0);
    });
}

#[test]
fn thread_without_patience_ends_at_once() {
    let pool = Pool::builder().keep_alive(Duration::ZERO).build().unwrap();
    for _ in 0..20 {
        assert_eq!(block_on(pool.unblock(|| 5)), 5);
    }
    until(|| pool.stats().threads == 0);
}
