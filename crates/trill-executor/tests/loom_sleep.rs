//! Models of sleeping and rousing: no runnable is left alone while a runner sleeps.
//!
//! Two preemptions where two threads race, and one where three do, whose sleeps and wakes are many switches already that do
//! not count.
#![cfg(loom)]

mod model;

use std::ptr::NonNull;
use std::sync::Arc as StdArc;
use std::task::{Wake, Waker};

use loom::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use loom::sync::{Arc, Condvar, Mutex};
use loom::thread;
use trill_executor::model::{Item, State, Worker};

use model::{at_once, check};

/// Parks a model's thread until it is woken; a wake that never comes is a deadlock, which loom reports.
#[derive(Default)]
struct Parked {
    woken: Mutex<bool>,
    changed: Condvar,
}

impl Parked {
    fn wait(&self) {
        let mut woken = self.woken.lock().unwrap();
        while !*woken {
            woken = self.changed.wait(woken).unwrap();
        }
        *woken = false;
    }
}

/// A leaked worker may keep this, and loom minds leaks of its own `Arc`.
struct Unpark(StdArc<Parked>);

impl Wake for Unpark {
    fn wake(self: StdArc<Self>) {
        *self.0.woken.lock().unwrap() = true;
        self.0.changed.notify_one();
    }
}

fn item(number: usize) -> Item {
    NonNull::new(std::ptr::without_provenance_mut(number * 8 + 8)).unwrap()
}

/// A runner that takes items until `total` were taken by all together; then it wakes the others, which end, too.
fn runner(
    state: &'static State,
    worker: &'static Worker,
    taken: &AtomicUsize,
    total: usize,
    done: &AtomicBool,
    everyone: &[Waker],
) {
    let parked = StdArc::new(Parked::default());
    let waker = Waker::from(StdArc::new(Unpark(parked.clone())));
    let mut searching = false;
    loop {
        state.get_up(worker, &mut searching);
        while let Some(_item) = worker.next_for_model(&mut searching) {
            state.end_search(&mut searching);
            if taken.fetch_add(1, Ordering::Relaxed) + 1 == total {
                done.store(true, Ordering::Release);
                everyone.iter().for_each(Waker::wake_by_ref);
            }
        }
        if done.load(Ordering::Acquire) {
            return;
        }
        if state.fall_asleep(worker, &mut searching, &waker) {
            parked.wait();
        }
    }
}

#[test]
fn an_item_pushed_from_outside_is_found_by_the_sleeper() {
    check(2, || {
        let state = State::leak();
        let worker = state.hire();
        at_once(
            move || state.inject_for_model(item(0)),
            move || {
                let (taken, done) = (AtomicUsize::new(0), AtomicBool::new(false));
                runner(state, worker, &taken, 1, &done, &[]);
                assert_eq!(taken.load(Ordering::Relaxed), 1);
            },
        );
    });
}

#[test]
fn items_pushed_into_an_inbox_by_two_threads_are_found() {
    check(1, || {
        let state = State::leak();
        let worker = state.hire();
        let pushers: Vec<_> = (0..2)
            .map(|n| thread::spawn(move || worker.deliver_for_model(item(n))))
            .collect();
        let runner = thread::spawn(move || {
            let (taken, done) = (AtomicUsize::new(0), AtomicBool::new(false));
            runner(state, worker, &taken, 2, &done, &[]);
            assert_eq!(taken.load(Ordering::Relaxed), 2);
        });
        runner.join().unwrap();
        pushers.into_iter().for_each(|p| p.join().unwrap());
    });
}

/// A runner whose own thread pushes between its polls, as a reactor does there, while another pushes into the inbox.
#[test]
fn what_the_runners_own_thread_pushes_between_polls_is_found() {
    check(2, || {
        let state = State::leak();
        let worker = state.hire();
        worker.watch_for_model();
        let parked = StdArc::new(Parked::default());
        let waker = Waker::from(StdArc::new(Unpark(parked.clone())));
        let (sleeps, wakes) = (parked.clone(), waker.clone());
        let run = move || {
            let (mut searching, mut pushed, mut taken) = (false, false, 0);
            while taken < 2 {
                state.get_up(worker, &mut searching);
                while worker.next_for_model(&mut searching).is_some() {
                    state.end_search(&mut searching);
                    taken += 1;
                }
                if taken < 2 && state.fall_asleep(worker, &mut searching, &wakes) {
                    if !std::mem::replace(&mut pushed, true) {
                        worker.push_between_polls_for_model(item(1));
                    }
                    sleeps.wait();
                }
            }
            searching
        };
        let ((), mut searching) = at_once(move || worker.deliver_for_model(item(0)), run);
        // Nobody counts as searching for ever: the next push from outside still rouses.
        *parked.woken.lock().unwrap() = false;
        state.get_up(worker, &mut searching);
        state.end_search(&mut searching);
        assert!(state.fall_asleep(worker, &mut searching, &waker));
        state.inject_for_model(item(2));
        parked.wait();
    });
}

