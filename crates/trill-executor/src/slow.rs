//! How a runner goes on while polls are long.
//!
//! Timers and sockets are looked at between two batches alone, and sixty-four polls of a millisecond would hold them up for
//! as long. Nobody reads a clock for that as long as polls are short: the attendant tells of a thread whose turn takes 2 ms.
//! Then batches are slow ones, until one gets through.
//!
//! A slow batch ends after [`SLOW_BATCH`], and a task that yields after a poll as long as that goes to a queue of its own,
//! which all runners share. What timers and sockets wake comes before it: that waits for the poll which is under way, and
//! not for one of each task that computes. Neither side starves: after a long poll the others have as much time as it took.
//! It is a feedback queue of two levels, after Corbató, Merwin-Daggett and Daley, "An Experimental Time-Sharing System"
//! (1962), with the time shared in halves.

use std::task::Context;
use std::time::{Duration, Instant};

use crate::current::Current;
use crate::hunt::Hunt;
use crate::queue::Item;
use crate::runner::{BATCH_POLLS, run_one};
use crate::schedule::push_back;
use crate::worker::Worker;

/// How long polls take, as far as others must not wait for it.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    /// Whether the next batch is a slow one.
    pub(crate) is_slow: bool,
    /// Whether the last slow batch began with what came from outside.
    skips_outside: bool,
    /// How long others may still be polled before a task that yielded after a long poll comes.
    credit: Duration,
}

/// Runs runnables for [`SLOW_BATCH`], and at most as many as a usual batch; then asks to be polled again, or falls asleep
/// when there are no more.
#[cold]
pub(crate) fn run_slow_batch(
    hunt: &mut Hunt,
    current: &Current<'_>,
    pace: &mut Pace,
    cx: &mut Context<'_>,
) {
    let worker = hunt.worker;
    let began = trill_world::now();
    let mut now = began;
    hunt.was_slow = false;
    // Every other one, so that neither waits for the other.
    pace.skips_outside = !pace.skips_outside;
    let mut outside = match pace.skips_outside {
        true => hunt.take_from_outside(),
        false => None,
    };
    current.keep_yielded(true);
    for _ in 0..BATCH_POLLS {
        let next = match outside.take() {
            Some(item) => Some(item),
            None if pace.credit.is_zero() => hunt.take_slow().or_else(|| hunt.next()),
            None => hunt.next(),
        };
        let Some(item) = next else {
            let waker = cx.waker();
            if worker.state.fall_asleep(worker, &mut hunt.searching, waker) {
                *pace = Pace::default();
                current.keep_yielded(false);
                return;
            }
            continue;
        };
        if hunt.searching {
            worker.state.end_search(&mut hunt.searching);
        }
        run_one(worker, current, item);
        let took = lap(&mut now);
        let is_long = took >= SLOW_BATCH;
        pace.credit = match std::mem::take(&mut hunt.was_slow) {
            true => took.min(CREDIT_MAX),
            false => pace.credit.saturating_sub(took),
        };
        if let Some(item) = current.take_yielded() {
            queue_again(worker, current, item, is_long);
        }
        if now.saturating_duration_since(began) >= SLOW_BATCH {
            current.keep_yielded(false);
            cx.waker().wake_by_ref();
            return;
        }
    }
    current.keep_yielded(false);
    // It got through. While tasks wait that are known to compute for long, the next will not.
    pace.is_slow = !worker.state.slow.is_empty();
    cx.waker().wake_by_ref();
}

/// Queues a task that yielded in its last poll.
fn queue_again(worker: &'static Worker, current: &Current<'_>, item: Item, is_long: bool) {
    if !is_long {
        return push_back(current, worker, item, true);
    }
    // A single one is left to this runner, which is awake and comes to it, so that it does not change its processor for
    // nothing.
    if worker.state.slow.push(item) > 1 || !worker.is_watched() {
        worker.state.notify();
    }
}

/// The time since `before`, which becomes now.
fn lap(before: &mut Instant) -> Duration {
    let now = trill_world::now();
    let took = now.saturating_duration_since(*before);
    *before = now;
    took
}

/// After how long a slow batch ends: the time between two looks at timers and sockets.
const SLOW_BATCH: Duration = Duration::from_micros(50);

/// A poll that took longer than this is itself what is wrong; the next that computes does not wait as long.
const CREDIT_MAX: Duration = Duration::from_millis(10);
