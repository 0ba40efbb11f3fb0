//! Beginning to wait in a slot, and ceasing to: steps 4, 5 and 9 of [the slot's page](super).

use std::sync::atomic::Ordering;
use std::task::Waker;

use super::{Seen, Slot};
use crate::direction::Direction;
use crate::primitive::lock;
use crate::ticket::Ticket;
use crate::word;

/// What came of beginning to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listed {
    /// The direction is ready by now.
    Ready(Seen),
    /// The next event wakes it.
    Waits,
    /// It waits, and the back end is still to be asked for the direction's events, with [`Slot::ask`].
    Unasked,
}

/// Who waits.
#[derive(Debug)]
pub enum Who<'a> {
    /// Anybody with this waker, until the next event.
    Shared,
    /// One future, until the next event or until it is dropped.
    Own(&'a mut Ticket),
}

impl Who<'_> {
    /// The same once more.
    #[inline]
    pub fn reborrow(&mut self) -> Who<'_> {
        match self {
            Who::Shared => Who::Shared,
            Who::Own(ticket) => Who::Own(ticket),
        }
    }
}

impl Slot {
    /// Makes `waker` wait for the direction's next event, and says whether the direction is ready by now.
    #[inline]
    pub fn wait(&self, direction: Direction, who: Who<'_>, waker: &Waker) -> Listed {
        // Acquire: as in `ready`. With these bits clear who has waited before waits no more.
        if self.word.load(Ordering::Acquire) & word::waits(direction) != 0 {
            return self.wait_again(direction, who, waker);
        }
        self.wait_placed(direction, who, waker)
    }

    /// As [`Slot::wait`], for who does not wait yet.
    #[inline]
    fn wait_placed(&self, direction: Direction, who: Who<'_>, waker: &Waker) -> Listed {
        let place = &self.side(direction).place;
        let Some(round) = place.claim(matches!(who, Who::Shared), waker) else {
            return self.wait_listed(direction, who, waker);
        };
        if let Who::Own(ticket) = who {
            *ticket = Ticket::Placed { round };
        }
        self.set_waits(word::placed(direction), direction)
    }

    /// As [`Slot::wait`], where somebody waits, who may be the caller.
    #[cold]
    fn wait_again(&self, direction: Direction, who: Who<'_>, waker: &Waker) -> Listed {
        let place = &self.side(direction).place;
        let is_here = |who: &Who<'_>| match who {
            Who::Shared => place.is_shared(),
            Who::Own(ticket) => place.is_of(**ticket),
        };
        // Made while the place is not borrowed: it may run anything.
        let mut replacement = None;
        while let Some(borrowed) = self.borrow_place(direction, || is_here(&who)) {
            let is_own = matches!(who, Who::Own(_));
            let is_same = place.will_wake(waker);
            let replaces = is_own && !is_same;
            let replaced = match replaces.then(|| replacement.take()).flatten() {
                Some(waker) => place.put(waker),
                None => None,
            };
            let is_done = is_same || replaced.is_some();
            let listed = self.give_back(borrowed, direction, is_own || is_same);
            if is_done || (is_own && matches!(listed, Listed::Ready(_))) {
                return listed;
            }
            if !is_own {
                // Another task shares the place.
                return self.wait_listed(direction, who, waker);
            }
            replacement = Some(waker.clone());
        }
        let may_be_listed = match &who {
            Who::Shared => true,
            Who::Own(ticket) => matches!(ticket, Ticket::Listed { .. }),
        };
        // Acquire: as in `ready`. With the bit clear the list was emptied, or is about to be.
        let is_listed = self.word.load(Ordering::Acquire) & word::listed(direction) != 0;
        if may_be_listed && is_listed {
            return self.wait_listed(direction, who, waker);
        }
        self.wait_placed(direction, who, waker)
    }

    /// As [`Slot::wait`], where the place is another's.
    #[cold]
    fn wait_listed(&self, direction: Direction, who: Who<'_>, waker: &Waker) -> Listed {
        let mut inner = lock(&self.inner);
        let list = inner.lists.get_or_insert_with(Box::default).list(direction);
        let replaced = match who {
            Who::Shared => {
                list.add_shared(waker);
                None
            }
            Who::Own(ticket) => list.add_own(ticket, waker),
        };
        let listed = self.set_waits(word::listed(direction), direction);
        drop(inner);
        // Not under the lock: a waker that is dropped may drop its task, and that whatever it owns.
        drop(replaced);
        listed
    }

    /// Sets a bit that says that somebody waits, and says whether the direction is ready by now.
    #[inline]
    fn set_waits(&self, bit: u64, direction: Direction) -> Listed {
        // AcqRel: pairs with the same in `deliver`, see the module's page.
        let before = self.word.fetch_or(bit, Ordering::AcqRel);
        match self.seen(before, direction) {
            Some(seen) => Listed::Ready(seen),
            None if before & word::asked(direction) != 0 => Listed::Waits,
            None => Listed::Unasked,
        }
    }

    /// Makes the caller the owner of the direction's place if `is_right`, until it gives it back; returns the word before.
    fn borrow_place(&self, direction: Direction, is_right: impl Fn() -> bool) -> Option<u64> {
        let placed = word::placed(direction);
        self.word
            .fetch_update(
                // AcqRel: pairs with the same in `set_waits`, whose caller has filled the place.
                Ordering::AcqRel,
                Ordering::Acquire,
                |word| (word & placed != 0 && is_right()).then_some(word & !placed),
            )
            .ok()
    }

    /// Opposite of `borrow_place`. If an event came meanwhile who has the place is woken, unless it is the caller.
    fn give_back(&self, borrowed: u64, direction: Direction, is_callers: bool) -> Listed {
        let listed = self.set_waits(word::placed(direction), direction);
        // Acquire: as in `ready`; an event after the bit was set again takes the place itself.
        let now = self.word.load(Ordering::Acquire);
        let is_missed = word::tick(now, direction) != word::tick(borrowed, direction);
        if is_missed && !is_callers && self.borrow_place(direction, || true).is_some() {
            let missed = self.side(direction).place.take();
            missed.into_iter().for_each(trill_park::wake);
        }
        listed
    }

    /// Takes the future that holds `ticket` out of those who wait.
    #[inline]
    pub fn forget(&self, direction: Direction, ticket: &mut Ticket) {
        // Relaxed: the bit was set by this future's own `wait`; if it is clear, an event has taken or takes its waker.
        if ticket.is_used() && self.word.load(Ordering::Relaxed) & word::waits(direction) != 0 {
            self.forget_waiting(direction, ticket);
        }
    }

    #[cold]
    fn forget_waiting(&self, direction: Direction, ticket: &mut Ticket) {
        let gone = std::mem::take(ticket);
        if let Ticket::Placed { .. } = gone {
            let place = &self.side(direction).place;
            if self.borrow_place(direction, || place.is_of(gone)).is_some() {
                drop(place.take());
            }
            return;
        }
        let mut inner = lock(&self.inner);
        let Some(lists) = &mut inner.lists else {
            return;
        };
        let list = lists.list(direction);
        let removed = list.remove(gone);
        if list.is_empty() {
            // AcqRel: in order with `wait` and `deliver`; both run under this lock where they touch the list.
            self.word
                .fetch_and(!word::listed(direction), Ordering::AcqRel);
        }
        drop(inner);
        drop(removed);
    }
}
