//! Models of a wheel that several threads reach: every timer is fired or cancelled, once.
#![cfg(loom)]
#![allow(clippy::unwrap_used)] // A failed step fails its test.

use std::sync::Mutex as StdMutex;
use std::task::{Wake, Waker};

use loom::model::Builder;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicBool, Ordering};
use loom::thread;
use trill_timer::{Held, Reset, Wheel};

/// Who was woken, in order. Not loom's lock: what is modelled is the wheel.
#[derive(Clone, Default)]
struct Log(std::sync::Arc<StdMutex<Vec<u32>>>);

impl Log {
    fn waker(&self, id: u32) -> Waker {
        struct Entry(Log, u32);
        impl Wake for Entry {
            fn wake(self: std::sync::Arc<Self>) {
                self.0.0.lock().unwrap().push(self.1);
            }
        }
        Waker::from(std::sync::Arc::new(Entry(self.clone(), id)))
    }

    fn woken(&self) -> Vec<u32> {
        self.0.lock().unwrap().clone()
    }

    fn sorted(&self) -> Vec<u32> {
        let mut woken = self.woken();
        woken.sort_unstable();
        woken
    }
}

fn model(check: impl Fn(Arc<Wheel>, Log) + Send + Sync + 'static) {
    let mut builder = Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(move || check(Arc::new(Wheel::new()), Log::default()));
}

/// Runs both at once, each in a thread of its own; returns what they return, when both have ended.
///
/// The thread that begins a model takes no part in a race: loom tries fewer orders of its steps than of the others'.
fn at_once<A: 'static, B: 'static>(
    first: impl FnOnce() -> A + 'static,
    second: impl FnOnce() -> B + 'static,
) -> (A, B) {
    let first = thread::spawn(first);
    let second = thread::spawn(second);
    (first.join().unwrap(), second.join().unwrap())
}

/// Lies a few levels up, so that it has to come down.
const DEADLINE: u64 = 5000;
const LATER: u64 = 6000;

#[test]
fn timer_is_fired_or_cancelled_but_not_both() {
    model(|wheel, log| {
        let key = wheel.arm(DEADLINE, log.waker(1)).unwrap().key;
        let (fires, cancels) = (wheel.clone(), wheel.clone());
        let (_, is_cancelled) = at_once(
            move || fires.fire(DEADLINE),
            move || cancels.cancel(key).is_some(),
        );
        assert_eq!(log.woken().len(), usize::from(!is_cancelled));
        assert_eq!(wheel.fire(u64::MAX - 1), None);
    });
}

#[test]
fn key_of_a_fired_timer_does_not_reach_the_next_owner_of_its_slot() {
    model(|wheel, log| {
        let key = wheel.arm(DEADLINE, log.waker(1)).unwrap().key;
        let (other, next, cancels) = (wheel.clone(), log.clone(), wheel.clone());
        let ((), is_cancelled) = at_once(
            move || {
                other.fire(DEADLINE);
                other.arm(LATER, next.waker(2)).unwrap();
            },
            move || cancels.cancel(key).is_some(),
        );
        assert!(wheel.cancel(key).is_none());
        assert!(matches!(wheel.reset(key, LATER), Reset::Gone));
        assert!(!wheel.detach(key));
        wheel.fire(LATER);
        assert_eq!(log.woken(), if is_cancelled { vec![2] } else { vec![1, 2] });
    });
}

#[test]
fn two_threads_that_fire_wake_everybody_once() {
    model(|wheel, log| {
        for id in 1..=5 {
            wheel.arm(DEADLINE, log.waker(id)).unwrap();
        }
        let (one, two) = (wheel.clone(), wheel.clone());
        at_once(move || one.fire(DEADLINE), move || two.fire(LATER));
        assert_eq!(log.sorted(), [1, 2, 3, 4, 5]);
    });
}

#[test]
fn reset_timer_is_fired_at_one_of_its_deadlines() {
    model(|wheel, log| {
        let key = wheel.arm(DEADLINE, log.waker(1)).unwrap().key;
        let (fires, resets) = (wheel.clone(), wheel.clone());
        let (next, reset) = at_once(
            move || fires.fire(DEADLINE),
            move || resets.reset(key, LATER),
        );
        match reset {
            Reset::Done(notify) => {
                assert_eq!(log.woken(), []);
                // Who fired knows of the new deadline, or is told.
                assert!(next == Some(LATER) || notify);
                wheel.fire(LATER);
            }
            Reset::Gone => {}
            Reset::Due(_) => unreachable!("nobody came so far"),
        }
        assert_eq!(log.woken(), [1]);
    });
}

#[test]
fn reset_to_what_has_passed_gives_the_waker_back() {
    model(|wheel, log| {
        let key = wheel.arm(LATER, log.waker(1)).unwrap().key;
        let (fires, resets) = (wheel.clone(), wheel.clone());
        let (_, reset) = at_once(
            move || fires.fire(DEADLINE),
            move || resets.reset(key, DEADLINE - 1),
        );
        match reset {
            Reset::Due(_) => assert_eq!(log.woken(), []),
            Reset::Done(_) => {
                wheel.fire(DEADLINE);
                assert_eq!(log.woken(), [1]);
            }
            Reset::Gone => unreachable!("it was not due"),
        }
    });
}

