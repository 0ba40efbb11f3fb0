//! The wakers of those who wait for one direction of one source.
//!
//! The first waiter has its place inside, so the usual case allocates nothing; the vector for further ones keeps its
//! capacity. An event takes all of them.

#![cfg_attr(not(loom), allow(unreachable_pub))] // `Ticket` is public for the models only.

use std::num::NonZeroU32;
use std::task::Waker;

/// The wakers of those who wait for one direction of one source.
///
/// A shared place stands for all polls with that waker and stays until the next event. An own place belongs to one
/// future, which gives it back when it is dropped. They are kept apart, so that this does not take a shared one.
#[derive(Debug, Default)]
pub(crate) struct Waiters {
    first: Option<Waker>,
    more: Vec<Entry>,
    /// How often the list was emptied; a ticket of an earlier round is void.
    round: u32,
    /// Whether the first place is shared.
    first_shared: bool,
}

/// A place other than the first.
#[derive(Debug)]
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
        let is_it = |known: &Option<Waker>| known.as_ref().is_some_and(|it| it.will_wake(waker));
        let known = self.first_shared && is_it(&self.first)
            || self.more.iter().any(|it| it.shared && is_it(&it.waker));
        if !known {
            self.insert(waker, true);
        }
    }

    /// Adds the waker of the future that holds `ticket`, or puts it in place of that future's earlier one.
    ///
    /// Returns the earlier one; the caller drops it when no lock is held, because that may run anything.
    #[inline]
    pub(crate) fn add_own(&mut self, ticket: &mut Ticket, waker: &Waker) -> Option<Waker> {
        if let Some(place) = self.place(*ticket) {
            return match place {
                Some(mine) if mine.will_wake(waker) => None,
                _ => place.replace(waker.clone()),
            };
        }
        let index = self.insert(waker, false);
        *ticket = Ticket {
            round: self.round,
            place: NonZeroU32::new(index + 1),
        };
        None
    }

    /// Takes the waker of the future that holds `ticket` out; the caller drops it when no lock is held.
    #[inline]
    pub(crate) fn remove(&mut self, ticket: &mut Ticket) -> Option<Waker> {
        let removed = self.place(*ticket).and_then(Option::take);
        *ticket = Ticket::default();
        while self.more.last().is_some_and(|last| last.waker.is_none()) {
            self.more.pop();
        }
        removed
    }

    /// Moves all wakers to `woken`.
    #[inline]
    pub(crate) fn take_into(&mut self, woken: &mut Vec<Waker>) {
        self.round = self.round.wrapping_add(1);
        if let Some(first) = self.first.take() {
            woken.push(first);
        }
        // Asked first, because an empty drain takes some fifty instructions.
        if !self.more.is_empty() {
            self.take_more_into(woken);
        }
    }

    #[cold]
    fn take_more_into(&mut self, woken: &mut Vec<Waker>) {
        woken.extend(self.more.drain(..).filter_map(|entry| entry.waker));
    }

    /// Says whether nobody waits. Vacant places at the end are cut off, so a list that has any holds somebody.
    pub(crate) fn is_empty(&self) -> bool {
        self.first.is_none() && self.more.is_empty()
    }

    /// Puts a waker into the first vacant place; returns its index.
    #[inline]
    fn insert(&mut self, waker: &Waker, shared: bool) -> u32 {
        let waker = Some(waker.clone());
        if self.first.is_none() {
            (self.first, self.first_shared) = (waker, shared);
            return 0;
        }
        self.insert_more(waker, shared)
    }

    #[cold]
    fn insert_more(&mut self, waker: Option<Waker>, shared: bool) -> u32 {
        // Vacant places are few: they end with the next event.
        let index = match self.more.iter().position(|it| it.waker.is_none()) {
            Some(index) => {
                self.more[index] = Entry { waker, shared };
                index
            }
            None => {
                self.more.push(Entry { waker, shared });
                self.more.len() - 1
            }
        };
        u32::try_from(index + 1)
            .expect("a waiter takes 24 bytes, so 4 billion do not fit in memory")
    }

    /// The place a ticket names, if it is still that future's.
    #[inline]
    fn place(&mut self, ticket: Ticket) -> Option<&mut Option<Waker>> {
        let index = ticket.place?.get() - 1;
        if ticket.round != self.round {
            return None;
        }
        match index.checked_sub(1) {
            None => Some(&mut self.first),
            Some(index) => self.more.get_mut(index as usize).map(|it| &mut it.waker),
        }
    }
}
