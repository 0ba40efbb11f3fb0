//! Executors inside executors, and runners inside runners.
#![allow(clippy::disallowed_methods)] // Tests start threads of their own.

mod common;

use std::future::pending;
use std::sync::Arc;

use common::Gate;
use trill_executor::{Executor, LocalExecutor, yield_now};
use trill_park::block_on;

#[test]
fn executors_nest_freely() {
    let outer = Executor::new();
    let middle = LocalExecutor::new();
    let inner = Executor::new();
    let task = outer.spawn(async {
        yield_now().await;
        1
    });
    let out = block_on(middle.run(outer.run(inner.run(async {
        let second = middle.spawn(async {
            yield_now().await;
            2
        });
        let third = inner.spawn(async { 3 });
        task.await + second.await + third.await
    }))));
    assert_eq!(out, 6);
}

#[test]
fn an_executor_runs_inside_a_task_of_another() {
    let outer = Executor::new();
    let task = outer.spawn(async {
        let inner = Executor::new();
        let children: Vec<_> = (0..100)
            .map(|n| {
                inner.spawn(async move {
                    yield_now().await;
                    n
                })
            })
            .collect();
        inner
            .run(async {
                let mut sum = 0;
                for child in children {
                    sum += child.await;
                }
                sum
            })
            .await
    });
    assert_eq!(block_on(outer.run(task)), 4950);
}

#[test]
fn block_on_in_a_task_runs_what_waits_in_the_outer_runners_queue() {
    // The child lies in the queue of the outer runner, whose thread is inside the task that blocks.
    let ex = Arc::new(Executor::new());
    let inside = ex.clone();
    let task = ex.spawn(async move {
        let child = inside.spawn(async {
            yield_now().await;
            7
        });
        block_on(inside.run(child))
    });
    assert_eq!(block_on(ex.run(task)), 7);
}

#[test]
fn block_on_in_a_task_runs_what_the_task_woke() {
    // A woken task lies in the slot that only its runner looks at, as a rule.
    let gate = Arc::new(Gate::default());
    let ex = Arc::new(Executor::new());
    let woken = ex.spawn(gate.clone().wait_owned());
    let inside = ex.clone();
    let task = ex.spawn(async move {
        while !gate.is_waited() {
            yield_now().await;
        }
        gate.open();
        block_on(inside.run(woken));
        8
    });
    assert_eq!(block_on(ex.run(task)), 8);
    let gate = Arc::new(Gate::default());
    let woken = ex.spawn(gate.clone().wait_owned());
    let inside = ex.clone();
    let task = ex.spawn(async move {
        while !gate.is_waited() {
            yield_now().await;
        }
        gate.open();
        futures_lite::future::block_on(inside.run(woken));
        9
    });
    assert_eq!(futures_lite::future::block_on(ex.run(task)), 9);
}

#[test]
fn a_task_may_spawn_into_the_executor_that_runs_it() {
    let ex = Arc::new(Executor::new());
    fn chain(ex: Arc<Executor<'static>>, left: u32, end: Arc<Gate>) {
        let inside = ex.clone();
        ex.spawn(async move {
            match left {
                0 => end.open(),
                _ => chain(inside, left - 1, end),
            }
        })
        .detach();
    }
    let end = Arc::new(Gate::default());
    let links = if cfg!(miri) { 50 } else { 1000 };
    chain(ex.clone(), links, end.clone());
    block_on(ex.run(end.wait()));
}

#[test]
fn two_executors_wake_each_others_tasks() {
    let (ping, pong) = (Arc::new(Gate::default()), Arc::new(Gate::default()));
    let first = Executor::new();
    let second = LocalExecutor::new();
    let rounds = 100;
    let (a, b) = (ping.clone(), pong.clone());
    let one = first.spawn(async move {
        for _ in 0..rounds {
            a.wait().await;
            a.close();
            b.open();
        }
    });
    let two = second.spawn(async move {
        for _ in 0..rounds {
            ping.open();
            pong.wait().await;
            pong.close();
        }
    });
    block_on(second.run(first.run(async {
        one.await;
        two.await;
    })));
}

#[test]
fn a_runner_that_is_pending_for_ever_does_not_hold_others_up() {
    let ex = Executor::new();
    let out = block_on(futures_lite::future::or(
        async {
            ex.run(pending::<()>()).await;
            0
        },
        ex.run(async { ex.spawn(async { 1 }).await }),
    ));
    assert_eq!(out, 1);
}
