//! The rows of the group `hostile`.

use super::{figure, one};
use crate::rows::{Budget, Figure, Group, Row, Work};

pub(super) static ROWS: &[Row] = &[
    hogs(
        "hogs-1ms",
        "1,000 light tasks beside 4 hogs that compute 1 ms",
        1_000,
    ),
    hogs(
        "hogs-100us",
        "1,000 light tasks beside 4 hogs that compute 100 µs",
        100,
    ),
    Row {
        name: "stuck-worker",
        group: Group::Hostile,
        work: Work::StuckWorker,
        title: "I/O while one worker is stuck for 100 ms",
        same: "A task blocks its thread for 100 ms without computing, sleeps for 100 ms, and so on. A plain \
client thread sends 64 bytes a millisecond over eight connections in turn and waits for the echo from tasks of the \
runtime. Percentiles of the time that took.",
        figures: &[
            figure("p50", "µs", Budget::Open),
            figure("p99", "µs", Budget::Best(1.0, 1.0)),
            figure("p99.9", "µs", Budget::Best(1.0, 1.0)),
            figure("longest", "µs", Budget::Open),
        ],
    },
    Row {
        name: "wake-storm",
        group: Group::Hostile,
        work: Work::WakeStorm,
        title: "64 threads wake 64 tasks",
        same: "64 tasks leave their wakers and are pending. 64 plain threads each wake all of them 200 times; at the end \
each task is woken once more, sees that it is over, and ends. Wall and CPU time of all over all wakes.",
        figures: &[
            figure("wall", "ns", Budget::Best(1.0, 1.0)),
            figure("CPU", "ns", Budget::Open),
        ],
    },
    Row {
        name: "same-deadline",
        group: Group::Hostile,
        work: Work::SameDeadline,
        title: "1,000,000 timers with one deadline",
        same: "1,000,000 tasks sleep until the same instant, far enough away that all are registered before. Wall time \
from the instant until all are joined, and CPU time, over all.",
        figures: &[
            figure("wall", "ns", Budget::Best(1.0, 1.0)),
            figure("CPU", "ns", Budget::Best(1.0, 1.0)),
        ],
    },
    Row {
        name: "timer-resets",
        group: Group::Hostile,
        work: Work::TimerResets,
        title: "10,000 timers moved again and again",
        same: "One task holds 10,000 of the peer's own timers, an hour away; a hundred times it moves each to a later \
instant and polls it, as an idle timeout does at each message. Time per move and poll.",
        figures: &[one("ns", Budget::Best(1.0, 1.0))],
    },
    Row {
        name: "spawn-outside",
        group: Group::Hostile,
        work: Work::SpawnOutside,
        title: "spawn from a thread that is no worker",
        same: "A plain thread spawns 300,000 detached tasks, each of which counts itself; the last one signals. Time from \
the first spawn to that, over all.",
        figures: &[one("ns", Budget::Best(1.0, 1.0))],
    },
    Row {
        name: "deep-chain",
        group: Group::Hostile,
        work: Work::DeepChain,
        title: "messages through a chain of 1,000 channels",
        same: "1,000 tasks, each with the peer's own bounded(1) channel to the next, add one to each of 1,000 numbers. \
Time of all over all hops.",
        figures: &[one("ns", Budget::Best(1.0, 1.0))],
    },
    Row {
        name: "unpolled-lock",
        group: Group::Hostile,
        work: Work::UnpolledLock,
        title: "1,000 locks while a waiter is not polled",
        same: "A future waits for the peer's own mutex and is then no longer polled; the lock is given back. Another task \
locks it 1,000 times with a yield after each. 1000 ms means: it never got the lock.",
        figures: &[one("ms", Budget::Best(1.0, 1.0))],
    },
];

const fn hogs(name: &'static str, title: &'static str, slice_us: u64) -> Row {
    Row {
        name,
        group: Group::Hostile,
        work: Work::Hogs { slice_us },
        title,
        same: "4 tasks compute for the slice and yield, for ever. 1,000 tasks sleep until instants 100 ms apart, 20 times, \
their instants spread evenly: ten are due in a millisecond. Percentiles of the clock at a resumption less its instant.",
        figures: HOGS,
    }
}

const HOGS: &[Figure] = &[
    figure("p50", "µs", Budget::Best(1.0, 1.0)),
    figure("p99", "µs", Budget::Best(1.0, 1.0)),
    figure("p99.9", "µs", Budget::Open),
];
