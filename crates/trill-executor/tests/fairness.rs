//! Who is polled when: order, and how long the outside waits.
//!
//! The bounds are the constants of `runner.rs` and `hunt.rs`: a poll of `run` polls at most 64 tasks before the thread may
//! look at its reactor and timers. After every 16 of them one that was woken from outside has its turn at once, and up to
//! 15 more line up behind those that are ready. Inside `block_on` a batch ends before that when the attendant finds it too long.
#![allow(clippy::unwrap_used)] // A poisoned lock is a failed test.

mod common;

use std::future::{Future, pending};
use std::pin::pin;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use common::{Gate, poll_once};
use trill_executor::{Executor, LocalExecutor, yield_now};
use trill_park::block_on;

/// Tasks in one poll of `run`.
const BATCH_POLLS: usize = 64;
/// Polls after which tasks that were woken from outside are looked for: the two places where they lie take turns.
const OUTSIDE_POLLS: usize = 2 * 16;

/// Yields for ever, and counts.
async fn spin(polls: &AtomicUsize) {
    loop {
        polls.fetch_add(1, Ordering::Relaxed);
        yield_now().await;
    }
}

// Behaviour 1: the fixed poll budget after which the reactor is looked at.
#[test]
fn a_poll_of_run_polls_sixty_four_tasks_however_many_are_ready() {
    for tasks in [1, 2, 63, 64, 65, 1000] {
        let polls = AtomicUsize::new(0);
        let ex = Executor::new();
        for _ in 0..tasks {
            ex.spawn(spin(&polls)).detach();
        }
        let mut run = pin!(ex.run(pending::<()>()));
        for round in 1..=10 {
            assert!(poll_once(run.as_mut()).is_pending());
            assert_eq!(polls.load(Ordering::Relaxed), round * BATCH_POLLS);
        }
    }
}

// Behaviour 1: a task woken during an iteration is not polled before the next look, or a fixed number of polls.
#[test]
fn tasks_that_wake_each_other_do_not_prolong_a_poll_of_run() {
    async fn pass(own: &Gate, next: &Gate, polls: &AtomicUsize) {
        loop {
            own.wait().await;
            own.close();
            polls.fetch_add(1, Ordering::Relaxed);
            next.open();
        }
    }
    let gates = [Gate::default(), Gate::default(), Gate::default()];
    let polls = AtomicUsize::new(0);
    let ex = Executor::new();
    for n in 0..3 {
        let next = &gates[(n + 1) % 3];
        ex.spawn(pass(&gates[n], next, &polls)).detach();
    }
    gates[0].open();
    let mut run = pin!(ex.run(pending::<()>()));
    for round in 1..=10 {
        assert!(poll_once(run.as_mut()).is_pending());
        let polls = polls.load(Ordering::Relaxed);
        assert!(polls <= round * BATCH_POLLS, "{polls} in {round} rounds");
        // The first three polls of all only wait.
        assert!(
            polls >= round * BATCH_POLLS - 3,
            "{polls} in {round} rounds"
        );
    }
}

// Behaviour 1: one task that wakes itself for ever, or many, and those that the outside wakes.
// Fault 27a
#[test]
fn tasks_woken_from_outside_are_polled_within_thirty_two_polls_and_one_for_each_ready_before() {
    for busy in [1, 3, 100] {
        let (polls, seen) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
        let gates: Vec<Gate> = (0..16).map(|_| Gate::default()).collect();
        let ex = Executor::new();
        for gate in &gates {
            let (polls, seen) = (&polls, &seen);
            ex.spawn(async move {
                loop {
                    gate.wait().await;
                    gate.close();
                    seen.lock().unwrap().push(polls.load(Ordering::Relaxed));
                }
            })
            .detach();
        }
        for _ in 0..busy {
            ex.spawn(spin(&polls)).detach();
        }
        let mut run = pin!(ex.run(pending::<()>()));
        for _ in 0..10 {
            assert!(poll_once(run.as_mut()).is_pending());
        }
        // As a reactor does between two polls of the runner.
        for round in 0..50 {
            let before = polls.load(Ordering::Relaxed);
            gates.iter().for_each(Gate::open);
            let batches = (OUTSIDE_POLLS + busy + gates.len()).div_ceil(BATCH_POLLS);
            for _ in 0..batches {
                assert!(poll_once(run.as_mut()).is_pending());
            }
            let seen = std::mem::take(&mut *seen.lock().unwrap());
            assert_eq!(seen.len(), gates.len(), "round {round}, {busy} busy");
            let (first, last) = (seen[0] - before, seen[seen.len() - 1] - before);
            assert!(first <= OUTSIDE_POLLS, "{first} polls, {busy} busy");
            assert!(last <= OUTSIDE_POLLS + busy, "{last} polls, {busy} busy");
        }
    }
}

