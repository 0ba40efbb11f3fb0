//! What allocates memory, and what does not.
#![allow(unsafe_code)] // A counting allocator is an unsafe trait.

mod common;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::future::ready;
use std::task::Waker;
use std::time::Duration;

use common::{in_world, ms, poll_once, poll_with};
use trill_timer::{Sleep, Timer, sleep, timeout};

/// Counts the allocations of each thread.
struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: passes everything on to the system's allocator, which keeps the contract. Any test here would crash if not.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller keeps the contract of the same function. Any test here would crash if not.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// How often `run` allocates.
fn allocations(run: impl FnOnce()) -> usize {
    let before = ALLOCATIONS.get();
    run();
    ALLOCATIONS.get() - before
}

#[test]
fn counting_counts() {
    assert_eq!(allocations(|| drop(Box::new(5))), 1);
}

// Fault 38b
#[test]
fn arming_resetting_and_cancelling_allocate_nothing_when_warm() {
    in_world(async {
        let work = || {
            let mut sleeps: [Sleep; 100] = std::array::from_fn(|n| sleep(ms(1 + n as u64)));
            for sleep in &mut sleeps {
                assert!(poll_once(sleep).is_pending());
            }
            for sleep in &mut sleeps {
                sleep.reset(trill_world::now() + ms(2000));
                assert!(poll_once(sleep).is_pending());
            }
            let mut never = Timer::never();
            assert!(poll_with(&mut never, Waker::noop()).is_pending());
            never.set_after(ms(5));
            never.clear();
            assert!(poll_once(&mut timeout(ms(5), std::future::pending::<()>())).is_pending());
        };
        assert!(allocations(work) > 0, "the first page of slots");
        assert_eq!(allocations(work), 0);
    });
}

// Fault 38b
#[test]
fn firing_and_arming_again_take_the_slots_of_before() {
    in_world(async {
        let arm = || {
            let mut sleeps: [Sleep; 100] = std::array::from_fn(|n| sleep(ms(1 + n as u64 % 7)));
            for sleep in &mut sleeps {
                assert!(poll_once(sleep).is_pending());
            }
            sleeps
        };
        let fired = arm();
        sleep(ms(10)).await;
        assert_eq!(allocations(|| drop(arm())), 0);
        drop(fired);
    });
}

// Behaviour 3: creating and cancelling a million timers leaves memory bounded by those that live at one time.
// Fault 38b
#[test]
fn a_million_cancelled_timers_take_no_more_memory_than_those_that_lived_at_once() {
    in_world(async {
        const LIVE: usize = 1000;
        let mut live: Vec<Option<Sleep>> = (0..LIVE).map(|_| None).collect();
        // The thread's wheel, and its first page.
        assert!(poll_once(&mut sleep(ms(1))).is_pending());
        let count = allocations(|| {
            for number in 0..1_000_000 {
                // Near, far and never, in an order that leaves holes everywhere.
                let delay = match number % 3 {
                    0 => ms(1 + number % 977),
                    1 => Duration::from_secs(number * 7919),
                    _ => Duration::MAX,
                };
                let mut new = sleep(delay);
                assert!(poll_once(&mut new).is_pending());
                live[(number * 7919 % LIVE as u64) as usize] = Some(new);
            }
        });
        // One more lives for a moment than stays. A page has 128 slots, and the list of pages grows by doubling.
        let pages = (LIVE + 1).div_ceil(128);
        let lists = pages.ilog2() as usize + 1;
        assert!(count <= pages + lists, "{count} allocations");
        assert!(
            count >= pages - 1,
            "{count} allocations are too few to be counted right"
        );
        drop(live);
        // All slots are free again: as many more take no page.
        let mut again: Vec<Sleep> = (0..LIVE).map(|_| sleep(ms(5))).collect();
        let polled = || assert!(again.iter_mut().all(|it| poll_once(it).is_pending()));
        assert_eq!(allocations(polled), 0);
    });
}

#[test]
fn timeout_whose_body_is_ready_allocates_nothing() {
    let count = allocations(|| {
        for delay in [Duration::ZERO, ms(5), Duration::MAX] {
            assert!(poll_once(&mut timeout(delay, ready(5))).is_ready());
        }
    });
    assert_eq!(count, 0);
}
