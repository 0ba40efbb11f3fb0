//! The process that takes.

use std::io;
use std::path::Path;

use trill_net::unix::UnixStream;

use crate::give::Handover;
use crate::sockets::Sockets;
use crate::wire::{self, CONTROL, READY};

/// Asks the process that listens on `path` for its sockets; `None` if there is none, so that this is the first.
///
/// # Errors
///
/// `PermissionDenied` if it belongs to another user; `InvalidData` if what it sends makes no sense; else what the operating
/// system says.
///
/// # Cancel safety
///
/// Cancel safe: the other process goes on as it was, and what was received is closed.
///
/// # Examples
///
/// See the [crate's page](crate).
pub async fn take_over(path: impl AsRef<Path>) -> io::Result<Option<Successor>> {
    let stream = match UnixStream::connect(path).await {
        Err(error) if is_nobody(&error) => return Ok(None),
        result => result?,
    };
    let mut sockets = Sockets::new(wire::recv(&stream).await?);
    let control = sockets.take_unix_listener(CONTROL)?.ok_or_else(|| {
        let text = "the process before has not handed its own socket over";
        io::Error::new(io::ErrorKind::InvalidData, text)
    })?;
    Ok(Some(Successor {
        handover: Handover::of(control)?,
        sockets,
        stream,
    }))
}

/// A process that has the sockets of another and is not ready yet; from [`take_over`].
///
/// Dropping it leaves the other one as it was, which goes on serving.
///
/// # Examples
///
/// See the [crate's page](crate).
#[derive(Debug)]
pub struct Successor {
    handover: Handover,
    sockets: Sockets,
    stream: UnixStream,
}

impl Successor {
    /// Returns the sockets, to take those that this process serves.
    ///
    /// # Examples
    ///
    /// See the [crate's page](crate).
    pub fn sockets(&mut self) -> &mut Sockets {
        &mut self.sockets
    }

    /// Says that this process serves, so that the other one stops, and waits until it knows; returns what to offer the
    /// sockets with to the one after.
    ///
    /// Sockets that were not taken are closed. Those that this process offers again it names again.
    ///
    /// If the other process has gone meanwhile, this one is the only one, and all is well.
    ///
    /// # Cancel safety
    ///
    /// Not cancel safe: the other process may or may not have stopped. This one should serve.
    ///
    /// # Examples
    ///
    /// See the [crate's page](crate).
    pub async fn ready(self) -> Handover {
        let told = async {
            self.stream.write_all(&[READY]).await?;
            self.stream.read(&mut [0]).await
        };
        // An end or an error says that there is nobody any more.
        let _ = told.await;
        self.handover
    }
}

/// Whether an error of connecting says that nobody listens.
fn is_nobody(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused
    )
}
