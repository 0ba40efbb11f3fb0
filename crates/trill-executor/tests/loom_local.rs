//! Models of the inbox of a single-threaded executor.
#![cfg(loom)]

use std::ptr::NonNull;
use std::sync::Arc as StdArc;
use std::task::{Wake, Waker};

use loom::sync::{Arc, Condvar, Mutex};
use loom::thread;
use trill_executor::model::{Item, LocalState};

#[derive(Default)]
struct Parked {
    woken: Mutex<bool>,
    changed: Condvar,
}

struct Unpark(Arc<Parked>);

impl Wake for Unpark {
    fn wake(self: StdArc<Self>) {
        *self.0.woken.lock().unwrap() = true;
        self.0.changed.notify_one();
    }
}

fn item(number: usize) -> Item {
    NonNull::new(std::ptr::without_provenance_mut(number * 8 + 8)).unwrap()
}

/// What a record's own thread does, in a model's thread that plays it: loom runs all of them on one thread of the system.
fn own(state: &'static LocalState, total: usize) {
    let parked = Arc::new(Parked::default());
    let waker = Waker::from(StdArc::new(Unpark(parked.clone())));
    let mut taken = 0;
    while taken < total {
        while state.pop(1).is_some() {
            taken += 1;
        }
        if taken < total && state.fall_asleep(0, &waker) {
            let mut woken = parked.woken.lock().unwrap();
            while !*woken {
                woken = parked.changed.wait(woken).unwrap();
            }
            *woken = false;
            drop(woken);
            state.get_up(0);
        }
    }
}

/// One thread takes the items that `threads` others push, `each` as many, and sleeps in between.
fn check(threads: usize, each: usize) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(move || {
        let state = LocalState::leak();
        let pushers: Vec<_> = (0..threads)
            .map(|t| {
                thread::spawn(move || {
                    for n in 0..each {
                        state.push_from_outside(item(t * each + n));
                    }
                })
            })
            .collect();
        let owner = thread::spawn(move || own(state, threads * each));
        owner.join().unwrap();
        pushers.into_iter().for_each(|p| p.join().unwrap());
    });
}

#[test]
fn an_item_from_another_thread_rouses_the_sleeper() {
    check(1, 2);
}

#[test]
fn items_from_two_threads_rouse_the_sleeper() {
    check(2, 1);
}
