//! Models of a wheel that several threads reach: every timer is fired or cancelled, once.
#![cfg(loom)]
#![allow(clippy::unwrap_used)] // A failed step fails its test.

use std::sync::Mutex as StdMutex;
use std::task::{Wake, Waker};

use loom::model::Builder;
use loom::sync::Arc;
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

/// Lies a few levels up, so that it has to come down.
const DEADLINE: u64 = 5000;
const LATER: u64 = 6000;

#[test]
fn timer_is_fired_or_cancelled_but_not_both() {
    model(|wheel, log| {
        let key = wheel.arm(DEADLINE, log.waker(1)).unwrap().key;
        let firing = {
            let wheel = wheel.clone();
            thread::spawn(move || wheel.fire(DEADLINE))
        };
        let is_cancelled = wheel.cancel(key).is_some();
        firing.join().unwrap();
        assert_eq!(log.woken().len(), usize::from(!is_cancelled));
        assert_eq!(wheel.fire(u64::MAX - 1), None);
    });
}

#[test]
fn key_of_a_fired_timer_does_not_reach_the_next_owner_of_its_slot() {
    model(|wheel, log| {
        let key = wheel.arm(DEADLINE, log.waker(1)).unwrap().key;
        let other = {
            let (wheel, log) = (wheel.clone(), log.clone());
            thread::spawn(move || {
                wheel.fire(DEADLINE);
                wheel.arm(LATER, log.waker(2)).unwrap();
            })
        };
        let is_cancelled = wheel.cancel(key).is_some();
        other.join().unwrap();
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
        for id in 1..=3 {
            wheel.arm(DEADLINE, log.waker(id)).unwrap();
        }
        let firing = {
            let wheel = wheel.clone();
            thread::spawn(move || wheel.fire(DEADLINE))
        };
        wheel.fire(LATER);
        firing.join().unwrap();
        assert_eq!(log.sorted(), [1, 2, 3]);
    });
}

#[test]
fn reset_timer_is_fired_at_one_of_its_deadlines() {
    model(|wheel, log| {
        let key = wheel.arm(DEADLINE, log.waker(1)).unwrap().key;
        let firing = {
            let wheel = wheel.clone();
            thread::spawn(move || wheel.fire(DEADLINE))
        };
        let reset = wheel.reset(key, LATER);
        let next = firing.join().unwrap();
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
        let firing = {
            let wheel = wheel.clone();
            thread::spawn(move || wheel.fire(DEADLINE))
        };
        let reset = wheel.reset(key, DEADLINE - 1);
        firing.join().unwrap();
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
        let owner = {
            let wheel = wheel.clone();
            thread::spawn(move || wheel.fire(0))
        };
        let armed = wheel.arm(DEADLINE, log.waker(2)).unwrap();
        let until = owner.join().unwrap();
        assert!(until == Some(DEADLINE) || armed.notify);
    });
}

#[test]
fn timer_armed_while_others_are_fired_is_fired_or_refused() {
    model(|wheel, log| {
        wheel.arm(DEADLINE, log.waker(1)).unwrap();
        let firing = {
            let wheel = wheel.clone();
            thread::spawn(move || wheel.fire(DEADLINE))
        };
        let armed = wheel.arm(DEADLINE, log.waker(2));
        let next = firing.join().unwrap();
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
        for id in 1..=3 {
            wheel.arm(DEADLINE, log.waker(id)).unwrap();
        }
        let firing = {
            let wheel = wheel.clone();
            thread::spawn(move || wheel.fire(DEADLINE))
        };
        let armed = wheel.arm(DEADLINE, log.waker(4));
        firing.join().unwrap();
        wheel.fire(DEADLINE);
        let expected = if armed.is_ok() { 1..=4 } else { 1..=3 };
        assert_eq!(log.woken(), expected.collect::<Vec<_>>());
    });
}

#[test]
fn one_of_two_wakers_is_woken_when_they_are_exchanged() {
    model(|wheel, log| {
        let key = wheel.arm(DEADLINE, log.waker(1)).unwrap().key;
        let firing = {
            let wheel = wheel.clone();
            thread::spawn(move || wheel.fire(DEADLINE))
        };
        let expected = match wheel.held(key, Waker::noop()) {
            Held::Other => match wheel.replace(key, log.waker(2)) {
                Ok(_) => 2,
                Err(_) => 1,
            },
            Held::Gone => 1,
            Held::Same => unreachable!("nobody armed it with that"),
        };
        firing.join().unwrap();
        assert_eq!(log.woken(), [expected]);
    });
}

#[test]
fn passed_without_the_lock_means_fired() {
    model(|wheel, log| {
        let key = wheel.arm(DEADLINE, log.waker(1)).unwrap().key;
        let firing = {
            let wheel = wheel.clone();
            thread::spawn(move || wheel.fire(DEADLINE))
        };
        if wheel.has_passed(DEADLINE) {
            assert_eq!(log.woken(), [1]);
            assert!(wheel.cancel(key).is_none());
        }
        firing.join().unwrap();
        assert!(wheel.has_passed(DEADLINE));
        assert!(!wheel.has_passed(LATER));
    });
}
