//! Tasks whose polls are long stand back behind what is woken meanwhile, and are not starved.
#![allow(clippy::unwrap_used)] // A poisoned lock is a failed test.

mod common;

use std::future::{Future, pending};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use common::{Gate, poll_once};
use trill_executor::{Executor, yield_now};
use trill_park::block_on;

/// How often each of some tasks was polled.
#[derive(Default)]
struct Polls([AtomicUsize; 4]);

impl Polls {
    fn all(&self) -> usize {
        self.0
            .iter()
            .map(|polls| polls.load(Ordering::Relaxed))
            .sum()
    }

    fn least(&self) -> usize {
        self.0
            .iter()
            .map(|polls| polls.load(Ordering::Relaxed))
            .min()
            .unwrap()
    }
}

/// Computes for ever, so long in each poll that the runner notices, and counts its polls.
async fn compute(polls: &AtomicUsize) {
    // The attendant looks at a running thread with each pulse; at the second look in one poll it is stuck.
    let before = trill_cell::pulses();
    while trill_cell::pulses().wrapping_sub(before) < 4 {
        std::thread::yield_now();
    }
    loop {
        let before = trill_world::now();
        while trill_world::now() - before < Duration::from_millis(1) {
            std::hint::spin_loop();
        }
        polls.fetch_add(1, Ordering::Relaxed);
        yield_now().await;
    }
}

/// Polls the runner until each of the tasks that compute was polled three times more: they lie in the queue for such then.
fn warm_up(mut run: Pin<&mut impl Future>, polls: &Polls) {
    let enough = polls.least() + 3;
    while polls.least() < enough {
        assert!(poll_once(run.as_mut()).is_pending());
    }
}

// Behaviour 1: nobody waits for a turn of each task that computes.
#[test]
fn what_is_woken_waits_for_no_more_than_one_task_that_computes() {
    let (polls, gates) = (Polls::default(), [const { Gate::new() }; 5]);
    let seen = [const { AtomicUsize::new(0) }; 5];
    let ex = Executor::new();
    for polls in &polls.0 {
        ex.spawn(compute(polls)).detach();
    }
    for (gate, seen) in gates.iter().zip(&seen) {
        let polls = &polls;
        ex.spawn(async move {
            loop {
                gate.wait().await;
                gate.close();
                seen.store(polls.all(), Ordering::Relaxed);
            }
        })
        .detach();
    }
    block_on(async {
        let mut run = pin!(ex.run(pending::<()>()));
        warm_up(run.as_mut(), &polls);
        // Now and then this thread is preempted in a short poll, and the time that the others have is over.
        let is_quick = (0..100).any(|_| {
            while !gates.iter().all(Gate::is_waited) {
                assert!(poll_once(run.as_mut()).is_pending());
            }
            let before = polls.all();
            gates.iter().for_each(Gate::open);
            while !gates.iter().all(Gate::is_waited) {
                assert!(poll_once(run.as_mut()).is_pending());
            }
            seen.iter()
                .all(|seen| seen.load(Ordering::Relaxed) <= before + 1)
        });
        assert!(
            is_quick,
            "a hundred times what was woken waited for two tasks that compute"
        );
    });
}

#[test]
fn tasks_that_always_yield_leave_time_for_those_that_compute() {
    let (polls, yields) = (Polls::default(), AtomicUsize::new(0));
    let ex = Executor::new();
    for polls in &polls.0 {
        ex.spawn(compute(polls)).detach();
    }
    block_on(async {
        let mut run = pin!(ex.run(pending::<()>()));
        warm_up(run.as_mut(), &polls);
        for _ in 0..10 {
            ex.spawn(async {
                loop {
                    yields.fetch_add(1, Ordering::Relaxed);
                    yield_now().await;
                }
            })
            .detach();
        }
        let before = yields.load(Ordering::Relaxed);
        warm_up(run.as_mut(), &polls);
        assert!(
            yields.load(Ordering::Relaxed) > before + 100,
            "nor do they starve"
        );
    });
}

#[test]
fn tasks_that_compute_are_found_by_other_ways_to_run_and_dropped_at_the_end() {
    struct CountDrop(Arc<AtomicUsize>);
    impl Drop for CountDrop {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
    let (polls, drops) = (Polls::default(), Arc::new(AtomicUsize::new(0)));
    let ex = Executor::new();
    for polls in &polls.0 {
        let guard = CountDrop(drops.clone());
        ex.spawn(async move {
            let _guard = guard;
            compute(polls).await;
        })
        .detach();
    }
    block_on(async {
        warm_up(pin!(ex.run(pending::<()>())), &polls);
        // The runner is gone; what it left is found by each tick, and by the next runner.
        let before = polls.all();
        assert!((0..4).all(|_| ex.try_tick()));
        assert_eq!(polls.all(), before + 4);
        warm_up(pin!(ex.run(pending::<()>())), &polls);
    });
    drop(ex);
    assert_eq!(drops.load(Ordering::Relaxed), 4);
}
