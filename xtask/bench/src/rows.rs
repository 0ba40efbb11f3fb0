//! What a row is: its work, its figures with their units, and what trill may need at most.

use std::fmt;

use crate::flavour::Flavour;
pub(crate) use crate::list::all;

/// Who does the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum PeerName {
    /// tokio's multi-threaded runtime.
    Tokio,
    /// smol: its executor on as many threads as workers.
    Smol,
    /// This project.
    Trill,
    /// An edge-triggered epoll loop without any runtime, where a server is measured.
    Bare,
    /// monoio, which is single-threaded and rests on io_uring.
    Monoio,
    /// compio, which is single-threaded and rests on io_uring.
    Compio,
    /// Python's asyncio.
    Asyncio,
    /// Python's asyncio on the loop of uvloop.
    Uvloop,
    /// trill at another revision.
    Before,
    /// trill whose files never try at once, to tell what that is worth.
    TrillRing,
}

impl PeerName {
    /// All of them, in the order of the table's columns.
    pub(crate) const ALL: [Self; 10] = [
        Self::Tokio,
        Self::Smol,
        Self::Trill,
        Self::Bare,
        Self::Monoio,
        Self::Compio,
        Self::Asyncio,
        Self::Uvloop,
        Self::Before,
        Self::TrillRing,
    ];

    /// The name as it is written on the command line.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Tokio => "tokio",
            Self::Smol => "smol",
            Self::Trill => "trill",
            Self::Bare => "bare",
            Self::Monoio => "monoio",
            Self::Compio => "compio",
            Self::Asyncio => "asyncio",
            Self::Uvloop => "uvloop",
            Self::Before => "before",
            Self::TrillRing => "trill-ring",
        }
    }
}

impl fmt::Display for PeerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Rows that are run together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Group {
    /// Single operations.
    Micro,
    /// What goes wrong in production.
    Hostile,
    /// End to end.
    Http,
    /// From ten to a million.
    Growth,
    /// Millions of tasks and timers, and idle sockets.
    Mem,
    /// Files, and what else the operating system does.
    Io,
}

impl Group {
    /// All of them.
    pub(crate) const ALL: [Self; 6] = [
        Self::Micro,
        Self::Hostile,
        Self::Http,
        Self::Growth,
        Self::Mem,
        Self::Io,
    ];

    /// How runtimes run unless a person says otherwise.
    pub(crate) fn flavours(self) -> Vec<Flavour> {
        let mut flavours = match self {
            Self::Micro => vec![Flavour::Workers(1), Flavour::all(), Flavour::Local],
            Self::Hostile | Self::Mem | Self::Io => vec![Flavour::Workers(1), Flavour::all()],
            Self::Http | Self::Growth => vec![Flavour::all()],
        };
        flavours.dedup();
        flavours
    }

    /// The name as it is written on the command line.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Micro => "micro",
            Self::Hostile => "hostile",
            Self::Http => "http",
            Self::Growth => "growth",
            Self::Mem => "mem",
            Self::Io => "io",
        }
    }

    /// How many rounds the median is taken of unless a person says otherwise.
    pub(crate) fn rounds(self) -> usize {
        match self {
            Self::Micro | Self::Hostile | Self::Io => 7,
            Self::Http | Self::Growth | Self::Mem => 3,
        }
    }
}

/// One line of work, the same for every peer.
#[derive(Debug)]
pub(crate) struct Row {
    /// Its name on the command line.
    pub(crate) name: &'static str,
    /// The group it belongs to.
    pub(crate) group: Group,
    /// What to do.
    pub(crate) work: Work,
    /// What a person reads.
    pub(crate) title: &'static str,
    /// How the work is made the same for each peer.
    pub(crate) same: &'static str,
    /// The numbers it gives, at least one.
    pub(crate) figures: &'static [Figure],
}

impl Row {
    /// Whether it is run with a group: its own, or, as sockets are the operating system's too, `io`.
    pub(crate) fn is_in(&self, group: Group) -> bool {
        let is_socket = matches!(self.work, Work::Echo { .. } | Work::TcpConnect);
        self.group == group || (group == Group::Io && is_socket)
    }

    /// Whether this peer can do the row at all.
    pub(crate) fn suits(&self, peer: PeerName, flavour: Flavour) -> bool {
        let is_local = flavour == Flavour::Local;
        match peer {
            PeerName::Tokio | PeerName::Smol | PeerName::Trill | PeerName::Before => {
                self.work.suits(flavour)
            }
            PeerName::Bare => self.work.suits_bare(),
            // On one thread, whatever the flavour of the others.
            PeerName::Compio if self.work.is_file() => self.work.suits(flavour),
            // One thread is all they have, so a server of one worker compares with them as well.
            PeerName::Monoio | PeerName::Compio if matches!(self.work, Work::Echo { .. }) => {
                is_local || flavour == Flavour::Workers(1)
            }
            PeerName::Monoio | PeerName::Compio => is_local && self.work.suits_owned_buffers(),
            PeerName::TrillRing => self.work.is_file() && self.work.suits(flavour),
            PeerName::Asyncio | PeerName::Uvloop => is_local && self.work.suits_python(),
        }
    }
}

