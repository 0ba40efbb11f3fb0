//! The readiness of one source and those who wait for it.
//!
//! A slot is type-stable: it is never freed, only closed and opened again for another source, with the next
//! generation. An event carries the generation it was registered with, so a late one finds nobody.
//!
//! # States
//!
//! One word holds everything that is raced for; [`crate::word`] has its layout:
//!
//! | bits | name | meaning |
//! | --- | --- | --- |
//! | 0, 1 | stays | an end or an error was seen: only "would block" drains the direction |
//! | 2, 3 | placed | the direction's [`Place`] holds who waits |
//! | 4, 5 | listed | the direction's list may hold somebody else who waits |
//! | 6, 7 | asked | the back end was asked for the direction's events |
//! | 8..24, 24..40 | tick | of each direction; grows with each event that concerns it |
//! | 40..64 | generation | grows with each close |
//!
//! Beside it each direction has the tick at which it was last found **drained**. A direction may be ready if its tick is
//! another: nothing has said the contrary since the last event.
//!
//! # Transitions
//!
//! 1. [`open`](Slot::open): a fresh source is taken for ready, so that its first operation is simply tried.
//! 2. [`deliver`](Slot::deliver), the leader: if the generation is right, grows the ticks of the directions that are
//!    ready and clears their placed and listed bits, in one exchange; then, if they were set, takes place and list.
//! 3. [`clear`](Slot::clear), an operation that would have blocked: stores the tick that was read *before* the system
//!    call as drained. An event that came meanwhile has another tick, and step 2 never chooses the one stored here.
//! 4. [`wait`](Slot::wait): puts the waker into the place, or under the lock into the list if the place is taken, then
//!    sets the placed or listed bit and learns in the same step whether the direction became ready.
//! 5. [`forget`](Slot::forget): clears the placed bit if the ticket is the place's, and takes the waker; or does so
//!    under the lock with the list.
//! 6. [`ask`](Slot::ask): under the lock asks the back end for the direction's events and sets its asked bit; who
//!    waits does so after 4, unless the bit was set. [`open`](Slot::open) sets those that are asked for at once.
//! 7. [`close`](Slot::close): next generation, no flags; takes places and lists.
//! 8. [`rouse`](Slot::rouse): under the lock does what 2 does for both directions, for whatever generation is there.
//! 9. Who waits again, or shares a place, borrows it to compare the wakers: clears the placed bit and sets it again. If
//!    an event came in between, which found nobody, whoever has the place is woken by the borrower.
//!
//! # Why nobody sleeps through an event
//!
//! Steps 2 and 4 change the same word. If 4 comes first, 2 sees the bit and takes what is behind it: a place that is its
//! own from then on, or a list, whose lock it waits for. If 2 comes first, 4 sees the next tick, which nobody has
//! found drained, and the operation is tried again. A place or list that holds somebody has its bit set, or the one who
//! cleared that bit is on the way to take it, or gives it back by step 9.
//!
//! A back end that is asked in step 6 reports what is ready by then, so what came between the operation that would have
//! blocked and the question is an event like any other. Of two who wait first, one asks, and the other finds the bit
//! set under the lock, after the question.
//!
//! # Tested by
//!
//! `tests/loom_slot.rs`.

#![cfg_attr(not(loom), allow(unreachable_pub))] // Public for the models only.

mod waiting;

use std::fmt;
use std::io;
use std::sync::atomic::Ordering;
use std::task::Waker;

use crate::direction::Direction;
use crate::event::{Interest, Ready};
use crate::place::Place;
use crate::primitive::{AtomicU32, AtomicU64, Mutex, lock};
use crate::sys::RawFd;
use crate::waiters::Waiters;
use crate::word;

pub use waiting::{Listed, Who};

/// The readiness of one source and those who wait for it. Two cache lines, shared with no other source; what a
/// lone waiter needs is in the first.
#[repr(C, align(64))]
pub struct Slot {
    word: AtomicU64,
    read: Side,
    write: Side,
    inner: Mutex<Inner>,
}

/// What a direction has beside the word.
#[derive(Debug)]
#[repr(C)]
struct Side {
    /// The tick at which it was last found drained, or [`NEVER`].
    drained: AtomicU32,
    place: Place,
}

/// What is behind the lock.
#[derive(Debug)]
struct Inner {
    /// The descriptor; none while closed.
    fd: Option<RawFd>,
    /// Those who wait and found the place taken; most sources never have any.
    lists: Option<Box<Lists>>,
}

/// The lists of both directions.
#[derive(Debug, Default)]
struct Lists {
    read: Waiters,
    write: Waiters,
}

/// A moment at which a direction was ready; clearing readiness names it, so that a later event is not lost.
///
/// # Examples
///
/// See [`Source::clear`](crate::Source::clear).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen(u16);

