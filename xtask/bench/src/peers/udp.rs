//! The rows about UDP: one task sends a round of datagrams over the loopback and receives them.
#![allow(clippy::disallowed_methods)] // The sockets of the plain loop.

use std::io;
use std::net::SocketAddr;

use crate::clock::{self, Clock};
use crate::host::Cpu;
use crate::peers::Tasks;
use crate::rows::{PeerName, UdpWork};
use crate::work::Plan;

/// Runs a row once with a peer; `None` if that peer cannot do it.
///
/// # Errors
///
/// When the operating system refuses a thread or a socket.
pub(crate) fn measure(peer: PeerName, work: UdpWork, plan: &Plan) -> Option<io::Result<Vec<f64>>> {
    let (rounds, workers) = (plan.count(6_000), plan.workers());
    Some(match (peer, work) {
        (PeerName::Tokio, _) => super::tokio::Tokio::run(workers, tokio(rounds)).and_then(same),
        (PeerName::Smol, _) => super::smol::Smol::run(workers, smol(rounds)).and_then(same),
        (PeerName::Trill, UdpWork::Single) => {
            super::trill::Trill::run(workers, trill(rounds)).and_then(same)
        }
        (PeerName::Trill, UdpWork::Batch) => {
            super::trill::Trill::run(workers, trill_batches(rounds)).and_then(same)
        }
        (PeerName::Bare, _) => bare(rounds),
        _ => return None,
    })
}

fn same(figures: io::Result<Vec<f64>>) -> io::Result<Vec<f64>> {
    figures
}

/// The figures of a row.
struct Watch {
    clock: Clock,
    cpu: Cpu,
}

impl Watch {
    fn start() -> Watch {
        Watch {
            clock: Clock::start(),
            cpu: Cpu::used(),
        }
    }

    fn figures(&self, rounds: usize) -> Vec<f64> {
        let count = rounds * ROUND;
        let cpu_ns = clock::per(Cpu::used().since(self.cpu).total(), count);
        vec![self.clock.ns_per(count), cpu_ns]
    }
}

/// Writes a body over a socket type whose methods are awaited with `$wait`.
macro_rules! one_by_one {
    ($name:ident, $socket:ty, $bind:expr, [$($wait:tt)*]) => {
        async fn $name(rounds: usize) -> io::Result<Vec<f64>> {
            let bind: fn() -> _ = || $bind;
            let sender: $socket = bind()$($wait)*?;
            let receiver: $socket = bind()$($wait)*?;
            let to: SocketAddr = receiver.local_addr()?;
            let (datagram, mut buffer) = ([7; BYTES], [0; BYTES]);
            let mut watch = Watch::start();
            for count in [rounds / WARM_UP_DIVISOR, rounds] {
                watch = Watch::start();
                for _ in 0..count {
                    for _ in 0..ROUND {
                        sender.send_to(&datagram, to)$($wait)*?;
                    }
                    for _ in 0..ROUND {
                        receiver.recv_from(&mut buffer)$($wait)*?;
                    }
                }
            }
            Ok(watch.figures(rounds))
        }
    };
}

one_by_one!(tokio, ::tokio::net::UdpSocket, ::tokio::net::UdpSocket::bind("127.0.0.1:0"), [.await]);
one_by_one!(smol, ::smol::net::UdpSocket, ::smol::net::UdpSocket::bind("127.0.0.1:0"), [.await]);
one_by_one!(trill, ::trill::net::UdpSocket, ::trill::net::UdpSocket::bind("127.0.0.1:0"), [.await]);
one_by_one!(
    plain,
    std::net::UdpSocket,
    std::net::UdpSocket::bind("127.0.0.1:0"),
    []
);

/// A loop of the standard library's calls on one thread.
fn bare(rounds: usize) -> io::Result<Vec<f64>> {
    use std::future::Future;
    use std::task::{Context, Poll, Waker};
    // Nothing in it ever waits.
    match std::pin::pin!(plain(rounds)).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(figures) => figures,
        Poll::Pending => unreachable!("a call that blocks is never pending"),
    }
}

async fn trill_batches(rounds: usize) -> io::Result<Vec<f64>> {
    use ::trill::net::{RecvBatch, SendBatch, UdpSocket};
    let sender = UdpSocket::bind("127.0.0.1:0").await?;
    let receiver = UdpSocket::bind("127.0.0.1:0").await?;
    let to = receiver.local_addr()?;
    let is_offloaded = receiver.set_receive_offload(true)?;
    let mut batch = SendBatch::with_capacity(ROUND, ROUND * BYTES);
    let mut room = match is_offloaded {
        true => RecvBatch::new(2, 65_535),
        false => RecvBatch::new(ROUND, BYTES),
    };
    let mut watch = Watch::start();
    for count in [rounds / WARM_UP_DIVISOR, rounds] {
        watch = Watch::start();
        for _ in 0..count {
            for _ in 0..ROUND {
                batch.push(to, &[7; BYTES]);
            }
            while !batch.is_empty() {
                sender.send_batch(&mut batch).await?;
            }
            let mut received = 0;
            while received < ROUND {
                received += receiver.recv_batch(&mut room).await?;
            }
        }
    }
    Ok(watch.figures(rounds))
}

/// How many datagrams are under way; as many as fit in any socket's buffer.
const ROUND: usize = 32;

/// A usual packet of QUIC.
const BYTES: usize = 1200;

/// The warm-up does this fraction of the work.
const WARM_UP_DIVISOR: usize = 10;