/// One number of a row.
#[derive(Debug)]
pub(crate) struct Figure {
    /// What it is, where a row has several.
    pub(crate) label: &'static str,
    /// In which unit.
    pub(crate) unit: &'static str,
    /// What trill may need at most.
    pub(crate) budget: Budget,
    /// More is better: a rate. Everywhere else less is.
    pub(crate) is_rate: bool,
}

/// What trill may need at most.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Budget {
    /// Shown without a limit.
    Open,
    /// This many times the better of tokio and smol: with one worker, with more.
    Best(f64, f64),
    /// This much, in the figure's unit.
    AtMost(f64),
    /// This many times tokio, and this many times the bare loop.
    TokioAndBare(f64, f64),
    /// This much above the bare loop, in the figure's unit.
    AboveBare(f64),
    /// This many times the bare loop.
    Bare(f64),
}

/// The bodies of the rows; `work/` holds one function for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// See the row `spawn-await`.
    SpawnAwait,
    /// See the row `spawn-many`.
    SpawnMany,
    /// See the row `spawn-chain`.
    SpawnChain,
    /// See the row `yield-one`.
    YieldOne,
    /// See the row `yield-many`.
    YieldMany,
    /// See the row `ping-pong`.
    PingPong,
    /// See the row `channel-fan-in`.
    FanIn,
    /// See the row `mutex`.
    Mutex,
    /// See the rows `timeout-one` and `timeout-many`.
    Timeout {
        /// How many tasks do it at once.
        tasks: usize,
    },
    /// See the row `sleep-cpu`.
    SleepCpu,
    /// See the row `sleep-lateness`.
    SleepLateness,
    /// See the row `memory-task`.
    MemoryTask,
    /// See the row `memory-sleep`.
    MemorySleep,
    /// See the row `unblock`.
    Unblock,
    /// See the row `foreign-wake`.
    ForeignWake,
    /// See the row `tcp-connect`.
    TcpConnect,
    /// See the rows `echo-*`.
    Echo {
        /// Connections, each with one message under way.
        connections: usize,
        /// Size of a message.
        bytes: usize,
    },
    /// See the row `million-tasks`.
    ManyTasks,
    /// See the row `million-timers`.
    ManyTimers,
    /// See the row `idle-sockets`.
    ManySockets,
    /// See the rows `hogs-*`.
    Hogs {
        /// How long a hog computes before it yields.
        slice_us: u64,
    },
    /// See the row `stuck-worker`.
    StuckWorker,
    /// See the row `wake-storm`.
    WakeStorm,
    /// See the row `same-deadline`.
    SameDeadline,
    /// See the row `timer-resets`.
    TimerResets,
    /// See the row `spawn-outside`.
    SpawnOutside,
    /// See the row `deep-chain`.
    DeepChain,
    /// See the row `unpolled-lock`.
    UnpolledLock,
    /// See the rows `http-*`.
    Http {
        /// What is asked for.
        page: Page,
        /// Connections of the client.
        connections: usize,
        /// Requests under way on each.
        pipeline: usize,
    },
    /// See the row `proxy`.
    Proxy {
        /// Connections of the client.
        connections: usize,
    },
    /// See the rows `latency-*`.
    EchoLatency {
        /// Connections, each with one message under way.
        connections: usize,
    },
    /// See the rows `rpc-*`.
    Rpc {
        /// Connections, each with one call under way.
        connections: usize,
    },
    /// See the rows `grow-*`.
    Growth(Growing),
    /// See the rows `file-*`.
    File(FileWork),
    /// See the row `tls-handshake`.
    TlsHandshake,
    /// See the row `tls-bulk`.
    TlsBulk,
    /// See the row `children`.
    Children,
    /// See the rows `udp-*`.
    Udp(UdpWork),
}

/// How a row sends datagrams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UdpWork {
    /// See the row `udp-single`.
    Single,
    /// See the row `udp-batch`.
    Batch,
}

/// What a row does with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FileWork {
    /// See the row `file-read-4k`.
    Read4k,
    /// See the row `file-open-close`.
    OpenClose,
    /// See the row `file-stat`.
    Stat,
    /// See the row `file-read-1m`.
    Read1m,
    /// See the row `file-write-1m`.
    Write1m,
    /// See the row `file-whole`.
    Whole,
}

impl Work {
    /// Whether it can be done at all on so many threads.
    fn suits(self, flavour: Flavour) -> bool {
        match self {
            // These spare or block a worker while others go on, or start tasks from other threads.
            Self::StuckWorker => flavour.workers() > 1,
            Self::SpawnOutside
            | Self::WakeStorm
            | Self::Http { .. }
            | Self::Proxy { .. }
            | Self::Rpc { .. }
            | Self::File(_)
            | Self::TlsHandshake
            | Self::TlsBulk
            | Self::Children
            | Self::Udp(_) => flavour != Flavour::Local,
            _ => true,
        }
    }