#[test]
fn deadline_is_not_slept_through() {
    model(|wheel, log| {
        wheel.arm(LATER, log.waker(1)).unwrap();
        let (owner, arms) = (wheel.clone(), wheel.clone());
        let (until, armed) = at_once(
            move || owner.fire(0),
            move || arms.arm(DEADLINE, log.waker(2)).unwrap(),
        );
        assert!(until == Some(DEADLINE) || armed.notify);
    });
}

#[test]
fn deadline_is_not_slept_through_after_an_earlier_one_was_cancelled() {
    model(|wheel, log| {
        // The wheel still believes that its owner wakes up for this one.
        let gone = wheel.arm(DEADLINE - 1, log.waker(1)).unwrap().key;
        wheel.arm(LATER, log.waker(2)).unwrap();
        assert!(wheel.cancel(gone).is_some());
        let (owner, arms) = (wheel.clone(), wheel.clone());
        let (until, armed) = at_once(
            move || owner.fire(0),
            move || arms.arm(DEADLINE, log.waker(3)).unwrap(),
        );
        assert!(until == Some(DEADLINE) || armed.notify);
    });
}

#[test]
fn deadline_is_not_slept_through_after_an_earlier_one_was_fired() {
    model(|wheel, log| {
        wheel.arm(DEADLINE - 1, log.waker(1)).unwrap();
        wheel.arm(LATER, log.waker(2)).unwrap();
        let (owner, arms) = (wheel.clone(), wheel.clone());
        let (until, armed) = at_once(
            move || owner.fire(DEADLINE - 1),
            move || arms.arm(DEADLINE, log.waker(3)).unwrap(),
        );
        assert!(until == Some(DEADLINE) || armed.notify);
    });
}

#[test]
fn timer_that_is_brought_forward_is_not_slept_through() {
    model(|wheel, log| {
        let key = wheel.arm(LATER, log.waker(1)).unwrap().key;
        let (owner, resets) = (wheel.clone(), wheel.clone());
        let (until, reset) = at_once(move || owner.fire(0), move || resets.reset(key, DEADLINE));
        assert!(until == Some(DEADLINE) || matches!(reset, Reset::Done(true)));
    });
}

#[test]
fn timer_armed_while_others_are_fired_is_fired_or_refused() {
    model(|wheel, log| {
        wheel.arm(DEADLINE, log.waker(1)).unwrap();
        let (fires, arms, second) = (wheel.clone(), wheel.clone(), log.waker(2));
        let (next, armed) = at_once(
            move || fires.fire(DEADLINE),
            move || arms.arm(DEADLINE, second),
        );
        match armed {
            Ok(armed) => {
                let fired = log.woken() == [1, 2];
                assert!(fired || next == Some(DEADLINE) || armed.notify);
                wheel.fire(DEADLINE);
                assert_eq!(log.woken(), [1, 2]);
            }
            Err(_) => assert!(wheel.has_passed(DEADLINE)),
        }
    });
}

#[test]
fn newcomer_does_not_overtake_a_crowd_that_is_on_its_way_down() {
    model(|wheel, log| {
        // More than a step, so that the bucket is taken apart in several holds of the lock.
        for id in 1..=5 {
            wheel.arm(DEADLINE, log.waker(id)).unwrap();
        }
        let (fires, arms, newcomer) = (wheel.clone(), wheel.clone(), log.waker(6));
        let (_, armed) = at_once(
            move || fires.fire(DEADLINE),
            move || arms.arm(DEADLINE, newcomer),
        );
        wheel.fire(DEADLINE);
        let expected = if armed.is_ok() { 1..=6 } else { 1..=5 };
        assert_eq!(log.woken(), expected.collect::<Vec<_>>());
    });
}

#[test]
fn one_of_two_wakers_is_woken_when_they_are_exchanged() {
    model(|wheel, log| {
        let key = wheel.arm(DEADLINE, log.waker(1)).unwrap().key;
        let (fires, holds, second) = (wheel.clone(), wheel.clone(), log.waker(2));
        let (_, expected) = at_once(
            move || fires.fire(DEADLINE),
            move || match holds.held(key, Waker::noop()) {
                Held::Other => match holds.replace(key, second) {
                    Ok(_) => 2,
                    Err(_) => 1,
                },
                Held::Gone => 1,
                Held::Same => unreachable!("nobody armed it with that"),
            },
        );
        assert_eq!(log.woken(), [expected]);
    });
}

/// Says that it was woken in a way that loom sees, and orders nothing by itself.
struct Told(AtomicBool);

impl Wake for Told {
    fn wake(self: std::sync::Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn passed_without_the_lock_means_fired() {
    model(|wheel, _| {
        let told = std::sync::Arc::new(Told(AtomicBool::new(false)));
        let key = wheel.arm(DEADLINE, told.clone().into()).unwrap().key;
        let (fires, looks) = (wheel.clone(), wheel.clone());
        at_once(
            move || fires.fire(DEADLINE),
            move || {
                if looks.has_passed(DEADLINE) {
                    assert!(told.0.load(Ordering::Relaxed));
                    assert!(looks.cancel(key).is_none());
                }
            },
        );
        assert!(wheel.has_passed(DEADLINE));
        assert!(!wheel.has_passed(LATER));
    });
}
