//! How connections are accepted, for TCP and Unix sockets.

use std::future::Future;
use std::io;
use std::panic::Location;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use socket2::SockAddr;
use trill_cell::Kind;
use trill_reactor::{Direction, Source, Waiter};
use trill_timer::Sleep;

use crate::sys::{self, BorrowedFd, OwnedFd};

/// What waits for a connection of a listener; part of the futures and streams that accept.
#[derive(Debug)]
pub(crate) struct Acceptor<'a> {
    waiter: Waiter<'a>,
    fd: BorrowedFd<'a>,
    backoff: &'a Backoff,
    pause: Option<Sleep>,
}

impl<'a> Acceptor<'a> {
    #[inline]
    pub(crate) fn new(
        source: &'a Source,
        fd: BorrowedFd<'a>,
        backoff: &'a Backoff,
    ) -> Acceptor<'a> {
        Acceptor {
            waiter: source.waiter(Direction::Read),
            fd,
            backoff,
            pause: None,
        }
    }

    /// Takes the waker of a task back that does not wait any more.
    pub(crate) fn forget(&mut self) {
        self.waiter = self.waiter.source().waiter(Direction::Read);
    }

    /// Accepts a connection. After an error the listener pauses, so that a loop around this does not spin.
    #[track_caller]
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<(OwnedFd, SockAddr)>> {
        let location = Location::caller();
        if self.pause.is_none() {
            self.pause = self.backoff.pause().map(trill_timer::sleep_until);
        }
        if let Some(pause) = &mut self.pause {
            ready!(Pin::new(pause).poll(cx));
        }
        let fd = self.fd;
        let accepted = ready!(
            self.waiter
                .poll_io(cx, location, || first_live(|| sys::accept(fd)))
        );
        self.pause = None;
        match accepted {
            Ok(Some(accepted)) => {
                self.backoff.succeeded();
                Poll::Ready(Ok(accepted))
            }
            Ok(None) => {
                // A row of dead connections: others get their turn before the next ones.
                cx.waker().wake_by_ref();
                trill_cell::waiting(Kind::Turn, 0, location);
                Poll::Pending
            }
            Err(error) => {
                self.backoff.failed();
                Poll::Ready(Err(error))
            }
        }
    }
}

/// Accepts the first connection that was not given up by its peer meanwhile; `None` after a row of those.
fn first_live<T>(mut accept: impl FnMut() -> io::Result<T>) -> io::Result<Option<T>> {
    for round in 1..=DEAD_IN_A_ROW_MAX {
        match accept() {
            // A firewall has forbidden one connection; or something forbids the call, which would go on for ever.
            Err(error) if is_forbidden(&error) && round < DEAD_IN_A_ROW_MAX => {}
            Err(error) if is_dead(&error) => {}
            result => return result.map(Some),
        }
    }
    Ok(None)
}

fn is_forbidden(error: &io::Error) -> bool {
    error.raw_os_error() == Some(sys::FORBIDDEN)
}

/// Whether an error is about the connection that would have been accepted, and not about the listener.
fn is_dead(error: &io::Error) -> bool {
    let code = error.raw_os_error();
    code.is_some_and(|code| sys::DEAD_CONNECTION.contains(&code))
}

/// How long a listener pauses after accepting has failed; shared by all who accept from it.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    /// Whether the last attempt failed; asked on every accept, so it is apart from the rest.
    is_failing: AtomicBool,
    state: Mutex<Failing>,
}

#[derive(Debug, Default)]
struct Failing {
    /// How long the last pause was.
    pause: Duration,
    until: Option<Instant>,
}

impl Backoff {
    /// Until when to wait before the next attempt.
    #[inline]
    fn pause(&self) -> Option<Instant> {
        // Relaxed: a task that has not heard of the failure yet tries and finds out for itself.
        if !self.is_failing.load(Ordering::Relaxed) {
            return None;
        }
        self.state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .until
    }

    #[inline]
    fn succeeded(&self) {
        // Relaxed: see `pause`.
        if self.is_failing.load(Ordering::Relaxed) {
            *self.state.lock().unwrap_or_else(PoisonError::into_inner) = Failing::default();
            self.is_failing.store(false, Ordering::Relaxed);
        }
    }

