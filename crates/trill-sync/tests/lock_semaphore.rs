//! The semaphore: order, conservation, many permits at once.
#![allow(clippy::disallowed_methods)] // Threads that contend are the matter here.

mod lock_support;

use std::sync::Arc;
use std::thread;

use futures_lite::future::yield_now;
use lock_support::Hand;
use trill_park::block_on;
use trill_sync::{Semaphore, SemaphoreGuard};

#[test]
fn waiters_finish_in_order_of_arrival() {
    let semaphore = Semaphore::new(0);
    let mut waiters: Vec<_> = (0..6).map(|_| Hand::waiting(semaphore.acquire())).collect();
    for next in 0..waiters.len() {
        semaphore.add_permits(1);
        let woken = waiters.iter().filter(|waiter| waiter.wakes() == 1).count();
        assert_eq!(woken, next + 1);
        waiters[next].ready().forget();
    }
}

#[test]
fn one_release_lets_in_as_many_as_fit() {
    let semaphore = Semaphore::new(0);
    let mut waiters: Vec<_> = [1, 2, 1, 3, 1]
        .map(|permits| Hand::waiting(semaphore.acquire_many(permits)))
        .into();
    semaphore.add_permits(5);
    let woken: Vec<_> = waiters.iter().map(Hand::wakes).collect();
    assert_eq!(woken, [1, 1, 1, 0, 0]);
    // The one permit that is left is kept for the fourth.
    assert_eq!(semaphore.available_permits(), 1);
    assert!(semaphore.try_acquire().is_none());
    assert!(waiters[4].poll().is_pending());
    semaphore.add_permits(3);
    assert_eq!(waiters[3].ready().permits(), 3);
    drop(waiters[4].ready());
}

#[test]
fn a_big_request_that_gives_up_lets_smaller_ones_in() {
    let semaphore = Semaphore::new(2);
    let mut big = Hand::waiting(semaphore.acquire_many(3));
    let mut small = Hand::waiting(semaphore.acquire());
    big.cancel();
    assert_eq!(small.wakes(), 1);
    drop(small.ready());
}

// Fault 40d
#[test]
fn permits_handed_to_a_waiter_that_is_dropped_go_to_the_next() {
    let semaphore = Semaphore::new(0);
    let mut waiters: Vec<_> = [2, 1, 1]
        .map(|permits| Hand::waiting(semaphore.acquire_many(permits)))
        .into();
    semaphore.add_permits(2);
    assert_eq!(waiters[0].wakes(), 1);
    waiters[0].cancel();
    let held = [waiters[1].ready(), waiters[2].ready()];
    assert_eq!(semaphore.available_permits(), 0);
    drop(held);
    assert_eq!(semaphore.available_permits(), 2);
}

/// A seeded walk over acquire, release, cancel, add and forget; the sum never changes but by add and forget.
#[test]
fn permits_are_conserved_under_any_mix() {
    let mut seed = 0x9E37_79B9_7F4A_7C15u64;
    let mut random = move |below: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        (seed % below as u64) as usize
    };
    let semaphore = Semaphore::new(4);
    let mut total = 4;
    let mut held: Vec<SemaphoreGuard<'_>> = Vec::new();
    let mut waiting: Vec<(u32, Hand<_>)> = Vec::new();
    for _ in 0..20_000 {
        match random(6) {
            0 if waiting.len() < 8 => {
                let permits = 1 + random(3) as u32;
                let mut hand = Hand::new(semaphore.acquire_many(permits));
                match hand.poll() {
                    std::task::Poll::Ready(guard) => {
                        assert!(waiting.iter().all(|(_, other)| other.wakes() == 1));
                        held.push(guard);
                    }
                    std::task::Poll::Pending => waiting.push((permits, hand)),
                }
            }
            1 if !held.is_empty() => drop(held.swap_remove(random(held.len()))),
            2 if !waiting.is_empty() => waiting.remove(random(waiting.len())).1.cancel(),
            3 => {
                if let Some(at) = waiting.iter().position(|(_, hand)| hand.wakes() == 1) {
                    held.push(waiting.remove(at).1.ready());
                }
            }
            4 if total < 12 => {
                semaphore.add_permits(1);
                total += 1;
            }
            5 if total > 4 => total -= semaphore.forget_permits(1),
            _ => {}
        }
        let in_hand: u32 = held.iter().map(SemaphoreGuard::permits).sum();
        let in_flight: u32 = waiting
            .iter()
            .filter(|(_, hand)| hand.wakes() == 1)
            .map(|(permits, _)| permits)
            .sum();
        let available = semaphore.available_permits();
        assert_eq!(available + in_hand as usize + in_flight as usize, total);
        // Nobody waits for what is there, and those who were let in are the first.
        let first = waiting.iter().position(|(_, hand)| hand.wakes() == 0);
        if let Some(first) = first {
            assert!(waiting[first].0 as usize > available);
            assert!(waiting[first..].iter().all(|(_, hand)| hand.wakes() == 0));
        }
    }
}

#[test]
fn guards_split_and_forget() {
    let semaphore = Arc::new(Semaphore::new(5));
    let mut guard = semaphore.try_acquire_many(4).unwrap();
    let half = guard.split(2).unwrap();
    assert!(guard.split(3).is_none());
    half.forget();
    assert_eq!(semaphore.available_permits(), 1);
    drop(guard);
    assert_eq!(semaphore.available_permits(), 3);
    let mut guard = block_on(semaphore.acquire_many_arc(3));
    drop(guard.split(1));
    assert_eq!(semaphore.available_permits(), 1);
    guard.forget();
    assert_eq!(semaphore.available_permits(), 1);
    assert_eq!(Arc::strong_count(&semaphore), 1);
}

#[test]
fn the_count_stays_at_its_maximum() {
    let semaphore = Semaphore::new(usize::MAX);
    let guard = semaphore.try_acquire().unwrap();
    semaphore.add_permits(5);
    assert_eq!(semaphore.available_permits(), usize::MAX);
    drop(guard);
    assert_eq!(semaphore.available_permits(), usize::MAX);
}

#[test]
fn nothing_can_be_asked_for() {
    let semaphore = Semaphore::new(0);
    assert_eq!(Hand::new(semaphore.acquire_many(0)).ready().permits(), 0);
}

#[test]
fn never_more_threads_inside_than_permits() {
    use std::sync::atomic::{AtomicUsize, Ordering};

    let semaphore = Arc::new(Semaphore::new(2));
    let inside = Arc::new(AtomicUsize::new(0));
    let threads: Vec<_> = (0..5)
        .map(|_| {
            let (semaphore, inside) = (semaphore.clone(), inside.clone());
            thread::spawn(move || {
                block_on(async {
                    for _ in 0..300 {
                        let _guard = semaphore.acquire().await;
                        assert!(inside.fetch_add(1, Ordering::SeqCst) < 2);
                        yield_now().await;
                        inside.fetch_sub(1, Ordering::SeqCst);
                    }
                });
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    assert_eq!((semaphore.available_permits(), semaphore.waiters()), (2, 0));
}
