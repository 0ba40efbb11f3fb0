//! The process that gives.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use trill_net::unix::{FDS_MAX, UnixListener, UnixStream};

use crate::wire::{self, CONTROL, KNOWN, NAME_BYTES_MAX, READY};

/// Offers sockets to the process that comes after this one.
///
/// # Examples
///
/// See the [crate's page](crate).
#[derive(Debug)]
pub struct Handover {
    control: UnixListener,
    /// The first is the control socket itself, so that the path stays the same for all.
    sockets: Vec<(String, OwnedFd)>,
}

impl Handover {
    /// Listens on a path for a successor. A file that was left there by a process that ended is replaced.
    ///
    /// # Errors
    ///
    /// `AddrInUse` if somebody listens there: [`take_over`](crate::take_over) from it. Else as [`UnixListener::bind`].
    ///
    /// # Examples
    ///
    /// See the [crate's page](crate).
    pub fn bind(path: impl AsRef<Path>) -> io::Result<Handover> {
        let path = path.as_ref();
        let control = match UnixListener::bind(path) {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse && is_left_over(path) => {
                rustix::fs::unlink(path)?;
                UnixListener::bind(path)?
            }
            result => result?,
        };
        Handover::of(control)
    }

    /// Offers over a socket that listens already.
    pub(crate) fn of(control: UnixListener) -> io::Result<Handover> {
        let own = control.as_fd().try_clone_to_owned()?;
        Ok(Handover {
            control,
            sockets: vec![(CONTROL.to_owned(), own)],
        })
    }

    /// Offers a socket, or any other descriptor, by a name. It is duplicated: the caller keeps and uses its own.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if the name is longer than 255 bytes or taken by this crate, or there are too many sockets
    /// already (252); what the operating system says if the descriptor cannot be duplicated.
    ///
    /// # Examples
    ///
    /// See the [crate's page](crate).
    pub fn offer(&mut self, name: &str, socket: &impl AsFd) -> io::Result<()> {
        let wrong = |text: String| Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        if name.len() > NAME_BYTES_MAX || name == CONTROL {
            return wrong(format!(
                "`{}` is no name for a socket: use up to {NAME_BYTES_MAX} bytes, and not `{CONTROL}`",
                name.escape_debug()
            ));
        }
        if self.sockets.len() == FDS_MAX {
            return wrong(format!("more than {} sockets are offered", FDS_MAX - 1));
        }
        let socket = socket.as_fd().try_clone_to_owned()?;
        self.sockets.push((name.to_owned(), socket));
        Ok(())
    }

    /// Waits until a successor has the sockets and says that it is ready. Until then this process goes on serving; after
    /// it, it should accept nothing more, finish what it has begun, and end.
    ///
    /// One that goes away before it is ready is forgotten, and the next one is waited for. Processes of other users get
    /// nothing, except those of root.
    ///
    /// # Errors
    ///
    /// As [`UnixListener::accept`]. It may be called again.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: a successor that was under way has the sockets all the same, and may serve beside this process.
    ///
    /// # Examples
    ///
    /// See the [crate's page](crate).
    pub async fn given(&self) -> io::Result<()> {
        loop {
            let (stream, _) = self.control.accept().await?;
            // What goes wrong with one successor is no reason to give up on the next.
            if let Ok(true) = self.give(&stream).await {
                return Ok(());
            }
        }
    }

    /// Gives the sockets to one successor; says whether it became ready.
    async fn give(&self, stream: &UnixStream) -> io::Result<bool> {
        let peer = stream.peer_cred()?.uid();
        if peer != rustix::process::geteuid().as_raw() && peer != 0 {
            return Ok(false);
        }
        wire::send(stream, &self.sockets).await?;
        let mut answer = [0];
        if stream.read(&mut answer).await? == 0 || answer != [READY] {
            return Ok(false);
        }
        // If it has gone already nobody needs to know.
        let _ = stream.write(&[KNOWN]).await;
        Ok(true)
    }
}

/// Whether a path is the file of a socket that nobody listens on.
fn is_left_over(path: &Path) -> bool {
    use rustix::fs::FileType;
    let is_socket = rustix::fs::stat(path)
        .is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Socket);
    is_socket && trill_net::unix::is_left_over(path)
}
