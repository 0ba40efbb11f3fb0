//! Many tasks on several threads, over the real cell; what they do is drawn from seeds.
#![allow(clippy::disallowed_methods)] // Tests start threads of their own.

mod common;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Waker;
use std::thread;

use common::Gate;
use trill_executor::{Executor, LocalExecutor, Task, yield_now};
use trill_park::block_on;

/// A generator of numbers that a seed fixes (xorshift, Marsaglia 2003).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }
}

// Fault 28a
#[test]
fn a_million_tasks_are_spawned_woken_and_joined() {
    let count = match (cfg!(miri), cfg!(debug_assertions)) {
        (true, _) => 100,
        (false, true) => 100_000,
        (false, false) => 1_000_000,
    };
    #[derive(Default)]
    struct Slot(Mutex<Option<Option<Waker>>>);
    let slots: Vec<Slot> = (0..count).map(|_| Slot::default()).collect();
    let polled = AtomicUsize::new(0);
    let end = Gate::default();
    let ex = Executor::new();
    let mut tasks = Vec::with_capacity(count);
    ex.spawn_many(
        slots.iter().enumerate().map(|(n, slot)| {
            let polled = &polled;
            std::future::poll_fn(move |cx| {
                let mut state = slot.0.lock().unwrap();
                match state.take() {
                    None => {
                        polled.fetch_add(1, Ordering::Relaxed);
                        *state = Some(Some(cx.waker().clone()));
                        std::task::Poll::Pending
                    }
                    Some(None) => std::task::Poll::Ready(n),
                    Some(waiting) => {
                        *state = Some(waiting);
                        std::task::Poll::Pending
                    }
                }
            })
        }),
        &mut tasks,
    );
    thread::scope(|scope| {
        scope.spawn(|| block_on(ex.run(end.wait())));
        let sum: usize = block_on(ex.run(async {
            while polled.load(Ordering::Relaxed) < count {
                yield_now().await;
            }
            for slot in &slots {
                let waiting = slot.0.lock().unwrap().replace(None);
                waiting.flatten().expect("each was polled once").wake();
            }
            let mut sum = 0;
            for task in tasks {
                sum += task.await;
            }
            sum
        }));
        assert_eq!(sum, count * (count - 1) / 2);
        end.open();
    });
    assert!(ex.is_empty());
}

/// One task's life: it yields, waits for a gate, spawns, panics or ends, as the dice say.
async fn live(ex: Arc<Executor<'static>>, gates: Arc<Vec<Gate>>, seed: u64, depth: u32) {
    let mut dice = Dice(seed | 1);
    for _ in 0..dice.roll(20) {
        match dice.roll(8) {
            0..=2 => yield_now().await,
            3 => gates[dice.roll(gates.len() as u64) as usize].open(),
            4 if depth > 0 => {
                let seed = dice.roll(u64::MAX);
                let child: Task<()> = spawn_life(&ex, &gates, seed, depth - 1);
                match dice.roll(4) {
                    0 => child.detach(),
                    1 => drop(child),
                    2 => drop(child.cancel().await),
                    _ => drop(child.join().await),
                }
            }
            5 => {
                let gate = &gates[dice.roll(gates.len() as u64) as usize];
                // Somebody may never open it: wait for one of two.
                futures_lite::future::or(gate.wait(), yield_now()).await;
                gate.close();
            }
            6 if dice.roll(20) == 0 => std::panic::panic_any(seed),
            _ => {}
        }
    }
}

fn spawn_life(
    ex: &Arc<Executor<'static>>,
    gates: &Arc<Vec<Gate>>,
    seed: u64,
    depth: u32,
) -> Task<()> {
    let life: std::pin::Pin<Box<dyn Future<Output = ()> + Send>> =
        Box::pin(live(ex.clone(), gates.clone(), seed, depth));
    ex.spawn(life)
}

// Fault 35a
#[test]
fn random_lives_on_three_threads_all_end() {
    std::panic::set_hook(Box::new(|info| {
        // The lives panic with their seed; anything else is a failure worth its text.
        if info.payload().downcast_ref::<u64>().is_none() {
            eprintln!("{info}");
        }
    }));
    let rounds = if cfg!(miri) { 2 } else { 40 };
    for round in 0..rounds {
        let ex = Arc::new(Executor::new());
        let gates: Arc<Vec<Gate>> = Arc::new((0..8).map(|_| Gate::default()).collect());
        let ends = [Gate::default(), Gate::default()];
        thread::scope(|scope| {
            for end in &ends {
                let ex = &ex;
                scope.spawn(move || block_on(ex.run(end.wait())));
            }
            // One that ticks, and leaves its executor again and again.
            scope.spawn(|| {
                for _ in 0..100 {
                    block_on(ex.run(yield_now()));
                    ex.try_tick();
                }
            });
            let lives: Vec<_> = (0..if cfg!(miri) { 5 } else { 100 })
                .map(|n| spawn_life(&ex, &gates, (round * 1000 + n) * 0x9E37_79B9 + 1, 3))
                .collect();
            for life in lives {
                let _ = block_on(life.join());
            }
            while !ex.is_empty() {
                if !ex.try_tick() {
                    thread::yield_now();
                }
            }
            ends.iter().for_each(Gate::open);
        });
        assert!(ex.is_empty());
    }
}

// Fault 24a
#[test]
fn tasks_are_cancelled_from_other_threads_while_they_run() {
    let rounds = if cfg!(miri) { 3 } else { 200 };
    let dropped = Arc::new(AtomicUsize::new(0));
    let ex = Executor::new();
    let local = LocalExecutor::new();
    let make = || {
        let dropped = dropped.clone();
        let guard = common::OnDrop(move || {
            dropped.fetch_add(1, Ordering::Relaxed);
        });
        async move {
            let _guard = guard;
            loop {
                yield_now().await;
            }
        }
    };
    for _ in 0..rounds {
        let tasks: Vec<Task<()>> = (0..10)
            .flat_map(|_| [ex.spawn(make()), local.spawn(make())])
            .collect();
        let canceller = thread::spawn(move || drop(tasks));
        while !ex.is_empty() || !local.is_empty() {
            block_on(ex.run(local.run(yield_now())));
        }
        canceller.join().unwrap();
    }
    assert_eq!(dropped.load(Ordering::Relaxed), rounds * 20);
}
