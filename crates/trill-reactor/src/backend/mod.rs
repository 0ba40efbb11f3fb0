//! The two ways to learn of events, behind one face.

#[cfg(any(target_os = "linux", target_os = "android"))]
mod epoll;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
#[path = "no_epoll.rs"]
mod epoll;
#[cfg(any(target_os = "linux", target_os = "android"))]
mod kernel;
#[cfg(not(any(
    feature = "polling",
    not(any(target_os = "linux", target_os = "android"))
)))]
#[path = "no_portable.rs"]
mod portable;
#[cfg(any(
    feature = "polling",
    not(any(target_os = "linux", target_os = "android"))
))]
mod portable;
#[cfg(any(target_os = "linux", target_os = "android"))]
mod pwait;

use std::io;
use std::time::{Duration, Instant};

use crate::choice::Backend;
use crate::event::{Interest, Ready};
use crate::slots::Token;

use epoll::Epoll;
use portable::Portable;

use crate::sys::{BorrowedFd, RawFd};

/// The back end of a reactor.
#[derive(Debug)]
#[allow(clippy::large_enum_variant)] // On Windows; a reactor has one of these.
pub(crate) enum Poller {
    Epoll(Epoll),
    Portable(Portable),
}

/// What a wait has brought; owned by the one who waits.
#[derive(Debug)]
pub(crate) enum Events {
    Epoll(epoll::Events),
    Portable(portable::Events),
}

/// How long a wait may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limit {
    #[cfg_attr(not(any(target_os = "linux", target_os = "android")), allow(dead_code))]
    // Only epoll asks.
    pub(crate) now: Instant,
    pub(crate) until: Instant,
}

impl Limit {
    /// The time left.
    #[cfg_attr(not(any(target_os = "linux", target_os = "android")), allow(dead_code))] // Only epoll asks.
    pub(crate) fn left(self) -> Duration {
        self.until.saturating_duration_since(self.now)
    }
}

impl Poller {
    /// Makes a back end and the place for its events.
    pub(crate) fn new(backend: Backend, oneshot: bool) -> io::Result<(Poller, Events)> {
        match backend {
            Backend::Epoll => {
                let events = Events::Epoll(epoll::Events::new());
                Ok((Poller::Epoll(Epoll::new()?), events))
            }
            Backend::Polling => {
                let events = Events::Portable(portable::Events::new());
                Ok((Poller::Portable(Portable::new(oneshot)?), events))
            }
        }
    }

    /// Which one it is.
    pub(crate) fn backend(&self) -> Backend {
        match self {
            Poller::Epoll(_) => Backend::Epoll,
            Poller::Portable(_) => Backend::Polling,
        }
    }

    /// The steps in which it counts the time of a wait.
    pub(crate) fn precision(&self) -> Duration {
        match self {
            Poller::Epoll(epoll) => epoll.precision(),
            Poller::Portable(_) => Duration::from_nanos(1),
        }
    }

    /// Registers a descriptor for events of these directions. The caller removes it before it is closed.
    #[inline]
    pub(crate) fn add(
        &self,
        fd: BorrowedFd<'_>,
        token: Token,
        interest: Interest,
    ) -> io::Result<()> {
        match self {
            Poller::Epoll(epoll) => epoll.add(fd, token, interest),
            Poller::Portable(portable) => portable.add(fd, token, interest),
        }
    }

    /// Opposite of [`Poller::add`].
    #[inline]
    pub(crate) fn remove(&self, fd: BorrowedFd<'_>) -> io::Result<()> {
        match self {
            Poller::Epoll(epoll) => epoll.remove(fd),
            Poller::Portable(portable) => portable.remove(fd),
        }
    }

    /// Says whether each wait has to be asked for with [`Poller::arm`].
    #[inline]
    pub(crate) fn is_oneshot(&self) -> bool {
        match self {
            Poller::Epoll(_) => false,
            Poller::Portable(portable) => portable.is_oneshot(),
        }
    }

    /// Asks for the events of these directions from now on; the descriptor is registered.
    pub(crate) fn change(
        &self,
        fd: BorrowedFd<'_>,
        token: Token,
        interest: Interest,
    ) -> io::Result<()> {
        match self {
            Poller::Epoll(epoll) => epoll.change(fd, token, interest),
            Poller::Portable(portable) => portable.change(fd, token, interest),
        }
    }

    /// Asks for the next events of these directions. The descriptor is registered and open.
    pub(crate) fn arm(&self, fd: RawFd, token: Token, interest: Interest) -> io::Result<()> {
        match self {
            Poller::Epoll(_) => Ok(()),
            Poller::Portable(portable) => portable.arm(fd, token, interest),
        }
    }

    /// Waits until something happens, [`Poller::interrupt`] is called or the limit is reached. A signal ends it, too.
    ///
    /// Only one thread at a time.
    #[inline]
    pub(crate) fn wait(&self, events: &mut Events, limit: Option<Limit>) -> io::Result<()> {
        match (self, events) {
            (Poller::Epoll(epoll), Events::Epoll(events)) => epoll.wait(events, limit),
            (Poller::Portable(portable), Events::Portable(events)) => portable.wait(events, limit),
            _ => unreachable!("a poller and its events are made together"),
        }
    }

    /// Makes the current or the next wait return.
    pub(crate) fn interrupt(&self) {
        match self {
            Poller::Epoll(epoll) => epoll.interrupt(),
            Poller::Portable(portable) => portable.interrupt(),
        }
    }
}

impl Events {
    /// Runs `each` on what the last wait has brought.
    #[inline]
    pub(crate) fn each(&self, each: impl FnMut(Token, Ready)) {
        match self {
            Events::Epoll(events) => events.each(each),
            Events::Portable(events) => events.each(each),
        }
    }
}
