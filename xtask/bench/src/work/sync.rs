//! Rows about channels and locks.

use std::io;
use std::sync::Arc;

use super::Plan;
use crate::clock::Clock;
use crate::peers::Sync;
use crate::rows::Work;

/// Runs a row of this file; `None` if `work` is another's.
pub(crate) fn run<P: Sync>(work: Work, plan: &Plan) -> Option<io::Result<Vec<f64>>> {
    Some(match work {
        Work::PingPong => ping_pong::<P>(plan),
        Work::FanIn => fan_in::<P>(plan),
        Work::Mutex => mutex::<P>(plan),
        _ => return None,
    })
}

fn ping_pong<P: Sync>(plan: &Plan) -> io::Result<Vec<f64>> {
    let count = plan.count(300_000);
    P::run(plan.workers(), async move {
        let (there, mut arrives) = P::bounded(1);
        let (back, mut returns) = P::bounded(1);
        let echo = P::spawn(async move {
            while let Some(number) = P::recv(&mut arrives).await {
                P::send(&back, number + 1).await;
            }
        });
        let asking = P::spawn(async move {
            let mut clock = Clock::start();
            for times in [count / WARM_UP_DIVISOR, count] {
                clock = Clock::start();
                for number in 0..times as u64 {
                    P::send(&there, number).await;
                    assert_eq!(P::recv(&mut returns).await, Some(number + 1));
                }
            }
            clock.ns_per(count)
        });
        let ns = asking.await;
        echo.await;
        vec![ns]
    })
}

fn fan_in<P: Sync>(plan: &Plan) -> io::Result<Vec<f64>> {
    let count = plan.count(2_000_000) / SENDERS;
    P::run(plan.workers(), async move {
        let mut clock = Clock::start();
        for each in [count / WARM_UP_DIVISOR, count] {
            let (sender, mut receiver) = P::bounded(FAN_IN_CAPACITY);
            clock = Clock::start();
            let senders: Vec<_> = (0..SENDERS)
                .map(|_| {
                    let sender = sender.clone();
                    P::spawn(async move {
                        for number in 0..each as u64 {
                            P::send(&sender, number).await;
                        }
                    })
                })
                .collect();
            drop(sender);
            let receiving = P::spawn(async move {
                let mut sum = 0;
                while let Some(number) = P::recv(&mut receiver).await {
                    sum += number;
                }
                sum
            });
            let sum = receiving.await;
            for sender in senders {
                sender.await;
            }
            assert_eq!(sum, (SENDERS * (each * (each - 1) / 2)) as u64);
        }
        vec![clock.ns_per(count * SENDERS)]
    })
}

fn mutex<P: Sync>(plan: &Plan) -> io::Result<Vec<f64>> {
    let count = plan.count(3_000_000) / LOCKERS;
    P::run(plan.workers(), async move {
        let mut clock = Clock::start();
        for each in [count / WARM_UP_DIVISOR, count] {
            let mutex = Arc::new(P::mutex());
            clock = Clock::start();
            let lockers: Vec<_> = (0..LOCKERS)
                .map(|_| {
                    let mutex = mutex.clone();
                    P::spawn(async move {
                        for turn in 1..=each {
                            *P::lock(&mutex).await += 1;
                            if turn % LOCKS_PER_YIELD == 0 {
                                P::yield_now().await;
                            }
                        }
                    })
                })
                .collect();
            for locker in lockers {
                locker.await;
            }
            assert_eq!(*P::lock(&mutex).await, (LOCKERS * each) as u64);
        }
        vec![clock.ns_per(count * LOCKERS)]
    })
}

/// The warm-up does this fraction of the work.
const WARM_UP_DIVISOR: usize = 10;
/// Tasks that send at once.
const SENDERS: usize = 4;
/// Messages the channel of several senders holds.
const FAN_IN_CAPACITY: usize = 128;
/// Tasks that share a mutex.
const LOCKERS: usize = 16;
/// A task yields after so many locks.
const LOCKS_PER_YIELD: usize = 16;
