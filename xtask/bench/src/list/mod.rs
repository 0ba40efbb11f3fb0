//! The list of all rows.
//!
//! The budgets are those of the project's design: most are ratios to the better of tokio and smol
//! in the same run.

mod growth;
mod hostile;
mod http;
mod io;

use crate::rows::{Budget, Figure, Group, Row, Work};

/// Every row, in the order of the table.
pub(crate) fn all() -> impl Iterator<Item = &'static Row> {
    let groups = [ROWS, hostile::ROWS, http::ROWS, growth::ROWS, io::ROWS];
    groups.into_iter().flatten()
}

/// The rows of the groups `micro` and `mem`.
static ROWS: &[Row] = &[
    Row {
        name: "spawn-await",
        group: Group::Micro,
        work: Work::SpawnAwait,
        title: "spawn + await, one at a time",
        same: "One task spawns a task that is ready at once and awaits its output before the next.",
        figures: &[one("ns", Budget::Best(0.55, 0.4))],
    },
    Row {
        name: "spawn-many",
        group: Group::Micro,
        work: Work::SpawnMany,
        title: "spawn 10,000, then await all",
        same: "One task spawns 10,000 tasks that are ready at once, keeps their handles in a vector \
made beforehand and awaits them in order; repeated.",
        figures: &[one("ns", Budget::Best(0.5, 0.5))],
    },
    Row {
        name: "spawn-chain",
        group: Group::Micro,
        work: Work::SpawnChain,
        title: "task that spawns the next",
        same: "Each task spawns its successor, detached, and ends; the last one signals the first \
through a flag and a waker of the harness. The future is the same two words for every peer.",
        figures: &[one("ns", Budget::Best(0.5, 0.4))],
    },
    Row {
        name: "yield-one",
        group: Group::Micro,
        work: Work::YieldOne,
        title: "one task yielding",
        same: "A task awaits the peer's own yield_now in a loop; nothing else runs.",
        figures: &[one("ns", Budget::Best(0.4, 0.25))],
    },
    Row {
        name: "yield-many",
        group: Group::Micro,
        work: Work::YieldMany,
        title: "1,000 tasks yielding",
        same: "1,000 tasks each await the peer's own yield_now the same number of times; the time of \
all, joined, over all yields.",
        figures: &[one("ns", Budget::Best(0.6, 0.8))],
    },
    Row {
        name: "ping-pong",
        group: Group::Micro,
        work: Work::PingPong,
        title: "ping-pong over two bounded(1)",
        same: "Two tasks, two of the peer's own bounded channels of capacity 1; a number goes there \
and comes back plus one. Time per round trip.",
        figures: &[one("ns", Budget::Best(0.5, 0.5))],
    },
    Row {
        name: "channel-fan-in",
        group: Group::Micro,
        work: Work::FanIn,
        title: "4 senders, 1 receiver, bounded 128",
        same: "Four tasks send numbers into the peer's own bounded channel of capacity 128; a fifth \
receives and adds them until all senders are gone. Time per message.",
        figures: &[one("ns", Budget::Best(0.5, 0.5))],
    },
    Row {
        name: "mutex",
        group: Group::Micro,
        work: Work::Mutex,
        title: "mutex, 16 tasks, a yield every 16 locks",
        same: "16 tasks lock the peer's own async mutex, add one, unlock, and yield after every 16th \
lock. Time per lock.",
        figures: &[one("ns", Budget::Best(0.7, 0.5))],
    },
    Row {
        name: "timeout-one",
        group: Group::Micro,
        work: Work::Timeout { tasks: 1 },
        title: "timeout that does not fire, one task",
        same: "timeout(1 s, yield_now()) in a loop. smol has no timeout: the idiom of its \
documentation, `or` with a Timer, stands for it.",
        figures: &[one("ns", Budget::Best(0.4, 0.2))],
    },
    Row {
        name: "timeout-many",
        group: Group::Micro,
        work: Work::Timeout { tasks: 64 },
        title: "the same, 64 tasks",
        same: "As timeout-one, in 64 tasks at once. Time of all over all timeouts.",
        figures: &[one("ns", Budget::Best(0.5, 0.35))],
    },
    Row {
        name: "sleep-cpu",
        group: Group::Micro,
        work: Work::SleepCpu,
        title: "CPU per sleep that fires",
        same: "200,000 tasks, each sleeping until an instant of its own; the instants are spread over \
0.5 s and begin 0.5 s after the first spawn, so that registering is done when they fire. CPU time of \
the process per sleep: spawn, register, fire and join. `bare` is one thread with as many boxed records \
of a task's size, visited as often, which sleeps 0.4 ms at a time.",
        figures: &[one("ns", Budget::Best(0.3, 0.3))],
    },
    Row {
        name: "sleep-lateness",
        group: Group::Micro,
        work: Work::SleepLateness,
        title: "mean lateness of a sleep",
        same: "One task sleeps until instants 0.5 to 2.5 ms away, one after another, the same list \
for every peer; the clock at its resumption less the instant.",
        figures: &[one("µs", Budget::AtMost(60.0))],
    },
    Row {
        name: "memory-task",
        group: Group::Micro,
        work: Work::MemoryTask,
        title: "memory, task that waits for ever",
        same: "100,000 tasks awaiting std's pending(), each polled once, handles kept. Growth of \
the process's resident memory per task; and live bytes by a counting allocator with malloc's rounding \
and header plus the handle's size, which leaves out what aligned blocks waste between them.",
        figures: &[
            figure("resident", "B", Budget::AtMost(168.0)),
            figure("heap", "B", Budget::Open),
        ],
    },
    Row {
        name: "memory-sleep",
        group: Group::Micro,
        work: Work::MemorySleep,
        title: "memory, task in sleep",
        same: "As memory-task, each task awaiting a sleep of one hour.",
        figures: &[
            figure("resident", "B", Budget::AtMost(240.0)),
            figure("heap", "B", Budget::Open),
        ],
    },
    Row {
        name: "unblock",
        group: Group::Micro,
        work: Work::Unblock,
        title: "unblock of an empty closure",
        same: "A task awaits an empty closure on the peer's own blocking pool, one after another. Wall \
time per call, and CPU time of the process, so that spinning shows.",
        figures: &[
            figure("wall", "µs", Budget::Best(0.8, 0.8)),
            figure("CPU", "µs", Budget::Open),
        ],
    },
    Row {
        name: "foreign-wake",
        group: Group::Micro,
        work: Work::ForeignWake,
        title: "wake from a foreign thread, round trip",
        same: "A task sends on a std channel to a plain thread and waits for a flag and a waker of the \
harness, which that thread sets; nothing else runs. Wall time of a round trip, and CPU time of the process. `bare` is a \
thread in the task's place, which parks.",
        figures: &[
            figure("wall", "µs", Budget::Best(1.0, 1.0)),
            figure("CPU", "µs", Budget::Open),
        ],
    },
    Row {
        name: "tcp-connect",
        group: Group::Micro,
        work: Work::TcpConnect,
        title: "TCP connect + accept + close",
        same: "One task accepts and drops; another connects, reads the end of the stream and drops. \
Same process, loopback, one at a time.",
        figures: &[one("µs", Budget::Best(1.0, 1.0))],
    },
    echo("echo-1x64", "TCP echo, 1 connection × 64 B", 1, 64),
    echo("echo-50x64", "TCP echo, 50 connections × 64 B", 50, 64),
    echo("echo-500x64", "TCP echo, 500 connections × 64 B", 500, 64),
    echo("echo-1x16k", "TCP echo, 1 connection × 16 KiB", 1, 16 << 10),
    echo(
        "echo-50x16k",
        "TCP echo, 50 connections × 16 KiB",
        50,
        16 << 10,
    ),
    echo(
        "echo-500x16k",
        "TCP echo, 500 connections × 16 KiB",
        500,
        16 << 10,
    ),
    Row {
        name: "million-tasks",
        group: Group::Mem,
        work: Work::ManyTasks,
        title: "1,000,000 tasks spawned, woken, joined",
        same: "Each task stores its waker in a slot made beforehand and is ready at its second poll; \
the first task wakes all and joins all. Memory as in memory-task, with handles.",
        figures: &[
            figure("resident per task", "B", Budget::Open),
            figure("heap per task", "B", Budget::Open),
            figure("spawn", "ns", Budget::Open),
            figure("wake and join", "ns", Budget::Open),
        ],
    },
    Row {
        name: "million-timers",
        group: Group::Mem,
        work: Work::ManyTimers,
        title: "1,000,000 timers",
        same: "1,000,000 tasks sleep until instants spread over 1 s, the first far enough away that \
all are registered before; all are joined. Memory as in memory-task; CPU time of the process.",
        figures: &[
            figure("resident per timer", "B", Budget::Open),
            figure("heap per timer", "B", Budget::Open),
            figure("CPU to spawn and register", "ns", Budget::Open),
            figure("CPU to fire and join", "ns", Budget::Open),
        ],
    },
    Row {
        name: "idle-sockets",
        group: Group::Mem,
        work: Work::ManySockets,
        title: "idle sockets up to the descriptor limit",
        same: "The echo server with buffers of 64 bytes, its descriptor limit raised to the hard limit; \
a client in another process opens as many connections as both may, then sends a byte through every \
tenth and waits for it to come back. Memory of the server's own process, without the kernel's.",
        figures: &[
            figure("resident per socket", "B", Budget::Open),
            figure("heap per socket", "B", Budget::Open),
            figure("server CPU per accept", "ns", Budget::Open),
            figure("wall per connection", "ns", Budget::Open),
        ],
    },
];

