//! A thread that goes from one simulated world to the next leaves little behind, and no timer that somebody still has.
#![allow(unsafe_code)] // A counting allocator is an unsafe trait.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod common;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::pin::Pin;
use std::time::Duration;

use common::{ms, poll_once};
use trill_park::block_on;
use trill_timer::{Sleep, Timer, sleep};
use trill_world::VirtualWorld;

/// Counts the bytes that each thread has taken and not given back; below zero it wraps.
struct Counting;

thread_local! {
    static BYTES: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: passes everything on to the system's allocator, which keeps the contract. Any test here would crash if not.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        BYTES.set(BYTES.get().wrapping_add(layout.size()));
        // SAFETY: the caller keeps the contract of the same function. Any test here would crash if not.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        BYTES.set(BYTES.get().wrapping_sub(layout.size()));
        // SAFETY: as above.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// Sleeps in a world of its own.
fn visit(seed: usize) {
    VirtualWorld::new(seed as u64).run(|| {
        block_on(async {
            sleep(ms(5)).await;
            let mut timer = Timer::never();
            assert!(poll_once(&mut timer).is_pending());
        });
    });
}

#[test]
fn a_world_that_was_left_keeps_less_than_a_kilobyte() {
    const WORLDS: usize = 1000;
    visit(0);
    let before = BYTES.get();
    (1..=WORLDS).for_each(visit);
    let each = BYTES.get().saturating_sub(before) / WORLDS;
    assert!(each < 1024, "each world keeps {each} bytes");
}

#[test]
fn worlds_that_are_entered_in_each_other_are_let_go_too() {
    const WORLDS: usize = 100;
    let nested = |seed| {
        VirtualWorld::new(seed as u64).run(|| {
            block_on(async {
                sleep(ms(5)).await;
                visit(seed);
                sleep(ms(5)).await;
            });
        });
    };
    nested(0);
    let before = BYTES.get();
    (1..=WORLDS).for_each(nested);
    let each = BYTES.get().saturating_sub(before) / WORLDS;
    assert!(each < 2048, "both worlds keep {each} bytes");
}

#[test]
fn a_timer_that_lives_on_fires_when_its_world_is_entered_again() {
    let world = VirtualWorld::new(1);
    let mut timer = world.run(|| {
        let mut timer = Timer::after(Duration::from_secs(1));
        block_on(async { assert!(poll_once(&mut timer).is_pending()) });
        timer
    });
    visit(2);
    let start = world.elapsed();
    world.run(|| block_on(&mut timer));
    assert_eq!(world.elapsed() - start, Duration::from_secs(1));
}

#[test]
fn a_timer_that_fired_is_over_also_when_its_world_was_left() {
    let world = VirtualWorld::new(1);
    let mut fired: Pin<Box<Sleep>> = world.run(|| {
        let mut fired = Box::pin(sleep(ms(1)));
        block_on(async {
            assert!(poll_once(&mut fired).is_pending());
            sleep(ms(2)).await;
        });
        fired
    });
    visit(2);
    let start = world.elapsed();
    world.run(|| block_on(&mut fired));
    assert_eq!(world.elapsed(), start);
}
