//! Listening on a path.

use std::fmt;
use std::future::Future;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use trill_net::TcpListener;
use trill_net::futures::unix::{Accept, Connect};
use trill_net::unix::{SocketAddr, UnixListener, UnixStream};

use super::socket_file::SocketFile;
use crate::acceptor::Plain;
use crate::builder::ServerBuilder;
use crate::listener::Listener;
use crate::server::Server;

/// Makes a server on a path; see [`ServerBuilder::bind_unix`].
///
/// # Examples
///
/// See [`start_unix_server`](crate::start_unix_server).
#[must_use = "futures do nothing unless awaited"]
pub struct BindUnix {
    builder: ServerBuilder,
    path: PathBuf,
    /// Finds out whether somebody listens there.
    knock: Option<Connect>,
}

impl BindUnix {
    pub(crate) fn new(builder: ServerBuilder, path: &Path) -> BindUnix {
        BindUnix {
            builder,
            path: path.to_owned(),
            knock: None,
        }
    }

    fn listen(&mut self) -> io::Result<Server<UnixSocket, Plain>> {
        let listener = UnixListener::bind(&self.path)?;
        let socket = UnixSocket {
            _file: SocketFile::of(&self.path),
            listener,
        };
        if let Some(backlog) = self.builder.backlog_max() {
            rustix::net::listen(&socket.listener, backlog)?;
        }
        Ok(std::mem::take(&mut self.builder).listeners(vec![socket]))
    }
}

impl ServerBuilder {
    /// Listens on a Unix socket.
    ///
    /// If a socket file is there on which nobody listens, as one that a killed process has left, it is replaced. When
    /// the listener closes, the file is removed if it is still the one that was made here. Abstract names, which begin with a
    /// null byte, have no file.
    ///
    /// # Errors
    ///
    /// `AddrInUse` if somebody listens there, or something else is at the path; as
    /// [`UnixListener::bind`](trill_net::unix::UnixListener::bind).
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: the path is taken in the poll that returns the server.
    ///
    /// # Examples
    ///
    /// See [`start_unix_server`](crate::start_unix_server).
    pub fn bind_unix<P: AsRef<Path>>(self, path: P) -> BindUnix {
        BindUnix::new(self, path.as_ref())
    }
}

impl Server<TcpListener, Plain> {
    /// Listens on a Unix socket; see [`ServerBuilder::bind_unix`].
    ///
    /// # Errors
    ///
    /// As there.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: the path is taken in the poll that returns the server.
    ///
    /// # Examples
    ///
    /// See [`start_unix_server`](crate::start_unix_server).
    pub fn bind_unix<P: AsRef<Path>>(path: P) -> BindUnix {
        Server::builder().bind_unix(path)
    }
}

impl Future for BindUnix {
    type Output = io::Result<Server<UnixSocket, Plain>>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        if this.knock.is_none() {
            match this.listen() {
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                    // A socket that a dead process has left, or one that lives.
                    let Some(found) = SocketFile::of(&this.path) else {
                        return Poll::Ready(Err(error));
                    };
                    found.forget();
                    this.knock = Some(UnixStream::connect(&this.path));
                }
                result => return Poll::Ready(result),
            }
        }
        let Some(knock) = &mut this.knock else {
            unreachable!("set above")
        };
        let answer = ready!(Pin::new(knock).poll(cx));
        this.knock = None;
        if answer.is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused) {
            // Nobody listens: the file goes.
            drop(SocketFile::of(&this.path));
        }
        Poll::Ready(this.listen())
    }
}

impl fmt::Debug for BindUnix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BindUnix")
            .field("builder", &self.builder)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

/// A listening Unix socket that removes its file when it closes.
///
/// # Examples
///
/// See [`start_unix_server`](crate::start_unix_server).
#[derive(Debug)]
pub struct UnixSocket {
    /// Closed first: a path without a file is better than one on which nobody listens.
    listener: UnixListener,
    /// None for an abstract name.
    _file: Option<SocketFile>,
}

impl Listener for UnixSocket {
    type Stream = UnixStream;
    type Address = SocketAddr;
    type Accept<'a> = Accept<'a>;

    fn accept(&self) -> Accept<'_> {
        self.listener.accept()
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}
