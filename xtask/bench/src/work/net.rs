//! Rows about TCP, and the echo server every peer runs.

use std::io;

use super::Plan;
use crate::clock::Clock;
use crate::peers::Net;
use crate::rows::Work;
use crate::serve::OPEN;

/// Runs a row of this file; `None` if `work` is another's.
pub(crate) fn run<P: Net>(work: Work, plan: &Plan) -> Option<io::Result<Vec<f64>>> {
    match work {
        Work::TcpConnect => Some(connect::<P>(plan)),
        _ => None,
    }
}

/// Serves `listener` for ever: a task per connection sends back what it reads.
///
/// # Errors
///
/// When the operating system refuses.
pub(crate) fn serve<P: Net>(
    workers: usize,
    listener: std::net::TcpListener,
    buffer_bytes: usize,
) -> io::Result<()> {
    P::run(workers, async move {
        let listener = P::listen(listener)?;
        loop {
            let stream = P::accept(&listener).await?;
            P::set_nodelay(&stream)?;
            OPEN.opened();
            P::detach(P::spawn(echo::<P>(stream, buffer_bytes)));
        }
    })?
}

pub(crate) async fn echo<P: Net>(mut stream: P::Stream, buffer_bytes: usize) {
    let mut buffer = vec![0; buffer_bytes];
    // A client that goes away ends its connection: an error says no more than the end of the stream.
    while let Ok(count @ 1..) = P::read(&mut stream, &mut buffer).await {
        if P::write_all(&mut stream, &buffer[..count]).await.is_err() {
            break;
        }
    }
    OPEN.closed();
}

fn connect<P: Net>(plan: &Plan) -> io::Result<Vec<f64>> {
    let count = plan.count(5_000);
    P::run(plan.workers(), async move {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let listener = P::listen(listener)?;
        let total = count + count / WARM_UP_DIVISOR;
        let accepting = P::spawn(async move {
            for _ in 0..total {
                drop(P::accept(&listener).await?);
            }
            io::Result::Ok(())
        });
        let connecting = P::spawn(async move {
            let mut clock = Clock::start();
            for index in 0..total {
                if index == total - count {
                    clock = Clock::start();
                }
                let mut stream = P::connect(address).await?;
                let read = P::read(&mut stream, &mut [0]).await?;
                if read != 0 {
                    return Err(io::Error::other("the acceptor sent something"));
                }
            }
            Ok(clock.ns_per(count))
        });
        let ns = connecting.await?;
        accepting.await?;
        Ok(vec![ns / 1000.0])
    })?
}

/// The warm-up does this fraction of the work.
const WARM_UP_DIVISOR: usize = 10;
