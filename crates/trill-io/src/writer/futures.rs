//! The futures that wait on a writer.

use std::fmt;
use std::future::Future;
use std::io;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_io::AsyncWrite;

use super::fan::Seat;
use super::shared::Shared;
use crate::turn::turn;

/// A place among those who wait for a writer, left when it is dropped.
struct Place<'a, W> {
    shared: &'a Shared<W>,
    seat: Seat,
}

impl<'a, W> Place<'a, W> {
    fn new(shared: &'a Shared<W>) -> Place<'a, W> {
        Place {
            shared,
            seat: Seat::default(),
        }
    }
}

impl<W> Drop for Place<'_, W> {
    fn drop(&mut self) {
        self.shared.fan.leave(&mut self.seat);
    }
}

/// Waits while writing is paused; see [`Writer::drain`](crate::Writer::drain).
///
/// # Examples
///
/// See [`Writer`](crate::Writer).
#[must_use = "futures do nothing unless awaited"]
pub struct Drain<'a, W> {
    place: Place<'a, W>,
    since: Option<u64>,
}

impl<'a, W> Drain<'a, W> {
    pub(super) fn new(shared: &'a Shared<W>) -> Drain<'a, W> {
        Drain {
            place: Place::new(shared),
            since: None,
        }
    }
}

impl<W: AsyncWrite + Unpin> Future for Drain<'_, W> {
    type Output = io::Result<()>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let location = Location::caller();
        let Drain { place, since } = self.get_mut();
        // A loop of writes and drains that never waits gives others their turn, and so learns of a lost peer.
        let unit = ready!(turn(cx, location));
        let shared = place.shared;
        let polled = shared.poll_drain(cx, location, &mut place.seat, since);
        if polled.is_pending() {
            unit.refund();
        }
        polled
    }
}

/// Waits while writing is paused, and writes; see [`Writer::write_all`](crate::Writer::write_all).
///
/// # Examples
///
/// See [`Writer::write_all`](crate::Writer::write_all).
#[must_use = "futures do nothing unless awaited"]
pub struct WriteAll<'a, W> {
    drain: Drain<'a, W>,
    bytes: &'a [u8],
}

impl<'a, W> WriteAll<'a, W> {
    pub(super) fn new(shared: &'a Shared<W>, bytes: &'a [u8]) -> WriteAll<'a, W> {
        WriteAll {
            drain: Drain::new(shared),
            bytes,
        }
    }
}

impl<W: AsyncWrite + Unpin> Future for WriteAll<'_, W> {
    type Output = io::Result<()>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let WriteAll { drain, bytes } = self.get_mut();
        ready!(Pin::new(&mut *drain).poll(cx))?;
        Poll::Ready(drain.place.shared.write(bytes))
    }
}

/// Waits until everything is sent; see [`Writer::flush`](crate::Writer::flush).
///
/// # Examples
///
/// See [`Writer`](crate::Writer).
#[must_use = "futures do nothing unless awaited"]
pub struct Flush<'a, W> {
    place: Place<'a, W>,
    target: Option<u64>,
}

impl<'a, W> Flush<'a, W> {
    pub(super) fn new(shared: &'a Shared<W>) -> Flush<'a, W> {
        Flush {
            place: Place::new(shared),
            target: None,
        }
    }
}

impl<W: AsyncWrite + Unpin> Future for Flush<'_, W> {
    type Output = io::Result<()>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let location = Location::caller();
        let Flush { place, target } = self.get_mut();
        let unit = ready!(turn(cx, location));
        let shared = place.shared;
        let polled = shared.poll_flush(cx, location, &mut place.seat, target);
        if polled.is_pending() {
            unit.refund();
        }
        polled
    }
}

/// Closes a writer; see [`Writer::close`](crate::Writer::close).
///
/// # Examples
///
/// See [`Writer::close`](crate::Writer::close).
#[must_use = "futures do nothing unless awaited"]
pub struct Close<'a, W> {
    place: Place<'a, W>,
}

impl<'a, W> Close<'a, W> {
    pub(super) fn new(shared: &'a Shared<W>) -> Close<'a, W> {
        Close {
            place: Place::new(shared),
        }
    }
}

impl<W: AsyncWrite + Unpin> Future for Close<'_, W> {
    type Output = io::Result<()>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let place = &mut self.get_mut().place;
        place
            .shared
            .poll_close(cx, Location::caller(), &mut place.seat)
    }
}

impl<W> fmt::Debug for Drain<'_, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Drain").finish_non_exhaustive()
    }
}

impl<W> fmt::Debug for WriteAll<'_, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WriteAll")
            .field("len", &self.bytes.len())
            .finish_non_exhaustive()
    }
}

impl<W> fmt::Debug for Flush<'_, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flush").finish_non_exhaustive()
    }
}

impl<W> fmt::Debug for Close<'_, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Close").finish_non_exhaustive()
    }
}