impl Slot {
    /// Makes a closed slot of generation 0.
    pub fn new() -> Slot {
        Slot {
            word: AtomicU64::new(0),
            read: Side::new(),
            write: Side::new(),
            inner: Mutex::new(Inner {
                fd: None,
                lists: None,
            }),
        }
    }

    /// Begins to serve the source `fd`; returns the generation. Only for the one who took the slot from the free ones.
    ///
    /// The caller asks the back end for the events of `asked` itself, and closes the slot if that is refused.
    pub fn open(&self, fd: RawFd, asked: Interest) -> u32 {
        lock(&self.inner).fd = Some(fd);
        // Relaxed: nobody else knows of the source yet.
        self.read.drained.store(NEVER, Ordering::Relaxed);
        self.write.drained.store(NEVER, Ordering::Relaxed);
        // AcqRel: pairs with the same in `deliver`, which changes the same word.
        let before = self.word.fetch_or(asked.flags(), Ordering::AcqRel);
        word::generation(before)
    }

    /// Ends serving the source and moves all who wait to `woken`. Events of this generation find nobody from now on.
    ///
    /// Returns what the back end was asked for.
    pub fn close(&self, woken: &mut Vec<Waker>) -> Interest {
        let mut inner = lock(&self.inner);
        inner.fd = None;
        // AcqRel: pairs with the same in `deliver`: an event is either before this, and its flags go here, or after it
        // and finds the next generation.
        let change = |before| Some(word::closed(before));
        let before = self.change(change).unwrap_or_else(|word| word);
        for direction in BOTH {
            // Relaxed: nobody operates on the source any more. A closed slot has tick 0, so it is not ready.
            self.side(direction).drained.store(0, Ordering::Relaxed);
            self.take_place(before, direction, woken);
            inner.take_list(direction, woken);
        }
        Interest::of(before)
    }

    /// Notes an event and moves those whom it concerns to `woken`. Says whether the slot is still of `event`'s
    /// generation.
    #[inline]
    pub fn deliver(&self, event: u32, ready: Ready, woken: &mut Vec<Waker>) -> bool {
        let changed = self.change(|before| {
            (word::generation(before) == event & word::GENERATION_MASK)
                .then(|| self.noted(before, ready))
        });
        let Ok(before) = changed else {
            return false;
        };
        let waited = before & ready.waits();
        if waited != 0 {
            self.take_waiting(waited, woken);
        }
        true
    }

    /// Moves all who wait to `woken`, because no event can come any more; each tries its operation once.
    pub fn rouse(&self, woken: &mut Vec<Waker>) {
        let mut inner = lock(&self.inner);
        if inner.fd.is_none() {
            return;
        }
        let both = Ready {
            read: true,
            write: true,
            ..Ready::default()
        };
        // It never refuses, and either way this is the word before.
        let changed = self.change(|before| Some(self.noted(before, both)));
        let before = changed.unwrap_or_else(|word| word);
        for direction in BOTH {
            self.take_place(before, direction, woken);
            inner.take_list(direction, woken);
        }
    }

    /// Says whether the direction may be ready.
    #[inline]
    pub fn ready(&self, direction: Direction) -> Option<Seen> {
        // Acquire: pairs with the Release in `deliver`; the caller's system call comes after the event.
        self.seen(self.word.load(Ordering::Acquire), direction)
    }

    /// Notes that an operation tried after `seen` would have blocked. Says whether that still holds.
    #[inline]
    pub fn clear(&self, direction: Direction, seen: Seen) -> bool {
        // Release: whoever sees it does so after the system call. An older one may overwrite a newer one, and then the
        // direction seems ready once more: a call too many.
        let drained = &self.side(direction).drained;
        drained.store(seen.0.into(), Ordering::Release);
        // Acquire: as in `ready`.
        word::tick(self.word.load(Ordering::Acquire), direction) == seen.0
    }

    /// Notes that a transfer tried after `seen` was short, which means the same unless an end or an error was seen.
    #[inline]
    pub fn clear_short(&self, direction: Direction, seen: Seen) -> bool {
        // Acquire: as in `ready`. An end that comes after this has a tick of its own.
        let word = self.word.load(Ordering::Acquire);
        word & word::stays(direction) == 0 && self.clear(direction, seen)
    }

    /// Asks the back end for the direction's events, unless somebody has.
    ///
    /// `ask` is given what was asked for before, and what is to be asked for now: both directions if the source's first
    /// wait is for writing, as that of a socket which is connecting, and will be read next. Only for the source itself.
    ///
    /// # Errors
    ///
    /// What `ask` returns; the next who waits tries again.
    #[cold]
    pub fn ask(
        &self,
        direction: Direction,
        ask: impl FnOnce(Interest, Interest) -> io::Result<()>,
    ) -> io::Result<()> {
        let _inner = lock(&self.inner);
        // Acquire: pairs with the Release below; the asked bits of an open slot change under the lock only.
        let word = self.word.load(Ordering::Acquire);
        let before = Interest::of(word);
        let wanted = match direction {
            Direction::Read => Interest {
                read: true,
                ..before
            },
            Direction::Write => Interest::BOTH,
        };
        if wanted != before {
            ask(before, wanted)?;
            // Release: who sees the bits without the lock comes after the question.
            self.word.fetch_or(wanted.flags(), Ordering::Release);
        }
        Ok(())
    }

