//! The mutex that is taken by whoever polls first.
#![allow(clippy::disallowed_methods)] // Threads that contend are the matter here.

mod lock_support;

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::thread;

use futures_lite::future::yield_now;
use lock_support::Hand;
use trill_park::block_on;
use trill_sync::{Mutex, MutexGuard, MutexGuardArc};

#[test]
fn a_second_lock_waits_and_is_woken_by_the_first() {
    let mutex = Mutex::new(1);
    let guard = mutex.try_lock().unwrap();
    let mut second = Hand::waiting(mutex.lock());
    assert_eq!((mutex.waiters(), second.wakes()), (1, 0));
    drop(guard);
    assert_eq!((mutex.waiters(), second.wakes()), (0, 1));
    assert_eq!(*second.ready(), 1);
}

#[test]
fn waiters_are_woken_in_order_of_arrival() {
    let mutex = Mutex::new(());
    let mut guard = mutex.try_lock();
    let mut waiters: Vec<_> = (0..5).map(|_| Hand::waiting(mutex.lock())).collect();
    for next in 0..waiters.len() {
        drop(guard.take());
        let woken: Vec<_> = waiters.iter().map(Hand::wakes).collect();
        let expected: Vec<_> = (0..5).map(|index| usize::from(index <= next)).collect();
        assert_eq!(woken, expected);
        guard = Some(waiters[next].ready());
    }
}

// Fault 40d
#[test]
fn a_woken_waiter_that_is_dropped_passes_its_turn_on() {
    let mutex = Mutex::new(());
    let guard = mutex.try_lock();
    let mut waiters: Vec<_> = (0..3).map(|_| Hand::waiting(mutex.lock())).collect();
    drop(guard);
    waiters[0].cancel();
    assert_eq!(waiters[1].wakes(), 1);
    waiters[1].cancel();
    assert_eq!(waiters[2].wakes(), 1);
    drop(waiters[2].ready());
}

#[test]
fn a_waiter_that_is_dropped_before_its_turn_is_forgotten() {
    let mutex = Mutex::new(());
    let guard = mutex.try_lock();
    let mut waiters: Vec<_> = (0..3).map(|_| Hand::waiting(mutex.lock())).collect();
    waiters[0].cancel();
    waiters[1].cancel();
    assert_eq!(mutex.waiters(), 1);
    drop(guard);
    drop(waiters[2].ready());
    assert!(mutex.try_lock().is_some());
}

#[test]
fn a_newcomer_takes_the_lock_before_a_woken_waiter_has_run() {
    let mutex = Mutex::new(());
    let guard = mutex.try_lock();
    let mut waiter = Hand::waiting(mutex.lock());
    drop(guard);
    let newcomer = Hand::new(mutex.lock()).ready();
    assert!(waiter.poll().is_pending());
    drop(newcomer);
    drop(waiter.ready());
}

#[test]
fn a_waiter_that_lost_twice_goes_before_newcomers() {
    let mutex = Mutex::new(());
    let guard = mutex.try_lock();
    let mut waiter = Hand::waiting(mutex.lock());
    drop(guard);
    for _ in 0..2 {
        let newcomer = Hand::new(mutex.lock()).ready();
        assert!(waiter.poll().is_pending());
        drop(newcomer);
    }
    // Now the newcomer steps back, and the waiter, which was woken before, gets the lock.
    let mut newcomer = Hand::waiting(mutex.lock());
    assert_eq!(newcomer.wakes(), 1);
    let guard = waiter.ready();
    assert!(newcomer.poll().is_pending());
    drop(guard);
    drop(newcomer.ready());
}

#[test]
fn a_waiter_that_nobody_polls_holds_a_newcomer_up_by_one_turn() {
    let mutex = Mutex::new(());
    let guard = mutex.try_lock();
    let mut starving = Hand::waiting(mutex.lock());
    drop(guard);
    for _ in 0..2 {
        let newcomer = Hand::new(mutex.lock()).ready();
        assert!(starving.poll().is_pending());
        drop(newcomer);
    }
    for _ in 0..10 {
        let mut newcomer = Hand::waiting(mutex.lock());
        assert_eq!(newcomer.wakes(), 1);
        drop(newcomer.ready());
    }
    drop(starving.ready());
}

#[test]
fn a_waiter_that_is_dropped_wakes_the_one_behind_it_where_nobody_polls_the_woken_one() {
    let mutex = Mutex::new(());
    let holder = mutex.try_lock().unwrap();
    let frozen = Hand::waiting(mutex.lock());
    let mut leaves = Hand::waiting(mutex.lock());
    let mut leaves_early = Hand::waiting(mutex.lock());
    let mut stays = Hand::waiting(mutex.lock());
    leaves_early.cancel();
    drop(holder);
    assert_eq!((frozen.wakes(), stays.wakes()), (1, 0));
    leaves.cancel();
    assert_eq!(stays.wakes(), 1);
    let guard = stays.ready();
    drop(guard);
    assert_eq!(frozen.wakes(), 1);
}

#[test]
fn a_starving_waiter_that_is_dropped_lets_newcomers_in_again() {
    let mutex = Mutex::new(());
    let guard = mutex.try_lock();
    let mut starving = Hand::waiting(mutex.lock());
    drop(guard);
    for _ in 0..2 {
        let newcomer = Hand::new(mutex.lock()).ready();
        assert!(starving.poll().is_pending());
        drop(newcomer);
    }
    starving.cancel();
    drop(Hand::new(mutex.lock()).ready());
}

