//! The futures that wait for a server to end.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use trill_sync::futures::EventWait;
use trill_timer::Sleep;

use crate::shared::Shared;

/// Waits until no listener is open; see [`ServerHandle::wait_stopped`](crate::ServerHandle::wait_stopped).
///
/// # Examples
///
/// See [`ServerHandle::wait_stopped`](crate::ServerHandle::wait_stopped).
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct WaitStopped<'a>(pub(crate) EventWait<'a>);

impl Future for WaitStopped<'_> {
    type Output = ();

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.0).poll(cx)
    }
}

/// Waits until a server has ended; see [`ServerHandle::wait_closed`](crate::ServerHandle::wait_closed).
///
/// # Examples
///
/// See [`ServerHandle::is_serving`](crate::ServerHandle::is_serving).
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct WaitClosed<'a>(pub(crate) EventWait<'a>);

impl Future for WaitClosed<'_> {
    type Output = ();

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.0).poll(cx)
    }
}

/// Shuts a server down; see [`ServerHandle::shutdown`](crate::ServerHandle::shutdown).
///
/// # Examples
///
/// See [`Server`](crate::Server).
#[must_use = "futures do nothing unless awaited"]
pub struct Shutdown<'a> {
    shared: &'a Shared,
    ended: EventWait<'a>,
    grace: Sleep,
    stage: Stage,
    /// How many connections lived when it began.
    live: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    New,
    Grace,
    Aborting,
}

/// How a server has ended.
///
/// # Examples
///
/// See [`Server`](crate::Server).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ended {
    /// How many connections lived when the shutdown began.
    pub live: usize,
    /// How many connections of the server were aborted, by this shutdown or before.
    pub aborted: u64,
}

impl<'a> Shutdown<'a> {
    pub(crate) fn new(shared: &'a Shared, grace: Sleep) -> Shutdown<'a> {
        Shutdown {
            shared,
            ended: shared.ended.wait(),
            grace,
            stage: Stage::New,
            live: 0,
        }
    }
}

impl Future for Shutdown<'_> {
    type Output = Ended;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Ended> {
        let this = self.get_mut();
        if this.stage == Stage::New {
            this.stage = Stage::Grace;
            this.live = this.shared.live();
            this.shared.closing.set();
            this.shared.shutting_down.set();
        }
        if Pin::new(&mut this.ended).poll(cx).is_ready() {
            return Poll::Ready(Ended {
                live: this.live,
                aborted: this.shared.aborted(),
            });
        }
        if this.stage == Stage::Grace && Pin::new(&mut this.grace).poll(cx).is_ready() {
            this.stage = Stage::Aborting;
            this.shared.abort();
        }
        Poll::Pending
    }
}

impl fmt::Debug for Shutdown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shutdown")
            .field("stage", &self.stage)
            .field("grace", &self.grace)
            .finish_non_exhaustive()
    }
}
