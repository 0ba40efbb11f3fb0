//! What the shared executor does: spawning, running, ticking, waking.
#![allow(clippy::disallowed_methods)] // Tests start threads of their own.

mod common;

use std::future::{Future, pending, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::thread;

use common::{Gate, poll_once};
use trill_executor::{Executor, LocalExecutor, StaticExecutor, yield_now};
use trill_park::block_on;

#[test]
fn spawned_tasks_run_and_give_their_values() {
    let ex = Executor::new();
    let tasks: Vec<_> = (0..1000).map(|n| ex.spawn(async move { n })).collect();
    let sum = block_on(ex.run(async {
        let mut sum = 0;
        for task in tasks {
            sum += task.await;
        }
        sum
    }));
    assert_eq!(sum, 499_500);
    assert!(ex.is_empty());
}

#[test]
fn tasks_may_borrow() {
    let count = AtomicUsize::new(0);
    {
        let ex = Executor::new();
        let tasks: Vec<_> = (0..10)
            .map(|_| ex.spawn(async { count.fetch_add(1, Ordering::Relaxed) }))
            .collect();
        block_on(ex.run(async {
            for task in tasks {
                task.await;
            }
        }));
    }
    assert_eq!(count.into_inner(), 10);
}

#[test]
fn try_tick_polls_one_task() {
    let ex = Executor::new();
    assert!(!ex.try_tick());
    let first = ex.spawn(async { 1 });
    let second = ex.spawn(async { 2 });
    assert!(ex.try_tick());
    assert!(first.is_finished());
    assert!(!second.is_finished());
    assert!(ex.try_tick());
    assert!(!ex.try_tick());
    assert_eq!(block_on(second), 2);
}

#[test]
fn tick_waits_for_a_task() {
    let ex = Executor::new();
    let mut tick = pin!(ex.tick());
    assert!(poll_once(tick.as_mut()).is_pending());
    let task = ex.spawn(async { 7 });
    assert!(poll_once(tick.as_mut()).is_ready());
    assert_eq!(block_on(task), 7);
}

#[test]
fn ticks_see_what_lies_in_a_runners_queue() {
    let gate = Gate::default();
    let ex = Executor::new();
    // The runner is polled once: it gets two tasks into its own queue, and is not polled again.
    let spawned = Mutex::new(Vec::new());
    let mut run = pin!(ex.run(poll_fn(|_| {
        let mut spawned = spawned.lock().unwrap();
        if spawned.is_empty() {
            spawned.push(ex.spawn(gate.wait()));
            // More than a runner polls before it gives way.
            spawned.extend((0..200).map(|_| ex.spawn(async {})));
        }
        Poll::<()>::Pending
    })));
    assert!(poll_once(run.as_mut()).is_pending());
    let left = |spawned: &Vec<trill_executor::Task<()>>| {
        spawned.iter().filter(|task| !task.is_finished()).count()
    };
    assert!(left(&spawned.lock().unwrap()) > 1);
    while ex.try_tick() {}
    assert_eq!(left(&spawned.lock().unwrap()), 1);
    gate.open();
    block_on(ex.tick());
    assert_eq!(left(&spawned.lock().unwrap()), 0);
}

#[test]
fn dropped_runner_hands_its_queue_back() {
    let ex = Executor::new();
    let mut spawned: Vec<trill_executor::Task<()>> = Vec::new();
    {
        let mut run = pin!(ex.run(poll_fn(|_| {
            if spawned.is_empty() {
                spawned.extend((0..500).map(|_| ex.spawn(async {})));
            }
            Poll::<()>::Pending
        })));
        assert!(poll_once(run.as_mut()).is_pending());
    }
    block_on(ex.run(async {
        for task in spawned {
            task.await;
        }
    }));
}

#[test]
fn one_of_two_runners_on_a_thread_may_be_dropped() {
    let ex = Executor::new();
    let mut second = pin!(ex.run(pending::<()>()));
    {
        let mut first = pin!(ex.run(pending::<()>()));
        assert!(poll_once(first.as_mut()).is_pending());
        assert!(poll_once(second.as_mut()).is_pending());
    }
    let task = ex.spawn(async { 1 });
    assert!(poll_once(second.as_mut()).is_pending());
    assert!(task.is_finished());
}

#[test]
fn several_runners_may_be_polled_on_one_thread() {
    let gate = Gate::default();
    let ex = Executor::new();
    let task = ex.spawn(gate.wait());
    let out = block_on(futures_lite::future::or(
        ex.run(async {
            task.await;
            1
        }),
        ex.run(async {
            yield_now().await;
            gate.open();
            pending().await
        }),
    ));
    assert_eq!(out, 1);
}

#[test]
fn a_dropped_runner_passes_its_wake_on() {
    let ex = Executor::new();
    let (waker_one, woken_one) = common::counting_waker();
    let (waker_two, woken_two) = common::counting_waker();
    let mut second = pin!(ex.run(pending::<()>()));
    assert!(
        second
            .as_mut()
            .poll(&mut Context::from_waker(&waker_two))
            .is_pending()
    );
    let task;
    {
        let mut first = Box::pin(ex.run(pending::<()>()));
        assert!(
            first
                .as_mut()
                .poll(&mut Context::from_waker(&waker_one))
                .is_pending()
        );
        task = ex.spawn(async {});
        // The newest sleeper is called. It is dropped without having looked.
        assert_eq!(woken_one.load(Ordering::SeqCst), 1);
        assert_eq!(woken_two.load(Ordering::SeqCst), 0);
    }
    assert_eq!(woken_two.load(Ordering::SeqCst), 1);
    drop(task);
}

#[test]
fn is_empty_until_spawned_and_after_all_ended() {
    let gate = Gate::default();
    let ex = Executor::new();
    assert!(ex.is_empty());
    let task = ex.spawn(gate.wait());
    assert!(!ex.is_empty());
    ex.try_tick();
    assert!(!ex.is_empty());
    gate.open();
    ex.try_tick();
    assert!(ex.is_empty());
    block_on(task);
    ex.spawn(pending::<()>()).detach();
    assert!(!ex.is_empty());
}

#[test]
fn four_threads_run_one_executor() {
    let ex = Arc::new(Executor::new());
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let (ex, gate) = (ex.clone(), Arc::new(Gate::default()));
            let waits = gate.clone();
            (gate, thread::spawn(move || block_on(ex.run(waits.wait()))))
        })
        .collect();
    let count: usize = if cfg!(miri) { 60 } else { 2000 };
    let tasks: Vec<_> = (0..count)
        .map(|n| {
            ex.spawn(async move {
                for _ in 0..n % 10 {
                    yield_now().await;
                }
                n
            })
        })
        .collect();
    let sum: usize = block_on(async {
        let mut sum = 0;
        for task in tasks {
            sum += task.await;
        }
        sum
    });
    assert_eq!(sum, count * (count - 1) / 2);
    for (gate, thread) in threads {
        gate.open();
        thread.join().unwrap();
    }
    assert!(ex.is_empty());
}

