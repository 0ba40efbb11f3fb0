//! A server in a process of its own, so that its CPU time and memory are its alone.
//!
//! The child prints its port, answers each line on its standard input with one line of counters, and
//! ends when that input ends, which happens at the latest when its parent does.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::args::One;
use crate::host::{self, Cpu};
use crate::peers::python;
use crate::rows::{PeerName, Work};
use crate::work::rpc;
use crate::{alloc, clock, peers};

/// The connections this process serves now.
pub(crate) static OPEN: Open = Open(AtomicUsize::new(0));

/// A count of connections.
#[derive(Debug)]
pub(crate) struct Open(AtomicUsize);

impl Open {
    /// A connection was accepted.
    pub(crate) fn opened(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// A connection ended.
    pub(crate) fn closed(&self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What a server says about itself.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counters {
    /// CPU time until now.
    pub(crate) cpu: Cpu,
    /// Bytes in RAM.
    pub(crate) resident_bytes: usize,
    /// Bytes on the heap since it listens.
    pub(crate) heap_bytes: isize,
    /// Connections it serves now.
    pub(crate) open: usize,
}

impl Counters {
    fn here() -> io::Result<Self> {
        Ok(Self {
            cpu: Cpu::used(),
            resident_bytes: host::resident_bytes()?,
            heap_bytes: alloc::live_bytes(),
            open: OPEN.0.load(Ordering::Relaxed),
        })
    }

    fn line(self) -> String {
        format!(
            "{} {} {} {} {}",
            self.cpu.user.as_nanos(),
            self.cpu.system.as_nanos(),
            self.resident_bytes,
            self.heap_bytes,
            self.open
        )
    }

    fn read(line: &str) -> Option<Self> {
        let mut words = line.split_whitespace();
        let mut next = || words.next()?.parse::<i64>().ok();
        Some(Self {
            cpu: Cpu {
                user: Duration::from_nanos(next()? as u64),
                system: Duration::from_nanos(next()? as u64),
            },
            resident_bytes: next()? as usize,
            heap_bytes: next()? as isize,
            open: next()? as usize,
        })
    }
}

/// A server process, seen from its client. Ends with it.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    ask: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    /// Where it listens.
    pub(crate) address: SocketAddr,
}

impl Server {
    /// Starts the server of one measurement.
    ///
    /// # Errors
    ///
    /// When no process can be started, or the server ends before it listens.
    pub(crate) fn start(one: &One) -> io::Result<Self> {
        let mut command = match one.peer {
            PeerName::Asyncio | PeerName::Uvloop => python::server(one)?,
            _ => {
                let mut command = Command::new(std::env::current_exe()?);
                command.args(one.words("serve"));
                command
            }
        };
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let ask = child.stdin.take();
        let stdout = child
            .stdout
            .take()
            .expect("standard output was piped above");
        let mut server = Self {
            child,
            ask,
            answers: BufReader::new(stdout),
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
        };
        let line = server.line()?;
        let port = line.trim().parse();
        let port: u16 =
            port.map_err(|_| io::Error::other("the server ended before it listened"))?;
        server.address.set_port(port);
        Ok(server)
    }

    /// Asks for the counters.
    ///
    /// # Errors
    ///
    /// When the server ended.
    pub(crate) fn counters(&mut self) -> io::Result<Counters> {
        if let Some(ask) = &mut self.ask {
            ask.write_all(b"\n")?;
        }
        let line = self.line()?;
        Counters::read(&line).ok_or_else(|| io::Error::other("the server ended"))
    }

    /// Its process number.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        Ok(line)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Its input ends, so it ends; killed too, in case it is stuck.
        self.ask = None;
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The server process itself.
///
/// # Errors
///
/// When the operating system refuses the port or a thread, or the peer cannot serve.
pub(crate) fn main(one: &One, work: Work) -> io::Result<()> {
    host::raise_descriptor_limit()?;
    let listener = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None)?;
    listener.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into())?;
    listener.listen(BACKLOG)?;
    listener.set_nonblocking(true)?;
    let listener = TcpListener::from(listener);
    let port = listener.local_addr()?.port();
    let buffer_bytes = match work {
        // Larger than a message, so that a read that takes all there is comes back short.
        Work::Echo { bytes, .. } => 2 * bytes,
        Work::EchoLatency { .. } => 128,
        _ => IDLE_BUFFER_BYTES,
    };
    if matches!(work, Work::ManySockets | Work::Growth(_)) {
        alloc::count();
    }
    // Before the port is told, for then the client comes.
    let calls = match work {
        Work::Rpc { .. } => Some(rpc::listen()?),
        _ => None,
    };
    let (peer, flavour, one) = (one.peer, one.flavour, one.clone());
    clock::start_thread("serve", move || {
        // A server never returns but with an error, and then nobody is served: the process ends.
        let served = match work {
            Work::Http { .. } | Work::Proxy { .. } | Work::Rpc { .. } => {
                peers::serve_rows(&one, work, listener, calls)
            }
            _ => peers::serve(peer, flavour, listener, buffer_bytes),
        };
        if let Err(error) = served {
            eprintln!("{peer}: the server ended: {error}");
        }
        std::process::exit(1);
    })?;
    let mut out = io::stdout().lock();
    writeln!(out, "{port}")?;
    out.flush()?;
    for line in io::stdin().lock().lines() {
        line?;
        writeln!(out, "{}", Counters::here()?.line())?;
        out.flush()?;
    }
    Ok(())
}

/// Connections the kernel keeps until they are accepted.
const BACKLOG: i32 = 4096;
/// The buffer of a connection that is idle nearly always.
const IDLE_BUFFER_BYTES: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_survive_the_pipe() {
        let counters = Counters {
            cpu: Cpu {
                user: Duration::from_nanos(12),
                system: Duration::from_secs(3),
            },
            resident_bytes: 4096,
            heap_bytes: -8,
            open: 7,
        };
        let read = Counters::read(&counters.line()).expect("five numbers");
        assert_eq!(read.line(), counters.line());
        assert!(Counters::read("1 2 3").is_none());
    }
}
