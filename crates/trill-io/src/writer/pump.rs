//! Writing a buffer out beside the code that fills it.

use std::fmt;
use std::future::Future;
use std::io;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_io::AsyncWrite;

use super::fan::OwnedSeat;
use super::shared::Shared;

/// Writes the buffer of a writer out; see [`Writer::pump`](crate::Writer::pump).
///
/// # Examples
///
/// See [`Writer::pump`](crate::Writer::pump).
#[must_use = "futures do nothing unless awaited"]
pub struct Pump<W> {
    shared: Arc<Shared<W>>,
    seat: OwnedSeat,
}

impl<W> Pump<W> {
    pub(super) fn new(shared: Arc<Shared<W>>) -> Pump<W> {
        Pump {
            seat: shared.seat(),
            shared,
        }
    }
}

impl<W: AsyncWrite + Unpin> Pump<W> {
    /// Marks the writer as closing, whoever still has a clone of it: what is buffered goes out, then the pump ends.
    ///
    /// # Examples
    ///
    /// ```
    /// let writer = trill_io::Writer::new(Vec::new());
    /// let pump = writer.pump();
    /// pump.begin_close();
    /// assert!(writer.write(b"x").is_err());
    /// trill_park::block_on(pump)?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn begin_close(&self) {
        self.shared.begin_close();
    }
}

impl<W: AsyncWrite + Unpin> Future for Pump<W> {
    type Output = io::Result<()>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Pump { shared, seat } = self.get_mut();
        shared.poll_pump(cx, Location::caller(), &mut seat.seat)
    }
}

impl<W> fmt::Debug for Pump<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pump").finish_non_exhaustive()
    }
}
