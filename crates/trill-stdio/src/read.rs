//! Reading as a future.

use std::fmt;
use std::future::Future;
use std::io;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use trill_reactor::{Direction, Waiter};

use crate::stream::{Stream, Which};

/// Reads from standard input; from [`Stdin::read`](crate::Stdin::read).
///
/// # Cancel safety
///
/// Cancel safe: bytes leave the stream only with the poll that returns them.
///
/// # Examples
///
/// See [`Stdin::read`](crate::Stdin::read).
#[must_use = "futures do nothing unless awaited"]
pub struct Read<'a> {
    buffer: &'a mut [u8],
    /// The place among those who wait in the reactor.
    waiter: Option<Waiter<'static>>,
}

impl<'a> Read<'a> {
    pub(crate) fn new(buffer: &'a mut [u8]) -> Read<'a> {
        Read {
            buffer,
            waiter: None,
        }
    }
}

impl Future for Read<'_> {
    type Output = io::Result<usize>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let location = Location::caller();
        let this = self.get_mut();
        match Which::Stdin.stream()? {
            Stream::Ready(stream) => this
                .waiter
                .get_or_insert_with(|| stream.source().waiter(Direction::Read))
                .poll_io(cx, location, || stream.get_ref().read(this.buffer)),
            Stream::Slow(slow) => slow.poll_read(cx, location, this.buffer),
        }
    }
}

impl fmt::Debug for Read<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Read")
            .field("len", &self.buffer.len())
            .finish_non_exhaustive()
    }
}