    fn suits_bare(self) -> bool {
        match self {
            Self::Echo { .. } | Self::EchoLatency { .. } | Self::ManySockets => true,
            Self::Http { page, .. } => page == Page::Plain,
            Self::Growth(growing) => growing.is_served(),
            Self::File(_) | Self::Udp(_) | Self::Children => true,
            Self::SleepCpu | Self::ForeignWake => true,
            _ => false,
        }
    }

    fn is_file(self) -> bool {
        matches!(self, Self::File(_))
    }

    /// monoio and compio have no channels and locks of their own, and their reads own their buffers.
    fn suits_owned_buffers(self) -> bool {
        matches!(
            self,
            Self::SpawnAwait
                | Self::SpawnMany
                | Self::SpawnChain
                | Self::YieldOne
                | Self::YieldMany
                | Self::Timeout { .. }
                | Self::SleepCpu
                | Self::SleepLateness
                | Self::MemoryTask
                | Self::MemorySleep
                | Self::ForeignWake
                | Self::Echo { .. }
        )
    }

    /// What the program in `python/` does.
    fn suits_python(self) -> bool {
        match self {
            Self::MemorySleep | Self::TcpConnect | Self::PingPong | Self::FanIn | Self::Mutex => {
                true
            }
            Self::Unblock => true,
            work => work.suits_owned_buffers(),
        }
    }
}

/// What an HTTP server answers with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Page {
    /// 13 bytes of text.
    Plain,
    /// A small object, serialized for each request.
    Json,
    /// A file of 64 KiB, read on the pool for blocking work for each request.
    File,
}

/// What grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Growing {
    /// Tasks spawned and not yet done.
    Spawn,
    /// Tasks that wait for a wake.
    Wake,
    /// Timers that are armed.
    Timer,
    /// Tasks that wait to send on one channel.
    Channel,
    /// Connections that a server has open while it accepts more.
    Accept,
    /// Connections that a server has open while others send.
    Idle,
}

impl Growing {
    /// Whether it needs a server process.
    pub(crate) fn is_served(self) -> bool {
        matches!(self, Self::Accept | Self::Idle)
    }
}

/// How many items the rows `grow-*` have, one after the other.
pub(crate) const SIZES: [usize; 6] = [10, 100, 1_000, 10_000, 100_000, 1_000_000];

/// The row of this name.
pub(crate) fn find(name: &str) -> Option<&'static Row> {
    all().find(|row| row.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_found() {
        for row in all() {
            let found = find(row.name).expect("listed");
            assert!(std::ptr::eq(found, row), "{} stands twice", row.name);
            assert!(!row.figures.is_empty() && !row.same.is_empty());
        }
        assert!(find("no-such-row").is_none());
    }

    #[test]
    fn figures_of_one_row_have_different_labels() {
        for row in all() {
            for (index, figure) in row.figures.iter().enumerate() {
                let later = &row.figures[index + 1..];
                assert!(later.iter().all(|other| other.label != figure.label));
            }
        }
    }

    #[test]
    fn bare_serves_but_does_not_schedule() {
        let suits = |name| {
            let row = find(name).expect("listed");
            row.suits(PeerName::Bare, Flavour::Workers(1))
        };
        assert!(suits("echo-50x64") && suits("idle-sockets"));
        assert!(!suits("spawn-await"));
    }

    #[test]
    fn rows_of_sockets_are_run_with_two_groups() {
        let groups = |name| {
            let row = find(name).expect("listed");
            Group::ALL
                .map(|group| row.is_in(group))
                .iter()
                .filter(|is_in| **is_in)
                .count()
        };
        assert_eq!(groups("echo-50x64"), 2);
        assert_eq!(groups("tcp-connect"), 2);
        assert_eq!(groups("yield-one"), 1);
    }

    #[test]
    fn single_threaded_peers_have_single_threaded_rows() {
        let suits = |name, peer, flavour| find(name).expect("listed").suits(peer, flavour);
        assert!(suits("yield-one", PeerName::Monoio, Flavour::Local));
        assert!(!suits("yield-one", PeerName::Monoio, Flavour::Workers(1)));
        assert!(suits("echo-1x64", PeerName::Compio, Flavour::Workers(1)));
        assert!(!suits("echo-1x64", PeerName::Compio, Flavour::Workers(2)));
        assert!(!suits("mutex", PeerName::Compio, Flavour::Local));
        assert!(suits("mutex", PeerName::Uvloop, Flavour::Local));
        assert!(!suits("stuck-worker", PeerName::Trill, Flavour::Workers(1)));
        assert!(suits("stuck-worker", PeerName::Before, Flavour::Workers(2)));
    }
}
