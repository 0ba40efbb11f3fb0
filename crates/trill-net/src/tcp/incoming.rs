//! The stream of TCP connections.

use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;

use super::accept::adopt;
use super::listener::TcpListener;
use super::stream::TcpStream;
use crate::acceptor::Acceptor;

/// A stream of the connections of a listener; see [`TcpListener::incoming`]. It never ends.
///
/// # Examples
///
/// See [`TcpListener::incoming`].
pub struct Incoming<'a>(Acceptor<'a>);

impl<'a> Incoming<'a> {
    pub(super) fn new(listener: &'a TcpListener) -> Incoming<'a> {
        Incoming(listener.acceptor())
    }

    /// Waits for the next connection. It is never `None`.
    ///
    /// The method of the same name of stream extension traits does the same; this one tells where it was awaited.
    ///
    /// # Errors
    ///
    /// As [`TcpListener::accept`].
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: a connection is taken in the poll that returns it.
    ///
    /// # Examples
    ///
    /// See [`TcpListener::incoming`].
    #[allow(clippy::should_implement_trait)] // The trait would not be asynchronous.
    pub fn next(&mut self) -> NextIncoming<'_, 'a> {
        NextIncoming(self)
    }
}

impl Stream for Incoming<'_> {
    type Item = io::Result<TcpStream>;

    #[track_caller]
    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match self.0.poll(cx) {
            Poll::Ready(Ok((socket, address))) => {
                Poll::Ready(Some(adopt(socket, address).map(|(stream, _)| stream)))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Some(Err(error))),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl fmt::Debug for Incoming<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Incoming").field(&self.0).finish()
    }
}

/// Waits for the next connection; see [`Incoming::next`].
///
/// # Examples
///
/// See [`TcpListener::incoming`].
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct NextIncoming<'b, 'a>(&'b mut Incoming<'a>);

impl Future for NextIncoming<'_, '_> {
    type Output = Option<io::Result<TcpStream>>;

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut *self.0).poll_next(cx)
    }
}

impl Drop for NextIncoming<'_, '_> {
    fn drop(&mut self) {
        self.0.0.forget();
    }
}
