//! The readiness of one source and those who wait for it.
//!
//! A slot is type-stable: it is never freed, only closed and opened again for another source, with the next
//! generation. An event carries the generation it was registered with, so a late one finds nobody.
//!
//! # States
//!
//! One word holds everything that is raced for:
//!
//! | bits | name | meaning |
//! | --- | --- | --- |
//! | 0, 1 | `READ`, `WRITE` | the direction may be ready: nothing has said the contrary since the last event |
//! | 2, 3 | `READ_STAYS`, `WRITE_STAYS` | an end or an error was seen: only "would block" clears the direction |
//! | 4, 5 | `READ_WAITS`, `WRITE_WAITS` | the direction's list of waiters may hold somebody |
//! | 6, 7 | `READ_ASKED`, `WRITE_ASKED` | the back end was asked for the direction's events |
//! | 8..36 | tick | grows with each event |
//! | 36..64 | generation | grows with each close |
//!
//! # Transitions
//!
//! 1. [`open`](Slot::open): a fresh source is taken for ready, so that its first operation is simply tried.
//! 2. [`deliver`](Slot::deliver), the leader: if the generation is right, sets what is ready, grows the tick and
//!    clears the waits bits of those directions, in one swap; then, if a waits bit was set, takes the list.
//! 3. [`clear`](Slot::clear), an operation that would have blocked: clears the direction if the tick is still the one
//!    that was read *before* the system call. An event that came meanwhile wins.
//! 4. [`wait`](Slot::wait): under the lock puts the waker into the list, then sets the waits bit and learns in the
//!    same step whether the direction became ready.
//! 5. [`forget`](Slot::forget): under the lock takes a waker out, and the waits bit if it was the last.
//! 6. [`ask`](Slot::ask): under the lock asks the back end for the direction's events and sets its asked bit; who
//!    waits does so after 4, unless the bit was set. [`open`](Slot::open) sets those that are asked for at once.
//! 7. [`close`](Slot::close): next generation, no flags; takes both lists.
//! 8. [`rouse`](Slot::rouse): under the lock does what 2 does for both directions, for whatever generation is there.
//!
//! # Why nobody sleeps through an event
//!
//! Steps 2 and 4 change the same word. If 4 comes first, 2 sees the waits bit and then waits for the lock, after
//! which the waker is in the list. If 2 comes first, 4 sees the ready bit and the operation is tried again. A list
//! that holds somebody has its waits bit set, or the one who cleared that bit is on the way to take the list.
//!
//! A back end that is asked in step 6 reports what is ready by then, so what came between the operation that would have
//! blocked and the question is an event like any other. Of two who wait first, one asks, and the other finds the bit
//! set under the lock, after the question.
//!
//! # Tested by
//!
//! `tests/loom_slot.rs`.

#![cfg_attr(not(loom), allow(unreachable_pub))] // Public for the models only.

use std::fmt;
use std::io;
use std::sync::atomic::Ordering;
use std::task::Waker;

use crate::direction::Direction;
use crate::primitive::{AtomicU64, Mutex, lock};
use crate::sys::RawFd;
use crate::waiters::{Ticket, Waiters};

/// The readiness of one source and those who wait for it. Two cache lines, shared with no other source.
#[repr(align(64))]
pub struct Slot {
    state: AtomicU64,
    inner: Mutex<Inner>,
}

/// What is behind the lock.
#[derive(Debug)]
struct Inner {
    /// The descriptor; none while closed.
    fd: Option<RawFd>,
    read: Waiters,
    write: Waiters,
}

/// The directions whose events a back end is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Interest {
    /// Events that concern reading.
    pub read: bool,
    /// Events that concern writing.
    pub write: bool,
}

/// What came of putting a waker into the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listed {
    /// The direction is ready by now.
    Ready(Seen),
    /// The next event wakes it.
    Waits,
    /// It is in the list, and the back end is still to be asked for the direction's events, with [`Slot::ask`].
    Unasked,
}

/// What an event says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ready {
    /// Reading may make progress.
    pub read: bool,
    /// Writing may make progress.
    pub write: bool,
    /// The reading side has ended or failed, or a short read proves nothing.
    pub read_stays: bool,
    /// The writing side has ended or failed, or a short write proves nothing.
    pub write_stays: bool,
}

