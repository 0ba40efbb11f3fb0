//! Closing a semaphore.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)] // A failed step fails its test; plain threads are the matter.
#![cfg(not(loom))]

mod lock_support;
mod schedule;

use std::cell::Cell;
use std::sync::Arc;
use std::thread;

use lock_support::Hand;
use schedule::{Schedule, jitter, or_give_up, search};
use trill_sync::{Semaphore, SemaphoreClosed};

#[test]
fn those_who_wait_and_those_who_come_later_are_told() {
    let semaphore = Arc::new(Semaphore::new(1));
    let held = semaphore.acquire_open_blocking().unwrap();
    let mut waiters = [
        Hand::waiting(semaphore.acquire_open()),
        Hand::waiting(semaphore.acquire_many_open(2)),
    ];
    let mut kept_alive = Hand::waiting(semaphore.acquire_open_arc());
    assert!(semaphore.close());
    assert!(semaphore.is_closed());
    for waiter in &mut waiters {
        assert_eq!(waiter.wakes(), 1);
        assert_eq!(waiter.ready().unwrap_err(), SemaphoreClosed);
    }
    assert!(kept_alive.ready().is_err());
    assert!(semaphore.acquire_open_blocking().is_err());
    assert_eq!(semaphore.waiters(), 0);
    drop(held);
    assert_eq!(semaphore.available_permits(), 1);
}

#[test]
fn one_that_was_handed_a_permit_and_finds_it_closed_passes_it_on() {
    let semaphore = Semaphore::new(1);
    let held = semaphore.acquire_blocking();
    let mut open = Hand::waiting(semaphore.acquire_open());
    let mut plain = Hand::waiting(semaphore.acquire());
    drop(held);
    semaphore.close();
    assert_eq!(open.ready().unwrap_err(), SemaphoreClosed);
    // The plain form takes no notice of the closing.
    assert_eq!(plain.wakes(), 1);
    drop(plain.ready());
    assert!(semaphore.try_acquire().is_some());
}

#[test]
fn plain_and_open_requests_share_one_line() {
    let semaphore = Semaphore::new(0);
    let mut plain = Hand::waiting(semaphore.acquire());
    let mut open = Hand::waiting(semaphore.acquire_open());
    let mut last = Hand::waiting(semaphore.acquire());
    semaphore.add_permits(2);
    assert_eq!((plain.wakes(), open.wakes(), last.wakes()), (1, 1, 0));
    open.cancel();
    assert_eq!(last.wakes(), 1);
    drop((plain.ready(), last.ready()));
    assert_eq!(semaphore.available_permits(), 2);
}

#[test]
fn a_thread_that_waits_is_told() {
    let semaphore = Arc::new(Semaphore::new(0));
    let waits = thread::spawn({
        let semaphore = semaphore.clone();
        move || semaphore.acquire_open_blocking().is_err()
    });
    while semaphore.waiters() == 0 {
        thread::yield_now();
    }
    semaphore.close();
    assert!(waits.join().unwrap());
    assert!(SemaphoreClosed.to_string().contains("closed"));
}

/// Requests of both kinds, some of which give up, and a close somewhere.
fn close_somewhere() {
    let semaphore = Semaphore::new(2);
    let closed = Cell::new(false);
    let mut schedule = Schedule::new();
    for permits in 1..=2 {
        schedule.spawn_fragile(async {
            for _ in 0..3 {
                jitter().await;
                drop(or_give_up(semaphore.acquire_many(1)).await);
            }
        });
        let (semaphore, closed) = (&semaphore, &closed);
        schedule.spawn(async move {
            // Ends only by the closing.
            loop {
                jitter().await;
                let was_closed = closed.get();
                match or_give_up(semaphore.acquire_many_open(permits)).await {
                    Ok(Ok(guard)) => {
                        assert!(!was_closed, "nobody gets a permit after the closing");
                        jitter().await;
                        drop(guard);
                    }
                    Ok(Err(SemaphoreClosed)) => break,
                    Err(_) => {}
                }
            }
            assert!(closed.get());
        });
    }
    schedule.spawn(async {
        for _ in 0..5 {
            jitter().await;
        }
        closed.set(true);
        assert!(semaphore.close());
    });
    schedule.finish(|| {});
    drop(schedule);
    assert_eq!((semaphore.available_permits(), semaphore.waiters()), (2, 0));
}

#[test]
fn everybody_hears_of_the_closing_in_every_schedule() {
    search(10_000, close_somewhere);
}