#[test]
fn wakes_from_eight_threads_all_arrive() {
    let ex = Executor::new();
    let count = if cfg!(miri) { 10 } else { 2_000 };
    let gates: Vec<Vec<Arc<Gate>>> = (0..8)
        .map(|_| (0..count).map(|_| Arc::default()).collect())
        .collect();
    let tasks: Vec<_> = gates
        .iter()
        .flatten()
        .map(|gate| ex.spawn(gate.clone().wait_owned()))
        .collect();
    let threads: Vec<_> = gates
        .into_iter()
        .map(|gates| thread::spawn(move || gates.iter().for_each(|gate| gate.open())))
        .collect();
    block_on(ex.run(async {
        for task in tasks {
            task.await;
        }
    }));
    threads
        .into_iter()
        .for_each(|thread| thread.join().unwrap());
}

#[test]
fn wakes_from_outside_keep_their_order() {
    let order = Mutex::new(Vec::new());
    let gates: Vec<Gate> = (0..100).map(|_| Gate::default()).collect();
    let ex = Executor::new();
    let mut run = pin!(ex.run(pending::<()>()));
    let tasks: Vec<_> = gates
        .iter()
        .enumerate()
        .map(|(n, gate)| {
            let order = &order;
            ex.spawn(async move {
                gate.wait().await;
                order.lock().unwrap().push(n);
            })
        })
        .collect();
    while tasks
        .iter()
        .any(|_| gates.iter().any(|gate| !gate.is_waited()))
    {
        assert!(poll_once(run.as_mut()).is_pending());
    }
    // Like a reactor that delivers events between two polls of the runner.
    let mut expected: Vec<usize> = (0..100).collect();
    expected.sort_by_key(|n| n * 37 % 100);
    for n in &expected {
        gates[*n].open();
    }
    while tasks.iter().any(|task| !task.is_finished()) {
        assert!(poll_once(run.as_mut()).is_pending());
    }
    assert_eq!(*order.lock().unwrap(), expected);
}