/// A moment at which a direction was ready; clearing readiness names it, so that a later event is not lost.
///
/// # Examples
///
/// See [`Source::clear`](crate::Source::clear).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen(u64);

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
    /// Makes a closed slot of generation 0.
    pub fn new() -> Slot {
        Slot {
            state: AtomicU64::new(0),
            inner: Mutex::new(Inner {
                fd: None,
                read: Waiters::default(),
                write: Waiters::default(),
            }),
        }
    }

    /// Begins to serve the source `fd`; returns the generation. Only for the one who took the slot from the free ones.
    ///
    /// The caller asks the back end for the events of `asked` itself, and closes the slot if that is refused.
    pub fn open(&self, fd: RawFd, asked: Interest) -> u32 {
        lock(&self.inner).fd = Some(fd);
        // AcqRel: pairs with the same in `deliver`, which changes the same word.
        let flags = READ | WRITE | asked.flags();
        let before = self.state.fetch_or(flags, Ordering::AcqRel);
        generation(before)
    }

    /// Ends serving the source and moves all who wait to `woken`. Events of this generation find nobody from now on.
    ///
    /// Returns what the back end was asked for.
    pub fn close(&self, woken: &mut Vec<Waker>) -> Interest {
        let mut inner = lock(&self.inner);
        inner.fd = None;
        // AcqRel: pairs with the same in `deliver`: an event is either before this, and its flags go here, or after it
        // and finds the next generation.
        let closed = self
            .state
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |state| {
                let next = generation(state).wrapping_add(1) & GENERATION_MASK;
                Some(u64::from(next) << GENERATION_SHIFT)
            });
        inner.read.take_into(woken);
        inner.write.take_into(woken);
        // Both are the state before: the closure never refuses.
        Interest::of(closed.unwrap_or_else(|state| state))
    }

    /// Notes an event and moves those whom it concerns to `woken`. Says whether the slot is still of `event`'s
    /// generation.
    #[inline]
    pub fn deliver(&self, event: u32, ready: Ready, woken: &mut Vec<Waker>) -> bool {
        let changed = self.state.fetch_update(
            // AcqRel: pairs with the same in `wait`, see the module's page.
            Ordering::AcqRel,
            Ordering::Acquire,
            |state| {
                (generation(state) == event & GENERATION_MASK)
                    .then(|| (bump(state) | ready.flags()) & !ready.waits())
            },
        );
        let Ok(before) = changed else {
            return false;
        };
        if before & ready.waits() != 0 {
            let mut inner = lock(&self.inner);
            if ready.read {
                inner.read.take_into(woken);
            }
            if ready.write {
                inner.write.take_into(woken);
            }
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
        // AcqRel: pairs with the same in `wait`, so that who comes later sees what the caller did before.
        let changed = self
            .state
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |state| {
                Some((bump(state) | both.flags()) & !both.waits())
            });
        debug_assert!(changed.is_ok());
        inner.read.take_into(woken);
        inner.write.take_into(woken);
    }

    /// Says whether the direction may be ready.
    #[inline]
    pub fn ready(&self, direction: Direction) -> Option<Seen> {
        // Acquire: pairs with the Release in `deliver`; the caller's system call comes after the event.
        seen(self.state.load(Ordering::Acquire), direction)
    }

    /// Notes that an operation tried after `seen` would have blocked. Says whether that still holds.
    pub fn clear(&self, direction: Direction, seen: Seen) -> bool {
        self.clear_unless(direction, seen, 0)
    }

    /// Notes that a transfer tried after `seen` was short, which means the same unless an end or an error was seen.
    pub fn clear_short(&self, direction: Direction, seen: Seen) -> bool {
        let stays = match direction {
            Direction::Read => READ_STAYS,
            Direction::Write => WRITE_STAYS,
        };
        self.clear_unless(direction, seen, stays)
    }

    fn clear_unless(&self, direction: Direction, seen: Seen, stays: u64) -> bool {
        self.state
            .fetch_update(
                // AcqRel: pairs with `deliver`, so that who waits after this sees the event that came before.
                Ordering::AcqRel,
                Ordering::Acquire,
                |state| {
                    (tick(state) == seen.0 && state & stays == 0)
                        .then_some(state & !flag(direction))
                },
            )
            .is_ok()
    }

    /// Puts `waker` into the list, and says whether the direction is ready by now.
    #[inline]
    pub fn wait(&self, direction: Direction, who: Who<'_>, waker: &Waker) -> Listed {
        let mut inner = lock(&self.inner);
        let waiters = inner.waiters(direction);
        let replaced = match who {
            Who::Shared => {
                waiters.add_shared(waker);
                None
            }
            Who::Own(ticket) => waiters.add_own(ticket, waker),
        };
        // AcqRel: pairs with the same in `deliver`, see the module's page.
        let before = self.state.fetch_or(waits(direction), Ordering::AcqRel);
        drop(inner);
        // Not under the lock: a waker that is dropped may drop its task, and that whatever it owns.
        drop(replaced);
        match seen(before, direction) {
            Some(seen) => Listed::Ready(seen),
            None if before & asked(direction) != 0 => Listed::Waits,
            None => Listed::Unasked,
        }
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
        let state = self.state.load(Ordering::Acquire);
        let before = Interest::of(state);
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
            self.state.fetch_or(wanted.flags(), Ordering::Release);
        }
        Ok(())
    }

    /// Takes the future that holds `ticket` out of the list.
    #[inline]
    pub fn forget(&self, direction: Direction, ticket: &mut Ticket) {
        // Relaxed: the bit was set by this future's own `wait`; if it is clear, an event has taken or takes the list.
        if ticket.is_used() && self.state.load(Ordering::Relaxed) & waits(direction) != 0 {
            self.forget_listed(direction, ticket);
        }
    }

    #[cold]
    fn forget_listed(&self, direction: Direction, ticket: &mut Ticket) {
        let mut inner = lock(&self.inner);
        let waiters = inner.waiters(direction);
        let removed = waiters.remove(ticket);
        if waiters.is_empty() {
            // AcqRel: in order with `wait` and `deliver`; both run under this lock where they touch the list.
            self.state.fetch_and(!waits(direction), Ordering::AcqRel);
        }
        drop(inner);
        drop(removed);
    }

    /// Runs `arm` on the descriptor, the generation and the directions somebody waits for, if the slot is open.
    ///
    /// For back ends that report an event once per request. The lock keeps the descriptor open meanwhile.
    pub fn with_interest(&self, arm: impl FnOnce(RawFd, u32, Interest)) {
        let inner = lock(&self.inner);
        if let Some(fd) = inner.fd {
            // Acquire: pairs with `wait`; whoever waits has set the bit or asks for itself afterwards.
            let state = self.state.load(Ordering::Acquire);
            let wants = |direction| state & waits(direction) != 0;
            let interest = Interest {
                read: wants(Direction::Read),
                write: wants(Direction::Write),
            };
            arm(fd, generation(state), interest);
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
        let state = self.state.load(Ordering::Relaxed);
        f.debug_struct("Slot")
            .field("readable", &(state & READ != 0))
            .field("writable", &(state & WRITE != 0))
            .field("generation", &generation(state))
            .finish_non_exhaustive()
    }
}

