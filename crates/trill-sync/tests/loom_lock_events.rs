//! Every interleaving of notifications, events, conditions and barriers.
#![cfg(loom)]

mod model;

use std::future::Future;
use std::sync::Arc;
use std::task::{Context, Waker};

use loom::thread;

use model::{block_on, model};
use trill_sync::{Barrier, Condvar, Event, Mutex, Notify};

#[test]
fn a_notification_reaches_one_waiter_or_is_remembered() {
    model(3, || {
        let notify = Arc::new(Notify::new());
        let waits = {
            let notify = notify.clone();
            thread::spawn(move || block_on(notify.notified()))
        };
        notify.notify_one();
        waits.join().unwrap();
        assert_eq!(notify.waiters(), 0);
    });
}

#[test]
fn a_notification_for_a_waiter_that_leaves_reaches_the_next() {
    model(3, || {
        let notify = Arc::new(Notify::new());
        let notifier = {
            let notify = notify.clone();
            thread::spawn(move || notify.notify_one())
        };
        {
            let mut leaves = Box::pin(notify.notified());
            let polled = leaves
                .as_mut()
                .poll(&mut Context::from_waker(Waker::noop()));
            if polled.is_ready() {
                notify.notify_one();
            }
        }
        block_on(notify.notified());
        notifier.join().unwrap();
    });
}

#[test]
fn notify_waiters_reaches_all_that_began_before() {
    model(3, || {
        let notify = Arc::new(Notify::new());
        let (one, two) = (notify.notified(), notify.notified());
        let notifier = {
            let notify = notify.clone();
            thread::spawn(move || notify.notify_waiters())
        };
        block_on(one);
        block_on(two);
        notifier.join().unwrap();
    });
}

#[test]
fn a_set_event_lets_all_through() {
    model(3, || {
        let event = Arc::new(Event::new());
        let waits: Vec<_> = (0..2)
            .map(|_| {
                let event = event.clone();
                thread::spawn(move || block_on(event.wait()))
            })
            .collect();
        event.set();
        for thread in waits {
            thread.join().unwrap();
        }
        assert_eq!(event.waiters(), 0);
    });
}

#[test]
fn a_condition_is_not_missed() {
    model(3, || {
        let shared = Arc::new((Mutex::new(false), Condvar::new()));
        let waits = {
            let shared = shared.clone();
            thread::spawn(move || {
                let (ready, changed) = &*shared;
                let guard = block_on(ready.lock());
                assert!(*block_on(changed.wait_until(guard, |ready| *ready)));
            })
        };
        let (ready, changed) = &*shared;
        *block_on(ready.lock()) = true;
        changed.notify_one();
        waits.join().unwrap();
        assert!(!ready.is_locked());
    });
}

#[test]
fn a_barrier_opens_for_all_and_has_one_leader() {
    model(3, || {
        let barrier = Arc::new(Barrier::new(3));
        let threads: Vec<_> = (0..2)
            .map(|_| {
                let barrier = barrier.clone();
                thread::spawn(move || block_on(barrier.wait()).is_leader())
            })
            .collect();
        let mut leaders = usize::from(block_on(barrier.wait()).is_leader());
        for thread in threads {
            leaders += usize::from(thread.join().unwrap());
        }
        assert_eq!((leaders, barrier.waiters()), (1, 0));
    });
}

#[test]
fn one_that_leaves_a_barrier_does_not_count() {
    model(3, || {
        let barrier = Arc::new(Barrier::new(2));
        let mut wait = Box::pin(barrier.wait());
        let polled = wait.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(polled.is_pending());
        let other = {
            let barrier = barrier.clone();
            thread::spawn(move || {
                let mut wait = Box::pin(barrier.wait());
                let mut cx = Context::from_waker(Waker::noop());
                wait.as_mut().poll(&mut cx).is_ready()
            })
        };
        drop(wait);
        other.join().unwrap();
        // Both have left or passed together: nobody is counted in the round that is open.
        assert_eq!(barrier.waiters(), 0);
    });
}

#[test]
fn one_that_comes_back_to_a_barrier_waits_for_the_next_round() {
    model(3, || {
        let barrier = Arc::new(Barrier::new(2));
        let other = {
            let barrier = barrier.clone();
            thread::spawn(move || block_on(barrier.wait()).is_leader())
        };
        let leads = block_on(barrier.wait()).is_leader();
        // Whoever opened the first round may still be telling those who wait.
        let mut again = Box::pin(barrier.wait());
        let mut cx = Context::from_waker(Waker::noop());
        assert!(again.as_mut().poll(&mut cx).is_pending());
        assert_ne!(other.join().unwrap(), leads);
        assert!(again.as_mut().poll(&mut cx).is_pending());
        drop(again);
        assert_eq!(barrier.waiters(), 0);
    });
}
