//! Callbacks of a promise: in order, each once, never one inside another.
//!
//! A callback may end other promises, add callbacks, or drop handles. What becomes due meanwhile on the same thread is
//! queued and runs after it, so a chain of promises of any length takes no stack.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::sync::{Arc, PoisonError};

use trill_cell::{Unhandled, What, report};

use super::error::Ending;
use crate::primitive::{Mutex, MutexGuard};

/// Names a callback that was added to a promise, so that it can be removed.
///
/// # Examples
///
/// See [`Promised::remove_callback`](super::Promised::remove_callback).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallbackId(u64);

/// What a callback is.
pub(super) type Callback = Box<dyn FnOnce(Ending) + Send>;

/// The callbacks of one promise.
pub(super) struct Callbacks {
    list: Mutex<List>,
}

struct List {
    waiting: VecDeque<Entry>,
    /// How the promise ended, once it has.
    ending: Option<Ending>,
    /// Some thread runs callbacks of this list, or is about to: it also runs what is added meanwhile.
    running: bool,
    added: u64,
}

struct Entry {
    id: CallbackId,
    site: &'static Location<'static>,
    callback: Callback,
}

impl Callbacks {
    /// Makes an empty list for a promise that may have ended.
    pub(super) fn new(ending: Option<Ending>) -> Callbacks {
        Callbacks {
            list: Mutex::new(List {
                waiting: VecDeque::new(),
                ending,
                running: false,
                added: 0,
            }),
        }
    }

    /// Adds a callback; if the promise has ended it is due now.
    pub(super) fn add(
        self: &Arc<Self>,
        site: &'static Location<'static>,
        callback: Callback,
    ) -> CallbackId {
        let mut list = self.list();
        let id = CallbackId(list.added);
        list.added += 1;
        list.waiting.push_back(Entry { id, site, callback });
        self.run_due(list);
        id
    }

    /// Removes a callback that has not run; returns whether there was one.
    pub(super) fn remove(&self, id: CallbackId) -> bool {
        let mut list = self.list();
        let place = list.waiting.iter().position(|entry| entry.id == id);
        let entry = place.and_then(|place| list.waiting.remove(place));
        // Whatever the callback holds is dropped without the lock.
        drop(list);
        entry.is_some()
    }

    /// Says how the promise ended: all callbacks are due.
    pub(super) fn end(self: &Arc<Self>, ending: Ending) {
        let mut list = self.list();
        list.ending = Some(ending);
        self.run_due(list);
    }

    /// Has the callbacks run if they are due and nobody does so already.
    fn run_due(self: &Arc<Self>, mut list: MutexGuard<'_, List>) {
        if list.ending.is_none() || list.running || list.waiting.is_empty() {
            return;
        }
        list.running = true;
        drop(list);
        let callbacks = self.clone();
        run(Box::new(move || callbacks.run_all()));
    }

    /// Runs callbacks until none is left.
    fn run_all(&self) {
        loop {
            let mut list = self.list();
            let (Some(entry), Some(ending)) = (list.waiting.pop_front(), list.ending) else {
                list.running = false;
                return;
            };
            drop(list);
            call(entry.site, || (entry.callback)(ending));
        }
    }

    fn list(&self) -> MutexGuard<'_, List> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Callbacks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Callbacks")
            .field("waiting", &self.list().waiting.len())
            .finish_non_exhaustive()
    }
}

/// Runs callbacks that are due.
type Job = Box<dyn FnOnce()>;

thread_local! {
    /// What became due on this thread while a job runs; `None` while none does.
    static DUE: RefCell<Option<VecDeque<Job>>> = const { RefCell::new(None) };
}

/// Runs `job`, and what becomes due by it; inside another job, queues it.
fn run(job: Job) {
    let mut job = Some(job);
    let queue = DUE.try_with(|due| match &mut *due.borrow_mut() {
        Some(queued) => queued.extend(job.take()),
        idle => *idle = Some(VecDeque::new()),
    });
    while let Some(due) = job {
        due();
        // In a thread that is about to end there is no queue any more.
        job = queue.is_ok().then(next).flatten();
    }
}

/// Takes the next job of this thread; without one, the thread is idle again.
fn next() -> Option<Job> {
    DUE.with_borrow_mut(|due| {
        let job = due.as_mut().and_then(VecDeque::pop_front);
        if job.is_none() {
            *due = None;
        }
        job
    })
}

/// Runs one callback. If it panics, that is reported, and the others run all the same.
fn call(site: &'static Location<'static>, callback: impl FnOnce()) {
    let Err(payload) = catch_unwind(AssertUnwindSafe(callback)) else {
        return;
    };
    let message = payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("a panic without a text");
    let unhandled = Unhandled::new(What::Callback, &message);
    report(&unhandled.named("callback of a promise").at(site));
    // Dropping a payload may panic again.
    if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        std::mem::forget(again);
    }
}
