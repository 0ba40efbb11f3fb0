//! Rows about what goes wrong in production, as far as they need no threads besides the workers.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::{Duration, Instant};

use super::{Plan, memory};
use crate::clock::{self, Clock};
use crate::host::Cpu;
use crate::peers::{Sync, Time};
use crate::rows::Work;
use crate::stats::percentile;

/// Runs a row of this file; `None` if `work` is another's.
pub(crate) fn run<P: Sync + Time>(work: Work, plan: &Plan) -> Option<io::Result<Vec<f64>>> {
    Some(match work {
        Work::Hogs { slice_us } => hogs::<P>(plan, Duration::from_micros(slice_us)),
        Work::SameDeadline => same_deadline::<P>(plan),
        Work::TimerResets => timer_resets::<P>(plan),
        Work::DeepChain => deep_chain::<P>(plan),
        Work::UnpolledLock => unpolled_lock::<P>(plan),
        _ => return None,
    })
}

/// Light tasks wake up at instants of their own while hogs compute between yields.
fn hogs<P: Sync + Time>(plan: &Plan, slice: Duration) -> io::Result<Vec<f64>> {
    let turns = plan.count(LIGHT_TURNS);
    P::run(plan.workers(), async move {
        let stop = Arc::new(AtomicBool::new(false));
        let hogs: Vec<_> = (0..HOGS)
            .map(|_| {
                let stop = stop.clone();
                P::spawn(async move {
                    while !stop.load(Ordering::Relaxed) {
                        compute(slice);
                        P::yield_now().await;
                    }
                })
            })
            .collect();
        let start = clock::now() + LIGHT_HEAD_START;
        let light: Vec<_> = (0..LIGHT_TASKS)
            .map(|index| {
                P::spawn(async move {
                    // Instants are spread evenly over the period, so that they are due one by one.
                    let own = start + LIGHT_PERIOD.mul_f64(index as f64 / LIGHT_TASKS as f64);
                    let mut late = Vec::with_capacity(turns);
                    for turn in 0..turns {
                        let deadline = own + LIGHT_PERIOD * turn as u32;
                        P::sleep_until(deadline).await;
                        late.push(clock::now().saturating_duration_since(deadline));
                    }
                    late
                })
            })
            .collect();
        let mut late = Vec::with_capacity(turns * LIGHT_TASKS);
        for task in light {
            late.extend(task.await);
        }
        stop.store(true, Ordering::Relaxed);
        for hog in hogs {
            hog.await;
        }
        percentiles_us(late, &[0.5, 0.99, 0.999])
    })
}

/// A million timers are due at one instant.
fn same_deadline<P: Sync + Time>(plan: &Plan) -> io::Result<Vec<f64>> {
    let count = plan.count(1_000_000);
    P::run(plan.workers(), async move {
        let mut sleeping = Vec::with_capacity(count);
        let head_start = SAME_HEAD_START.mul_f64(count as f64 / 1e6);
        let deadline = clock::now() + head_start.max(SAME_HEAD_START_MIN);
        sleeping.extend((0..count).map(|_| {
            P::spawn(async move {
                memory::count_poll();
                P::sleep_until(deadline).await;
            })
        }));
        memory::all_polled::<P>(count).await;
        if clock::now() >= deadline {
            let text = "registering took longer than the head start: this machine is too busy";
            return Err(io::Error::other(text));
        }
        let before = Cpu::used();
        for task in sleeping {
            task.await;
        }
        let wall = clock::now().saturating_duration_since(deadline);
        let cpu = Cpu::used().since(before).total();
        Ok(vec![clock::per(wall, count), clock::per(cpu, count)])
    })?
}

/// Idle timeouts: each message moves its connection's deadline and looks at it.
fn timer_resets<P: Sync + Time>(plan: &Plan) -> io::Result<Vec<f64>> {
    let turns = plan.count(100);
    P::run(plan.workers(), async move {
        let far = clock::now() + FAR;
        let mut sleeps: Vec<Pin<Box<P::Sleep>>> = (0..RESET_TIMERS)
            .map(|index| Box::pin(P::sleep_until(far + Duration::from_micros(index as u64))))
            .collect();
        poll_all(&mut sleeps).await;
        let clock = Clock::start();
        for turn in 0..turns {
            let later = far + Duration::from_millis(turn as u64);
            for (index, sleep) in sleeps.iter_mut().enumerate() {
                P::reset(sleep.as_mut(), later + Duration::from_micros(index as u64));
            }
            poll_all(&mut sleeps).await;
            P::yield_now().await;
        }
        vec![clock.ns_per(turns * RESET_TIMERS)]
    })
}

