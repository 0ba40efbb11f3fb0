//! The row about the pool for blocking work.

use std::io;

use super::Plan;
use crate::clock::{self, Clock};
use crate::host::Cpu;
use crate::peers::Blocking;
use crate::rows::Work;

/// Runs a row of this file; `None` if `work` is another's.
pub(crate) fn run<P: Blocking>(work: Work, plan: &Plan) -> Option<io::Result<Vec<f64>>> {
    match work {
        Work::Unblock => Some(unblock::<P>(plan)),
        _ => None,
    }
}

fn unblock<P: Blocking>(plan: &Plan) -> io::Result<Vec<f64>> {
    let count = plan.count(20_000);
    P::run(plan.workers(), async move {
        let (mut clock, mut cpu) = (Clock::start(), Cpu::used());
        for times in [count / WARM_UP_DIVISOR, count] {
            (clock, cpu) = (Clock::start(), Cpu::used());
            for _ in 0..times {
                P::unblock(|| ()).await;
            }
        }
        let wall_ns = clock.ns_per(count);
        let cpu_ns = clock::per(Cpu::used().since(cpu).total(), count);
        vec![wall_ns / 1000.0, cpu_ns / 1000.0]
    })
}

/// The warm-up does this fraction of the work.
const WARM_UP_DIVISOR: usize = 10;
