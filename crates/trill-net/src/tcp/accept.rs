//! Accepting TCP connections.

use std::fmt;
use std::future::Future;
use std::io;
use std::net::{self, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};

use socket2::SockAddr;
use trill_reactor::Async;

use super::listener::TcpListener;
use super::stream::TcpStream;
use crate::acceptor::Acceptor;
use crate::sys::OwnedFd;

/// Accepts a connection; see [`TcpListener::accept`].
///
/// # Examples
///
/// See [`TcpListener::accept`].
#[must_use = "futures do nothing unless awaited"]
pub struct Accept<'a>(Acceptor<'a>);

impl<'a> Accept<'a> {
    #[inline]
    pub(super) fn new(listener: &'a TcpListener) -> Accept<'a> {
        Accept(listener.acceptor())
    }
}

impl Future for Accept<'_> {
    type Output = io::Result<(TcpStream, SocketAddr)>;

    #[inline]
    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.0.poll(cx) {
            Poll::Ready(Ok((socket, address))) => Poll::Ready(adopt(socket, address)),
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
pub(super) fn adopt(socket: OwnedFd, address: SockAddr) -> io::Result<(TcpStream, SocketAddr)> {
    let socket = net::TcpStream::from(socket);
    let address = match address.as_socket() {
        Some(address) => address,
        // Some systems leave it out if the peer is gone already; then this says so.
        _ => socket.peer_addr()?,
    };
    Ok((TcpStream::of(Async::new_deferred(socket)?), address))
}
