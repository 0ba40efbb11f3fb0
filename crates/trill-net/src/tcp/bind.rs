//! Binding a listener to an address that may need a look-up.

use std::future::Future;
use std::io;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use super::builder::TcpListenerBuilder;
use super::listener::TcpListener;
use crate::address::AsyncToSocketAddrs;
use crate::address_error::first_of;
use crate::resolve::Search;

/// Makes a listener; see [`TcpListener::bind`].
///
/// # Examples
///
/// See [`TcpListener::bind`].
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct Bind {
    options: TcpListenerBuilder,
    search: Search,
}

impl Bind {
    pub(super) fn new<A: AsyncToSocketAddrs>(options: TcpListenerBuilder, addr: &A) -> Bind {
        Bind {
            options,
            search: Search::new(addr),
        }
    }
}

impl Future for Bind {
    type Output = io::Result<TcpListener>;

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<TcpListener>> {
        let found = ready!(self.search.poll(cx, Location::caller()))?;
        Poll::Ready(first_of("listen on", &found, |address| {
            self.options.listen(address)
        }))
    }
}