// Behaviour 1: a task that wakes itself in its poll waits for all that were ready before.
#[test]
fn tasks_that_yield_take_turns() {
    let order = Mutex::new(Vec::new());
    let begun = AtomicUsize::new(0);
    let ex = Executor::new();
    let tasks: Vec<_> = (0..5)
        .map(|n| {
            let (order, begun) = (&order, &begun);
            ex.spawn(async move {
                // A runner takes spawned tasks in several goes.
                begun.fetch_add(1, Ordering::Relaxed);
                while begun.load(Ordering::Relaxed) < 5 {
                    yield_now().await;
                }
                for _ in 0..20 {
                    order.lock().unwrap().push(n);
                    yield_now().await;
                }
            })
        })
        .collect();
    block_on(ex.run(async {
        for task in tasks {
            task.await;
        }
    }));
    let order = std::mem::take(&mut *order.lock().unwrap());
    assert_eq!(order.len(), 100);
    let first = &order[..5];
    assert!((0..5).all(|n| first.contains(&n)), "{first:?}");
    for round in order.chunks(5) {
        assert_eq!(round, first);
    }
}

/// The order in which tasks are polled that a task has woken in the order of their numbers.
fn order_of_wakes_in_a_task(run: impl FnOnce(&Executor<'_>, &Gate)) -> Vec<usize> {
    let order = Mutex::new(Vec::new());
    let gates: Vec<Gate> = (0..50).map(|_| Gate::default()).collect();
    let end = Gate::default();
    let left = AtomicUsize::new(gates.len());
    let ex = Executor::new();
    for (n, gate) in gates.iter().enumerate() {
        let (order, end, left) = (&order, &end, &left);
        ex.spawn(async move {
            gate.wait().await;
            order.lock().unwrap().push(n);
            if left.fetch_sub(1, Ordering::Relaxed) == 1 {
                end.open();
            }
        })
        .detach();
    }
    let waker = async {
        while gates.iter().any(|gate| !gate.is_waited()) {
            yield_now().await;
        }
        gates.iter().for_each(Gate::open);
    };
    ex.spawn(waker).detach();
    run(&ex, &end);
    drop(ex);
    order.into_inner().unwrap()
}

// Behaviour 1: N tasks woken in order are polled in that order, but for the one that a task has woken last: it finds
// what its waker has touched in the processor's cache, and goes first. No more than three in a row do so.
#[test]
fn tasks_that_a_task_wakes_are_polled_in_that_order_but_the_last_goes_first() {
    let order = order_of_wakes_in_a_task(|ex, end| block_on(ex.run(end.wait())));
    let expected: Vec<usize> = std::iter::once(49).chain(0..49).collect();
    assert_eq!(order, expected);
}

// Behaviour 1: without exception where nobody would notice that the waking task keeps its thread.
#[test]
fn tasks_that_a_task_wakes_under_a_foreign_block_on_are_polled_in_that_order() {
    let order =
        order_of_wakes_in_a_task(|ex, end| futures_lite::future::block_on(ex.run(end.wait())));
    assert_eq!(order, (0..50).collect::<Vec<_>>());
}

// Behaviour 1: and on a local executor, whoever wakes.
#[test]
fn tasks_that_a_task_wakes_on_a_local_executor_are_polled_in_that_order() {
    let order = Mutex::new(Vec::new());
    let gates: Vec<Gate> = (0..50).map(|_| Gate::default()).collect();
    let ex = LocalExecutor::new();
    let mut tasks = Vec::new();
    for (n, gate) in gates.iter().enumerate() {
        let order = &order;
        tasks.push(ex.spawn(async move {
            gate.wait().await;
            order.lock().unwrap().push(n);
        }));
    }
    ex.spawn(async {
        while gates.iter().any(|gate| !gate.is_waited()) {
            yield_now().await;
        }
        gates.iter().for_each(Gate::open);
    })
    .detach();
    block_on(ex.run(async {
        for task in tasks {
            task.await;
        }
    }));
    assert_eq!(*order.lock().unwrap(), (0..50).collect::<Vec<_>>());
    drop(ex);
}

// Behaviour 1: a task that is woken again and again goes first once, and then behind what is queued, where it finds all that
// came meanwhile.
#[test]
fn a_task_that_awaits_many_is_not_polled_for_each_of_them() {
    static EX: Executor<'static> = Executor::new();
    let awaiting = async {
        let tasks: Vec<_> = (0..1000).map(|n| EX.spawn(async move { n })).collect();
        let mut sum = 0;
        for task in tasks {
            sum += task.await;
        }
        sum
    };
    let counted = async {
        let (mut awaiting, mut polls) = (pin!(awaiting), 0);
        let sum = std::future::poll_fn(|cx| {
            polls += 1;
            awaiting.as_mut().poll(cx)
        })
        .await;
        (sum, polls)
    };
    let (sum, polls) = block_on(EX.run(EX.spawn(counted)));
    assert_eq!(sum, 1000 * 999 / 2);
    // To spawn, after the first, and behind the last; once more for each pause of the thread that ends a batch just then.
    assert!(polls <= 10, "{polls} polls");
}

// Behaviour 1: two that wake each other come from the first place three times in a row, then a third has its turn.
// Fault 27a
#[test]
fn two_that_wake_each_other_take_no_more_than_three_turns_before_a_third() {
    let (ping, pong, end) = (Gate::default(), Gate::default(), Gate::default());
    let (turns, seen) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let ex = Executor::new();
    let pass = |own: &'static str| {
        let (turns, ping, pong) = (&turns, &ping, &pong);
        async move {
            let (own, other) = if own == "ping" {
                (ping, pong)
            } else {
                (pong, ping)
            };
            loop {
                own.wait().await;
                own.close();
                turns.fetch_add(1, Ordering::Relaxed);
                other.open();
            }
        }
    };
    ex.spawn(pass("ping")).detach();
    ex.spawn(pass("pong")).detach();
    ex.spawn(async {
        while !(ping.is_waited() && pong.is_waited()) {
            yield_now().await;
        }
        ping.open();
        for _ in 0..100 {
            seen.lock().unwrap().push(turns.load(Ordering::Relaxed));
            yield_now().await;
        }
        end.open();
    })
    .detach();
    block_on(ex.run(end.wait()));
    drop(ex);
    let seen = seen.into_inner().unwrap();
    let most = seen.windows(2).map(|pair| pair[1] - pair[0]).max();
    // One more that was in the ring already.
    assert!(most.unwrap() <= 4, "{seen:?}");
    assert!(turns.load(Ordering::Relaxed) >= 100);
}

