//! A descriptor that is watched.

use std::io;
use std::panic::Location;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use trill_reactor::{Async, Direction};

use crate::origin::Origin;
use crate::reach::Reach;
use crate::sys::{AsFd, RawFd};

/// One direction of the descriptor with this number: at most one callback watches it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Side {
    pub(crate) fd: RawFd,
    pub(crate) is_write: bool,
}

impl Side {
    /// The other direction.
    pub(crate) fn other(self) -> Side {
        Side {
            is_write: !self.is_write,
            ..self
        }
    }

    fn direction(self) -> Direction {
        match self.is_write {
            true => Direction::Write,
            false => Direction::Read,
        }
    }
}

/// What keeps a descriptor open.
#[derive(Clone)]
pub(crate) struct Descriptor(pub(crate) Arc<dyn AsFd + Send + Sync>);

/// A registered descriptor, which both of its sides share.
pub(crate) type Registered = Arc<Async<Descriptor>>;

/// A callback that runs each time its side is ready.
pub(crate) struct Watch<R: Reach> {
    pub(crate) side: Side,
    pub(crate) registered: Registered,
    /// The number that is registered; another one than `side.fd` if the descriptor was duplicated.
    pub(crate) registered_fd: RawFd,
    /// What was handed in with this side, if the other one registered the descriptor.
    pub(crate) _keeps_open: Option<Descriptor>,
    /// Tells the loop that the side may have become ready.
    pub(crate) waker: Waker,
    /// Gone while it runs.
    pub(crate) callback: Option<(R::Each, Origin)>,
    /// Its place in the queue.
    pub(crate) place: Option<u64>,
}

/// What is needed to look at a watch without the lock.
pub(crate) struct Look {
    side: Side,
    registered: Registered,
    waker: Waker,
}

impl<R: Reach> Watch<R> {
    pub(crate) fn look(&self) -> Look {
        Look {
            side: self.side,
            registered: self.registered.clone(),
            waker: self.waker.clone(),
        }
    }
}

impl Look {
    /// Asks whether the side is ready now; if not, its waker is called when it may be.
    pub(crate) fn poll(&self, location: &'static Location<'static>) -> Poll<io::Result<()>> {
        let mut cx = Context::from_waker(&self.waker);
        let source = self.registered.source();
        // Each turn looks once at those that have news, so it needs no other bound.
        trill_cell::unbudgeted(|| source.poll_asked(&mut cx, self.side.direction(), location))
    }
}
