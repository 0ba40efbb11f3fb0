//! A server in a process of its own, and a client for it.
#![allow(clippy::disallowed_methods)] // Tests look at processes from outside.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};

/// A server in a process of its own; killed when dropped.
///
/// It prints the address it listens on as its first line and ends when its standard input is closed.
#[derive(Debug)]
pub struct Server {
    child: Child,
    address: SocketAddr,
}

impl Server {
    /// Starts `command` and waits for its address.
    ///
    /// # Panics
    ///
    /// If it cannot be started or prints no address.
    pub fn start(mut command: Command) -> Server {
        let started = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut child = started.unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
        let mut line = String::new();
        if let Some(stdout) = child.stdout.take() {
            BufReader::new(stdout)
                .read_line(&mut line)
                .expect("standard output is a pipe");
        }
        match line.trim().parse() {
            Ok(address) => Server { child, address },
            Err(_) => panic!("{command:?} printed {line:?} instead of an address"),
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its process number.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Closes its standard input and waits for its end.
    pub fn stop(mut self) {
        drop(self.child.stdin.take());
        let ended = self.child.wait().expect("the child was started here");
        assert!(ended.success(), "the server ended with {ended}");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Already ended, if it was stopped.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends `count` messages of 64 bytes, each after the echo of the one before, on one blocking connection.
///
/// # Errors
///
/// If the connection fails or an echo differs.
pub fn exchange(server: SocketAddr, count: u32) -> io::Result<()> {
    let mut stream = TcpStream::connect(server)?;
    stream.set_nodelay(true)?;
    for number in 0..count {
        let sent = [number as u8; 64];
        stream.write_all(&sent)?;
        let mut back = [0; 64];
        stream.read_exact(&mut back)?;
        if back != sent {
            return Err(io::Error::other(format!(
                "message {number} came back changed"
            )));
        }
    }
    Ok(())
}
