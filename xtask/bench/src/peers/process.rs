//! Child processes of each peer.

use std::future::Future;
use std::io;

use super::Tasks;

/// Starting programs.
pub(crate) trait Process: Tasks {
    /// Starts a program with this one's standard streams and waits for its end; says whether it succeeded.
    fn spawn_and_wait(program: &'static str) -> impl Future<Output = io::Result<bool>> + Send;
}

impl Process for super::trill::Trill {
    async fn spawn_and_wait(program: &'static str) -> io::Result<bool> {
        Ok(trill::process::Command::new(program)
            .status()
            .await?
            .success())
    }
}

impl Process for super::tokio::Tokio {
    async fn spawn_and_wait(program: &'static str) -> io::Result<bool> {
        Ok(tokio::process::Command::new(program)
            .status()
            .await?
            .success())
    }
}

impl Process for super::smol::Smol {
    async fn spawn_and_wait(program: &'static str) -> io::Result<bool> {
        Ok(smol::process::Command::new(program)
            .status()
            .await?
            .success())
    }
}
