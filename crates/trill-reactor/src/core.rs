//! What a reactor is: a back end, its slots, and one leader at a time.

use std::cell::Cell;
use std::fmt;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::task::Waker;
use std::time::{Duration, Instant};

use trill_park::{Driver, Thread};

use crate::backend::{Events, Limit, Poller};
use crate::choice::{Choice, Reason};
use crate::direction::Direction;
use crate::event::{Interest, Ready};
use crate::ring;
use crate::rings::{NoRings, Rings};
use crate::slot::Slot;
use crate::slots::{Slots, Token};
use crate::sys::{AsRawFd, BorrowedFd};

/// What a reactor is. It is never freed: threads may park in it at any time.
pub(crate) struct Core {
    poller: Poller,
    /// Whether it was made to work as on systems without edges.
    pub(crate) asked_oneshot: bool,
    /// Whoever holds this is the leader: it waits and delivers.
    leader: Mutex<Events>,
    slots: Slots,
    /// The process it was made in. A child made by `fork` shares its epoll with the parent and must leave that alone.
    made_in: u32,
    /// Whether the last wait failed, which only a broken back end does. Then nobody may wait for events.
    failed: AtomicBool,
    /// How many sources are registered.
    sources: AtomicUsize,
    /// How many operations its rings have under way.
    operations: AtomicUsize,
    /// Why it has no rings, as far as that was decided when it was made.
    pub(crate) no_rings: Option<NoRings>,
    /// How many handles name it; with none it lies in the pool.
    pub(crate) handles: AtomicUsize,
    turns: AtomicU64,
    events: AtomicU64,
    interrupts: AtomicU64,
    why: Mutex<Why>,
}

/// What is told of a reactor, and seldom changes.
#[derive(Debug)]
struct Why {
    reason: Reason,
    /// What the last wait failed with, which only a broken back end does.
    failure: Option<io::Error>,
}

/// A registered descriptor: where its readiness is kept.
#[derive(Clone, Copy)]
pub(crate) struct Entry {
    pub(crate) slot: &'static Slot,
    pub(crate) token: Token,
}