// Behaviour 1: tasks whose polls are long do not hold up timers and sockets for 64 of them.
#[test]
fn a_poll_in_which_the_thread_is_found_stuck_ends_the_batch_and_the_next_two_look_outside() {
    let polls = AtomicUsize::new(0);
    let (gate, log) = (Gate::default(), Mutex::new(Vec::new()));
    let ex = Executor::new();
    for _ in 0..100 {
        ex.spawn(async {
            loop {
                if polls.fetch_add(1, Ordering::Relaxed) % 10 == 4 {
                    // The attendant looks at a running thread with each pulse; at the second look in one poll it is stuck.
                    let before = trill_cell::pulses();
                    while trill_cell::pulses().wrapping_sub(before) < 4 {
                        std::thread::yield_now();
                    }
                }
                log.lock().unwrap().push("spins");
                yield_now().await;
            }
        })
        .detach();
    }
    ex.spawn(async {
        gate.wait().await;
        log.lock().unwrap().push("outside");
    })
    .detach();
    block_on(async {
        let mut run = pin!(ex.run(pending::<()>()));
        while !gate.is_waited() {
            assert!(poll_once(run.as_mut()).is_pending());
        }
        for _ in 0..5 {
            let before = polls.load(Ordering::Relaxed);
            assert!(poll_once(run.as_mut()).is_pending());
            // A slow batch may be shorter, none is longer.
            let after = polls.load(Ordering::Relaxed);
            assert!(after - before <= 10, "{} polls in a batch", after - before);
        }
        while polls.load(Ordering::Relaxed) % 10 != 5 {
            assert!(poll_once(run.as_mut()).is_pending());
        }
        log.lock().unwrap().clear();
        gate.open();
        for _ in 0..2 {
            assert!(poll_once(run.as_mut()).is_pending());
        }
        assert!(log.lock().unwrap().contains(&"outside"));
    });
}
