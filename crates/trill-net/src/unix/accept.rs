//! Accepting Unix connections.

use std::fmt;
use std::future::Future;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::{self, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use trill_reactor::Async;

use super::listener::{Incoming, UnixListener};
use super::stream::UnixStream;
use crate::acceptor::Acceptor;
use crate::sys;

/// Accepts a connection; see [`UnixListener::accept`].
///
/// # Examples
///
/// See [`UnixListener::accept`].
#[must_use = "futures do nothing unless awaited"]
pub struct Accept<'a>(Acceptor<'a>);

impl<'a> Accept<'a> {
    pub(super) fn new(listener: &'a UnixListener) -> Accept<'a> {
        Accept(listener.acceptor())
    }
}

impl Future for Accept<'_> {
    type Output = io::Result<(UnixStream, SocketAddr)>;

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.0.poll(cx) {
            Poll::Ready(Ok((socket, address))) => Poll::Ready(adopt(socket).and_then(|stream| {
                // Nearly always, and then there is nothing to ask.
                let address = match sys::is_unnamed(&address) {
                    true => SocketAddr::from_pathname("")?,
                    false => stream.peer_addr()?,
                };
                Ok((stream, address))
            })),
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl fmt::Debug for Accept<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Accept").field(&self.0).finish()
    }
}

/// Makes a stream of an accepted socket.
pub(super) fn adopt(socket: OwnedFd) -> io::Result<UnixStream> {
    Async::new_deferred(net::UnixStream::from(socket)).map(UnixStream::of)
}

/// Waits for the next connection; see [`Incoming::next`].
///
/// # Examples
///
/// See [`UnixListener::incoming`].
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct NextIncoming<'b, 'a>(pub(super) &'b mut Incoming<'a>);

impl Future for NextIncoming<'_, '_> {
    type Output = Option<io::Result<UnixStream>>;

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut *self.0).poll_next(cx)
    }
}

impl Drop for NextIncoming<'_, '_> {
    fn drop(&mut self) {
        self.0.forget();
    }
}
