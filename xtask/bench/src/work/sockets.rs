//! Rows with a server process of the peer and a client that is the same for all.

use std::io;
use std::time::Duration;

use super::hostile::percentiles_us;
use super::{Plan, growth};
use crate::clock::{self, Clock};
use crate::host;
use crate::load::Load;
use crate::rows::SIZES;
use crate::serve::{Counters, Server};

/// The rows `echo-*`.
///
/// # Errors
///
/// When the server ends or a socket is refused.
pub(crate) fn echo(plan: &Plan, connections: usize, bytes: usize) -> io::Result<Vec<f64>> {
    host::raise_descriptor_limit()?;
    let full = if bytes > SMALL_BYTES {
        MESSAGES_LARGE
    } else {
        MESSAGES_SMALL
    };
    // A connection alone waits for both sides in turn: each message takes several times as long.
    let messages = plan.count(if connections == 1 { full / 4 } else { full });
    let mut server = Server::start(&plan.one)?;
    let mut load = Load::connect(server.address, connections, bytes)?;
    load.exchange(messages / WARM_UP_DIVISOR)?;
    let before = server.counters()?.cpu;
    let wall = load.exchange(messages)?;
    let used = server.counters()?.cpu.since(before);
    Ok(vec![
        clock::per(used.total(), messages),
        clock::per(used.user, messages),
        clock::per(wall, messages),
    ])
}

/// The rows `latency-*`.
///
/// # Errors
///
/// When the server ends or a socket is refused.
pub(crate) fn latency(plan: &Plan, connections: usize) -> io::Result<Vec<f64>> {
    host::raise_descriptor_limit()?;
    let messages = plan.count(if connections == 1 {
        MESSAGES_SMALL / 4
    } else {
        MESSAGES_SMALL
    });
    let mut server = Server::start(&plan.one)?;
    let mut load = Load::connect(server.address, connections, 64)?;
    load.exchange(messages / WARM_UP_DIVISOR)?;
    load.take_spans();
    let before = server.counters()?.cpu;
    let wall = load.exchange(messages)?;
    let used = server.counters()?.cpu.since(before);
    let mut figures = vec![
        clock::per(used.total(), messages) / 1000.0,
        messages as f64 / wall.as_secs_f64(),
    ];
    figures.extend(percentiles_us(load.take_spans(), &[0.5, 0.99, 0.999]));
    Ok(figures)
}

/// The row `idle-sockets`.
///
/// # Errors
///
/// When the server ends, a socket is refused, or not all connections are accepted in time.
pub(crate) fn idle(plan: &Plan) -> io::Result<Vec<f64>> {
    let limit = host::raise_descriptor_limit()?;
    let count = plan.count(limit.saturating_sub(DESCRIPTORS_KEPT).min(SOCKETS_MAX));
    let mut server = Server::start(&plan.one)?;
    // One connection first, so that what is made once is there.
    let mut first = Load::connect(server.address, 1, 1)?;
    first.exchange(1)?;
    let before = server.counters()?;

    let clock = Clock::start();
    let mut load = Load::connect(server.address, 0, 1)?;
    let mut open = 0;
    let mut after = before;
    while open < count {
        let step = CONNECTIONS_AT_ONCE.min(count - open);
        load.add(server.address, step)?;
        open += step;
        after = all_open(&mut server, open + 1)?;
    }
    let wall = clock.elapsed();
    // The connections are alive, not only accepted.
    load.exchange(count / 10)?;

    let each = |bytes: f64| bytes / count as f64;
    Ok(vec![
        each(after.resident_bytes as f64 - before.resident_bytes as f64),
        each((after.heap_bytes - before.heap_bytes) as f64),
        clock::per(after.cpu.since(before.cpu).total(), count),
        clock::per(wall, count),
    ])
}

/// The row `grow-accept`: more connections are opened and closed while so many are open.
///
/// # Errors
///
/// When the server ends, a socket is refused, or not all connections are accepted in time.
pub(crate) fn grow_accept(plan: &Plan) -> io::Result<Vec<f64>> {
    let mut server = Server::start(&plan.one)?;
    let mut first = Load::connect(server.address, 1, 1)?;
    first.exchange(1)?;
    grow(plan, &mut server, |server, open| {
        let before = server.counters()?;
        let mut more = Load::connect(server.address, 0, 1)?;
        more.add(server.address, GROW_BATCH)?;
        let after = all_open(server, open + 1 + GROW_BATCH)?;
        drop(more);
        all_closed(server, open + 1)?;
        Ok(clock::per(after.cpu.since(before.cpu).total(), GROW_BATCH))
    })
}

