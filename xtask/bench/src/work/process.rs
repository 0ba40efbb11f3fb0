//! The row about child processes.

use std::io;
use std::process::Command;

use rustix::event::{PollFd, PollFlags};
use rustix::process::{Pid, PidfdFlags, pidfd_open};

use super::Plan;
use crate::clock::{self, Clock};
use crate::host::Cpu;
use crate::peers::process::Process;
use crate::rows::Work;

/// Runs a row of this file; `None` if `work` is another's.
pub(crate) fn run<P: Process>(work: Work, plan: &Plan) -> Option<io::Result<Vec<f64>>> {
    match work {
        Work::Children => Some(children::<P>(plan)),
        _ => None,
    }
}

fn children<P: Process>(plan: &Plan) -> io::Result<Vec<f64>> {
    let count = plan.count(1_000);
    P::run(plan.workers(), async move {
        let mut figures = Vec::new();
        for times in [count / WARM_UP_DIVISOR, count] {
            let (clock, cpu) = (Clock::start(), Cpu::used());
            for _ in 0..times {
                succeeded(P::spawn_and_wait(PROGRAM).await?)?;
            }
            figures = taken(clock, cpu, count);
        }
        Ok(figures)
    })?
}

/// The same without a runtime: the standard library's `posix_spawn`, a pidfd, one wait for it, and the reaping.
pub(crate) fn bare(plan: &Plan) -> io::Result<Vec<f64>> {
    let count = plan.count(1_000);
    let mut figures = Vec::new();
    for times in [count / WARM_UP_DIVISOR, count] {
        let (clock, cpu) = (Clock::start(), Cpu::used());
        for _ in 0..times {
            let mut child = Command::new(PROGRAM).spawn()?;
            let number = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
            let number = number.ok_or_else(|| io::Error::other("a child has no number"))?;
            let fd = pidfd_open(number, PidfdFlags::empty())?;
            rustix::event::poll(&mut [PollFd::new(&fd, PollFlags::IN)], None)?;
            succeeded(child.wait()?.success())?;
        }
        figures = taken(clock, cpu, count);
    }
    Ok(figures)
}

/// Wall and CPU time of one, in µs. The child's own time is in the first alone.
fn taken(clock: Clock, cpu: Cpu, count: usize) -> Vec<f64> {
    let wall_ns = clock.ns_per(count);
    let cpu_ns = clock::per(Cpu::used().since(cpu).total(), count);
    vec![wall_ns / 1000.0, cpu_ns / 1000.0]
}

fn succeeded(success: bool) -> io::Result<()> {
    if success {
        return Ok(());
    }
    Err(io::Error::other(format!("{PROGRAM} failed")))
}

/// Does nothing, on every Unix.
const PROGRAM: &str = "/bin/true";

/// The warm-up does this fraction of the work.
const WARM_UP_DIVISOR: usize = 10;
