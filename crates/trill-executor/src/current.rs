//! Which executor polls on this thread, and which task.
#![allow(unsafe_code)] // The thread-local word holds the address of a value on the stack.

use std::cell::{Cell, RefCell};
use std::ptr;
use std::task::Waker;

use trill_cell::Stopwatch;

use crate::cell::{Tab, is_waker_of};
use crate::queue::Item;
use crate::registry::{Free, Place, Registry};
use crate::state::State;
use crate::tally::Tally;
use crate::worker::Worker;

thread_local! {
    /// The innermost executor that polls on this thread.
    static CURRENT: Cell<*const Current<'static>> = const { Cell::new(ptr::null()) };
    /// The worker whose runner was last polled on this thread: what is woken here between its polls goes to it.
    static HOST: Cell<Option<&'static Worker>> = const { Cell::new(None) };
    /// The same if that runner stays on this thread until it is dropped: nobody else pushes into its ring then.
    static OWN: Cell<Option<&'static Worker>> = const { Cell::new(None) };
}

/// An executor that polls on this thread.
pub(crate) struct Current<'a> {
    /// The address of the executor's state.
    executor: *const (),
    /// That state, if it is one that several threads may run.
    shared: Option<&'static State>,
    /// The worker whose runner is being polled, if it is a runner's poll.
    pub(crate) worker: Option<&'static Worker>,
    registry: &'a Registry,
    tally: &'a Tally,
    /// The runner's own free slots. With them, `tally` has no other writer either.
    free: Option<&'a RefCell<Free>>,
    /// The cell of the task that is being polled or dropped, or null.
    cell: Cell<*const ()>,
    /// What the poll of that task leaves for its end.
    tab: Tab,
    /// How many runnables were queued here since the poll began.
    queued: Cell<u32>,
    /// The cell of the task that was put before all others last, or null.
    jumped: Cell<*const ()>,
    /// Whether a task that yields is given back to the runner, which learns first how long its poll took.
    keeps_yielded: Cell<bool>,
    /// The task that was given back.
    yielded: Cell<Option<Item>>,
    /// Times the polls of tasks; without one each is timed.
    stopwatch: Option<&'a Stopwatch>,
    outer: Cell<*const Current<'static>>,
}

impl<'a> Current<'a> {
    /// For an executor whose state is at `executor`.
    pub(crate) fn new(
        executor: *const (),
        shared: Option<&'static State>,
        worker: Option<&'static Worker>,
        registry: &'a Registry,
        tally: &'a Tally,
        free: Option<&'a RefCell<Free>>,
    ) -> Current<'a> {
        Current {
            executor,
            shared,
            worker,
            registry,
            tally,
            free,
            cell: Cell::new(ptr::null()),
            tab: Tab::default(),
            queued: Cell::new(0),
            jumped: Cell::new(ptr::null()),
            keeps_yielded: Cell::new(false),
            yielded: Cell::new(None),
            stopwatch: None,
            outer: Cell::new(ptr::null()),
        }
    }

    /// Makes this the innermost executor on this thread until the guard is dropped, which must not be forgotten.
    #[inline]
    pub(crate) fn enter(&self) -> Leave<'a, '_> {
        let address = ptr::from_ref(self).cast::<Current<'static>>();
        self.outer.set(CURRENT.replace(address));
        Leave(self)
    }

    /// Runs `body`, which polls the task of this cell with this tab, or drops it.
    #[inline]
    pub(crate) fn with_task<R>(&self, item: Item, body: impl FnOnce(&Tab) -> R) -> R {
        self.cell.set(item.as_ptr());
        self.queued.set(0);
        let result = body(&self.tab);
        self.cell.set(ptr::null());
        result
    }

    /// Says whether a task that the running one woke may go before all others: one that did so the last time waits its
    /// turn.
    ///
    /// Who awaits ten thousand tasks one after another, or receives what all of them send, would otherwise be polled after
    /// each of them. Behind those that are queued it finds all of their ends at once.
    #[inline]
    pub(crate) fn may_jump(&self, item: Item) -> bool {
        self.jumped.replace(item.as_ptr()) != item.as_ptr()
    }

    /// Has polls timed by `stopwatch`.
    #[inline]
    pub(crate) fn timed_by(mut self, stopwatch: &'a Stopwatch) -> Current<'a> {
        self.stopwatch = Some(stopwatch);
        self
    }

    /// What times the polls of tasks; without one each is timed.
    #[inline]
    pub(crate) fn stopwatch(&self) -> Option<&Stopwatch> {
        self.stopwatch
    }

    /// Says whether this polls the tasks of the executor whose state is at `executor`.
    #[inline]
    pub(crate) fn is(&self, executor: *const ()) -> bool {
        self.executor == executor
    }

    /// Counts a runnable that is queued; says whether it is time to rouse a sleeper for it.
    ///
    /// Rousing takes as long as queueing a hundred runnables. A poll that queues many, whose helper falls asleep as soon
    /// as it has caught up, must not rouse it each time.
    #[inline]
    pub(crate) fn may_rouse(&self) -> bool {
        let queued = self.queued.get();
        self.queued.set(queued.wrapping_add(1));
        queued < ROUSE_FIRST || queued % ROUSE_EVERY == 0
    }

    /// Has tasks that yield given back by [`Current::take_yielded`], for a runner that asks after each poll.
    pub(crate) fn keep_yielded(&self, keeps: bool) {
        self.keeps_yielded.set(keeps);
    }

    /// Keeps a task that yielded, if that is wanted.
    #[inline]
    pub(crate) fn keeps(&self, item: Item) -> bool {
        let keeps = self.keeps_yielded.get();
        if keeps {
            self.yielded.set(Some(item));
        }
        keeps
    }

    /// Takes the task back that yielded in the last poll.
    pub(crate) fn take_yielded(&self) -> Option<Item> {
        self.yielded.take()
    }

    /// Says whether a task is being polled or dropped.
    #[inline]
    pub(crate) fn is_in_task(&self) -> bool {
        !self.cell.get().is_null()
    }

    /// Every waiting task of the executor.
    pub(crate) fn registry(&self) -> &Registry {
        self.registry
    }

    /// Enters the task of `cell` into the executor's registry.
    pub(crate) fn enlist(&self, cell: Item) -> Place {
        match self.free {
            Some(free) => self.registry.enter(Some(&mut free.borrow_mut()), cell),
            None => self.registry.enter(None, cell),
        }
    }

    /// Takes a task out of the executor's registry.
    pub(crate) fn delist(&self, place: Place) {
        match self.free {
            Some(free) => self.registry.leave(Some(&mut free.borrow_mut()), place),
            None => self.registry.leave(None, place),
        }
    }

    /// Counts a task that was spawned.
    #[inline]
    pub(crate) fn count_spawned(&self) {
        self.tally.count_spawned(self.free.is_some());
    }

    /// Counts a task that ended.
    #[inline]
    pub(crate) fn count_ended(&self) {
        self.tally.count_ended(self.free.is_some());
    }
}

