//! What the single-threaded executor does beyond what it shares with the other.
#![allow(clippy::disallowed_methods)] // Tests start threads of their own.

mod common;

use std::cell::{Cell, RefCell};
use std::future::{Future, pending};
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Context;
use std::thread;

use common::{Gate, OnDrop, counting_waker, poll_once};
use trill_executor::{LocalExecutor, yield_now};
use trill_park::block_on;

#[test]
fn tasks_need_not_be_send() {
    let shared = Rc::new(Cell::new(0));
    let ex = LocalExecutor::new();
    let tasks: Vec<_> = (1..=10)
        .map(|n| {
            let shared = shared.clone();
            ex.spawn(async move {
                yield_now().await;
                shared.set(shared.get() + n);
                shared
            })
        })
        .collect();
    block_on(ex.run(async {
        for task in tasks {
            task.await;
        }
    }));
    assert_eq!(shared.get(), 55);
}

#[test]
fn tasks_run_in_the_order_they_became_ready() {
    let order = RefCell::new(Vec::new());
    let ex = LocalExecutor::new();
    for n in 0..10 {
        let order = &order;
        ex.spawn(async move {
            order.borrow_mut().push(n);
            yield_now().await;
            order.borrow_mut().push(10 + n);
        })
        .detach();
    }
    while ex.try_tick() {}
    let expected: Vec<_> = (0..20).collect();
    assert_eq!(*order.borrow(), expected);
}

// Fault 24d
#[test]
fn wakes_from_other_threads_arrive() {
    let gates: Vec<Arc<Gate>> = (0..if cfg!(miri) { 20 } else { 4000 })
        .map(|_| Arc::default())
        .collect();
    let ex = LocalExecutor::new();
    let tasks: Vec<_> = gates
        .iter()
        .map(|gate| ex.spawn(gate.clone().wait_owned()))
        .collect();
    let threads: Vec<_> = gates
        .chunks(gates.len().div_ceil(4))
        .map(|gates| {
            let gates = gates.to_vec();
            thread::spawn(move || gates.iter().for_each(|gate| gate.open()))
        })
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
fn a_runner_inside_a_runner_is_woken() {
    let ex = LocalExecutor::new();
    let gate = Arc::new(Gate::default());
    let waits = gate.clone();
    let inner = ex.spawn(waits.wait_owned());
    let ex = &ex;
    let outer = async move {
        yield_now().await;
        let opener = thread::spawn(move || gate.open());
        block_on(ex.run(inner));
        opener.join().unwrap();
        6
    };
    assert_eq!(block_on(ex.run(outer)), 6);
}

#[test]
fn a_runner_that_was_called_and_dropped_passes_it_on() {
    let ex = LocalExecutor::new();
    let (waker_one, woken_one) = counting_waker();
    let (waker_two, woken_two) = counting_waker();
    let mut first = Box::pin(ex.run(pending::<()>()));
    let mut second = pin!(ex.run(pending::<()>()));
    assert!(
        first
            .as_mut()
            .poll(&mut Context::from_waker(&waker_one))
            .is_pending()
    );
    assert!(
        second
            .as_mut()
            .poll(&mut Context::from_waker(&waker_two))
            .is_pending()
    );
    let task = ex.spawn(async {});
    assert_eq!(woken_one.load(Ordering::SeqCst), 1);
    assert_eq!(woken_two.load(Ordering::SeqCst), 0);
    drop(first);
    assert_eq!(woken_two.load(Ordering::SeqCst), 1);
    assert!(poll_once(second.as_mut()).is_pending());
    assert!(task.is_finished());
}

#[test]
fn spawn_many_and_builder_work() {
    let ex = LocalExecutor::new();
    let mut tasks = Vec::new();
    ex.spawn_many((0..5).map(|n| async move { n }), &mut tasks);
    tasks.push(ex.builder().name("last").spawn(async { 5 }));
    let sum = block_on(ex.run(async {
        let mut sum = 0;
        for task in tasks {
            sum += task.await;
        }
        sum
    }));
    assert_eq!(sum, 15);
}

// Fault 24d
#[test]
fn a_task_handle_may_be_awaited_and_dropped_on_another_thread() {
    let dropped = Arc::new(Gate::default());
    let ex = LocalExecutor::new();
    let task = ex.spawn(async {
        yield_now().await;
        5
    });
    let gate = dropped.clone();
    let cancelled = ex.spawn(async move {
        let home = thread::current().id();
        let _guard = OnDrop(move || {
            assert_eq!(thread::current().id(), home);
            gate.open();
        });
        pending::<()>().await;
    });
    ex.try_tick();
    ex.try_tick();
    let thread = thread::spawn(move || {
        drop(cancelled);
        block_on(task)
    });
    block_on(ex.run(dropped.wait()));
    while !ex.is_empty() {
        block_on(ex.tick());
    }
    assert_eq!(thread.join().unwrap(), 5);
}

#[test]
fn drop_ends_tasks_that_borrow() {
    let count = Cell::new(0);
    {
        let ex = LocalExecutor::new();
        for n in 0..10 {
            let guard = OnDrop(|| count.set(count.get() + 1));
            ex.spawn(async move {
                let _guard = guard;
                pending::<()>().await;
            })
            .detach();
            if n % 2 == 0 {
                ex.try_tick();
            }
        }
    }
    assert_eq!(count.get(), 10);
}