/// Its own push goes to a thief or to itself, and is not left alone.
#[test]
fn what_is_pushed_between_polls_is_found_beside_another_runner() {
    check(2, || {
        let state = State::leak();
        let (own, other) = (state.hire(), state.hire());
        own.watch_for_model();
        let shared = Arc::new((AtomicUsize::new(0), AtomicBool::new(false)));
        let ends: [_; 2] = std::array::from_fn(|_| StdArc::new(Parked::default()));
        let wakers = ends
            .clone()
            .map(|end| Waker::from(StdArc::new(Unpark(end))));
        let thief = {
            let (shared, end, wakers) = (shared.clone(), ends[1].clone(), wakers.clone());
            thread::spawn(move || {
                let mut searching = false;
                loop {
                    state.get_up(other, &mut searching);
                    while other.next_for_model(&mut searching).is_some() {
                        state.end_search(&mut searching);
                        if shared.0.fetch_add(1, Ordering::Relaxed) + 1 == 2 {
                            shared.1.store(true, Ordering::Release);
                            wakers[0].wake_by_ref();
                        }
                    }
                    if shared.1.load(Ordering::Acquire) {
                        return;
                    }
                    if state.fall_asleep(other, &mut searching, &wakers[1]) {
                        end.wait();
                    }
                }
            })
        };
        let owner = {
            let (shared, end, wakers) = (shared.clone(), ends[0].clone(), wakers.clone());
            thread::spawn(move || {
                let (mut searching, mut pushed) = (false, false);
                loop {
                    state.get_up(own, &mut searching);
                    while own.next_for_model(&mut searching).is_some() {
                        state.end_search(&mut searching);
                        if shared.0.fetch_add(1, Ordering::Relaxed) + 1 == 2 {
                            shared.1.store(true, Ordering::Release);
                            wakers[1].wake_by_ref();
                        }
                    }
                    if shared.1.load(Ordering::Acquire) {
                        return;
                    }
                    if state.fall_asleep(own, &mut searching, &wakers[0]) {
                        if !std::mem::replace(&mut pushed, true) {
                            own.push_between_polls_for_model(item(0));
                            own.push_between_polls_for_model(item(1));
                        }
                        end.wait();
                    }
                }
            })
        };
        owner.join().unwrap();
        thief.join().unwrap();
        assert_eq!(shared.0.load(Ordering::Relaxed), 2);
    });
}

/// Two runners, which must together find what is pushed; the last to find something wakes the other by its waker.
///
/// With more than one item whoever has the first holds it until the last is found: the other runner has to come for that.
fn two_runners(push: fn(&'static State, [&'static Worker; 2]), total: usize) {
    check(1, move || {
        let state = State::leak();
        let workers = [state.hire(), state.hire()];
        let shared = Arc::new((AtomicUsize::new(0), AtomicBool::new(false)));
        let ends: Vec<_> = (0..2).map(|_| StdArc::new(Parked::default())).collect();
        let last = StdArc::new(Parked::default());
        let threads: Vec<_> = workers
            .into_iter()
            .map(|worker| {
                let (shared, ends, last) = (shared.clone(), ends.clone(), last.clone());
                thread::spawn(move || {
                    let mut searching = false;
                    let me = usize::from(!std::ptr::eq(worker, workers[0]));
                    let waker = Waker::from(StdArc::new(Unpark(ends[me].clone())));
                    loop {
                        state.get_up(worker, &mut searching);
                        while worker.next_for_model(&mut searching).is_some() {
                            state.end_search(&mut searching);
                            if shared.0.fetch_add(1, Ordering::Relaxed) + 1 == total {
                                shared.1.store(true, Ordering::Release);
                                Waker::from(StdArc::new(Unpark(ends[1 - me].clone()))).wake();
                                Waker::from(StdArc::new(Unpark(last.clone()))).wake();
                            } else {
                                last.wait();
                            }
                        }
                        if shared.1.load(Ordering::Acquire) {
                            return;
                        }
                        if state.fall_asleep(worker, &mut searching, &waker) {
                            ends[me].wait();
                        }
                    }
                })
            })
            .collect();
        let pusher = thread::spawn(move || push(state, workers));
        pusher.join().unwrap();
        threads.into_iter().for_each(|t| t.join().unwrap());
        assert_eq!(shared.0.load(Ordering::Relaxed), total);
    });
}

#[test]
fn two_runners_find_an_item_from_outside() {
    two_runners(|state, _| state.inject_for_model(item(0)), 1);
}

#[test]
fn two_runners_find_an_item_in_an_inbox() {
    two_runners(|_, workers| workers[0].deliver_for_model(item(0)), 1);
}

#[test]
fn two_runners_find_an_item_each() {
    let push = |state: &'static State, _: [&'static Worker; 2]| {
        state.inject_for_model(item(0));
        state.inject_for_model(item(1));
    };
    two_runners(push, 2);
}

#[test]
fn a_retiring_runner_and_a_pusher_to_its_inbox_lose_nothing() {
    check(1, || {
        let state = State::leak();
        let (leaves, stays) = (state.hire(), state.hire());
        let mut searching = false;
        state.get_up(leaves, &mut searching);
        leaves.watch_for_model();
        let pusher = thread::spawn(move || leaves.deliver_for_model(item(0)));
        let retiring = thread::spawn(move || {
            let mut searching = searching;
            leaves.retire_for_model(&mut searching);
        });
        let runner = thread::spawn(move || {
            let (taken, done) = (AtomicUsize::new(0), AtomicBool::new(false));
            runner(state, stays, &taken, 1, &done, &[]);
        });
        runner.join().unwrap();
        pusher.join().unwrap();
        retiring.join().unwrap();
    });
}
