//! The bodies of the rows, generic over the peers.

pub(crate) mod bare_sleeps;
pub(crate) mod bare_wake;
pub(crate) mod blocking;
pub(crate) mod growth;
pub(crate) mod hostile;
pub(crate) mod http;
pub(crate) mod memory;
pub(crate) mod net;
pub(crate) mod outside;
pub(crate) mod process;
pub(crate) mod rpc;
pub(crate) mod signal;
pub(crate) mod sockets;
pub(crate) mod sync;
pub(crate) mod tasks;
pub(crate) mod time;
pub(crate) mod tls;

use std::io;

use crate::args::One;
use crate::rows::{Growing, Work};

/// How one measurement is to be done.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// What the command line asked for.
    pub(crate) one: One,
}

impl Plan {
    /// The number of worker threads; a peer that is single-threaded does not ask.
    pub(crate) fn workers(&self) -> usize {
        self.one.flavour.workers()
    }

    /// How many items to do, where a full measurement does `full`.
    pub(crate) fn count(&self, full: usize) -> usize {
        if self.one.quick {
            (full / QUICK_DIVISOR).max(1)
        } else {
            full
        }
    }
}

/// Runs a row that needs a server process of the peer; `None` if this row needs none.
pub(crate) fn served(work: Work, plan: &Plan) -> Option<io::Result<Vec<f64>>> {
    match work {
        Work::Echo { connections, bytes } => Some(sockets::echo(plan, connections, bytes)),
        Work::EchoLatency { connections } => Some(sockets::latency(plan, connections)),
        Work::Http {
            connections,
            pipeline,
            ..
        } => Some(http::load(plan, connections, pipeline, false)),
        Work::Proxy { connections } => Some(http::load(plan, connections, 1, true)),
        Work::ManySockets => Some(sockets::idle(plan)),
        Work::Growth(Growing::Accept) => Some(sockets::grow_accept(plan)),
        Work::Growth(Growing::Idle) => Some(sockets::grow_idle(plan)),
        _ => None,
    }
}

/// How much less work `--quick` does.
const QUICK_DIVISOR: usize = 10;
