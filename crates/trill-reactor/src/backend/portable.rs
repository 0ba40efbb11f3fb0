//! The crate `polling`, for all systems.
//!
//! Edge-triggered where the system can; else each wait is asked for anew.
#![allow(unsafe_code)] // `polling` asks for the promise that a source is removed before it is closed.

use std::io;

use polling::{Event, PollMode, Poller};

use crate::backend::Limit;
use crate::error::NotPollable;
use crate::event::{Interest, Ready};
use crate::slots::Token;
use crate::sys::{AsRawFd, BorrowedFd, RawFd};

/// A poller of the crate `polling`.
#[derive(Debug)]
pub(crate) struct Portable {
    poller: Poller,
    mode: PollMode,
}

/// The buffer for its events.
pub(crate) struct Events(polling::Events);

impl Portable {
    /// Makes one; `oneshot` asks for the way of systems without edges.
    pub(crate) fn new(oneshot: bool) -> io::Result<Portable> {
        let poller = Poller::new()?;
        let mode = if poller.supports_edge() && !oneshot {
            PollMode::Edge
        } else {
            PollMode::Oneshot
        };
        Ok(Portable { poller, mode })
    }

    pub(crate) fn is_oneshot(&self) -> bool {
        self.mode == PollMode::Oneshot
    }

    pub(crate) fn add(
        &self,
        fd: BorrowedFd<'_>,
        token: Token,
        interest: Interest,
    ) -> io::Result<()> {
        let key = key(token);
        let interest = if self.is_oneshot() {
            Event::none(key)
        } else {
            Event::new(key, interest.read, interest.write)
        };
        // SAFETY: the descriptor must be removed before it is closed: `Source` upholds this, its drop removes it and
        // its maker keeps the descriptor open until then. `a_reused_descriptor_inherits_nothing` in
        // `tests/registration.rs` would fail.
        let added = unsafe {
            self.poller
                .add_with_mode(fd.as_raw_fd(), interest, self.mode)
        };
        added.map_err(|error| match error.kind() {
            io::ErrorKind::PermissionDenied => NotPollable::new(fd.as_raw_fd(), error).into(),
            _ => error,
        })
    }

    pub(crate) fn remove(&self, fd: BorrowedFd<'_>) -> io::Result<()> {
        self.poller.delete(fd)
    }

    pub(crate) fn change(
        &self,
        fd: BorrowedFd<'_>,
        token: Token,
        interest: Interest,
    ) -> io::Result<()> {
        let interest = Event::new(key(token), interest.read, interest.write);
        self.poller.modify_with_mode(fd, interest, self.mode)
    }

    pub(crate) fn arm(&self, fd: RawFd, token: Token, interest: Interest) -> io::Result<()> {
        // SAFETY: the descriptor is open: `Slot::with_interest`, the only caller, holds the lock that closing it needs
        // first. `tests/registration.rs` with the one-shot back end would fail.
        let fd = unsafe { BorrowedFd::borrow_raw(fd) };
        self.change(fd, token, interest)
    }

    pub(crate) fn wait(&self, events: &mut Events, limit: Option<Limit>) -> io::Result<()> {
        events.0.clear();
        match limit {
            // It reads the clock itself, and a deadline in the past means: do not wait.
            Some(limit) => self.poller.wait_deadline(&mut events.0, limit.until)?,
            None => self.poller.wait(&mut events.0, None)?,
        };
        Ok(())
    }

    pub(crate) fn interrupt(&self) {
        // Nothing can be done if the system refuses; it does so only when the poller is broken, as `wait` will tell.
        let notified = self.poller.notify();
        debug_assert!(notified.is_ok(), "{notified:?}");
    }
}

impl Events {
    pub(crate) fn new() -> Events {
        Events(polling::Events::new())
    }

    pub(crate) fn each(&self, mut each: impl FnMut(Token, Ready)) {
        for event in self.0.iter() {
            each(
                Token::from_word(event.key as u64),
                // `polling` does not tell an end from data, so a short read never proves anything.
                Ready {
                    read: event.readable,
                    write: event.writable,
                    read_stays: event.readable,
                    write_stays: event.writable,
                },
            );
        }
    }
}

impl std::fmt::Debug for Events {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Events")
            .field("len", &self.0.len())
            .finish()
    }
}

/// The key of a token. A token's bits fit a machine word, see `word::INDEX_BITS`.
fn key(token: Token) -> usize {
    token.word() as usize
}
