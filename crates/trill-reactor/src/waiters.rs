//! The wakers of those who wait for one direction of one source.
//!
//! The first waiter has its place inside, so the usual case allocates nothing; the vector for further ones keeps its
//! capacity. An event takes all of them.

#![cfg_attr(not(loom), allow(unreachable_pub))] // `Ticket` is public for the models only.

use std::mem;
use std::num::NonZeroU32;
use std::task::Waker;

/// The wakers of those who wait for one direction of one source.
#[derive(Debug, Default)]
pub(crate) struct Waiters {
    first: Entry,
    more: Vec<Entry>,
    /// How often the list was emptied; a ticket of an earlier round is void.
    round: u32,
}

/// A place in the list.
///
/// A shared place stands for all polls with that waker and stays until the next event. An own place belongs to one
/// future, which gives it back when it is dropped. They are kept apart, so that this does not take a shared one.
#[derive(Debug, Default)]
struct Entry {
    waker: Option<Waker>,
    shared: bool,
}

/// An own place in the list, or none.
#[derive(Debug, Default, Clone, Copy)]
pub struct Ticket {
    round: u32,
    /// Index plus one.
    place: Option<NonZeroU32>,
}

impl Ticket {
    /// Says whether it may name a place.
    pub(crate) fn is_used(self) -> bool {
        self.place.is_some()
    }
}

impl Waiters {
    /// Adds a waker that has no future of its own to stand for, unless an equal one is there.
    pub(crate) fn add_shared(&mut self, waker: &Waker) {
        let known = self.entries().any(|entry| {
            entry.shared && entry.waker.as_ref().is_some_and(|it| it.will_wake(waker))
        });
        if !known {
            self.insert(Entry {
                waker: Some(waker.clone()),
                shared: true,
            });
        }
    }

    /// Adds the waker of the future that holds `ticket`, or puts it in place of that future's earlier one.
    ///
    /// Returns the earlier one; the caller drops it when no lock is held, because that may run anything.
    pub(crate) fn add_own(&mut self, ticket: &mut Ticket, waker: &Waker) -> Option<Waker> {
        if let Some(entry) = self.entry(*ticket) {
            return match &entry.waker {
                Some(mine) if mine.will_wake(waker) => None,
                _ => entry.waker.replace(waker.clone()),
            };
        }
        let index = self.insert(Entry {
            waker: Some(waker.clone()),
            shared: false,
        });
        *ticket = Ticket {
            round: self.round,
            place: NonZeroU32::new(index + 1),
        };
        None
    }

    /// Takes the waker of the future that holds `ticket` out; the caller drops it when no lock is held.
    pub(crate) fn remove(&mut self, ticket: &mut Ticket) -> Option<Waker> {
        let removed = self.entry(*ticket).and_then(|entry| entry.waker.take());
        *ticket = Ticket::default();
        while self.more.last().is_some_and(|last| last.waker.is_none()) {
            self.more.pop();
        }
        removed
    }

    /// Moves all wakers to `woken`.
    pub(crate) fn take_into(&mut self, woken: &mut Vec<Waker>) {
        self.round = self.round.wrapping_add(1);
        woken.extend(self.first.waker.take());
        woken.extend(self.more.drain(..).filter_map(|entry| entry.waker));
    }

    /// Says whether nobody waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.entries().all(|entry| entry.waker.is_none())
    }

    /// Puts an entry into the first vacant place; returns its index.
    fn insert(&mut self, entry: Entry) -> u32 {
        if self.first.waker.is_none() {
            self.first = entry;
            return 0;
        }
        // Vacant places are few: they end with the next event, and those at the end are cut off at once.
        let vacant = self.more.iter().position(|it| it.waker.is_none());
        let index = match vacant {
            Some(index) => {
                let _ = mem::replace(&mut self.more[index], entry);
                index
            }
            None => {
                self.more.push(entry);
                self.more.len() - 1
            }
        };
        u32::try_from(index + 1)
            .expect("a waiter takes 24 bytes, so 4 billion do not fit in memory")
    }

    /// The place a ticket names, if it is still that future's.
    fn entry(&mut self, ticket: Ticket) -> Option<&mut Entry> {
        let index = ticket.place?.get() - 1;
        if ticket.round != self.round {
            return None;
        }
        match index.checked_sub(1) {
            None => Some(&mut self.first),
            Some(index) => self.more.get_mut(index as usize),
        }
    }

    fn entries(&self) -> impl Iterator<Item = &Entry> {
        std::iter::once(&self.first).chain(&self.more)
    }
}
