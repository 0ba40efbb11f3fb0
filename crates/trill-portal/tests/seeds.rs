//! A search over schedules: what callers, the runtime and its end do is chosen by the world, for many seeds.
#![allow(clippy::unwrap_used)] // A failed step fails its test.
#![allow(clippy::disallowed_methods)] // Tests start threads of their own.

mod common;

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use common::Drops;
use trill_executor::{Executor, yield_now};
use trill_portal::{Portal, PortalError, PortalTask};
use trill_world::{VirtualWorld, pick};

/// What became of a handle.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Outcome {
    Value,
    Cancelled,
    Closed,
}

/// One handle, and what was done with it.
struct Caller {
    task: Option<PortalTask<usize>>,
    number: usize,
    asked: bool,
    outcome: Option<Outcome>,
}

impl Caller {
    fn poll(&mut self) {
        let Some(task) = &mut self.task else {
            return;
        };
        let mut cx = Context::from_waker(Waker::noop());
        let Poll::Ready(result) = Pin::new(task).poll(&mut cx) else {
            return;
        };
        self.task = None;
        self.outcome = Some(match result {
            Ok(value) => {
                assert_eq!(value, self.number);
                Outcome::Value
            }
            Err(PortalError::Cancelled) => Outcome::Cancelled,
            Err(PortalError::Closed) => Outcome::Closed,
            Err(error) => panic!("{error}"),
        });
    }
}

/// One run: the invariants hold whatever the world picks.
fn run(seed: u64) -> [usize; 4] {
    let drops = Drops::default();
    let mut executor = Some(Executor::new());
    let mut portal = executor.as_ref().map(|executor| Portal::on(executor));
    let mut callers: Vec<Caller> = Vec::new();
    let mut closed = false;
    for _ in 0..24 {
        let some = pick(callers.len().max(1));
        match pick(12) {
            0..=2 => {
                if let Some(portal) = &portal {
                    let (guard, number) = (drops.guard(), callers.len());
                    let yields = pick(3);
                    let task = portal.start(async move {
                        let _guard = guard;
                        for _ in 0..yields {
                            yield_now().await;
                        }
                        number
                    });
                    callers.push(Caller {
                        task: Some(task),
                        number,
                        asked: false,
                        outcome: None,
                    });
                }
            }
            3..=6 => {
                if let Some(executor) = &executor {
                    executor.try_tick();
                }
            }
            7 => callers.iter_mut().skip(some).take(1).for_each(|caller| {
                if let Some(task) = &caller.task {
                    let finished = task.is_finished();
                    let cancelled = task.cancel();
                    assert!(!(finished && cancelled), "seed {seed}");
                    caller.asked |= cancelled;
                }
            }),
            8 | 9 => callers.iter_mut().skip(some).take(1).for_each(Caller::poll),
            10 => callers.iter_mut().skip(some).take(1).for_each(|caller| {
                caller.task = None;
            }),
            _ => match pick(4) {
                0 => portal = None,
                1 => {
                    executor = None;
                    closed = true;
                }
                _ => {}
            },
        }
    }
    // Everybody's work is done, or the runtime ends.
    if let Some(executor) = &executor {
        while executor.try_tick() {}
    }
    if let Some(portal) = &portal {
        assert_eq!(portal.is_closed(), closed, "seed {seed}");
    }
    let mut counts = [0; 4];
    for caller in &mut callers {
        let waits = caller.task.is_some();
        caller.poll();
        assert!(caller.task.is_none(), "seed {seed}: a caller would hang");
        match caller.outcome {
            Some(Outcome::Cancelled) => assert!(caller.asked, "seed {seed}"),
            Some(Outcome::Closed) => assert!(closed, "seed {seed}"),
            Some(Outcome::Value) => assert!(!caller.asked || waits, "seed {seed}"),
            None => {}
        }
        counts[caller.outcome.map_or(3, |outcome| outcome as usize)] += 1;
    }
    drop(executor);
    assert_eq!(drops.count(), callers.len(), "seed {seed}: one drop each");
    counts
}

#[test]
fn every_caller_has_one_outcome_and_every_future_one_drop_in_20_000_schedules() {
    let mut counts = [0; 4];
    for seed in 0..20_000 {
        let run = VirtualWorld::new(seed).run(|| run(seed));
        for (sum, count) in counts.iter_mut().zip(run) {
            *sum += count;
        }
    }
    // Each outcome was met often, so the search is one.
    assert!(counts.iter().all(|&count| count > 1_000), "{counts:?}");
}