impl Inner {
    fn waiters(&mut self, direction: Direction) -> &mut Waiters {
        match direction {
            Direction::Read => &mut self.read,
            Direction::Write => &mut self.write,
        }
    }
}

impl Interest {
    /// Both directions.
    pub const BOTH: Interest = Interest {
        read: true,
        write: true,
    };

    /// Neither direction.
    pub const NONE: Interest = Interest {
        read: false,
        write: false,
    };

    /// What was asked for, by the state of a slot.
    fn of(state: u64) -> Interest {
        Interest {
            read: state & READ_ASKED != 0,
            write: state & WRITE_ASKED != 0,
        }
    }

    /// The asked bits of these directions.
    fn flags(self) -> u64 {
        let set = |on: bool, flag: u64| if on { flag } else { 0 };
        set(self.read, READ_ASKED) | set(self.write, WRITE_ASKED)
    }
}

impl Ready {
    /// Everything may be ready, for ever.
    pub const ALL: Ready = Ready {
        read: true,
        write: true,
        read_stays: true,
        write_stays: true,
    };

    /// The flags this sets.
    fn flags(self) -> u64 {
        let set = |on: bool, flag: u64| if on { flag } else { 0 };
        set(self.read, READ)
            | set(self.write, WRITE)
            | set(self.read_stays, READ_STAYS)
            | set(self.write_stays, WRITE_STAYS)
    }

    /// The waits bits of the directions this concerns.
    fn waits(self) -> u64 {
        let set = |on: bool, direction| if on { waits(direction) } else { 0 };
        set(self.read, Direction::Read) | set(self.write, Direction::Write)
    }
}

fn flag(direction: Direction) -> u64 {
    match direction {
        Direction::Read => READ,
        Direction::Write => WRITE,
    }
}

fn waits(direction: Direction) -> u64 {
    match direction {
        Direction::Read => READ_WAITS,
        Direction::Write => WRITE_WAITS,
    }
}

fn asked(direction: Direction) -> u64 {
    match direction {
        Direction::Read => READ_ASKED,
        Direction::Write => WRITE_ASKED,
    }
}

fn seen(state: u64, direction: Direction) -> Option<Seen> {
    (state & flag(direction) != 0).then(|| Seen(tick(state)))
}

fn tick(state: u64) -> u64 {
    state >> TICK_SHIFT & TICK_MASK
}

/// The state with the next tick.
fn bump(state: u64) -> u64 {
    let next = (tick(state) + 1) & TICK_MASK;
    state & !(TICK_MASK << TICK_SHIFT) | next << TICK_SHIFT
}

fn generation(state: u64) -> u32 {
    (state >> GENERATION_SHIFT) as u32 & GENERATION_MASK
}

const READ: u64 = 1;
const WRITE: u64 = 1 << 1;
const READ_STAYS: u64 = 1 << 2;
const WRITE_STAYS: u64 = 1 << 3;
const READ_WAITS: u64 = 1 << 4;
const WRITE_WAITS: u64 = 1 << 5;
const READ_ASKED: u64 = 1 << 6;
const WRITE_ASKED: u64 = 1 << 7;

const TICK_SHIFT: u32 = 8;
/// 28 bits: an operation would have to be overtaken by 268 million events of its source to be misled.
const TICK_MASK: u64 = (1 << 28) - 1;

const GENERATION_SHIFT: u32 = 36;

/// How many bits of a generation an event carries: what is left of a machine word beside [`INDEX_BITS`], minus one
/// bit, so that no event looks like the back ends' own.
pub(crate) const GENERATION_BITS: u32 = if usize::BITS == 64 { 28 } else { 9 };
const GENERATION_MASK: u32 = (1 << GENERATION_BITS) - 1;

/// How many bits of a slot's index an event carries.
pub(crate) const INDEX_BITS: u32 = if usize::BITS == 64 { 32 } else { 22 };