impl Core {
    /// Makes a core for the rest of the process.
    pub(crate) fn leak(
        choice: Choice,
        oneshot: bool,
        no_rings: Option<NoRings>,
    ) -> io::Result<&'static Core> {
        let (poller, events) = Poller::new(choice.backend, oneshot)?;
        Ok(Box::leak(Box::new(Core {
            poller,
            asked_oneshot: oneshot,
            leader: Mutex::new(events),
            slots: Slots::new(),
            made_in: trill_world::forks(),
            failed: AtomicBool::new(false),
            sources: AtomicUsize::new(0),
            operations: AtomicUsize::new(0),
            no_rings,
            handles: AtomicUsize::new(0),
            turns: AtomicU64::new(0),
            events: AtomicU64::new(0),
            interrupts: AtomicU64::new(0),
            why: Mutex::new(Why {
                reason: choice.reason,
                failure: None,
            }),
        })))
    }

    /// Registers a descriptor, for the events of `asked`, and of other directions when they are waited for.
    pub(crate) fn register(
        &'static self,
        fd: BorrowedFd<'_>,
        asked: Interest,
    ) -> io::Result<Entry> {
        let asked = match self.poller.is_oneshot() {
            // It asks for nothing yet, and has to be asked each time.
            true => Interest::BOTH,
            false => asked,
        };
        let entry = self.admit(fd, asked)?;
        self.sources.fetch_add(1, Ordering::Relaxed);
        Ok(entry)
    }

    /// As [`Core::register`], for a descriptor of the reactor's own, which counts as no source.
    ///
    /// The back end is asked for the events of `asked` now.
    pub(crate) fn admit(&'static self, fd: BorrowedFd<'_>, asked: Interest) -> io::Result<Entry> {
        if self.is_foreign() {
            return Err(self.refusal());
        }
        let (index, slot) = self.slots.take()?;
        let generation = slot.open(fd.as_raw_fd(), asked);
        let token = Token { index, generation };
        if asked != Interest::NONE {
            if let Err(error) = self.poller.add(fd, token, asked) {
                slot.close(&mut Vec::new());
                self.slots.give_back(index);
                return Err(error);
            }
        }
        Ok(Entry { slot, token })
    }

    /// Ends a registration; those who still wait are woken. The descriptor is still open.
    ///
    /// If the back end fails its events still find nobody, because the slot has a new generation.
    pub(crate) fn deregister(&self, entry: Entry, fd: BorrowedFd<'_>) -> io::Result<()> {
        if self.is_foreign() {
            // The registration is the parent's.
            return Ok(());
        }
        let removed = self.expel(entry, fd);
        self.sources.fetch_sub(1, Ordering::Relaxed);
        removed
    }

    /// Opposite of [`Core::admit`].
    pub(crate) fn expel(&self, entry: Entry, fd: BorrowedFd<'_>) -> io::Result<()> {
        let mut woken = Vec::new();
        let asked = entry.slot.close(&mut woken);
        let removed = if asked == Interest::NONE {
            Ok(())
        } else {
            self.poller.remove(fd)
        };
        self.slots.give_back(entry.token.index);
        woken.into_iter().for_each(trill_park::wake);
        removed
    }

    /// Says whether it belongs to a process from which this one was forked.
    #[inline]
    pub(crate) fn is_foreign(&self) -> bool {
        self.made_in != trill_world::forks()
    }

    /// Says whether events can be waited for. Who waits calls it after it has begun to wait in a slot.
    ///
    /// # Errors
    ///
    /// If the last wait failed.
    #[inline]
    pub(crate) fn check(&self) -> io::Result<()> {
        // Relaxed: whoever begins to wait after `fail` has roused its slot has seen in the slot's word, by AcqRel, what
        // `fail` did before, and whoever comes before is woken.
        if self.failed.load(Ordering::Relaxed) {
            return Err(self.refusal());
        }
        Ok(())
    }

    /// Why nobody may wait here.
    #[cold]
    pub(crate) fn refusal(&self) -> io::Error {
        if self.is_foreign() {
            return io::Error::new(
                io::ErrorKind::Unsupported,
                "this socket or reactor belongs to the process from which this one was forked: \
                 open new ones here, in no reactor that was entered before, or execute another program",
            );
        }
        let why = self.why();
        let (kind, text) = match &why.failure {
            Some(error) => (error.kind(), error.to_string()),
            None => (io::ErrorKind::Other, "it has recovered".to_owned()),
        };
        io::Error::new(
            kind,
            format!(
                "the reactor cannot wait for events: {text}; it tries again whenever a thread parks"
            ),
        )
    }

    /// Notes that no events can be had, and wakes all who wait for some, so that they learn of it.
    #[cold]
    fn fail(&self, error: io::Error) {
        self.why().failure = Some(error);
        self.failed.store(true, Ordering::Relaxed);
        let mut woken = Vec::new();
        self.slots.each(|slot| slot.rouse(&mut woken));
        woken.into_iter().for_each(trill_park::wake);
    }

    /// Asks for the direction's events, for a source that is registered when it first waits.
    #[cold]
    pub(crate) fn ask(
        &self,
        entry: Entry,
        fd: BorrowedFd<'_>,
        direction: Direction,
    ) -> io::Result<()> {
        entry.slot.ask(direction, |before, wanted| {
            if before == Interest::NONE {
                self.poller.add(fd, entry.token, wanted)
            } else {
                self.poller.change(fd, entry.token, wanted)
            }
        })
    }

    /// Asks for the next event, on back ends that want to be asked each time.
    #[inline]
    pub(crate) fn arm(&self, entry: Entry) -> io::Result<()> {
        if self.poller.is_oneshot() {
            return self.rearm(entry.slot, entry.token.index);
        }
        Ok(())
    }

    #[cold]
    fn rearm(&self, slot: &Slot, index: u32) -> io::Result<()> {
        let mut armed = Ok(());
        slot.with_interest(|fd, generation, interest| {
            armed = self.poller.arm(fd, Token { index, generation }, interest);
        });
        armed
    }

    /// Delivers what the back end has brought; those who waited for it are in `woken` afterwards.
    fn deliver(&self, events: &Events, woken: &mut Vec<Waker>) {
        let mut count = 0;
        events.each(|token, ready| {
            count += 1;
            let Some(slot) = self.slots.at(token.index) else {
                return;
            };
            if slot.deliver(token.generation, ready, woken) && self.poller.is_oneshot() {
                // The other direction's waiters still want to be told. If the system refuses, those are woken and
                // find out for themselves.
                if self.rearm(slot, token.index).is_err() {
                    slot.deliver(token.generation, Ready::ALL, woken);
                }
            }
        });
        // Relaxed and no read-modify-write: only the leader writes.
        let events = self.events.load(Ordering::Relaxed);
        self.events.store(events + count, Ordering::Relaxed);
    }

    pub(crate) fn precision(&self) -> Duration {
        self.poller.precision()
    }

    pub(crate) fn choice(&self) -> Choice {
        Choice {
            backend: self.poller.backend(),
            reason: self.why().reason.clone(),
        }
    }

    /// Tells why it was chosen this time.
    pub(crate) fn set_reason(&self, reason: Reason) {
        self.why().reason = reason;
    }

    /// Whether it runs operations, or why not.
    pub(crate) fn rings(&self) -> Rings {
        match &self.no_rings {
            Some(why) => Rings::Off(why.clone()),
            None => match ring::test() {
                Ok(()) => Rings::On,
                Err(why) => Rings::Off(NoRings::System(why)),
            },
        }
    }

    /// A ring of this reactor has one more operation under way.
    #[cfg_attr(not(target_os = "linux"), allow(dead_code))]
    #[cfg_attr(not(feature = "uring"), allow(dead_code))]
    pub(crate) fn operation_begins(&self) {
        self.operations.fetch_add(1, Ordering::Relaxed);
    }

    /// A ring of this reactor has one operation less under way.
    #[cfg_attr(not(target_os = "linux"), allow(dead_code))]
    #[cfg_attr(not(feature = "uring"), allow(dead_code))]
    pub(crate) fn operation_ended(&self) {
        self.operations.fetch_sub(1, Ordering::Relaxed);
    }

    pub(crate) fn operations(&self) -> usize {
        self.operations.load(Ordering::Relaxed)
    }

    pub(crate) fn sources(&self) -> usize {
        self.sources.load(Ordering::Relaxed)
    }

    pub(crate) fn turns(&self) -> u64 {
        self.turns.load(Ordering::Relaxed)
    }

    pub(crate) fn events(&self) -> u64 {
        self.events.load(Ordering::Relaxed)
    }

    pub(crate) fn interrupts(&self) -> u64 {
        self.interrupts.load(Ordering::Relaxed)
    }

    fn why(&self) -> MutexGuard<'_, Why> {
        self.why.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Driver for Core {
    fn wait(&self, thread: &Thread, now: Instant, until: Option<Instant>) -> bool {
        if self.is_foreign() {
            return false;
        }
        let mut events = match self.leader.try_lock() {
            Ok(events) => events,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return false,
        };
        // Another leader may have consumed the interrupt that was meant for this thread.
        let until = if thread.is_notified() {
            Some(now)
        } else {
            until
        };
        let limit = until.map(|until| Limit { now, until });
        let waited = self.poller.wait(&mut events, limit);
        thread.awake();
        if let Err(error) = waited {
            // The thread sleeps on its futex then: timers and wakes go on.
            drop(events);
            self.fail(error);
            return false;
        }
        if self.failed.load(Ordering::Relaxed) {
            self.failed.store(false, Ordering::Relaxed);
        }
        // Relaxed and no read-modify-write: only the leader writes.
        let turns = self.turns.load(Ordering::Relaxed);
        self.turns.store(turns + 1, Ordering::Relaxed);
        // While the thread's locals are being destroyed there is no buffer to keep.
        let mut woken = WOKEN.try_with(Cell::take).unwrap_or_default();
        self.deliver(&events, &mut woken);
        drop(events);
        // Everything is delivered and no lock is held, so a waker may do what it likes.
        woken.drain(..).for_each(trill_park::wake);
        let _ = WOKEN.try_with(|kept| kept.set(woken));
        true
    }

    fn interrupt(&self) {
        if self.is_foreign() {
            return;
        }
        self.interrupts.fetch_add(1, Ordering::Relaxed);
        self.poller.interrupt();
    }

    fn is_idle(&self) -> bool {
        (self.sources() == 0 && self.operations() == 0) || self.is_foreign()
    }
}

