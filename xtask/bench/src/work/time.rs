//! Rows about timers.

use std::io;
use std::time::Duration;

use super::{Plan, memory};
use crate::clock::{self, Clock};
use crate::peers::Timers;
use crate::rows::Work;
use crate::{alloc, host};

/// Runs a row of this file; `None` if `work` is another's.
pub(crate) fn run<P: Timers>(work: Work, plan: &Plan) -> Option<io::Result<Vec<f64>>> {
    Some(match work {
        Work::Timeout { tasks } => timeout::<P>(plan, tasks),
        Work::SleepCpu => sleep_cpu::<P>(plan),
        Work::SleepLateness => lateness::<P>(plan),
        Work::MemorySleep => {
            // Nothing is captured: the task's future is the sleep and one byte of state.
            memory::held::<P, _>(plan, || async {
                memory::count_poll();
                P::sleep(clock::now() + LONG_SLEEP).await;
            })
        }
        Work::ManyTimers => many_timers::<P>(plan),
        _ => return None,
    })
}

fn timeout<P: Timers>(plan: &Plan, tasks: usize) -> io::Result<Vec<f64>> {
    let each = plan.count(640_000) / tasks;
    P::run(plan.workers(), async move {
        let mut clock = Clock::start();
        for times in [each / WARM_UP_DIVISOR, each] {
            clock = Clock::start();
            let running: Vec<_> = (0..tasks)
                .map(|_| {
                    P::spawn(async move {
                        for _ in 0..times {
                            let done = P::limit(NEVER_REACHED, P::yield_now()).await;
                            assert!(done.is_some(), "a yield took longer than a second");
                        }
                    })
                })
                .collect();
            for task in running {
                task.await;
            }
        }
        vec![clock.ns_per(each * tasks)]
    })
}

fn sleep_cpu<P: Timers>(plan: &Plan) -> io::Result<Vec<f64>> {
    let count = plan.count(200_000);
    let spread = SLEEPS_SPREAD.mul_f64(count as f64 / 200_000.0);
    P::run(plan.workers(), async move {
        let mut sleeping = Vec::with_capacity(count);
        let before = host::Cpu::used();
        let first = clock::now() + SLEEPS_HEAD_START;
        let gap_ns = spread.as_nanos() as u64 / count as u64;
        sleeping.extend((0..count as u64).map(|index| {
            let deadline = first + Duration::from_nanos(index * gap_ns);
            P::spawn(async move {
                P::sleep(deadline).await;
            })
        }));
        for task in sleeping {
            task.await;
        }
        vec![clock::per(host::Cpu::used().since(before).total(), count)]
    })
}

fn lateness<P: Timers>(plan: &Plan) -> io::Result<Vec<f64>> {
    let count = plan.count(400);
    P::run(plan.workers(), async move {
        let mut late = Duration::ZERO;
        for index in 0..count as u64 {
            // Steps of 311 µs around a circle of 2 ms: every phase of a millisecond occurs.
            let delay = Duration::from_micros(500 + index * 311 % 2000);
            let deadline = clock::now() + delay;
            P::sleep(deadline).await;
            let now = clock::now();
            assert!(now >= deadline, "the sleep ended before its deadline");
            late += now - deadline;
        }
        vec![clock::per(late, count) / 1000.0]
    })
}

/// The row `million-timers`.
fn many_timers<P: Timers>(plan: &Plan) -> io::Result<Vec<f64>> {
    let count = plan.count(1_000_000);
    P::run(plan.workers(), async move {
        let mut sleeping = Vec::with_capacity(count);
        let resident = host::resident_bytes()?;
        alloc::count();
        let heap = alloc::live_bytes();
        let start = host::Cpu::used();
        let first = clock::now() + MILLION_HEAD_START.mul_f64(count as f64 / 1e6);
        let gap_ns = MILLION_SPREAD.as_nanos() as u64 / count as u64;
        sleeping.extend((0..count as u64).map(|index| {
            let deadline = first + Duration::from_nanos(index * gap_ns);
            P::spawn(async move {
                memory::count_poll();
                P::sleep(deadline).await;
            })
        }));
        memory::all_polled::<P>(count).await;
        if clock::now() >= first {
            let text = "registering took longer than the head start: this machine is too busy";
            return Err(io::Error::other(text));
        }
        let registered = host::Cpu::used();
        let heap = alloc::live_bytes() - heap;
        let resident = host::resident_bytes()?.saturating_sub(resident);
        for task in sleeping {
            task.await;
        }
        let fired = host::Cpu::used();
        Ok(vec![
            resident as f64 / count as f64,
            heap as f64 / count as f64 + memory::handle_bytes::<P>(),
            clock::per(registered.since(start).total(), count),
            clock::per(fired.since(registered).total(), count),
        ])
    })?
}

/// The warm-up does this fraction of the work.
const WARM_UP_DIVISOR: usize = 10;
/// The limit of a timeout that does not fire.
const NEVER_REACHED: Duration = Duration::from_secs(1);
/// Longer than any measurement.
const LONG_SLEEP: Duration = Duration::from_secs(3600);
/// Over how long the 200,000 sleeps end.
pub(super) const SLEEPS_SPREAD: Duration = Duration::from_millis(500);
/// How long after the first spawn the first of them ends.
pub(super) const SLEEPS_HEAD_START: Duration = Duration::from_millis(500);
/// Over how long the million sleeps end.
const MILLION_SPREAD: Duration = Duration::from_secs(1);
/// How long after the first spawn the first of the million ends: the slowest peer needs about 1.5 s.
const MILLION_HEAD_START: Duration = Duration::from_secs(4);
