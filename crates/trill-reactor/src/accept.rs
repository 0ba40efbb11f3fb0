//! Accepting connections, TCP's and Unix's alike.

use std::fmt;
use std::future::Future;
use std::io;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;

use crate::direction::Direction;
use crate::event::Interest;
use crate::reactor::entered;
use crate::sys::AsFd;
use crate::waiter::Waiter;
use crate::wrapper::Async;

/// Accepts a connection; from [`Async::accept`](Async::<std::net::TcpListener>::accept).
///
/// # Cancel safety
///
/// Cancel safe: a connection is taken in the poll that returns it; until then it stays in the backlog.
///
/// # Examples
///
/// See [`Async::accept`](Async::<std::net::TcpListener>::accept).
#[must_use = "futures do nothing unless awaited"]
pub struct Accept<'a, L> {
    waiter: Waiter<'a>,
    listener: &'a Async<L>,
}

/// Accepts connections for ever; from [`Async::incoming`](Async::<std::net::TcpListener>::incoming).
///
/// # Examples
///
/// See [`Async::incoming`](Async::<std::net::TcpListener>::incoming).
#[must_use = "streams do nothing unless polled"]
pub struct Incoming<'a, L>(Accept<'a, L>);

/// What accepts connections; known to this crate alone.
pub trait Listener {
    /// A connection.
    type Stream: AsFd;
    /// Where it comes from.
    type Address;

    /// Whether a short transfer over it means that no more can be transferred.
    const SHORT_IS_ALL: bool;

    /// Takes a connection, in non-blocking mode, from the backlog.
    fn accept_one(&self) -> io::Result<(Self::Stream, Self::Address)>;
}

impl<'a, L> Accept<'a, L> {
    pub(crate) fn new(listener: &'a Async<L>) -> Accept<'a, L> {
        Accept {
            waiter: listener.source().waiter(Direction::Read),
            listener,
        }
    }
}

impl<'a, L> Incoming<'a, L> {
    pub(crate) fn new(listener: &'a Async<L>) -> Incoming<'a, L> {
        Incoming(Accept::new(listener))
    }
}

impl<L> Unpin for Accept<'_, L> {}

impl<L: Listener> Future for Accept<'_, L> {
    type Output = io::Result<(Async<L::Stream>, L::Address)>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Accept { waiter, listener } = self.get_mut();
        waiter.poll_io(cx, Location::caller(), || {
            let (stream, address) = listener.get_ref().accept_one()?;
            // Homed where it is accepted; a thread without a reactor of its own leaves it with the listener's.
            let core = entered().unwrap_or(listener.source().core());
            let stream = Async::register(core, stream, Interest::NONE, L::SHORT_IS_ALL)?;
            Ok((stream, address))
        })
    }
}

impl<L: Listener> Stream for Incoming<'_, L> {
    type Item = io::Result<Async<L::Stream>>;

    #[track_caller]
    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut self.0)
            .poll(cx)
            .map(|accepted| Some(accepted.map(|(stream, _)| stream)))
    }
}

impl<L: fmt::Debug> fmt::Debug for Accept<'_, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Accept").field(self.listener).finish()
    }
}

impl<L: fmt::Debug> fmt::Debug for Incoming<'_, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Incoming").field(self.0.listener).finish()
    }
}
