//! The rows `rpc-*`: calls over Unix sockets, client and server both the peer's.

use std::io;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::time::Duration;

use super::Plan;
use super::hostile::percentiles_us;
use crate::clock::{self, Clock};
use crate::host::Cpu;
use crate::peers::Unix;
use crate::serve::{OPEN, Server};

/// Calls a server process of the same peer.
///
/// # Errors
///
/// When the server ends or a socket is refused.
pub(crate) fn run<P: Unix>(plan: &Plan, connections: usize) -> io::Result<Vec<f64>> {
    let full = if connections == 1 { CALLS / 4 } else { CALLS };
    let each = (plan.count(full) / connections).max(1);
    let mut server = Server::start(&plan.one)?;
    let path = socket(server.id());
    let warm_up = path.clone();
    P::run(plan.workers(), async move {
        call_all::<P>(warm_up, connections, (each / 10).max(1)).await?;
        let (server_before, own_before) = (server.counters()?.cpu, Cpu::used());
        let clock = Clock::start();
        let spans = call_all::<P>(path.clone(), connections, each).await?;
        let wall = clock.elapsed();
        let own = Cpu::used().since(own_before).total();
        let cpu = own + server.counters()?.cpu.since(server_before).total();
        drop(server);
        // The socket's name outlives the server.
        let _ = std::fs::remove_file(path);
        let calls = spans.len();
        let mut figures = vec![
            clock::per(cpu, calls) / 1000.0,
            calls as f64 / wall.as_secs_f64(),
        ];
        figures.extend(percentiles_us(spans, &[0.5, 0.99, 0.999]));
        io::Result::Ok(figures)
    })?
}

/// Calls over so many connections at once and returns how long each call took.
async fn call_all<P: Unix>(
    path: PathBuf,
    connections: usize,
    each: usize,
) -> io::Result<Vec<Duration>> {
    let mut calling = Vec::with_capacity(connections);
    for _ in 0..connections {
        let mut stream = P::dial(path.clone()).await?;
        calling.push(P::spawn(async move {
            let mut spans = Vec::with_capacity(each);
            let mut frame = [0; FRAME_BYTES];
            for number in 0..each {
                let clock = Clock::start();
                frame[..4].copy_from_slice(&(CALL_BYTES as u32).to_le_bytes());
                frame[4] = number as u8;
                P::send_all(&mut stream, &frame).await?;
                read_exact::<P>(&mut stream, &mut frame).await?;
                if frame[4] != number as u8 {
                    return Err(io::Error::new(
                        io::ErrorKind::InvalidData,
                        "another call's answer",
                    ));
                }
                spans.push(clock.elapsed());
            }
            io::Result::Ok(spans)
        }));
    }
    let mut all = Vec::with_capacity(connections * each);
    for calls in calling {
        all.extend(calls.await?);
    }
    Ok(all)
}

/// Answers calls on a socket named after this process, for ever.
///
/// # Errors
///
/// When the operating system refuses.
pub(crate) fn serve<P: Unix>(workers: usize, listener: UnixListener) -> io::Result<()> {
    P::run(workers, async move {
        let listener = P::take(listener)?;
        loop {
            let mut stream = P::pick_up(&listener).await?;
            OPEN.opened();
            P::detach(P::spawn(async move {
                let mut frame = [0; FRAME_BYTES];
                while let Ok(()) = read_exact::<P>(&mut stream, &mut frame).await {
                    if P::send_all(&mut stream, &frame).await.is_err() {
                        break;
                    }
                }
                OPEN.closed();
            }));
        }
    })?
}

async fn read_exact<P: Unix>(stream: &mut P::Socket, frame: &mut [u8]) -> io::Result<()> {
    let mut read = 0;
    while read < frame.len() {
        match P::receive(stream, &mut frame[read..]).await? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            count => read += count,
        }
    }
    Ok(())
}

/// Listens on the socket of this process.
///
/// # Errors
///
/// When the operating system refuses.
pub(crate) fn listen() -> io::Result<UnixListener> {
    let listener = UnixListener::bind(socket(std::process::id()))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// Where the server of this process number listens.
pub(crate) fn socket(process: u32) -> PathBuf {
    std::env::temp_dir().join(format!("trill-bench-{process}.sock"))
}

/// Bytes that a call carries.
const CALL_BYTES: usize = 64;
/// With their length before them.
const FRAME_BYTES: usize = 4 + CALL_BYTES;
/// Calls in one measurement.
const CALLS: usize = 100_000;