impl fmt::Debug for Core {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reactor")
            .field("backend", &self.choice())
            .field("sources", &self.sources())
            .field("operations", &self.operations())
            .field("turns", &self.turns())
            .field("events", &self.events())
            .field("failure", &self.why().failure)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.slot.fmt(f)
    }
}

thread_local! {
    /// The buffer for the wakers of a turn; kept, so that a turn allocates nothing.
    static WOKEN: Cell<Vec<Waker>> = const { Cell::new(Vec::new()) };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::choice::Backend;
    use crate::reactor::Reactor;

    /// The interrupt that belongs to the notification may have roused an earlier leader, so none comes.
    #[test]
    fn a_leader_that_was_notified_does_not_wait() {
        let portable = cfg!(feature = "polling").then_some(Backend::Polling);
        for backend in [Backend::Epoll].into_iter().chain(portable) {
            let reactor = Reactor::builder().backend(backend).build().unwrap();
            trill_park::block_on(async {
                let thread = trill_park::thread();
                thread.unpark();
                assert!(reactor.core().wait(thread, trill_world::now(), None));
            });
        }
    }

    #[test]
    fn there_is_one_leader() {
        let reactor = Reactor::builder().build().unwrap();
        let inside = reactor.core().leader.lock().unwrap();
        let now = trill_world::now();
        trill_park::block_on(async {
            assert!(!reactor.core().wait(trill_park::thread(), now, Some(now)));
        });
        drop(inside);
    }

    #[test]
    fn an_interrupt_ends_the_next_wait() {
        let reactor = Reactor::builder().build().unwrap();
        let core = reactor.core();
        trill_park::block_on(async {
            for _ in 0..3 {
                core.interrupt();
                core.interrupt();
                assert!(core.wait(trill_park::thread(), trill_world::now(), None));
            }
        });
    }

    #[test]
    fn the_readiness_of_a_source_takes_two_cache_lines() {
        assert_eq!(size_of::<Slot>(), 128);
    }
}