/// Polls each once, which arms it. None is due.
async fn poll_all<F: Future>(futures: &mut [Pin<Box<F>>]) {
    poll_fn(|cx| {
        for future in futures.iter_mut() {
            assert!(
                future.as_mut().poll(cx).is_pending(),
                "an hour has not passed"
            );
        }
        Poll::Ready(())
    })
    .await;
}

/// Messages pass through a thousand tasks, each with a channel of one place to the next.
fn deep_chain<P: Sync + Time>(plan: &Plan) -> io::Result<Vec<f64>> {
    let messages = plan.count(1_000) as u64;
    P::run(plan.workers(), async move {
        let (first, mut last) = P::bounded(1);
        for _ in 0..CHAIN {
            let (sender, receiver) = P::bounded(1);
            let mut from = std::mem::replace(&mut last, receiver);
            P::detach(P::spawn(async move {
                while let Some(number) = P::recv(&mut from).await {
                    P::send(&sender, number + 1).await;
                }
            }));
        }
        let clock = Clock::start();
        let sending = P::spawn(async move {
            for number in 0..messages {
                P::send(&first, number).await;
            }
        });
        let receiving = P::spawn(async move {
            let mut sum = 0;
            while let Some(number) = P::recv(&mut last).await {
                sum += number;
            }
            sum
        });
        sending.await;
        let sum = receiving.await;
        assert_eq!(sum, messages * (messages - 1) / 2 + messages * CHAIN as u64);
        vec![clock.ns_per(messages as usize * CHAIN)]
    })
}

/// A future that waits for a lock is no longer polled; others want the lock.
fn unpolled_lock<P: Sync + Time>(plan: &Plan) -> io::Result<Vec<f64>> {
    P::run(plan.workers(), async move {
        let mutex = Arc::new(P::mutex());
        let holding = P::lock(&mutex).await;
        let mut forgotten = pin!(P::lock(&mutex));
        poll_fn(|cx| {
            assert!(forgotten.as_mut().poll(cx).is_pending(), "the lock is held");
            Poll::Ready(())
        })
        .await;
        drop(holding);
        let clock = Clock::start();
        let others = {
            let mutex = mutex.clone();
            P::spawn(async move {
                for _ in 0..UNPOLLED_LOCKS {
                    *P::lock(&mutex).await += 1;
                    P::yield_now().await;
                }
            })
        };
        let done = P::timeout(UNPOLLED_LIMIT, others).await;
        let spent = clock.elapsed();
        vec![match done {
            Some(()) => spent.as_secs_f64() * 1e3,
            None => UNPOLLED_LIMIT.as_secs_f64() * 1e3,
        }]
    })
}

/// Percentiles of spans, in microseconds.
pub(crate) fn percentiles_us(mut spans: Vec<Duration>, shares: &[f64]) -> Vec<f64> {
    spans.sort_unstable();
    let us = |share: &f64| percentile(&spans, *share).as_secs_f64() * 1e6;
    shares.iter().map(us).collect()
}

/// Keeps the processor busy for so long.
pub(crate) fn compute(span: Duration) {
    let until: Instant = clock::now() + span;
    let mut sum = 0u64;
    while clock::now() < until {
        for number in 0..100 {
            sum = std::hint::black_box(sum.wrapping_mul(31).wrapping_add(number));
        }
    }
}

/// Tasks that compute.
const HOGS: usize = 4;
/// Tasks that sleep most of the time.
const LIGHT_TASKS: usize = 1_000;
/// How often each of them wakes up.
const LIGHT_TURNS: usize = 20;
/// How long each sleeps: ten wake-ups in a millisecond altogether.
const LIGHT_PERIOD: Duration = Duration::from_millis(100);
/// When the first of them wakes up.
const LIGHT_HEAD_START: Duration = Duration::from_millis(100);
/// How long after the first spawn the million is due: the slowest peer needs about 1.5 s to register.
const SAME_HEAD_START: Duration = Duration::from_secs(4);
/// With less work the head start shrinks to no less than this.
const SAME_HEAD_START_MIN: Duration = Duration::from_secs(2);
/// Timers that are moved again and again.
const RESET_TIMERS: usize = 10_000;
/// Later than any measurement ends.
const FAR: Duration = Duration::from_secs(3600);
/// Tasks in the chain.
const CHAIN: usize = 1_000;
/// Locks that others take.
const UNPOLLED_LOCKS: usize = 1_000;
/// How long they may take: who needs this long never gets the lock.
const UNPOLLED_LIMIT: Duration = Duration::from_secs(1);
