//! Edge-triggered epoll.
//!
//! A source is registered once for each direction, or for both at once, and the kernel reports each change once. An
//! eventfd interrupts a wait; it is edge-triggered as well, so each write to it is reported and nobody ever has to read
//! it.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::backend::Limit;
use crate::backend::kernel::{self, EDGE, ENDED, FAILED, READ, READ_ENDED, URGENT, WRITE, eventfd};
use crate::backend::pwait::{Event, Wait};
use crate::error::NotPollable;
use crate::event::{Interest, Ready};
use crate::slots::Token;

/// An epoll instance and the means to interrupt a wait in it.
#[derive(Debug)]
pub(crate) struct Epoll {
    epoll: OwnedFd,
    wait: Wait,
    event: OwnedFd,
    /// Whether somebody has interrupted since a wait has last seen it; the others need not write again.
    interrupted: AtomicBool,
}

/// The buffer that the kernel fills.
#[derive(Debug)]
pub(crate) struct Events(Vec<Event>);

impl Epoll {
    pub(crate) fn new() -> io::Result<Epoll> {
        let epoll = kernel::epoll()?;
        let event = eventfd(0)?;
        kernel::add(epoll.as_fd(), event.as_fd(), READ | EDGE, INTERRUPT)?;
        let wait = Wait::probe(epoll.as_fd())?;
        Ok(Epoll {
            epoll,
            wait,
            event,
            interrupted: AtomicBool::new(false),
        })
    }

    pub(crate) fn precision(&self) -> Duration {
        self.wait.precision()
    }

    #[inline]
    pub(crate) fn add(
        &self,
        fd: BorrowedFd<'_>,
        token: Token,
        interest: Interest,
    ) -> io::Result<()> {
        let added = kernel::add(self.epoll.as_fd(), fd, events(interest), token.word());
        added.map_err(|error| match error.raw_os_error() {
            Some(libc::EPERM) => NotPollable::new(fd.as_raw_fd(), error).into(),
            _ => error,
        })
    }

    pub(crate) fn change(
        &self,
        fd: BorrowedFd<'_>,
        token: Token,
        interest: Interest,
    ) -> io::Result<()> {
        kernel::change(self.epoll.as_fd(), fd, events(interest), token.word())
    }

    #[inline]
    pub(crate) fn remove(&self, fd: BorrowedFd<'_>) -> io::Result<()> {
        kernel::delete(self.epoll.as_fd(), fd)
    }

    #[inline]
    pub(crate) fn wait(&self, events: &mut Events, limit: Option<Limit>) -> io::Result<()> {
        events.0.clear();
        let timeout = limit.map(Limit::left);
        match self.wait.wait(self.epoll.as_fd(), &mut events.0, timeout) {
            Err(error) if error.raw_os_error() != Some(libc::EINTR) => return Err(error),
            _ => {}
        }
        if events.0.iter().any(|event| event.data == INTERRUPT) {
            // AcqRel: pairs with the swap in `interrupt`. Whoever saw `true` there did not write; what it did before
            // is seen by this thread, which is about to look.
            self.interrupted.swap(false, Ordering::AcqRel);
        }
        Ok(())
    }

    pub(crate) fn interrupt(&self) {
        // AcqRel: see `wait`.
        if !self.interrupted.swap(true, Ordering::AcqRel) {
            // It cannot fail: the counter holds 2^64 - 2, a write adds 1, and nobody closes the descriptor.
            let counted = kernel::count(self.event.as_fd());
            debug_assert!(counted.is_ok(), "an eventfd takes a write: {counted:?}");
        }
    }
}

impl Events {
    pub(crate) fn new() -> Events {
        Events(Vec::with_capacity(EVENTS_PER_TURN))
    }

    #[inline]
    pub(crate) fn each(&self, mut each: impl FnMut(Token, Ready)) {
        for event in &self.0 {
            let word = event.data;
            if word != INTERRUPT {
                each(Token::from_word(word), ready(event.flags));
            }
        }
    }
}

/// The flags that ask for events.
#[inline]
fn events(interest: Interest) -> u32 {
    let mut events = EDGE;
    if interest.read {
        events |= READ | READ_ENDED | URGENT;
    }
    if interest.write {
        events |= WRITE;
    }
    events
}

/// What the flags mean.
#[inline]
fn ready(events: u32) -> Ready {
    let failed = ENDED | FAILED;
    // A read stops short at urgent data although more follows, so that counts as an end, too.
    let ended = failed | READ_ENDED | URGENT;
    Ready {
        read: events & (ended | READ) != 0,
        write: events & (failed | WRITE) != 0,
        read_stays: events & ended != 0,
        write_stays: events & failed != 0,
    }
}

/// Stands for the eventfd; no token looks like this.
const INTERRUPT: u64 = u64::MAX;

/// 12 KiB; when more are there the next turn brings them.
const EVENTS_PER_TURN: usize = 1024;
