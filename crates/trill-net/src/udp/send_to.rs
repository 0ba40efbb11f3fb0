//! Sending to anybody.

use std::fmt;
use std::future::Future;
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use trill_reactor::{Async, Direction, Waiter};

use crate::address::AsyncToSocketAddrs;
use crate::resolve::{Found, Search};
use crate::sys;

/// Sends a datagram to an address; see [`UdpSocket::send_to`](crate::UdpSocket::send_to).
///
/// # Examples
///
/// See [`UdpSocket::send_to`](crate::UdpSocket::send_to).
#[must_use = "futures do nothing unless awaited"]
pub struct SendTo<'a> {
    waiter: Waiter<'a>,
    socket: &'a UdpSocket,
    buffer: &'a [u8],
    search: Search,
    to: Option<SocketAddr>,
}

impl<'a> SendTo<'a> {
    pub(super) fn new<A: AsyncToSocketAddrs>(
        socket: &'a Async<UdpSocket>,
        buffer: &'a [u8],
        addr: &A,
    ) -> SendTo<'a> {
        SendTo {
            waiter: socket.source().waiter(Direction::Write),
            socket: socket.get_ref(),
            buffer,
            search: Search::new(addr),
            to: None,
        }
    }
}

impl Future for SendTo<'_> {
    type Output = io::Result<usize>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let (this, location) = (self.get_mut(), Location::caller());
        let to = match this.to {
            Some(to) => to,
            None => {
                let found = ready!(this.search.poll(cx, location))?;
                *this.to.insert(choose(this.socket, &found)?)
            }
        };
        this.waiter.poll_io(cx, location, || {
            sys::uninterrupted(|| this.socket.send_to(this.buffer, to))
        })
    }
}

impl fmt::Debug for SendTo<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendTo")
            .field("len", &self.buffer.len())
            .field("to", &self.to)
            .field("waiter", &self.waiter)
            .finish_non_exhaustive()
    }
}

/// The first address the socket can send to: of its own family, if there is one.
fn choose(socket: &UdpSocket, found: &Found) -> io::Result<SocketAddr> {
    let addresses = found.as_slice();
    let Some(first) = addresses.first() else {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "cannot send to an empty list of addresses: give at least one",
        ));
    };
    if addresses.len() == 1 {
        return Ok(*first);
    }
    let is_v6 = socket.local_addr()?.is_ipv6();
    let fitting = addresses.iter().find(|address| address.is_ipv6() == is_v6);
    Ok(*fitting.unwrap_or(first))
}
