//! Models of the protocol between a thread that parks and those that wake it.
#![cfg(loom)]

use std::time::Duration;

use loom::sync::Arc;
use loom::sync::atomic::{AtomicBool, Ordering};
use loom::thread;
use trill_park::{DeepSleep, Parker, Place};

/// Runs a model with at most this many preemptions. Without a bound, loom would not begin with each of the threads in turn.
fn model(preemptions: usize, body: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(preemptions);
    builder.check(body);
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

/// What a parking thread does: looks, and parks while it has not found what it waits for.
fn park_until(parker: &Parker, is_ready: impl Fn() -> bool, mut park: impl FnMut()) {
    loop {
        parker.take();
        if is_ready() {
            return;
        }
        park();
    }
}

#[test]
fn unpark_ends_a_sleep_whenever_it_comes() {
    model(5, || {
        let shared = Arc::new((Parker::new(), AtomicBool::new(false)));
        let (parks, unparks) = (shared.clone(), shared);
        at_once(
            move || {
                let (parker, ready) = &*parks;
                park_until(
                    parker,
                    || ready.load(Ordering::Relaxed),
                    || {
                        if parker.begin(Place::Asleep) {
                            parker.sleep(None);
                        }
                    },
                );
            },
            move || {
                unparks.1.store(true, Ordering::Relaxed);
                unparks.0.unpark();
            },
        );
    });
}

#[test]
fn unpark_at_the_moment_when_a_wait_ends_by_itself_is_kept() {
    model(5, || {
        let shared = Arc::new((Parker::new(), AtomicBool::new(false)));
        let (parks, unparks) = (shared.clone(), shared);
        at_once(
            move || {
                let (parker, ready) = &*parks;
                let mut timeout = Some(Duration::ZERO);
                park_until(
                    parker,
                    || ready.load(Ordering::Relaxed),
                    || {
                        if parker.begin(Place::Asleep) {
                            parker.sleep(timeout.take());
                        }
                    },
                );
            },
            move || {
                unparks.1.store(true, Ordering::Relaxed);
                unparks.0.unpark();
            },
        );
    });
}

#[test]
fn two_unparks_are_one_and_none_is_lost() {
    // Three threads have too many orders to try all; three preemptions find every known kind of lost wake-up.
    model(3, || {
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
        let sleeper = thread::spawn(move || {
            let (parker, first, second) = &*shared;
            park_until(
                parker,
                || first.load(Ordering::Relaxed) && second.load(Ordering::Relaxed),
                || {
                    if parker.begin(Place::Asleep) {
                        parker.sleep(None);
                    }
                },
            );
        });
        sleeper.join().unwrap();
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
    model(5, || {
        let shared = Arc::new((Parker::new(), AtomicBool::new(false), Driver::default()));
        let (parks, unparks) = (shared.clone(), shared);
        at_once(
            move || {
                let (parker, ready, driver) = &*parks;
                park_until(
                    parker,
                    || ready.load(Ordering::Relaxed),
                    || {
                        if parker.begin(Place::Driving) {
                            driver.wait(parker);
                        }
                    },
                );
            },
            move || {
                unparks.1.store(true, Ordering::Relaxed);
                if unparks.0.unpark() == Place::Driving {
                    unparks.2.interrupt();
                }
            },
        );
    });
}

#[test]
fn move_from_the_driver_to_the_futex_loses_no_unpark() {
    model(5, || {
        let shared = Arc::new((Parker::new(), AtomicBool::new(false)));
        let (parks, unparks) = (shared.clone(), shared);
        at_once(
            move || {
                let (parker, ready) = &*parks;
                park_until(
                    parker,
                    || ready.load(Ordering::Relaxed),
                    || {
                        if parker.begin(Place::Driving) && parker.fall_asleep() {
                            parker.sleep(None);
                        }
                    },
                );
            },
            move || {
                unparks.1.store(true, Ordering::Relaxed);
                // An interrupt of the driver would rouse somebody else: this thread is not inside it.
                unparks.0.unpark();
            },
        );
    });
}

#[test]
fn attendant_in_deep_sleep_sees_a_thread_that_starts_to_run() {
    model(5, || {
        let shared = Arc::new((Parker::new(), DeepSleep::new()));
        assert!(shared.0.begin(Place::Asleep));
        let (attends, runs) = (shared.clone(), shared);
        let (sleeps, wakes_attendant) = at_once(
            move || attends.1.enter(|| !attends.0.is_parked()),
            move || {
                runs.0.awake();
                runs.1.is_deep()
            },
        );
        assert!(
            wakes_attendant || !sleeps,
            "the attendant sleeps and nobody wakes it"
        );
    });
}
