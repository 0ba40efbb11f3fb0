//! Connecting to a host.

use std::fmt;
use std::future::Future;
use std::io;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use super::attempt::Attempt;
use super::stream::TcpStream;
use crate::address::AsyncToSocketAddrs;
use crate::happy_eyeballs::HappyEyeballs;
use crate::resolve::{Found, Search};

/// Connects to a host; see [`TcpStream::connect`].
///
/// # Examples
///
/// See [`TcpStream::connect`].
#[must_use = "futures do nothing unless awaited"]
pub struct Connect(Stage);

enum Stage {
    Search(Search),
    /// There is one address, as for most connections inside a data centre; nothing is allocated.
    Single(Attempt),
    Race(Box<Race>),
}

type Race = HappyEyeballs<fn(std::net::SocketAddr) -> Attempt, Attempt>;

impl Connect {
    pub(crate) fn new<A: AsyncToSocketAddrs>(addr: &A) -> Connect {
        Connect(Stage::Search(Search::new(addr)))
    }

    pub(crate) fn of_attempt(attempt: Attempt) -> Connect {
        Connect(Stage::Single(attempt))
    }
}

impl Future for Connect {
    type Output = io::Result<TcpStream>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<TcpStream>> {
        let this = self.get_mut();
        loop {
            match &mut this.0 {
                Stage::Search(search) => {
                    this.0 = match ready!(search.poll(cx, Location::caller()))? {
                        Found::One(address) => Stage::Single(Attempt::new(address)),
                        Found::Many(addresses) => {
                            let race = HappyEyeballs::new(addresses, Attempt::new as fn(_) -> _);
                            Stage::Race(Box::new(race))
                        }
                    };
                }
                Stage::Single(attempt) => return Pin::new(attempt).poll(cx).map_ok(TcpStream::of),
                Stage::Race(race) => return Pin::new(&mut **race).poll(cx).map_ok(TcpStream::of),
            }
        }
    }
}

impl fmt::Debug for Connect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut connect = f.debug_tuple("Connect");
        match &self.0 {
            Stage::Search(search) => connect.field(search),
            Stage::Single(attempt) => connect.field(attempt),
            Stage::Race(race) => connect.field(race),
        };
        connect.finish()
    }
}
