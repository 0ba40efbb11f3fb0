//! Notifications, events, conditions and barriers.
#![allow(clippy::disallowed_methods)] // Threads that meet are the matter here.

mod lock_support;

use std::sync::Arc;
use std::thread;

use lock_support::Hand;
use trill_park::block_on;
use trill_sync::{Barrier, Condvar, Event, Mutex, Notify};

#[test]
fn one_notification_is_remembered_and_not_more() {
    let notify = Notify::new();
    notify.notify_one();
    notify.notify_one();
    Hand::new(notify.notified()).ready();
    Hand::waiting(notify.notified());
}

#[test]
fn notifications_go_to_waiters_in_order() {
    let notify = Notify::new();
    let mut waiters: Vec<_> = (0..3).map(|_| Hand::waiting(notify.notified())).collect();
    notify.notify_one();
    notify.notify_one();
    let wakes: Vec<_> = waiters.iter().map(Hand::wakes).collect();
    assert_eq!(wakes, [1, 1, 0]);
    waiters[0].ready();
    waiters[1].ready();
    assert!(waiters[2].poll().is_pending());
}

#[test]
fn a_notification_for_a_waiter_that_is_dropped_is_not_lost() {
    let notify = Notify::new();
    let mut waiters: Vec<_> = (0..2).map(|_| Hand::waiting(notify.notified())).collect();
    notify.notify_one();
    waiters[0].cancel();
    assert_eq!(waiters[1].wakes(), 1);
    waiters[1].cancel();
    Hand::new(notify.notified()).ready();
}

#[test]
fn notify_waiters_reaches_all_that_began_and_none_after() {
    let notify = Notify::new();
    let mut waiters: Vec<_> = (0..3).map(|_| Hand::waiting(notify.notified())).collect();
    let mut unpolled = Hand::new(notify.notified());
    notify.notify_waiters();
    let mut late = Hand::waiting(notify.notified());
    // A turn that came to all is not passed on.
    waiters[0].cancel();
    assert_eq!(late.wakes(), 0);
    waiters[1].ready();
    waiters[2].ready();
    unpolled.ready();
    assert!(late.poll().is_pending());
}

#[test]
fn an_enabled_wait_has_its_place() {
    let notify = Notify::new();
    let mut first = Box::pin(notify.notified());
    assert!(!first.as_mut().enable());
    let second = Hand::waiting(notify.notified());
    notify.notify_one();
    assert_eq!(second.wakes(), 0);
    assert!(first.as_mut().enable());
    assert!(Hand::new(first).poll().is_ready());
}

#[test]
fn setting_an_event_releases_those_who_wait_even_if_it_is_cleared_at_once() {
    let event = Event::new();
    let mut waiters: Vec<_> = (0..3).map(|_| Hand::waiting(event.wait())).collect();
    assert_eq!(event.waiters(), 3);
    assert!(event.set());
    assert!(event.clear());
    for waiter in &mut waiters {
        waiter.ready();
    }
    Hand::waiting(event.wait());
}

#[test]
fn an_event_that_is_set_lets_everybody_through() {
    let event = Event::new();
    let mut dropped = Hand::waiting(event.wait());
    dropped.cancel();
    assert_eq!(event.waiters(), 0);
    assert!(event.set());
    assert!(!event.set());
    Hand::new(event.wait()).ready();
    event.wait_blocking();
    assert!(event.is_set());
    assert!(event.clear());
    assert!(!event.clear());
}

#[test]
fn a_wait_returns_with_the_lock_held() {
    let (mutex, changed) = (Mutex::new(0), Condvar::new());
    let mut wait = Hand::waiting(changed.wait(mutex.try_lock().unwrap()));
    let guard = mutex.try_lock().unwrap();
    assert!(changed.notify_one());
    // Notified, but the lock is not free.
    assert!(wait.poll().is_pending());
    drop(guard);
    let guard = wait.ready();
    assert!(mutex.is_locked());
    drop(guard);
    assert!(!mutex.is_locked());
}

#[test]
fn a_wait_that_was_not_polled_holds_the_lock_until_it_is_dropped() {
    let (mutex, changed) = (Mutex::new(0), Condvar::new());
    let wait = changed.wait(mutex.try_lock().unwrap());
    assert!(mutex.is_locked());
    drop(wait);
    assert!(!mutex.is_locked());
    assert_eq!(changed.notify_all(), 0);
}

