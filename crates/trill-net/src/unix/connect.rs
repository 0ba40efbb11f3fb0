//! Connecting to a Unix socket.

use std::fmt;
use std::future::Future;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use socket2::{Domain, Socket, Type};
use trill_reactor::Async;
use trill_timer::Sleep;

use super::stream::UnixStream;
use crate::address_error::AddressError;
use crate::sys;

/// Connects to a Unix socket; see [`UnixStream::connect`].
///
/// # Examples
///
/// See [`UnixStream::connect`].
#[must_use = "futures do nothing unless awaited"]
pub struct Connect {
    path: PathBuf,
    /// The socket of an attempt that found the backlog full.
    socket: Option<Socket>,
    /// How long to wait before the next attempt.
    delay: Duration,
    pause: Option<Sleep>,
}

impl Connect {
    pub(super) fn new(path: &Path) -> Connect {
        Connect {
            path: path.to_owned(),
            socket: None,
            delay: PAUSE_MIN,
            pause: None,
        }
    }

    /// Tries once. `None` means that the listener's backlog is full.
    ///
    /// There is nothing in between: a Unix socket is connected when the call returns, or refused.
    fn attempt(&mut self) -> io::Result<Option<UnixStream>> {
        let socket = match self.socket.take() {
            Some(socket) => socket,
            None => {
                sys::os_only("connect to sockets")?;
                sys::open(Domain::UNIX, Type::STREAM)?
            }
        };
        match sys::begin_connect(&socket, &sys::unix_address(&self.path)?) {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.socket = Some(socket);
                return Ok(None);
            }
            Err(error) => return Err(error),
        }
        let stream = Async::new_deferred(socket.into())?;
        Ok(Some(UnixStream::of(stream)))
    }
}

impl Future for Connect {
    type Output = io::Result<UnixStream>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<UnixStream>> {
        let this = self.get_mut();
        loop {
            if let Some(pause) = &mut this.pause {
                ready!(Pin::new(pause).poll(cx));
            }
            match this.attempt() {
                Ok(Some(stream)) => return Poll::Ready(Ok(stream)),
                Ok(None) => {
                    // The system does not tell when there is room again.
                    this.pause = Some(trill_timer::sleep(this.delay));
                    this.delay = (this.delay * 2).min(PAUSE_MAX);
                }
                Err(error) => {
                    let path = this.path.display();
                    return Poll::Ready(Err(AddressError::wrap("connect to", path, error)));
                }
            }
        }
    }
}

impl fmt::Debug for Connect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Connect").field(&self.path).finish()
    }
}

/// How long to wait at first when the backlog is full: a server that is merely busy accepts within this time.
const PAUSE_MIN: Duration = Duration::from_millis(1);

/// How long to wait at most: few enough attempts that a server which is stuck costs its clients nothing.
const PAUSE_MAX: Duration = Duration::from_millis(64);