/// Runs `body` on the innermost executor that polls on this thread.
#[inline]
pub(crate) fn with<R>(body: impl FnOnce(Option<&Current<'_>>) -> R) -> R {
    let current = CURRENT.get();
    // SAFETY: `Current::enter` stores an address of a value it borrows until `Leave` has taken it out again, and does
    // both on this thread; the lifetime is shortened to this call's. Miri on `tests/nested.rs` would fail.
    body(unsafe { current.as_ref() })
}

/// Notes that the task with this waker yields, if it is the one that is being polled here.
///
/// It is queued again at the end of the poll, and its state word is not touched.
#[inline]
pub(crate) fn note_yield(waker: &Waker) -> bool {
    with(|current| {
        let Some(current) = current.filter(|current| is_waker_of(waker, current.cell.get())) else {
            return false;
        };
        // After its poll there may be another task where it was.
        current.tab.note_yield()
    })
}

/// Counts `change` references to the task of this cell, if it is the one that is being polled here; `false` if that is
/// left to the caller.
#[inline]
pub(crate) fn count_reference(cell: *const (), change: isize) -> bool {
    with(|current| {
        current.is_some_and(|current| current.cell.get() == cell && current.tab.count(change))
    })
}

/// Runs `body` on each worker whose runner is in a poll on this thread, from the innermost.
pub(crate) fn each_worker(mut body: impl FnMut(&'static Worker)) {
    let mut next = CURRENT.get();
    // SAFETY: as in `with`; the outer ones were stored before the inner and stay longer. Miri on `tests/nested.rs`
    // would fail.
    while let Some(current) = unsafe { next.as_ref() } {
        current.worker.into_iter().for_each(&mut body);
        next = current.outer.get();
    }
}

/// The state of the innermost executor that is polled on this thread and may be run by several, or is being dropped.
pub(crate) fn shared() -> Option<&'static State> {
    let mut next = CURRENT.get();
    // SAFETY: as in `each_worker`.
    while let Some(current) = unsafe { next.as_ref() } {
        if current.shared.is_some() {
            return current.shared;
        }
        next = current.outer.get();
    }
    None
}

/// Says whether an executor whose state is at that address is polled on this thread, or its tasks are being dropped.
pub(crate) fn is_here(executor: usize) -> bool {
    let mut next = CURRENT.get();
    // SAFETY: as in `each_worker`.
    while let Some(current) = unsafe { next.as_ref() } {
        if current.executor.addr() == executor {
            return true;
        }
        next = current.outer.get();
    }
    false
}

/// The worker to which this thread brings what it wakes between polls.
#[inline]
pub(crate) fn host() -> Option<&'static Worker> {
    HOST.get()
}

/// Sets or clears [`host`].
#[inline]
pub(crate) fn set_host(worker: Option<&'static Worker>) {
    HOST.set(worker);
}

/// The worker of a runner that stays on this thread: into its ring this thread may push between polls, too.
#[inline]
pub(crate) fn own() -> Option<&'static Worker> {
    OWN.get()
}

/// Sets or clears [`own`].
#[inline]
pub(crate) fn set_own(worker: Option<&'static Worker>) {
    OWN.set(worker);
}

/// Makes the outer executor the innermost again.
pub(crate) struct Leave<'a, 'b>(&'b Current<'a>);

impl Drop for Leave<'_, '_> {
    #[inline]
    fn drop(&mut self) {
        CURRENT.set(self.0.outer.get());
    }
}

/// So many runnables of one poll may each rouse a sleeper: enough for a handful of parallel parts.
const ROUSE_FIRST: u32 = 8;

/// Of the further ones, every so many may.
const ROUSE_EVERY: u32 = 512;
