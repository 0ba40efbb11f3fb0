//! Models of the protocol between a thread that parks and those that wake it.
#![cfg(loom)]

use loom::sync::Arc;
use loom::sync::atomic::{AtomicBool, Ordering};
use loom::thread;
use trill_park::{DeepSleep, Parker, Place};

#[test]
fn unpark_ends_a_sleep_whenever_it_comes() {
    loom::model(|| {
        let shared = Arc::new((Parker::new(), AtomicBool::new(false)));
        let other = shared.clone();
        let waker = thread::spawn(move || {
            other.1.store(true, Ordering::Relaxed);
            other.0.unpark();
        });
        let (parker, ready) = &*shared;
        loop {
            parker.take();
            if ready.load(Ordering::Relaxed) {
                break;
            }
            if parker.begin(Place::Asleep) {
                parker.sleep(None);
            }
        }
        waker.join().unwrap();
    });
}

#[test]
fn two_unparks_are_one_and_none_is_lost() {
    // Three threads have too many orders to try all; three preemptions find every known kind of lost wake-up.
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(|| {
        let shared = Arc::new((
            Parker::new(),
            AtomicBool::new(false),
            AtomicBool::new(false),
        ));
        let wakers: Vec<_> = [0, 1]
            .into_iter()
            .map(|n| {
                let other = shared.clone();
                thread::spawn(move || {
                    if n == 0 { &other.1 } else { &other.2 }.store(true, Ordering::Relaxed);
                    other.0.unpark();
                })
            })
            .collect();
        let (parker, first, second) = &*shared;
        loop {
            parker.take();
            if first.load(Ordering::Relaxed) && second.load(Ordering::Relaxed) {
                break;
            }
            if parker.begin(Place::Asleep) {
                parker.sleep(None);
            }
        }
        for waker in wakers {
            waker.join().unwrap();
        }
    });
}

/// A driver as a mutex and a condition; an interrupt is kept until a wait consumes it.
#[derive(Default)]
struct Driver {
    interrupted: loom::sync::Mutex<bool>,
    changed: loom::sync::Condvar,
}

impl Driver {
    fn wait(&self, parker: &Parker) {
        let mut interrupted = self.interrupted.lock().unwrap();
        while !*interrupted {
            interrupted = self.changed.wait(interrupted).unwrap();
        }
        *interrupted = false;
        parker.awake();
    }

    fn interrupt(&self) {
        *self.interrupted.lock().unwrap() = true;
        self.changed.notify_one();
    }
}

#[test]
fn unpark_ends_a_wait_in_the_driver() {
    loom::model(|| {
        let shared = Arc::new((Parker::new(), AtomicBool::new(false), Driver::default()));
        let other = shared.clone();
        let waker = thread::spawn(move || {
            other.1.store(true, Ordering::Relaxed);
            if other.0.unpark() == Place::Driving {
                other.2.interrupt();
            }
        });
        let (parker, ready, driver) = &*shared;
        loop {
            parker.take();
            if ready.load(Ordering::Relaxed) {
                break;
            }
            if parker.begin(Place::Driving) {
                driver.wait(parker);
            }
        }
        waker.join().unwrap();
    });
}

#[test]
fn move_from_the_driver_to_the_futex_loses_no_unpark() {
    loom::model(|| {
        let shared = Arc::new((Parker::new(), AtomicBool::new(false)));
        let other = shared.clone();
        let waker = thread::spawn(move || {
            other.1.store(true, Ordering::Relaxed);
            // An interrupt of the driver would rouse somebody else: this thread is not inside it.
            other.0.unpark();
        });
        let (parker, ready) = &*shared;
        loop {
            parker.take();
            if ready.load(Ordering::Relaxed) {
                break;
            }
            if parker.begin(Place::Driving) && parker.fall_asleep() {
                parker.sleep(None);
            }
        }
        waker.join().unwrap();
    });
}

#[test]
fn attendant_in_deep_sleep_sees_a_thread_that_starts_to_run() {
    loom::model(|| {
        let shared = Arc::new((Parker::new(), DeepSleep::new()));
        assert!(shared.0.begin(Place::Asleep));
        let other = shared.clone();
        let attendant = thread::spawn(move || other.1.enter(|| !other.0.is_parked()));
        let (parker, deep) = &*shared;
        parker.awake();
        let wakes_attendant = deep.is_deep();
        let sleeps = attendant.join().unwrap();
        assert!(
            wakes_attendant || !sleeps,
            "the attendant sleeps and nobody wakes it"
        );
    });
}