    /// Runs `arm` on the descriptor, the generation and the directions somebody waits for, if the slot is open.
    ///
    /// For back ends that report an event once per request. The lock keeps the descriptor open meanwhile.
    pub fn with_interest(&self, arm: impl FnOnce(RawFd, u32, Interest)) {
        let inner = lock(&self.inner);
        if let Some(fd) = inner.fd {
            // Acquire: pairs with `wait`; whoever waits has set the bit or asks for itself afterwards.
            let word = self.word.load(Ordering::Acquire);
            let wants = |direction| word & word::waits(direction) != 0;
            let interest = Interest {
                read: wants(Direction::Read),
                write: wants(Direction::Write),
            };
            arm(fd, word::generation(word), interest);
        }
    }

    #[inline]
    fn side(&self, direction: Direction) -> &Side {
        match direction {
            Direction::Read => &self.read,
            Direction::Write => &self.write,
        }
    }

    #[inline]
    fn seen(&self, word: u64, direction: Direction) -> Option<Seen> {
        let tick = word::tick(word, direction);
        // Acquire: pairs with the Release in `clear`.
        let drained = self.side(direction).drained.load(Ordering::Acquire);
        (u32::from(tick) != drained).then_some(Seen(tick))
    }

    /// The word after an event that says `ready`.
    #[inline]
    fn noted(&self, before: u64, ready: Ready) -> u64 {
        let mut word = (before | ready.stays()) & !ready.waits();
        for (direction, is_ready) in [
            (Direction::Read, ready.read),
            (Direction::Write, ready.write),
        ] {
            if is_ready {
                // Acquire: as in `seen`.
                let drained = self.side(direction).drained.load(Ordering::Acquire);
                word = word::bump(word, direction, drained);
            }
        }
        word
    }

    /// Changes the word unless `change` refuses; returns the word before.
    #[inline]
    fn change(&self, change: impl FnMut(u64) -> Option<u64>) -> Result<u64, u64> {
        // AcqRel: pairs with the same in `set_waits`, see the module's page.
        self.word
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, change)
    }

    /// Takes what is behind the bits of `waited`, which the caller has cleared.
    #[inline]
    fn take_waiting(&self, waited: u64, woken: &mut Vec<Waker>) {
        for direction in BOTH {
            self.take_place(waited, direction, woken);
        }
        if waited & (word::listed(Direction::Read) | word::listed(Direction::Write)) != 0 {
            self.take_lists(waited, woken);
        }
    }

    /// Takes the direction's place if its bit is set in `waited`, which the caller has cleared.
    #[inline]
    fn take_place(&self, waited: u64, direction: Direction, woken: &mut Vec<Waker>) {
        if waited & word::placed(direction) != 0 {
            if let Some(waker) = self.side(direction).place.take() {
                woken.push(waker);
            }
        }
    }

    #[cold]
    fn take_lists(&self, waited: u64, woken: &mut Vec<Waker>) {
        let mut inner = lock(&self.inner);
        for direction in BOTH {
            if waited & word::listed(direction) != 0 {
                inner.take_list(direction, woken);
            }
        }
    }
}

impl Side {
    fn new() -> Side {
        Side {
            drained: AtomicU32::new(0),
            place: Place::new(),
        }
    }
}

impl Inner {
    fn take_list(&mut self, direction: Direction, woken: &mut Vec<Waker>) {
        if let Some(lists) = &mut self.lists {
            lists.list(direction).take_into(woken);
        }
    }
}

impl Lists {
    fn list(&mut self, direction: Direction) -> &mut Waiters {
        match direction {
            Direction::Read => &mut self.read,
            Direction::Write => &mut self.write,
        }
    }
}

impl Default for Slot {
    fn default() -> Slot {
        Slot::new()
    }
}

impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = self.word.load(Ordering::Relaxed);
        f.debug_struct("Slot")
            .field("readable", &self.seen(word, Direction::Read).is_some())
            .field("writable", &self.seen(word, Direction::Write).is_some())
            .field("generation", &word::generation(word))
            .finish_non_exhaustive()
    }
}

const BOTH: [Direction; 2] = [Direction::Read, Direction::Write];

/// No tick is this: the direction was not found drained since the slot was opened.
const NEVER: u32 = u32::MAX;
