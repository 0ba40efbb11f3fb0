//! What a row is: its work, its figures with their units, and what trill may need at most.

use std::fmt;

pub(crate) use crate::list::ROWS;

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
}

impl PeerName {
    /// All of them, in the order of the table's columns.
    pub(crate) const ALL: [Self; 4] = [Self::Tokio, Self::Smol, Self::Trill, Self::Bare];

    /// The name as it is written on the command line.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Tokio => "tokio",
            Self::Smol => "smol",
            Self::Trill => "trill",
            Self::Bare => "bare",
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
    /// Millions of tasks and timers, and idle sockets.
    Mem,
}

impl Group {
    /// The name as it is written on the command line.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Micro => "micro",
            Self::Mem => "mem",
        }
    }

    /// How many rounds the median is taken of unless a person says otherwise.
    pub(crate) fn rounds(self) -> usize {
        match self {
            Self::Micro => 7,
            Self::Mem => 3,
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
    /// The numbers it gives, at least one. Lower is better in all of them.
    pub(crate) figures: &'static [Figure],
}

impl Row {
    /// Whether this peer can do the row at all.
    pub(crate) fn suits(&self, peer: PeerName) -> bool {
        peer != PeerName::Bare || matches!(self.work, Work::Echo { .. } | Work::ManySockets)
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
}

/// The row of this name.
pub(crate) fn find(name: &str) -> Option<&'static Row> {
    ROWS.iter().find(|row| row.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_found() {
        for row in ROWS {
            let found = find(row.name).expect("listed");
            assert!(std::ptr::eq(found, row), "{} stands twice", row.name);
            assert!(!row.figures.is_empty() && !row.same.is_empty());
        }
        assert!(find("no-such-row").is_none());
    }

    #[test]
    fn figures_of_one_row_have_different_labels() {
        for row in ROWS {
            for (index, figure) in row.figures.iter().enumerate() {
                let later = &row.figures[index + 1..];
                assert!(later.iter().all(|other| other.label != figure.label));
            }
        }
    }

    #[test]
    fn bare_serves_but_does_not_schedule() {
        let suits = |name| find(name).expect("listed").suits(PeerName::Bare);
        assert!(suits("echo-50x64") && suits("idle-sockets"));
        assert!(!suits("spawn-await"));
    }
}