const fn one(unit: &'static str, budget: Budget) -> Figure {
    figure("", unit, budget)
}

const fn figure(label: &'static str, unit: &'static str, budget: Budget) -> Figure {
    Figure {
        label,
        unit,
        budget,
        is_rate: false,
    }
}

const fn rate(label: &'static str, unit: &'static str) -> Figure {
    Figure {
        label,
        unit,
        budget: Budget::Open,
        is_rate: true,
    }
}

const fn echo(name: &'static str, title: &'static str, connections: usize, bytes: usize) -> Row {
    Row {
        name,
        group: Group::Micro,
        work: Work::Echo { connections, bytes },
        title,
        same: ECHO_SAME,
        figures: ECHO,
    }
}

/// The figures of every echo row.
const ECHO: &[Figure] = &[
    figure("CPU", "ns", Budget::TokioAndBare(1.0, 1.05)),
    figure("user CPU", "ns", Budget::AboveBare(200.0)),
    figure("wall", "ns", Budget::Open),
];

/// What every echo row does.
const ECHO_SAME: &str = "A server process per peer accepts connections and spawns a task for each, \
which reads into a buffer of twice a message's size and writes back what it read. One plain epoll client, \
outside the server process and the same for all, keeps one message under way on each connection and \
compares every byte. Counted is the server's CPU time, user and system, by getrusage. `bare` has as \
many threads as the others have workers, each with one edge-triggered epoll and connections that never leave it: the \
cheapest way this work can be done by so many threads. Its figure for one worker is the cheapest way at all.";
