//! A worker that is stuck in a poll does not keep what waits behind it.
#![allow(clippy::disallowed_methods)] // Tests start threads of their own.
#![allow(clippy::unwrap_used)] // A thread that panicked is a failed test.

mod common;

use std::future::pending;
use std::sync::{Arc, mpsc};
use std::thread;

use common::Gate;
use trill_executor::{Executor, yield_now};
use trill_park::block_on;

/// Runs `stuck` in a task of a worker while a second worker sleeps. It blocks its thread until somebody else has run
/// what it left behind; if nobody did, the test would never end.
fn is_rescued(stuck: impl FnOnce(&Arc<Executor<'static>>, mpsc::Sender<()>) + Send + 'static) {
    let ex = Arc::new(Executor::new());
    let ends: Vec<Arc<Gate>> = vec![Arc::default(), Arc::default()];
    let threads: Vec<_> = ends
        .iter()
        .map(|end| {
            let (ex, end) = (ex.clone(), end.clone());
            thread::spawn(move || block_on(ex.run(end.wait())))
        })
        .collect();
    let inside = ex.clone();
    let task = ex.spawn(async move {
        // Long enough that the other worker has found nothing and sleeps, and that the slot for what is woken is used as it
        // is from when the system has prepared a fence for thieves.
        for turn in 0..100_000 {
            yield_now().await;
            inside.spawn(async {}).await;
            if turn >= 1000 && trill_park::has_heavy_fence() {
                break;
            }
        }
        let (rescued, wait) = mpsc::channel();
        stuck(&inside, rescued);
        wait.recv()
            .expect("another worker runs what was left behind");
    });
    block_on(task);
    ends.iter().for_each(|end| end.open());
    threads
        .into_iter()
        .for_each(|thread| thread.join().unwrap());
}

#[test]
fn a_task_in_the_queue_of_a_stuck_worker_is_run_by_another() {
    is_rescued(|ex, rescued| {
        ex.spawn(async move { rescued.send(()).unwrap() }).detach();
    });
}

#[test]
fn a_task_that_the_stuck_one_woke_is_run_by_another() {
    is_rescued(|ex, rescued| {
        let gate = Arc::new(Gate::default());
        let waits = gate.clone();
        ex.spawn(async move {
            waits.wait_owned().await;
            rescued.send(()).unwrap();
        })
        .detach();
        while !gate.is_waited() {
            thread::yield_now();
        }
        gate.open();
    });
}

#[test]
fn every_task_that_a_stuck_one_woke_is_run_by_another() {
    is_rescued(|ex, rescued| {
        for _ in 0..20 {
            let gate = Arc::new(Gate::default());
            let waits = gate.clone();
            let (tell, told) = mpsc::channel();
            ex.spawn(async move {
                waits.wait_owned().await;
                tell.send(()).unwrap();
            })
            .detach();
            while !gate.is_waited() {
                thread::yield_now();
            }
            gate.open();
            told.recv().expect("another worker runs what was woken");
        }
        rescued.send(()).unwrap();
    });
}

#[test]
fn under_a_foreign_block_on_another_worker_comes_as_well() {
    let ex = Arc::new(Executor::new());
    let (inside, (rescued, wait)) = (ex.clone(), mpsc::channel());
    let end = Arc::new(Gate::default());
    let helper = {
        let (ex, end) = (ex.clone(), end.clone());
        thread::spawn(move || futures_lite::future::block_on(ex.run(end.wait())))
    };
    let task = ex.spawn(async move {
        inside
            .spawn(async move { rescued.send(()).unwrap() })
            .detach();
        wait.recv().unwrap();
    });
    futures_lite::future::block_on(ex.run(task));
    end.open();
    helper.join().unwrap();
}

#[test]
fn a_runner_that_is_not_polled_any_more_does_not_keep_its_tasks() {
    let ex = Arc::new(Executor::new());
    // Polled once with more tasks than it polls in one go, then held.
    let mut held = Box::pin(ex.run(pending::<()>()));
    let tasks: Vec<_> = (0..1000).map(|n| ex.spawn(async move { n })).collect();
    assert!(common::poll_once(held.as_mut()).is_pending());
    let sum: i32 = block_on(ex.run(async {
        let mut sum = 0;
        for task in tasks {
            sum += task.await;
        }
        sum
    }));
    assert_eq!(sum, 499_500);
    drop(held);
}
