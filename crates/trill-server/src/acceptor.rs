//! What makes a connection of an accepted stream.

use std::future::{Future, Ready, ready};
use std::io;

/// Makes a connection of an accepted stream, as by a TLS handshake.
///
/// It runs in the task of the connection, so a slow handshake holds up nobody else; it counts as a live connection.
///
/// # Examples
///
/// ```
/// use std::future::{Ready, ready};
/// use std::io;
/// use trill_server::Acceptor;
///
/// /// Reads through a buffer.
/// struct Buffered;
///
/// impl<S: Send + 'static> Acceptor<S> for Buffered {
///     type Stream = trill_io::Reader<S>;
///     type Future = Ready<io::Result<trill_io::Reader<S>>>;
///
///     fn accept(&self, stream: S) -> Self::Future {
///         ready(Ok(trill_io::Reader::new(stream)))
///     }
/// }
/// ```
pub trait Acceptor<S>: Send + Sync + 'static {
    /// What the handler gets.
    type Stream: Send + 'static;

    /// Makes it.
    type Future: Future<Output = io::Result<Self::Stream>> + Send;

    /// Makes a connection of `stream`. An error is reported, counted as
    /// [`failed`](crate::ServerHandle::failed), and closes the stream.
    ///
    /// # Cancel safety
    ///
    /// It is dropped when the server aborts its connections.
    fn accept(&self, stream: S) -> Self::Future;
}

/// Takes the stream as it is.
///
/// # Examples
///
/// ```
/// use trill_server::{Acceptor, Plain};
///
/// assert_eq!(trill_park::block_on(Plain.accept(5))?, 5);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Plain;

impl<S: Send + 'static> Acceptor<S> for Plain {
    type Stream = S;
    type Future = Ready<io::Result<S>>;

    fn accept(&self, stream: S) -> Self::Future {
        ready(Ok(stream))
    }
}
