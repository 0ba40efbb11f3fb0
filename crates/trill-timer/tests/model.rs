//! Random operations on many timers, compared with an ordered map.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod common;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use common::{Log, fired, poll_with};
use trill_timer::{Sleep, sleep_until};
use trill_world::VirtualWorld;

/// The timers under test, and what should happen to them.
struct Model {
    log: Log,
    sleeps: Vec<Option<Sleep>>,
    /// Who is woken, by deadline and then by the order of arming.
    expected: BTreeMap<(Instant, u64), usize>,
    /// Where each armed timer is in `expected`.
    armed: Vec<Option<(Instant, u64)>>,
    armings: u64,
    /// Who was reset into the past since the last turn: woken for at once or in that turn, so left alone till then.
    overdue: Vec<usize>,
}

impl Model {
    fn new(timers: usize) -> Model {
        Model {
            log: Log::default(),
            sleeps: (0..timers).map(|_| None).collect(),
            expected: BTreeMap::new(),
            armed: vec![None; timers],
            armings: 0,
            overdue: Vec::new(),
        }
    }

    fn arm(&mut self, id: usize, deadline: Instant) {
        self.disarm(id);
        let mut sleep = sleep_until(deadline);
        let is_due = poll_with(&mut sleep, &self.log.waker(id)).is_ready();
        assert_eq!(is_due, deadline <= trill_world::now());
        self.sleeps[id] = Some(sleep);
        if !is_due {
            self.expect(id, deadline);
        }
    }

    fn reset(&mut self, id: usize, deadline: Instant) {
        let Some(sleep) = &mut self.sleeps[id] else {
            return;
        };
        sleep.reset(deadline);
        if let Some(key) = self.armed[id].take() {
            self.expected.remove(&key);
            self.expect(id, deadline);
            if deadline <= trill_world::now() {
                self.overdue.push(id);
            }
        }
    }

    fn poll(&mut self, id: usize) {
        let Some(sleep) = &mut self.sleeps[id] else {
            return;
        };
        let deadline = sleep.deadline().unwrap();
        let is_ready = poll_with(sleep, &self.log.waker(id)).is_ready();
        assert_eq!(is_ready, deadline <= trill_world::now());
        if is_ready {
            // A poll that found it due has taken it out of the wheel.
            if let Some(key) = self.armed[id].take() {
                self.expected.remove(&key);
            }
        } else if self.armed[id].is_none() {
            self.expect(id, deadline);
        }
    }

    fn disarm(&mut self, id: usize) {
        self.sleeps[id] = None;
        if let Some(key) = self.armed[id].take() {
            self.expected.remove(&key);
        }
    }

    fn expect(&mut self, id: usize, deadline: Instant) {
        let key = (deadline, self.armings);
        self.armings += 1;
        self.expected.insert(key, id);
        self.armed[id] = Some(key);
    }

    /// Lets time pass to `until`, at least a nanosecond, and compares who was woken, in which order and when.
    async fn advance(&mut self, until: Instant) {
        let from = trill_world::now();
        let until = until.max(from + Duration::from_nanos(1));
        fired(until).await;
        let mut expected = Vec::new();
        while let Some((&(deadline, _), &id)) = self.expected.first_key_value() {
            if deadline > until {
                break;
            }
            self.expected.pop_first();
            self.armed[id] = None;
            expected.push((id, deadline.max(from)));
        }
        self.overdue.clear();
        // The overdue in any order.
        let mut woken = self.log.take();
        let past = expected.iter().filter(|(_, at)| *at == from).count();
        expected[..past].sort_unstable();
        woken[..past.min(expected.len())].sort_unstable();
        assert_eq!(woken, expected);
    }
}

/// A random delay: all orders of magnitude, often at the boundaries of the wheel's levels, sometimes equal ones.
fn delay() -> Duration {
    let random = trill_world::random("model.delay");
    let digits = random % 50;
    let nanos = match random >> 8 & 7 {
        0 => 1 << digits,
        1 => (1 << digits) - 1,
        2 => (1 << digits) + 1,
        3 => 1000,
        _ => random >> 16 & ((1 << digits) - 1),
    };
    Duration::from_nanos(nanos)
}

fn run(seed: u64, timers: usize, operations: usize) {
    let world = VirtualWorld::new(seed);
    world.run(|| {
        trill_park::block_on(async {
            let mut model = Model::new(timers);
            for _ in 0..operations {
                let random = trill_world::random("model.operation");
                let id = (random >> 8) as usize % timers;
                let now = trill_world::now();
                if random % 16 < 13 && model.overdue.contains(&id) {
                    continue;
                }
                match random % 16 {
                    0..6 => model.arm(id, now + delay()),
                    6..8 => model.reset(id, now + delay()),
                    8 => model.reset(id, now.checked_sub(delay()).unwrap_or(now)),
                    9..11 => model.poll(id),
                    11..13 => model.disarm(id),
                    13 => {
                        // To exactly when the next one is due, or to one nanosecond before.
                        if let Some((&(next, _), _)) = model.expected.first_key_value() {
                            let before = Duration::from_nanos(random >> 16 & 1);
                            model.advance((next - before).max(now)).await;
                        }
                    }
                    // Not too far, or all timers would be gone each time.
                    _ => model.advance(now + delay() / 1024).await,
                }
            }
            model
                .advance(trill_world::now() + Duration::from_secs(1 << 30))
                .await;
            assert!(model.expected.is_empty());
        });
    });
}

// Fault 36d
#[test]
fn few_timers_behave_like_an_ordered_map() {
    for seed in 0..20 {
        run(seed, 5, 2000);
    }
}

#[test]
fn some_timers_behave_like_an_ordered_map() {
    for seed in 100..110 {
        run(seed, 100, 5000);
    }
}

// Fault 36d
#[test]
fn many_timers_behave_like_an_ordered_map() {
    for seed in 200..203 {
        run(seed, 3000, 20_000);
    }
}

// Fault 36d
#[test]
fn crowds_of_equal_deadlines_behave_like_an_ordered_map() {
    // Longer than one step of the wheel, at a few deadlines, so that long buckets are taken apart level by level.
    let world = VirtualWorld::new(7);
    world.run(|| {
        trill_park::block_on(async {
            let mut model = Model::new(20_000);
            let start = trill_world::now();
            for round in 0..3 {
                for id in 0..20_000 {
                    let late = [1, 1 << 12, (1 << 30) + 5][id % 3] << round;
                    model.arm(
                        id,
                        start + Duration::from_secs(100 * round) + Duration::from_nanos(late),
                    );
                }
                for id in (0..20_000).step_by(7) {
                    let deadline = model.sleeps[id].as_ref().unwrap().deadline().unwrap();
                    model.reset(id, deadline);
                }
                model
                    .advance(start + Duration::from_secs(100 * round + 50))
                    .await;
                assert!(model.expected.is_empty());
                model
                    .advance(start + Duration::from_secs(100 * (round + 1)))
                    .await;
            }
        });
    });
}
