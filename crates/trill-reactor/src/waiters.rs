//! The wakers of those who wait for a direction of a source while its place is taken.
//!
//! An event takes all of them; the vector keeps its capacity.

use std::task::Waker;

use crate::ticket::Ticket;

/// The wakers of those who wait for a direction of a source while its place is taken.
///
/// A shared entry stands for all polls with that waker and stays until the next event. An own entry belongs to one
/// future, which gives it back when it is dropped. They are kept apart, so that this does not take a shared one.
#[derive(Debug, Default)]
pub(crate) struct Waiters {
    entries: Vec<Entry>,
    /// How often the list was emptied; a ticket of an earlier round is void.
    round: u32,
}

#[derive(Debug)]
struct Entry {
    /// None while vacant.
    waker: Option<Waker>,
    shared: bool,
}

impl Waiters {
    /// Adds a waker that has no future of its own to stand for, unless an equal one is there.
    pub(crate) fn add_shared(&mut self, waker: &Waker) {
        let is_it = |known: &Option<Waker>| known.as_ref().is_some_and(|it| it.will_wake(waker));
        let is_known = |entry: &Entry| entry.shared && is_it(&entry.waker);
        if !self.entries.iter().any(is_known) {
            self.insert(waker, true);
        }
    }

    /// Adds the waker of the future that holds `ticket`, or puts it in place of that future's earlier one.
    ///
    /// Returns the earlier one; the caller drops it when no lock is held, because that may run anything.
    pub(crate) fn add_own(&mut self, ticket: &mut Ticket, waker: &Waker) -> Option<Waker> {
        if let Some(mine) = self.entry(*ticket) {
            return match mine {
                Some(known) if known.will_wake(waker) => None,
                _ => mine.replace(waker.clone()),
            };
        }
        let index = self.insert(waker, false);
        *ticket = Ticket::Listed {
            round: self.round,
            index,
        };
        None
    }

    /// Takes the waker of the future that held `ticket` out; the caller drops it when no lock is held.
    pub(crate) fn remove(&mut self, ticket: Ticket) -> Option<Waker> {
        let removed = self.entry(ticket).and_then(Option::take);
        while self.entries.last().is_some_and(|last| last.waker.is_none()) {
            self.entries.pop();
        }
        removed
    }

    /// Moves all wakers to `woken`.
    pub(crate) fn take_into(&mut self, woken: &mut Vec<Waker>) {
        self.round = self.round.wrapping_add(1);
        woken.extend(self.entries.drain(..).filter_map(|entry| entry.waker));
    }

    /// Says whether nobody waits. Vacant entries at the end are cut off, so a list that has any holds somebody.
    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Puts a waker into the first vacant entry; returns its index.
    fn insert(&mut self, waker: &Waker, shared: bool) -> u32 {
        let waker = Some(waker.clone());
        // Vacant entries are few: they end with the next event.
        let index = match self.entries.iter().position(|it| it.waker.is_none()) {
            Some(index) => {
                self.entries[index] = Entry { waker, shared };
                index
            }
            None => {
                self.entries.push(Entry { waker, shared });
                self.entries.len() - 1
            }
        };
        u32::try_from(index).expect("a waiter takes 24 bytes, so 4 billion do not fit in memory")
    }

    /// The entry a ticket names, if it is still that future's.
    fn entry(&mut self, ticket: Ticket) -> Option<&mut Option<Waker>> {
        match ticket {
            Ticket::Listed { round, index } if round == self.round => {
                let entry = self.entries.get_mut(index as usize)?;
                Some(&mut entry.waker)
            }
            _ => None,
        }
    }
}
