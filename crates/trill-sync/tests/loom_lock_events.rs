//! Every interleaving of notifications, events, conditions and barriers.
#![cfg(loom)]

mod model;

use std::future::Future;
use std::sync::Arc;
use std::task::{Context, Waker};

use loom::thread;

use model::{at_once, begun, block_on, model};
use trill_sync::{Barrier, Condvar, Event, Mutex, Notify};

#[test]
fn a_notification_reaches_one_waiter_or_is_remembered() {
    model(3, || {
        let notify = Arc::new(Notify::new());
        let (waits, notifies) = (notify.clone(), notify.clone());
        at_once(
            move || block_on(waits.notified()),
            move || notifies.notify_one(),
        );
        assert_eq!(notify.waiters(), 0);
    });
}

#[test]
fn a_notification_for_a_waiter_that_leaves_reaches_the_next() {
    model(3, || {
        let notify = Arc::new(Notify::new());
        let (notifies, waits) = (notify.clone(), notify.clone());
        at_once(
            move || notifies.notify_one(),
            move || {
                let mut leaves = Box::pin(waits.notified());
                let polled = leaves
                    .as_mut()
                    .poll(&mut Context::from_waker(Waker::noop()));
                if polled.is_ready() {
                    waits.notify_one();
                }
                drop(leaves);
                block_on(waits.notified());
            },
        );
        assert_eq!(notify.waiters(), 0);
    });
}

#[test]
fn notify_waiters_reaches_all_that_began_before() {
    model(3, || {
        let notify: &Notify = Box::leak(Box::new(Notify::new()));
        let (one, two) = (notify.notified(), notify.notified());
        let waits = move || {
            block_on(one);
            block_on(two);
        };
        at_once(move || notify.notify_waiters(), waits);
    });
}

#[test]
fn a_set_event_lets_all_through() {
    model(2, || {
        let event = Arc::new(Event::new());
        let waits = [event.clone(), event.clone()]
            .map(|event| thread::spawn(move || block_on(event.wait())));
        let sets = {
            let event = event.clone();
            thread::spawn(move || event.set())
        };
        for thread in waits {
            thread.join().unwrap();
        }
        sets.join().unwrap();
        assert_eq!(event.waiters(), 0);
    });
}

#[test]
fn a_condition_is_not_missed() {
    model(3, || {
        let shared = Arc::new((Mutex::new(false), Condvar::new()));
        let (waits, sets) = (shared.clone(), shared.clone());
        at_once(
            move || {
                let (ready, changed) = &*waits;
                let guard = block_on(ready.lock());
                assert!(*block_on(changed.wait_until(guard, |ready| *ready)));
            },
            move || {
                let (ready, changed) = &*sets;
                *block_on(ready.lock()) = true;
                changed.notify_one();
            },
        );
        assert!(!shared.0.is_locked());
    });
}

#[test]
fn a_barrier_opens_for_all_and_has_one_leader() {
    model(2, || {
        let barrier = Arc::new(Barrier::new(3));
        let threads: Vec<_> = (0..3)
            .map(|_| {
                let barrier = barrier.clone();
                thread::spawn(move || block_on(barrier.wait()).is_leader())
            })
            .collect();
        let leaders = threads
            .into_iter()
            .map(|thread| usize::from(thread.join().unwrap()))
            .sum::<usize>();
        assert_eq!((leaders, barrier.waiters()), (1, 0));
    });
}

#[test]
fn one_that_leaves_a_barrier_does_not_count() {
    model(3, || {
        let barrier = Arc::new(Barrier::new(2));
        let leaves = barrier.clone();
        let leaves = begun(async move { leaves.wait().await.is_leader() });
        let other = barrier.clone();
        at_once(
            move || {
                let mut wait = Box::pin(other.wait());
                let mut cx = Context::from_waker(Waker::noop());
                wait.as_mut().poll(&mut cx).is_ready()
            },
            move || drop(leaves),
        );
        // Both have left or passed together: nobody is counted in the round that is open.
        assert_eq!(barrier.waiters(), 0);
    });
}

#[test]
fn one_that_comes_back_to_a_barrier_waits_for_the_next_round() {
    model(3, || {
        let barrier = Arc::new(Barrier::new(2));
        let (once, back) = (barrier.clone(), barrier.clone());
        let (once_leads, (leads, mut again)) = at_once(
            move || block_on(once.wait()).is_leader(),
            move || {
                let leads = block_on(back.wait()).is_leader();
                // Whoever opened the first round may still be telling those who wait.
                (leads, begun(async move { back.wait().await.is_leader() }))
            },
        );
        assert_ne!(once_leads, leads);
        let mut cx = Context::from_waker(Waker::noop());
        assert!(again.as_mut().poll(&mut cx).is_pending());
        drop(again);
        assert_eq!(barrier.waiters(), 0);
    });
}
