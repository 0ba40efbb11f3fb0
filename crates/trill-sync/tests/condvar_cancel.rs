//! Conditions whose waiters are cancelled.
#![allow(clippy::unwrap_used)] // A failed step fails its test.
#![cfg(not(loom))]

mod lock_support;
mod schedule;

use std::cell::Cell;
use std::sync::Arc;

use lock_support::Hand;
use schedule::{Request, Schedule, jitter, or_give_up, search};
use trill_sync::{Condvar, FairMutex, Mutex};

/// All of it for each kind of mutex.
macro_rules! conditions {
    ($name:ident, $mutex:ident) => {
        mod $name {
            use super::*;

            // Behaviour 7: `wait` returns only with the lock held.
            #[test]
            fn a_wait_returns_with_the_lock_held() {
                let (mutex, changed) = ($mutex::new(()), Condvar::new());
                let mut wait = Hand::waiting(changed.wait(mutex.try_lock().unwrap()));
                let other = mutex.try_lock().unwrap();
                changed.notify_one();
                // Somebody else has the lock: notified is not enough.
                assert!(wait.poll().is_pending());
                drop(other);
                let guard = wait.ready();
                assert!(mutex.try_lock().is_none());
                drop(guard);
            }

            // Behaviour 7: if a notified waiter is cancelled, another waiter is notified.
            #[test]
            fn a_notification_of_one_that_is_cancelled_goes_to_another() {
                for by_request in [false, true] {
                    // Cancelled before it ran, or while it locks again.
                    for runs_before in [false, true] {
                        let (mutex, changed) = ($mutex::new(()), Condvar::new());
                        let request = Request::default();
                        let mut first =
                            Hand::waiting(request.run(changed.wait(mutex.try_lock().unwrap())));
                        let mut second = Hand::waiting(changed.wait(mutex.try_lock().unwrap()));
                        let other = mutex.try_lock().unwrap();
                        changed.notify_one();
                        if runs_before {
                            assert!(first.poll().is_pending());
                        }
                        if by_request {
                            request.make();
                            assert!(first.ready().is_err(), "the request is not swallowed");
                        }
                        first.cancel();
                        drop(other);
                        assert_eq!(second.wakes(), 1);
                        drop(second.ready());
                        assert!(mutex.try_lock().is_some());
                    }
                }
            }

            // Behaviour 7: cancelling repeatedly during re-acquisition neither leaks the lock nor spins.
            #[test]
            fn cancelling_again_and_again_while_locking_leaks_nothing() {
                let (mutex, changed) = ($mutex::new(()), Condvar::new());
                for _ in 0..100 {
                    let request = Request::default();
                    let mut wait =
                        Hand::waiting(request.run(changed.wait(mutex.try_lock().unwrap())));
                    let other = mutex.try_lock().unwrap();
                    changed.notify_all();
                    assert!(wait.poll().is_pending());
                    let wakes = wait.wakes();
                    for _ in 0..3 {
                        assert!(wait.poll().is_pending());
                    }
                    assert_eq!(wait.wakes(), wakes, "it does not wake itself");
                    request.make();
                    assert!(wait.ready().is_err());
                    drop(wait);
                    drop(other);
                    assert_eq!((mutex.is_locked(), changed.waiters()), (false, 0));
                }
            }

            /// As many consumers as items, onlookers that give up and are dropped, and one notification for each item.
            fn hand_out() {
                const ITEMS: usize = 3;
                let (items, changed) = ($mutex::new(0), Condvar::new());
                let taken = Cell::new(0);
                let take = async || {
                    // Between the two awaits nothing is lost: the condition is looked at again with the lock held.
                    let guard = items.lock().await;
                    let mut guard = changed.wait_until(guard, |items| *items > 0).await;
                    assert!(items.try_lock().is_none());
                    *guard -= 1;
                    taken.set(taken.get() + 1);
                };
                let mut schedule = Schedule::new();
                for _ in 0..2 {
                    schedule.spawn_fragile(async {
                        loop {
                            jitter().await;
                            let guard = items.lock().await;
                            let look = changed.wait_until(guard, |items| *items > 0);
                            if let Ok(guard) = or_give_up(look).await {
                                // It takes nothing, so it passes on what it was told.
                                drop(guard);
                                changed.notify_one();
                                return;
                            }
                        }
                    });
                }
                // Each ends by an item of its own, so one notification that is lost leaves one waiting.
                for _ in 0..ITEMS {
                    schedule.spawn(take());
                }
                schedule.spawn(async {
                    for _ in 0..ITEMS {
                        jitter().await;
                        // Who is notified finds the lock taken, and may give up while it locks again.
                        let mut guard = items.lock().await;
                        *guard += 1;
                        changed.notify_one();
                        jitter().await;
                    }
                });
                schedule.finish_but_fragile(|| {});
                drop(schedule);
                assert_eq!((*items.try_lock().unwrap(), taken.get()), (0, ITEMS));
                assert_eq!(changed.waiters(), 0);
            }

            // Behaviour 7, over 10,000 schedules: no notification is lost, and the lock neither.
            #[test]
            fn each_notification_reaches_somebody_in_every_schedule() {
                search(10_000, hand_out);
            }
        }
    };
}

conditions!(plain, Mutex);
conditions!(fair, FairMutex);

#[test]
fn a_guard_that_keeps_its_mutex_alive_may_wait_too() {
    let changed = Condvar::new();
    let (plain, fair) = (Arc::new(Mutex::new(0)), Arc::new(FairMutex::new(0)));
    let mut waits_plain =
        Hand::waiting(changed.wait_until(plain.try_lock_arc().unwrap(), |n| *n == 1));
    let mut waits_fair =
        Hand::waiting(changed.wait_until(fair.try_lock_arc().unwrap(), |n| *n == 1));
    *plain.try_lock().unwrap() = 1;
    *fair.try_lock().unwrap() = 1;
    assert_eq!(changed.notify_all(), 2);
    assert_eq!((*waits_plain.ready(), *waits_fair.ready()), (1, 1));
}
