//! Large numbers: a million tasks and timers in release builds, a tenth of that in debug builds.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use trill::Runtime;
use trill::channel::oneshot;
use trill::time::sleep;
use trill::world::VirtualWorld;
use trill_executor::LocalExecutor;

/// How many of each.
const COUNT: usize = if cfg!(debug_assertions) {
    100_000
} else {
    1_000_000
};

// Fault 28a
#[test]
fn as_many_tasks_are_spawned_woken_and_joined() {
    let runtime = Runtime::builder().workers(2).build().unwrap();
    let sum = runtime.run(async {
        let mut senders = Vec::with_capacity(COUNT);
        let mut tasks = Vec::with_capacity(COUNT);
        for _ in 0..COUNT {
            let (sender, receiver) = oneshot::channel();
            senders.push(sender);
            tasks.push(trill::spawn(async move { receiver.await.unwrap() }));
        }
        for (number, sender) in senders.into_iter().enumerate() {
            sender.send(number).unwrap();
        }
        let mut sum = 0;
        for task in tasks {
            sum += task.await;
        }
        sum
    });
    assert_eq!(sum, COUNT * (COUNT - 1) / 2);
}

// Fault 38a
#[test]
fn as_many_timers_fire_in_their_order() {
    let world = VirtualWorld::new(1);
    world.run(|| {
        let executor = LocalExecutor::new();
        let fired = Arc::new(AtomicUsize::new(0));
        let tasks: Vec<_> = (0..COUNT)
            .map(|number| {
                let fired = fired.clone();
                executor.spawn(async move {
                    // Deadlines fall: the last task wakes first.
                    sleep(Duration::from_micros((COUNT - number) as u64)).await;
                    assert_eq!(fired.fetch_add(1, Ordering::Relaxed), COUNT - 1 - number);
                })
            })
            .collect();
        trill::block_on(executor.run(async {
            for task in tasks {
                task.await;
            }
        }));
        assert_eq!(fired.load(Ordering::Relaxed), COUNT);
    });
    assert_eq!(world.elapsed(), Duration::from_micros(COUNT as u64));
}
