//! The mutex that is handed over in order of arrival.
#![allow(clippy::disallowed_methods)] // Threads that contend are the matter here.

mod lock_support;

use std::sync::Arc;
use std::thread;

use futures_lite::future::yield_now;
use lock_support::Hand;
use trill_park::block_on;
use trill_sync::{FairMutex, FairMutexGuard, FairMutexGuardArc};

#[test]
fn unlocking_hands_the_lock_to_the_first_waiter() {
    let mutex = FairMutex::new(());
    let guard = mutex.try_lock();
    let mut waiter = Hand::waiting(mutex.lock());
    drop(guard);
    assert_eq!(waiter.wakes(), 1);
    // The waiter has not run, and has the lock nevertheless.
    assert!(mutex.is_locked());
    assert!(mutex.try_lock().is_none());
    let mut newcomer = Hand::waiting(mutex.lock());
    drop(waiter.ready());
    drop(newcomer.ready());
}

#[test]
fn try_lock_fails_while_somebody_waits() {
    let mutex = FairMutex::new(());
    let guard = mutex.try_lock();
    let mut waiters: Vec<_> = (0..2).map(|_| Hand::waiting(mutex.lock())).collect();
    drop(guard);
    let first = waiters[0].ready();
    assert!(mutex.try_lock().is_none());
    drop(first);
    assert!(mutex.try_lock().is_none());
    drop(waiters[1].ready());
    assert!(mutex.try_lock().is_some());
}

/// Unlocks and cancels waiters in every order; the lock always ends with the first who is left.
#[test]
fn the_lock_survives_every_order_of_unlocking_and_cancelling() {
    for waiters in 1..=3usize {
        for cancelled in 0..1usize << waiters {
            for unlock_at in 0..=waiters {
                let mutex = FairMutex::new(());
                let mut guard = mutex.try_lock();
                let mut hands: Vec<_> = (0..waiters).map(|_| Hand::waiting(mutex.lock())).collect();
                for (index, hand) in hands.iter_mut().enumerate() {
                    if index == unlock_at {
                        guard = None;
                    }
                    if cancelled & 1 << index != 0 {
                        hand.cancel();
                    }
                }
                drop(guard.take());
                let case = format!("{waiters} waiters, {cancelled:b} cancelled, {unlock_at}");
                let mut left = (0..waiters).filter(|index| cancelled & 1 << index == 0);
                match left.next() {
                    None => assert!(mutex.try_lock().is_some(), "{case}"),
                    Some(first) => {
                        assert_eq!(hands[first].wakes(), 1, "{case}");
                        let held = hands[first].ready();
                        for other in left.clone() {
                            assert!(hands[other].poll().is_pending(), "{case}");
                        }
                        drop(held);
                        for other in left {
                            drop(hands[other].ready());
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn a_queue_of_cancelled_waiters_is_skipped() {
    let mutex = FairMutex::new(());
    let guard = mutex.try_lock();
    let mut waiters: Vec<_> = (0..20).map(|_| Hand::waiting(mutex.lock())).collect();
    for waiter in &mut waiters[..19] {
        waiter.cancel();
    }
    drop(guard);
    drop(waiters[19].ready());
}

#[test]
fn threads_get_the_lock_in_turn() {
    let mutex = Arc::new(FairMutex::new(0));
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let mutex = mutex.clone();
            thread::spawn(move || {
                block_on(async {
                    for _ in 0..300 {
                        let mut guard = mutex.lock_arc().await;
                        let before = *guard;
                        yield_now().await;
                        *guard = before + 1;
                    }
                });
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    assert_eq!(*mutex.lock_blocking(), 4 * 300);
    assert!(!mutex.is_locked());
}

#[test]
fn it_says_what_it_is() {
    let mutex = Arc::new(FairMutex::new(7));
    assert_eq!(format!("{mutex:?}"), "FairMutex { data: 7, waiters: 0 }");
    let guard = mutex.lock_blocking();
    assert_eq!(format!("{guard:?} {guard}"), "7 7");
    assert!(FairMutexGuard::source(&guard).is_locked());
    drop(guard);
    let guard = mutex.lock_arc_blocking();
    assert!(Arc::ptr_eq(FairMutexGuardArc::source(&guard), &mutex));
}
