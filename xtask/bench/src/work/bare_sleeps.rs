//! The row `sleep-cpu` without a runtime: the memory of 200,000 waiting tasks, visited as often, and the parks.

use std::hint::black_box;
use std::io;
use std::time::{Duration, Instant};

use rustix::event::Timespec;

use super::Plan;
use super::time::{SLEEPS_HEAD_START, SLEEPS_SPREAD};
use crate::clock;
use crate::host::Cpu;

/// CPU per sleep. One thread, a boxed record of a task's size for each, and a wheel of one level whose buckets are a park
/// long, so that arming is a push and firing a walk.
pub(crate) fn run(plan: &Plan) -> io::Result<Vec<f64>> {
    let count = plan.count(200_000);
    let spread = SLEEPS_SPREAD.mul_f64(count as f64 / 200_000.0);
    let gap_ns = spread.as_nanos() as u64 / count as u64;
    let buckets = (spread.as_nanos() / PARK.as_nanos()) as usize + 1;
    let mut wheel: Vec<Vec<u32>> = vec![Vec::new(); buckets];
    let mut records = Vec::with_capacity(count);
    let before = Cpu::used();
    let first = clock::now() + SLEEPS_HEAD_START;
    records.extend((0..count as u64).map(|index| Some(Record::new(index * gap_ns))));
    for (index, record) in (0_u32..).zip(&mut records) {
        if let Some(record) = record {
            record.poll();
            let bucket = u128::from(record.deadline_ns) / PARK.as_nanos();
            wheel[bucket as usize].push(index);
        }
    }
    for (turn, bucket) in (1_u32..).zip(&wheel) {
        wait_until(first + PARK * turn)?;
        for index in bucket {
            if let Some(record) = &mut records[*index as usize] {
                record.fired = true;
            }
        }
        for index in bucket {
            if let Some(record) = &mut records[*index as usize] {
                record.poll();
            }
        }
        for index in bucket {
            let joined = records[*index as usize].take();
            let is_done = joined.is_some_and(|record| record.fired && record.polls == [2; 3]);
            if !is_done {
                return Err(io::Error::other("a record was visited too seldom"));
            }
        }
    }
    Ok(vec![clock::per(Cpu::used().since(before).total(), count)])
}

/// As large as the cell of the row's task, 160 bytes: three cache lines.
struct Record {
    deadline_ns: u64,
    fired: bool,
    /// One in each cache line.
    polls: [u8; 3],
    rest: [u64; 18],
}

impl Record {
    fn new(deadline_ns: u64) -> Box<Record> {
        black_box(Box::new(Record {
            deadline_ns,
            fired: false,
            polls: [0; 3],
            rest: [deadline_ns; 18],
        }))
    }

    /// Writes to each cache line.
    fn poll(&mut self) {
        self.polls = self.polls.map(|polls| polls + 1);
        self.rest[8] += 1;
        self.rest[16] += 1;
        black_box(self);
    }
}

/// Sleeps in the kernel.
fn wait_until(instant: Instant) -> io::Result<()> {
    loop {
        let left = instant.saturating_duration_since(clock::now());
        if left.is_zero() {
            return Ok(());
        }
        let timeout = Timespec::try_from(left).map_err(io::Error::other)?;
        rustix::event::poll(&mut [], Some(&timeout))?;
    }
}

/// As long as trill parks in a dense row where that is dear.
const PARK: Duration = Duration::from_micros(400);