#[test]
fn each_unlock_wakes_one_more_waiter() {
    let mutex = Mutex::new(());
    let guard = mutex.try_lock();
    let unpolled = Hand::waiting(mutex.lock());
    let mut other = Hand::waiting(mutex.lock());
    drop(guard);
    assert_eq!((unpolled.wakes(), other.wakes()), (1, 0));
    drop(mutex.try_lock());
    assert_eq!((unpolled.wakes(), other.wakes()), (1, 1));
    drop(other.ready());
}

// Fault 40e
#[test]
fn a_panic_while_the_guard_is_held_unlocks() {
    let mutex = Mutex::new(0);
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let mut guard = mutex.lock_blocking();
        *guard = 1;
        panic!("with the guard");
    }));
    assert!(panicked.is_err());
    assert_eq!(*mutex.try_lock().unwrap(), 1);
}

// Fault 21d
#[test]
fn a_waker_that_panics_leaves_the_lock_usable() {
    use std::task::Wake;

    struct Panics;
    impl Wake for Panics {
        fn wake(self: Arc<Self>) {
            panic!("in a waker");
        }
    }

    let mutex = Mutex::new(());
    let guard = mutex.try_lock();
    let waker = Waker::from(Arc::new(Panics));
    let mut first = Box::pin(mutex.lock());
    let polled = first.as_mut().poll(&mut Context::from_waker(&waker));
    assert!(polled.is_pending());
    let mut second = Hand::waiting(mutex.lock());
    assert!(catch_unwind(AssertUnwindSafe(|| drop(guard))).is_err());
    drop(first);
    assert_eq!(second.wakes(), 1);
    drop(second.ready());
}

#[test]
fn the_newest_waker_is_woken() {
    let mutex = Mutex::new(());
    let guard = mutex.try_lock();
    let mut lock = Hand::new(mutex.lock());
    // The first waiter lies in the slot, the second in the list: both replace wakers.
    let mut listed = Box::pin(mutex.lock());
    let mut slot = Box::pin(mutex.lock());
    let mut noop = Context::from_waker(Waker::noop());
    assert!(slot.as_mut().poll(&mut noop).is_pending());
    assert!(listed.as_mut().poll(&mut noop).is_pending());
    let counts = [lock_support::Count::new(), lock_support::Count::new()];
    for (future, count) in [&mut slot, &mut listed].into_iter().zip(&counts) {
        let waker = Waker::from(count.clone());
        assert!(
            future
                .as_mut()
                .poll(&mut Context::from_waker(&waker))
                .is_pending()
        );
    }
    assert!(lock.poll().is_pending());
    drop(guard);
    assert_eq!(counts[0].wakes(), 1);
    drop(slot);
    assert_eq!(counts[1].wakes(), 1);
    drop(listed);
    assert_eq!(lock.wakes(), 1);
}

#[test]
fn the_data_may_be_unsized() {
    let mutex: Arc<Mutex<[u8]>> = Arc::new(Mutex::new([1, 2, 3]));
    let guard = mutex.lock_arc_blocking();
    assert_eq!(guard.len(), 3);
    assert!(MutexGuardArc::source(&guard).is_locked());
    drop(guard);
    assert_eq!(mutex.lock_blocking()[1], 2);
}

#[test]
fn an_arc_guard_keeps_the_mutex_alive_and_no_longer() {
    let mutex = Arc::new(Mutex::new(5));
    let lock = mutex.lock_arc();
    assert_eq!(Arc::strong_count(&mutex), 2);
    let guard = block_on(lock);
    assert_eq!(Arc::strong_count(&mutex), 2);
    let weak = Arc::downgrade(&mutex);
    drop(mutex);
    assert_eq!(*guard, 5);
    drop(guard);
    assert!(weak.upgrade().is_none());
}

#[test]
fn it_says_what_it_is() {
    let mutex = Mutex::new(7);
    assert_eq!(format!("{mutex:?}"), "Mutex { data: 7, waiters: 0 }");
    let guard = mutex.lock_blocking();
    assert_eq!(
        format!("{mutex:?} {guard:?} {guard}"),
        "Mutex { data: <locked>, waiters: 0 } 7 7"
    );
    assert!(std::ptr::eq(MutexGuard::source(&guard), &mutex));
    assert_eq!(format!("{:?}", mutex.lock()), "Lock { .. }");
    assert_eq!(*Mutex::from(1).lock_blocking(), 1);
    assert_eq!(*Mutex::<u8>::default().lock_blocking(), 0);
}

#[test]
fn threads_that_hold_the_lock_across_awaits_exclude_each_other() {
    let mutex = Arc::new(Mutex::new(0));
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let mutex = mutex.clone();
            thread::spawn(move || {
                block_on(async {
                    for _ in 0..500 {
                        let mut guard = mutex.lock().await;
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
    assert_eq!(*mutex.lock_blocking(), 4 * 500);
    assert_eq!(mutex.waiters(), 0);
}

#[test]
fn a_mutex_that_is_always_free_gives_other_tasks_their_turn() {
    let header = trill_cell::Header::new(trill_cell::Spawned::here());
    let mutex = Mutex::new(());
    let mut hand = Hand::new(async {
        for _ in 0..trill_cell::BUDGET_POLLS + 1 {
            drop(mutex.lock().await);
        }
    });
    assert!(header.poll(|| hand.poll()).is_pending());
    assert_eq!(hand.wakes(), 1);
    assert_eq!(header.poll(|| hand.poll()), Poll::Ready(()));
}