#[test]
fn a_notified_wait_that_is_dropped_passes_the_notification_on() {
    let (mutex, changed) = (Mutex::new(0), Condvar::new());
    let wait = || Hand::waiting(changed.wait(mutex.try_lock().unwrap()));
    let mut waiters = [wait(), wait(), wait()];
    changed.notify_one();
    // Dropped before it ran.
    waiters[0].cancel();
    assert_eq!(waiters[1].wakes(), 1);
    // Dropped while it locks again.
    let guard = mutex.try_lock();
    assert!(waiters[1].poll().is_pending());
    waiters[1].cancel();
    assert_eq!(waiters[2].wakes(), 1);
    drop(guard);
    drop(waiters[2].ready());
    assert!(mutex.try_lock().is_some());
}

#[test]
fn a_condition_notifies_as_many_as_it_is_told() {
    let (mutex, changed) = (Mutex::new(0), Condvar::new());
    let wait = || Hand::waiting(changed.wait(mutex.try_lock().unwrap()));
    let waiters = [wait(), wait(), wait(), wait()];
    assert_eq!(changed.waiters(), 4);
    assert_eq!(changed.notify(2), 2);
    let wakes: Vec<_> = waiters.iter().map(Hand::wakes).collect();
    assert_eq!(wakes, [1, 1, 0, 0]);
    assert_eq!(changed.notify_all(), 2);
    assert_eq!(changed.notify_all(), 0);
}

#[test]
fn wait_until_looks_again_after_each_notification() {
    let (mutex, changed) = (Mutex::new(0), Condvar::new());
    let mut wait =
        Hand::waiting(changed.wait_until(mutex.try_lock().unwrap(), |value| *value == 2));
    for _ in 0..2 {
        *mutex.try_lock().unwrap() += 1;
        changed.notify_one();
        assert!(wait.wakes() > 0);
        if *mutex.try_lock().unwrap() < 2 {
            assert!(wait.poll().is_pending());
        }
    }
    assert_eq!(*wait.ready(), 2);
}

#[test]
fn a_barrier_opens_for_the_last_and_numbers_all() {
    let barrier = Barrier::new(3);
    let mut waiters = [Hand::waiting(barrier.wait()), Hand::waiting(barrier.wait())];
    assert_eq!(barrier.waiters(), 2);
    let last = Hand::new(barrier.wait()).ready();
    assert!(last.is_leader());
    // One comes back while the others are still leaving: it waits for the next round.
    let mut again = Hand::waiting(barrier.wait());
    let mut indices = vec![last.index()];
    for waiter in &mut waiters {
        let result = waiter.ready();
        assert!(!result.is_leader());
        indices.push(result.index());
    }
    indices.sort_unstable();
    assert_eq!(indices, [0, 1, 2]);
    assert!(again.poll().is_pending());
}

#[test]
fn one_that_leaves_before_the_barrier_opens_does_not_count() {
    let barrier = Barrier::new(2);
    let mut leaves = Hand::waiting(barrier.wait());
    leaves.cancel();
    assert_eq!(barrier.waiters(), 0);
    let mut stays = Hand::waiting(barrier.wait());
    Hand::new(barrier.wait()).ready();
    // One that leaves after it has opened changes nothing.
    let mut next = Hand::waiting(barrier.wait());
    assert_eq!(stays.wakes(), 1);
    stays.cancel();
    assert_eq!(barrier.waiters(), 1);
    Hand::new(barrier.wait()).ready();
    next.ready();
}

#[test]
fn a_barrier_for_none_or_one_is_open() {
    for size in [0, 1] {
        let barrier = Barrier::new(size);
        for _ in 0..3 {
            assert!(Hand::new(barrier.wait()).ready().is_leader());
        }
    }
}

#[test]
fn threads_meet_at_a_barrier_again_and_again() {
    let barrier = Arc::new(Barrier::new(3));
    let threads: Vec<_> = (0..3)
        .map(|_| {
            let barrier = barrier.clone();
            thread::spawn(move || {
                (0..200)
                    .filter(|_| block_on(barrier.wait()).is_leader())
                    .count()
            })
        })
        .collect();
    let leaders: usize = threads
        .into_iter()
        .map(|thread| thread.join().unwrap())
        .sum();
    assert_eq!(leaders, 200);
}
