//! Binding a UDP socket to an address that may need a look-up.

use std::future::Future;
use std::io;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use super::builder::UdpSocketBuilder;
use super::socket::UdpSocket;
use crate::address::AsyncToSocketAddrs;
use crate::address_error::first_of;
use crate::resolve::Search;

/// Makes a UDP socket; see [`UdpSocket::bind`].
///
/// # Examples
///
/// See [`UdpSocket::bind`].
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct Bind {
    options: UdpSocketBuilder,
    search: Search,
}

impl Bind {
    pub(super) fn new<A: AsyncToSocketAddrs>(options: UdpSocketBuilder, addr: &A) -> Bind {
        Bind {
            options,
            search: Search::new(addr),
        }
    }
}

impl Future for Bind {
    type Output = io::Result<UdpSocket>;

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<UdpSocket>> {
        let found = ready!(self.search.poll(cx, Location::caller()))?;
        Poll::Ready(first_of("bind to", &found, |address| {
            self.options.open(address)
        }))
    }
}