#[test]
fn a_source_that_is_always_ready_leaves_room_for_others() {
    let polls = AtomicUsize::new(0);
    let ex = Executor::new();
    let greedy = ex.spawn(poll_fn(|cx| {
        loop {
            // A leaf that could go on for ever.
            if trill_cell::proceed(cx).is_pending() {
                return Poll::<()>::Pending;
            }
            polls.fetch_add(1, Ordering::Relaxed);
        }
    }));
    let other = ex.spawn(async {
        for _ in 0..10 {
            yield_now().await;
        }
        5
    });
    assert_eq!(block_on(ex.run(other)), 5);
    assert!(polls.load(Ordering::Relaxed) >= trill_cell::BUDGET_POLLS as usize);
    drop(greedy);
}

#[test]
fn two_tasks_that_wake_each_other_leave_room_for_a_third() {
    let (ping, pong) = (Gate::default(), Gate::default());
    let ex = Executor::new();
    let one = ex.spawn(async {
        loop {
            ping.wait().await;
            ping.close();
            pong.open();
        }
    });
    let two = ex.spawn(async {
        loop {
            ping.open();
            pong.wait().await;
            pong.close();
        }
    });
    let third = ex.spawn(async {
        for _ in 0..10 {
            yield_now().await;
        }
    });
    block_on(ex.run(third));
    drop::<(trill_executor::Task<()>, trill_executor::Task<()>)>((one, two));
}

#[test]
fn it_works_under_a_foreign_block_on() {
    let ex = Executor::new();
    let task = ex.spawn(async {
        yield_now().await;
        3
    });
    assert_eq!(futures_lite::future::block_on(ex.run(task)), 3);
    let local = LocalExecutor::new();
    let task = local.spawn(async {
        yield_now().await;
        4
    });
    assert_eq!(futures_lite::future::block_on(local.run(task)), 4);
}

#[test]
fn spawn_many_survives_an_iterator_that_panics() {
    let ex = Executor::new();
    let mut tasks = Vec::new();
    let spawning = std::panic::AssertUnwindSafe(|| {
        ex.spawn_many(
            (0..10).map(|n| {
                assert!(n < 5, "expected");
                async move { n }
            }),
            &mut tasks,
        );
    });
    assert!(std::panic::catch_unwind(spawning).is_err());
    let after = ex.spawn(async { 100 });
    assert_eq!(block_on(ex.run(after)), 100);
    for task in tasks {
        assert!(block_on(ex.run(task)) < 5);
    }
    assert!(ex.is_empty());
}

#[test]
fn a_leaked_executor_runs() {
    let ex: &'static StaticExecutor = Executor::new().leak();
    let task = ex.spawn(async { 1 });
    assert_eq!(block_on(ex.run(task)), 1);
    let task = ex.builder().name("second").spawn(async { 2 });
    block_on(ex.tick());
    assert_eq!(block_on(task), 2);
    assert!(!ex.try_tick());
}

#[test]
fn the_futures_are_send_and_sync_like_what_they_run() {
    fn send_and_sync<T: Send + Sync>(_: &T) {}
    let ex = Executor::new();
    send_and_sync(&ex);
    send_and_sync(&ex.run(async {}));
    send_and_sync(&ex.tick());
    let task = ex.spawn(async { 1 });
    send_and_sync(&task);
    fn unpin<T: Unpin>(_: &T) {}
    unpin(&task);
    unpin(&task.fallible());
}

#[test]
fn a_task_woken_by_itself_before_it_waits_is_polled_again() {
    let ex = Executor::new();
    let mut first = true;
    let task = ex.spawn(poll_fn(move |cx| {
        if std::mem::take(&mut first) {
            let waker: Waker = cx.waker().clone();
            // From another thread, while it runs.
            thread::spawn(move || waker.wake()).join().unwrap();
            return Poll::Pending;
        }
        Poll::Ready(9)
    }));
    assert_eq!(block_on(ex.run(task)), 9);
}

// Fault 27a
#[test]
fn a_task_that_yields_for_ever_leaves_others_half_of_the_polls() {
    let count = 10_000;
    let (finished, yields) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let ex = Executor::new();
    let yielding = ex.spawn(async {
        while finished.load(Ordering::Relaxed) < count {
            yields.fetch_add(1, Ordering::Relaxed);
            yield_now().await;
        }
    });
    // Spawned outside a poll of the executor, so they wait where all workers look.
    for _ in 0..count {
        ex.spawn(async { finished.fetch_add(1, Ordering::Relaxed) })
            .detach();
    }
    block_on(ex.run(yielding));
    let yields = yields.load(Ordering::Relaxed);
    assert!(
        yields <= count,
        "{yields} yields while {count} tasks waited"
    );
}
