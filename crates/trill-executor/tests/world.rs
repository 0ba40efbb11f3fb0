//! In a simulated world the world chooses which runnable comes next.

#![allow(clippy::unwrap_used)] // A poisoned lock is a failed test.

use std::cell::RefCell;
use std::sync::Mutex;

use trill_executor::{Executor, LocalExecutor, yield_now};
use trill_park::block_on;
use trill_world::VirtualWorld;

/// The order in which 20 tasks take their 3 turns.
fn shared_order(seed: u64) -> Vec<u32> {
    VirtualWorld::new(seed).run(|| {
        let order = Mutex::new(Vec::new());
        let ex = Executor::new();
        let mut tasks = Vec::new();
        ex.spawn_many(
            (0..20).map(|n| {
                let order = &order;
                async move {
                    for turn in 0..3 {
                        order.lock().unwrap().push(n * 10 + turn);
                        yield_now().await;
                    }
                }
            }),
            &mut tasks,
        );
        block_on(ex.run(async {
            for task in tasks {
                task.await;
            }
        }));
        drop(ex);
        order.into_inner().unwrap()
    })
}

fn local_order(seed: u64) -> Vec<u32> {
    VirtualWorld::new(seed).run(|| {
        let order = RefCell::new(Vec::new());
        let ex = LocalExecutor::new();
        let mut tasks = Vec::new();
        ex.spawn_many(
            (0..20).map(|n| {
                let order = &order;
                async move {
                    for turn in 0..3 {
                        order.borrow_mut().push(n * 10 + turn);
                        yield_now().await;
                    }
                }
            }),
            &mut tasks,
        );
        block_on(ex.run(async {
            for task in tasks {
                task.await;
            }
        }));
        drop(ex);
        order.into_inner()
    })
}

#[test]
fn a_seed_fixes_the_order_and_another_gives_another() {
    for order in [shared_order, local_order] {
        let first = order(1);
        assert_eq!(first.len(), 60);
        assert_eq!(first, order(1));
        assert_ne!(first, order(2));
        let mut sorted = first.clone();
        sorted.sort_unstable();
        assert_ne!(first, sorted);
    }
}

#[test]
fn several_runners_in_one_world_repeat_too() {
    let run = |seed| {
        VirtualWorld::new(seed).run(|| {
            let order = Mutex::new(Vec::new());
            let ex = Executor::new();
            let mut tasks = Vec::new();
            ex.spawn_many(
                (0..30).map(|n| {
                    let order = &order;
                    async move {
                        yield_now().await;
                        order.lock().unwrap().push(n);
                    }
                }),
                &mut tasks,
            );
            let runner = |tasks: Vec<trill_executor::Task<()>>| {
                ex.run(async {
                    for task in tasks {
                        task.await;
                    }
                })
            };
            let rest = tasks.split_off(15);
            block_on(futures_lite::future::zip(runner(tasks), runner(rest)));
            drop(ex);
            order.into_inner().unwrap()
        })
    };
    assert_eq!(run(3), run(3));
    assert_ne!(run(3), run(4));
}
