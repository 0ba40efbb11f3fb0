//! Rows about spawning, yielding and waking.

use std::future::Future;
use std::io;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::{Arc, mpsc};
use std::task::{Context, Poll};

use super::signal::Signal;
use super::{Plan, memory};
use crate::clock::{self, Clock, start_thread};
use crate::host::Cpu;
use crate::peers::Tasks;
use crate::rows::Work;

/// Runs a row of this file; `None` if `work` is another's.
pub(crate) fn run<P: Tasks>(work: Work, plan: &Plan) -> Option<io::Result<Vec<f64>>> {
    Some(match work {
        Work::SpawnAwait => spawn_await::<P>(plan),
        Work::SpawnMany => spawn_many::<P>(plan),
        Work::SpawnChain => spawn_chain::<P>(plan),
        Work::YieldOne => yield_one::<P>(plan),
        Work::YieldMany => yield_many::<P>(plan),
        Work::ForeignWake => foreign_wake::<P>(plan),
        Work::MemoryTask => memory::idle_tasks::<P>(plan),
        Work::ManyTasks => memory::many_tasks::<P>(plan),
        _ => return None,
    })
}

fn spawn_await<P: Tasks>(plan: &Plan) -> io::Result<Vec<f64>> {
    let count = plan.count(500_000);
    P::run(plan.workers(), async move {
        let mut sum = 0;
        for number in 0..count / WARM_UP_DIVISOR {
            sum += P::spawn(async move { number }).await;
        }
        std::hint::black_box(sum);
        let (clock, mut sum) = (Clock::start(), 0);
        for number in 0..count {
            sum += P::spawn(async move { number }).await;
        }
        let ns = clock.ns_per(count);
        assert_eq!(sum, count * (count - 1) / 2);
        vec![ns]
    })
}

fn spawn_many<P: Tasks>(plan: &Plan) -> io::Result<Vec<f64>> {
    let batches = plan.count(60);
    P::run(plan.workers(), async move {
        let mut handles = Vec::with_capacity(BATCH);
        let mut clock = Clock::start();
        // One batch more than is counted, to warm up.
        for batch in 0..=batches {
            if batch == 1 {
                clock = Clock::start();
            }
            handles.extend((0..BATCH).map(|number| P::spawn(async move { number })));
            let mut sum = 0;
            for handle in handles.drain(..) {
                sum += handle.await;
            }
            assert_eq!(sum, BATCH * (BATCH - 1) / 2);
        }
        vec![clock.ns_per(batches * BATCH)]
    })
}

fn spawn_chain<P: Tasks>(plan: &Plan) -> io::Result<Vec<f64>> {
    let count = plan.count(1_000_000);
    P::run(plan.workers(), async move {
        let end: &'static Signal = Box::leak(Box::default());
        let mut clock = Clock::start();
        for left in [count / WARM_UP_DIVISOR, count] {
            clock = Clock::start();
            P::detach(P::spawn(Link::<P>::new(left, end)));
            end.wait().await;
        }
        vec![clock.ns_per(count)]
    })
}

fn yield_one<P: Tasks>(plan: &Plan) -> io::Result<Vec<f64>> {
    let count = plan.count(1_000_000);
    P::run(plan.workers(), async move {
        // In a task of its own beside the first, which only waits: no peer's first task is special.
        let yielding = P::spawn(async move {
            for _ in 0..count / WARM_UP_DIVISOR {
                P::yield_now().await;
            }
            let clock = Clock::start();
            for _ in 0..count {
                P::yield_now().await;
            }
            clock.ns_per(count)
        });
        vec![yielding.await]
    })
}

fn yield_many<P: Tasks>(plan: &Plan) -> io::Result<Vec<f64>> {
    let each = plan.count(3_000);
    P::run(plan.workers(), async move {
        let mut handles = Vec::with_capacity(YIELDERS);
        let mut clock = Clock::start();
        for times in [each / WARM_UP_DIVISOR, each] {
            clock = Clock::start();
            handles.extend((0..YIELDERS).map(|_| {
                P::spawn(async move {
                    for _ in 0..times {
                        P::yield_now().await;
                    }
                })
            }));
            for handle in handles.drain(..) {
                handle.await;
            }
        }
        vec![clock.ns_per(YIELDERS * each)]
    })
}

fn foreign_wake<P: Tasks>(plan: &Plan) -> io::Result<Vec<f64>> {
    let count = plan.count(WAKES);
    let signal = Arc::new(Signal::default());
    let (ask, asked) = mpsc::channel();
    let answering = signal.clone();
    let thread = start_thread("foreign", move || {
        for () in asked {
            answering.set();
        }
    })?;
    let figures = P::run(plan.workers(), async move {
        let mut figures = Vec::new();
        for times in warm(count) {
            let (clock, before) = (Clock::start(), Cpu::used());
            for _ in 0..times {
                ask.send(())
                    .expect("the thread lives until this end is gone");
                signal.wait().await;
            }
            let used = Cpu::used().since(before).total();
            figures = vec![
                clock.ns_per(times) / 1000.0,
                clock::per(used, times) / 1000.0,
            ];
        }
        figures
    })?;
    thread
        .join()
        .map_err(|_| io::Error::other("the foreign thread panicked"))?;
    Ok(figures)
}

/// How often a row is done: a tenth to warm up, then all.
pub(super) fn warm(count: usize) -> [usize; 2] {
    [count / WARM_UP_DIVISOR, count]
}

/// A task that spawns the next until none is left.
struct Link<P> {
    left: usize,
    end: &'static Signal,
    peer: PhantomData<fn() -> P>,
}

impl<P: Tasks> Link<P> {
    fn new(left: usize, end: &'static Signal) -> Self {
        Self {
            left,
            end,
            peer: PhantomData,
        }
    }
}

impl<P: Tasks> Future for Link<P> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<()> {
        match self.left.checked_sub(1) {
            Some(left) => P::detach(P::spawn(Self::new(left, self.end))),
            None => self.end.set(),
        }
        Poll::Ready(())
    }
}

/// The warm-up does this fraction of the work.
const WARM_UP_DIVISOR: usize = 10;
/// Round trips of the row `foreign-wake`.
pub(super) const WAKES: usize = 20_000;
/// Tasks spawned before the first of them is awaited.
const BATCH: usize = 10_000;
/// Tasks that yield to each other.
const YIELDERS: usize = 1_000;
