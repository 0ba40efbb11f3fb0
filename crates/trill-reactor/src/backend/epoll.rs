//! Edge-triggered epoll.
//!
//! A source is registered once for each direction, or for both at once, and the kernel reports each change once. An eventfd interrupts a wait;
//! it is edge-triggered as well, so each write to it is reported and nobody ever has to read it.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustix::event::epoll::{self, EventData, EventFlags};
use rustix::event::{EventfdFlags, eventfd};
use rustix::io::Errno;

use crate::backend::Limit;
use crate::backend::pwait::{Event, Wait};
use crate::error::NotPollable;
use crate::slot::{Interest, Ready};
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
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        let event = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        let flags = EventFlags::IN | EventFlags::ET;
        epoll::add(&epoll, &event, EventData::new_u64(INTERRUPT), flags)?;
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
        let data = EventData::new_u64(token.word());
        epoll::add(&self.epoll, fd, data, flags(interest)).map_err(|error| match error {
            Errno::PERM => NotPollable::new(fd.as_raw_fd(), error.into()).into(),
            _ => error.into(),
        })
    }

    pub(crate) fn change(
        &self,
        fd: BorrowedFd<'_>,
        token: Token,
        interest: Interest,
    ) -> io::Result<()> {
        let data = EventData::new_u64(token.word());
        Ok(epoll::modify(&self.epoll, fd, data, flags(interest))?)
    }

    #[inline]
    pub(crate) fn remove(&self, fd: BorrowedFd<'_>) -> io::Result<()> {
        Ok(epoll::delete(&self.epoll, fd)?)
    }

    #[inline]
    pub(crate) fn wait(&self, events: &mut Events, limit: Option<Limit>) -> io::Result<()> {
        events.0.clear();
        let timeout = limit.map(Limit::left);
        match self.wait.wait(self.epoll.as_fd(), &mut events.0, timeout) {
            Ok(()) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
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
            let written = rustix::io::write(&self.event, &1u64.to_ne_bytes());
            debug_assert_eq!(written, Ok(8), "an eventfd takes a write");
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
                each(
                    Token::from_word(word),
                    ready(EventFlags::from_bits_retain(event.flags)),
                );
            }
        }
    }
}

/// The flags that ask for events.
#[inline]
fn flags(interest: Interest) -> EventFlags {
    let mut flags = EventFlags::ET;
    if interest.read {
        flags |= EventFlags::IN | EventFlags::RDHUP | EventFlags::PRI;
    }
    if interest.write {
        flags |= EventFlags::OUT;
    }
    flags
}

/// What the flags mean.
#[inline]
fn ready(flags: EventFlags) -> Ready {
    let failed = EventFlags::HUP | EventFlags::ERR;
    // A read stops short at urgent data although more follows, so that counts as an end, too.
    let ended = failed | EventFlags::RDHUP | EventFlags::PRI;
    Ready {
        read: flags.intersects(ended | EventFlags::IN),
        write: flags.intersects(failed | EventFlags::OUT),
        read_stays: flags.intersects(ended),
        write_stays: flags.intersects(failed),
    }
}

/// Stands for the eventfd; no token looks like this.
const INTERRUPT: u64 = u64::MAX;

/// 12 KiB; when more are there the next turn brings them.
const EVENTS_PER_TURN: usize = 1024;
