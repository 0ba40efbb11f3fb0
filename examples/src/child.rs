//! Running a part of a program in a process of its own.

use std::io::{self, BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{self, Command, Stdio};

/// This program again, in a role that is its first argument; it ends when this is dropped.
///
/// The child prints the address it listens on as its first line and ends when its standard input is closed, so it
/// never outlives its parent, however that ends.
#[derive(Debug)]
pub struct Child {
    child: process::Child,
    address: SocketAddr,
}

impl Child {
    /// Starts the child and reads its address.
    ///
    /// # Errors
    ///
    /// If the process cannot be started or prints no address.
    pub fn start(role: &str, arguments: &[String]) -> io::Result<Child> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg(role)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        if let Some(stdout) = child.stdout.take() {
            BufReader::new(stdout).read_line(&mut line)?;
        }
        let address = line.trim().parse();
        let address = address.map_err(|_| {
            io::Error::other(format!(
                "the child in the role {role:?} printed {line:?}, no address"
            ))
        })?;
        Ok(Child { child, address })
    }

    /// Where the child listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

/// Waits until this process's standard input is closed, which is how a [`Child`] is told to end.
pub async fn stdin_closed() {
    let read = trill::unblock(|| io::stdin().read_to_end(&mut Vec::new()));
    // A standard input that cannot be read is as good as a closed one.
    let _ = read.await;
}