    #[cold]
    fn failed(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let now = trill_world::now();
        // Tasks that fail together, after the same pause, lengthen it once.
        if state.until.is_none_or(|until| until <= now) {
            state.pause = (state.pause * 2).clamp(ACCEPT_PAUSE_MIN, ACCEPT_PAUSE_MAX);
            state.until = now.checked_add(state.pause);
        }
        self.is_failing.store(true, Ordering::Relaxed);
    }
}

/// How long a listener pauses after an accept that failed; doubled with each failure up to [`ACCEPT_PAUSE_MAX`].
///
/// Long enough that a loop which goes on costs nothing, short enough that clients do not notice a single failure.
pub const ACCEPT_PAUSE_MIN: Duration = Duration::from_millis(5);

/// How long a listener pauses at most after an accept that failed, as when no descriptors are left.
pub const ACCEPT_PAUSE_MAX: Duration = Duration::from_secs(1);

/// How many connections that died in the backlog one poll skips; as many as take about 10 µs.
const DEAD_IN_A_ROW_MAX: usize = 16;

#[cfg(test)]
mod tests {
    use trill_world::VirtualWorld;

    use rustix::io::Errno;

    use super::*;

    // Fault 1a
    #[test]
    fn pauses_double_to_a_second_and_end_with_a_success() {
        let world = VirtualWorld::new(1);
        world.run(|| {
            let backoff = Backoff::default();
            assert_eq!(backoff.pause(), None);
            let mut pauses = Vec::new();
            for _ in 0..10 {
                backoff.failed();
                // A second task fails in the same moment.
                backoff.failed();
                let pause = backoff.pause().unwrap() - trill_world::now();
                pauses.push(pause.as_millis());
                world.advance(pause);
            }
            assert_eq!(pauses, [5, 10, 20, 40, 80, 160, 320, 640, 1000, 1000]);
            backoff.succeeded();
            assert_eq!(backoff.pause(), None);
            backoff.failed();
            assert_eq!(
                backoff.pause().unwrap() - trill_world::now(),
                ACCEPT_PAUSE_MIN
            );
        });
    }

    #[test]
    fn errors_of_a_connection_are_told_from_those_of_the_listener() {
        let of = |errno: Errno| is_dead(&errno.into());
        assert!(
            [
                Errno::CONNABORTED,
                Errno::PROTO,
                Errno::NETDOWN,
                Errno::HOSTUNREACH
            ]
            .into_iter()
            .all(of)
        );
        assert!(
            ![
                Errno::MFILE,
                Errno::NFILE,
                Errno::NOBUFS,
                Errno::NOMEM,
                Errno::INVAL,
                Errno::AGAIN
            ]
            .into_iter()
            .any(of)
        );
    }

    // Fault 3a, 3b
    #[test]
    fn connections_that_are_forbidden_are_skipped_unless_all_are() {
        let forbidden = || Err::<u8, _>(io::Error::from(Errno::PERM));
        let mut calls = 0;
        let accepted = first_live(|| {
            calls += 1;
            if calls < 10 { forbidden() } else { Ok(5) }
        });
        assert_eq!((accepted.unwrap(), calls), (Some(5), 10));
        let mut calls = 0;
        let refused = first_live(|| {
            calls += 1;
            forbidden()
        });
        assert_eq!(refused.unwrap_err().kind(), io::ErrorKind::PermissionDenied);
        assert_eq!(calls, 16);
    }

    // Fault 3a, 3b
    #[test]
    fn connections_that_died_in_the_backlog_are_skipped() {
        let mut calls = 0;
        let mut after = |dead: usize, then: io::Result<u8>| {
            calls = 0;
            let mut then = Some(then);
            let accepted = first_live(|| {
                calls += 1;
                if calls <= dead {
                    return Err(Errno::CONNABORTED.into());
                }
                then.take().unwrap()
            });
            (accepted.map_err(|error| error.raw_os_error()), calls)
        };
        assert_eq!(after(0, Ok(5)), (Ok(Some(5)), 1));
        assert_eq!(after(15, Ok(5)), (Ok(Some(5)), 16));
        // A longer row gives other tasks a turn.
        assert_eq!(after(16, Ok(5)), (Ok(None), 16));
        let full = Some(Errno::MFILE.raw_os_error());
        assert_eq!(after(3, Err(Errno::MFILE.into())), (Err(full), 4));
    }
}