/// The row `grow-idle`: ten connections exchange messages while so many others are open.
///
/// # Errors
///
/// When the server ends or a socket is refused.
pub(crate) fn grow_idle(plan: &Plan) -> io::Result<Vec<f64>> {
    let messages = plan.count(GROW_MESSAGES);
    let mut server = Server::start(&plan.one)?;
    let mut active = Load::connect(server.address, 1, 1)?;
    active.exchange(messages / WARM_UP_DIVISOR)?;
    grow(plan, &mut server, |server, _open| {
        active.exchange(messages / WARM_UP_DIVISOR)?;
        let before = server.counters()?.cpu;
        active.exchange(messages)?;
        Ok(clock::per(
            server.counters()?.cpu.since(before).total(),
            messages,
        ))
    })
}

/// Opens idle connections up to each size and measures; then the server's memory for each of them. One connection
/// besides them is open.
fn grow(
    plan: &Plan,
    server: &mut Server,
    mut measure: impl FnMut(&mut Server, usize) -> io::Result<f64>,
) -> io::Result<Vec<f64>> {
    let limit = host::raise_descriptor_limit()?;
    let most = limit.saturating_sub(DESCRIPTORS_KEPT + GROW_BATCH);
    let heap = server.counters()?.heap_bytes;
    let mut idle = Load::connect(server.address, 0, 1)?;
    let (mut costs, mut bytes, mut open) = (Vec::new(), Vec::new(), 0);
    for size in growth::sizes(plan).into_iter().filter(|size| *size <= most) {
        let mut counters = server.counters()?;
        while open < size {
            let step = CONNECTIONS_AT_ONCE.min(size - open);
            idle.add(server.address, step)?;
            open += step;
            counters = all_open(server, open + 1)?;
        }
        bytes.push((counters.heap_bytes - heap) as f64 / size as f64);
        costs.push(measure(server, open)?);
    }
    costs.resize(SIZES.len(), f64::NAN);
    bytes.resize(SIZES.len(), f64::NAN);
    costs.extend(bytes);
    Ok(costs)
}

/// Asks the server until no more than so many connections are left.
fn all_closed(server: &mut Server, count: usize) -> io::Result<()> {
    let clock = Clock::start();
    while server.counters()?.open > count {
        if clock.elapsed() > ACCEPT_TIME_MAX {
            return Err(io::Error::new(
                io::ErrorKind::TimedOut,
                "connections stay open",
            ));
        }
    }
    Ok(())
}

/// Asks the server until it serves so many connections.
fn all_open(server: &mut Server, count: usize) -> io::Result<Counters> {
    let clock = Clock::start();
    loop {
        let counters = server.counters()?;
        if counters.open >= count {
            return Ok(counters);
        }
        if clock.elapsed() > ACCEPT_TIME_MAX {
            let text = format!("{} of {count} connections accepted", counters.open);
            return Err(io::Error::new(io::ErrorKind::TimedOut, text));
        }
    }
}

/// The warm-up does this fraction of the work.
const WARM_UP_DIVISOR: usize = 10;
/// Messages up to this size count as small.
const SMALL_BYTES: usize = 1024;
/// Small messages in one measurement, about a second: user time is a tenth of it or less, and the
/// kernel tells it from system time by sampling.
const MESSAGES_SMALL: usize = 160_000;
/// Large messages in one measurement, about half a second.
const MESSAGES_LARGE: usize = 40_000;
/// Descriptors a process needs besides its connections.
const DESCRIPTORS_KEPT: usize = 100;
/// Enough to see growth where a machine has no limit to speak of.
const SOCKETS_MAX: usize = 1_000_000;
/// Connections opened before the server is asked for them: fewer than its backlog holds, since the
/// kernel makes a client that finds it full wait for a second.
const CONNECTIONS_AT_ONCE: usize = 1_000;
/// Connections opened and closed to measure an accept.
const GROW_BATCH: usize = 500;
/// Messages exchanged beside idle connections.
const GROW_MESSAGES: usize = 30_000;
/// How long a server may take to accept all.
const ACCEPT_TIME_MAX: Duration = Duration::from_secs(60);
