//! An idle process makes no wake-ups: not one system call of any of its threads, but for timers that are due.
#![cfg(target_os = "linux")]
#![allow(clippy::disallowed_methods)] // The test drives processes from outside.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use trill_tests::Server;

/// Connections that send nothing, and tasks that sleep for an hour.
const IDLE: usize = 10_000;

/// Connections of the test about timers, which runs beside the other one in the same process.
const FEW: usize = 100;

/// How long a process is watched.
const WINDOW: Duration = Duration::from_secs(5);

/// Lines that strace may write for a timer that is due.
const LINES_PER_TIMER: usize = 8;

/// Windows looked at before a server counts as one that never rests.
const WINDOWS: usize = 4;

/// A server under strace, which writes down each system call with the thread that makes it.
struct Traced {
    server: Option<Server>,
    calls: PathBuf,
}

impl Traced {
    fn start(name: &str, arguments: &[&str]) -> Traced {
        // Before it starts, for it inherits the limit.
        raise_descriptor_limit();
        let calls = std::env::temp_dir().join(format!("trill-idle-{}-{name}", std::process::id()));
        let mut strace = Command::new("strace");
        strace
            .args(["-f", "-o"])
            .arg(&calls)
            .arg(env!("CARGO_BIN_EXE_idle_server"))
            .args(arguments);
        let server = Some(Server::start(strace));
        Traced { server, calls }
    }

    fn address(&self) -> SocketAddr {
        self.server.as_ref().unwrap().address()
    }

    /// Ends the server in good order.
    fn stop(mut self) {
        self.server.take().unwrap().stop();
    }

    /// The system calls that began or ended during a window.
    fn window(&self) -> Vec<String> {
        let before = std::fs::metadata(&self.calls).unwrap().len();
        std::thread::sleep(WINDOW);
        let text = std::fs::read(&self.calls).unwrap();
        let new = String::from_utf8_lossy(&text[before as usize..]).into_owned();
        new.lines().map(str::to_owned).collect()
    }
}

impl Drop for Traced {
    fn drop(&mut self) {
        drop(self.server.take());
        // It is in the temporary folder at worst.
        let _ = std::fs::remove_file(&self.calls);
    }
}

/// Lets this process open as many descriptors as it may.
fn raise_descriptor_limit() {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        ..limit
    };
    setrlimit(Resource::Nofile, raised).unwrap();
}

/// Opens idle connections, each of which has echoed a byte, so that the server has accepted it and waits for more.
fn connections(address: SocketAddr, count: usize) -> Vec<TcpStream> {
    // A machine that allows fewer descriptors shows the same with fewer connections.
    let allowed = getrlimit(Resource::Nofile)
        .current
        .map_or(count, |limit| limit as usize);
    let count = count.min(allowed.saturating_sub(2 * FEW));
    println!("{count} idle connections");
    let mut open: Vec<_> = (0..count)
        .map(|_| TcpStream::connect(address).unwrap())
        .collect();
    for stream in &mut open {
        stream.write_all(&[1]).unwrap();
        stream.read_exact(&mut [0]).unwrap();
    }
    open
}

#[test]
fn idle_server_with_connections_and_sleepers_makes_no_wake_ups() {
    let traced = Traced::start("still", &[&IDLE.to_string()]);
    let open = connections(traced.address(), IDLE);
    // The window must begin after the server has gone to sleep; one window in which nothing happens proves the claim,
    // and a server that wakes up for ever has none.
    let mut last = Vec::new();
    let is_quiet = (0..WINDOWS).any(|_| {
        last = traced.window();
        last.is_empty()
    });
    assert!(
        is_quiet,
        "system calls in each of {WINDOWS} windows of {WINDOW:?}, in the last one:\n{}",
        last.join("\n")
    );
    drop(open);
    traced.stop();
}

#[test]
fn idle_server_with_a_timer_wakes_up_for_that_timer_alone() {
    let traced = Traced::start("ticking", &[&IDLE.to_string(), "250"]);
    let open = connections(traced.address(), FEW);
    let mut last = Vec::new();
    // For a timer that is due one thread ends its wait, tells the attendant that it runs, and waits again; the attendant
    // looks once, 2 ms later, whether it still runs. strace writes a wait as two lines: eight lines a timer, and no more.
    let due = WINDOW.as_millis() as usize / 250;
    let is_quiet = (0..WINDOWS).any(|_| {
        last = traced.window();
        last.len() <= LINES_PER_TIMER * (due + 1)
    });
    assert!(
        is_quiet,
        "more than {LINES_PER_TIMER} lines for each of {due} timers, in the last window:\n{}",
        last.join("\n")
    );
    println!("{} lines of strace for {due} timers", last.len());
    assert!(
        last.len() >= due / 2,
        "timers are due, so strace must see their wake-ups: {last:?}"
    );
    drop(open);
    traced.stop();
}
