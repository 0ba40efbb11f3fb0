//! Giving a UDP socket a peer.

use std::future::Future;
use std::io;
use std::net::UdpSocket;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use socket2::SockRef;

use crate::address::AsyncToSocketAddrs;
use crate::address_error::{AddressError, first_of};
use crate::resolve::Search;

/// Gives a UDP socket a peer; see [`UdpSocket::connect`](crate::UdpSocket::connect).
///
/// # Examples
///
/// See [`UdpSocket::connect`](crate::UdpSocket::connect).
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct Connect<'a> {
    socket: &'a UdpSocket,
    search: Search,
}

impl<'a> Connect<'a> {
    pub(super) fn new<A: AsyncToSocketAddrs>(socket: &'a UdpSocket, addr: &A) -> Connect<'a> {
        Connect {
            socket,
            search: Search::new(addr),
        }
    }
}

impl Future for Connect<'_> {
    type Output = io::Result<()>;

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let found = ready!(self.search.poll(cx, Location::caller()))?;
        // It sends nothing, so it does not wait.
        Poll::Ready(first_of("connect to", &found, |address| {
            SockRef::from(self.socket)
                .connect(&address.into())
                .map_err(|error| AddressError::wrap("connect to", address, error))
        }))
    }
}
