//! What the runners of one executor share.

#![cfg_attr(not(loom), allow(unreachable_pub))] // Public for the models only.

use std::fmt;
use std::ptr;
use std::sync::Mutex as StdMutex;

use crate::current::Current;
use crate::primitive::{Apart, AtomicPtr, AtomicUsize, Mutex, Ordering, lock};
use crate::queue::{Inject, Item};
use crate::registry::Registry;
use crate::tally::Tally;
use crate::worker::Worker;

/// What the runners of one executor share.
///
/// Records are reused by later executors and never freed: a thread that scheduled a task may still be about to rouse a
/// runner when the executor is gone, and then rouses one in vain.
pub struct State {
    /// Runnables that belong to no worker: spawned outside, spilled, or left by a runner that retired.
    pub(crate) injector: Apart<Inject>,
    /// Runnables that yielded after a long poll, see `slow.rs`.
    pub(crate) slow: Apart<Inject>,
    /// See `sleep.rs`.
    pub(crate) sleeping: Apart<AtomicUsize>,
    /// See `sleep.rs`.
    pub(crate) searching: AtomicUsize,
    /// The newest worker record; each names the one before.
    newest: Apart<AtomicPtr<Worker>>,
    /// Records no runner has now.
    idle: Mutex<Vec<&'static Worker>>,
    pub(crate) registry: Registry,
    /// Tasks that began or ended outside all workers.
    pub(crate) outside: Tally,
    /// Counts calls of [`State::take_any`], to begin at another queue now and then.
    takes: AtomicUsize,
}

/// Records of executors that are gone.
static POOL: StdMutex<Vec<&'static State>> = StdMutex::new(Vec::new());

/// Records of executors that are there or are gone.
static ALL: StdMutex<Vec<&'static State>> = StdMutex::new(Vec::new());

impl State {
    /// Makes a record for an executor; it lives for the rest of the process.
    pub fn leak() -> &'static State {
        Box::leak(Box::new(State {
            injector: Apart::default(),
            slow: Apart::default(),
            sleeping: Apart(AtomicUsize::new(0)),
            searching: AtomicUsize::new(0),
            newest: Apart(AtomicPtr::new(ptr::null_mut())),
            idle: Mutex::new(Vec::new()),
            registry: Registry::new(),
            outside: Tally::new(),
            takes: AtomicUsize::new(0),
        }))
    }

    /// Takes a record for a new executor.
    pub(crate) fn acquire() -> &'static State {
        let known = POOL
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .pop();
        known.unwrap_or_else(|| {
            let state = State::leak();
            ALL.lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner)
                .push(state);
            state
        })
    }

    /// Records of all executors of the process, also of those that are gone.
    pub(crate) fn all() -> Vec<&'static State> {
        ALL.lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .clone()
    }

    /// Gives the record of an executor back that has no task and no runner left.
    pub(crate) fn release(&'static self) {
        debug_assert!(self.is_empty() && !self.is_injected());
        self.registry.reset();
        POOL.lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .push(self);
    }

    /// The address by which a thread knows that it polls this executor's tasks.
    #[inline]
    pub(crate) fn address(&'static self) -> *const () {
        ptr::from_ref(self).cast()
    }

    /// Says whether every task that was spawned has ended.
    pub(crate) fn is_empty(&'static self) -> bool {
        self.outside.is_level(self.newest())
    }

    /// Takes a worker record for a runner.
    pub fn hire(&'static self) -> &'static Worker {
        let mut idle = lock(&self.idle);
        if let Some(worker) = idle.pop() {
            return worker;
        }
        // The lock also keeps two threads from adding at once.
        let worker: &'static Worker = Box::leak(Box::new(Worker::new(self, self.newest())));
        // Release: pairs with the Acquire in `newest`.
        self.newest
            .store(ptr::from_ref(worker).cast_mut(), Ordering::Release);
        worker
    }

    /// Gives a worker record back that has nothing queued.
    pub(crate) fn dismiss(&self, worker: &'static Worker) {
        lock(&self.idle).push(worker);
    }

    /// All worker records, the newest first.
    #[inline]
    pub(crate) fn workers(&self) -> Workers {
        Workers(self.newest())
    }

    /// All worker records but `me`, from the one after it.
    #[inline]
    pub(crate) fn others(&self, me: &'static Worker) -> Others {
        Others {
            me,
            next: me.next,
            newest: self.newest(),
        }
    }

    /// Says whether `worker` is the only record there is.
    #[inline]
    pub(crate) fn is_only(&self, worker: &Worker) -> bool {
        worker.next.is_none() && self.newest().is_some_and(|newest| ptr::eq(newest, worker))
    }

    /// How many tasks that were spawned have not ended.
    pub(crate) fn task_count(&'static self) -> usize {
        self.outside.left(self.newest())
    }

    /// Says whether a runnable is queued that belongs to no worker.
    #[inline]
    pub(crate) fn is_injected(&self) -> bool {
        !self.injector.is_empty() || !self.slow.is_empty()
    }

    /// Says whether a runner that looks would find something.
    pub(crate) fn has_work(&self) -> bool {
        if self.is_injected() {
            return true;
        }
        for worker in self.workers() {
            if worker.has_spare() {
                return true;
            }
        }
        false
    }

    /// Says whether any worker has a runnable.
    pub(crate) fn any_worker_has_any(&self) -> bool {
        for worker in self.workers() {
            if worker.has_any() {
                return true;
            }
        }
        false
    }

    /// Takes any one runnable, wherever it is queued; that of a worker as `take` does.
    pub(crate) fn take_any(&self, take: impl Fn(&Worker) -> Option<Item>) -> Option<Item> {
        let turn = self.takes.fetch_add(1, Ordering::Relaxed);
        let injector_is_last = turn % INJECTOR_TURNS == 0;
        if !injector_is_last {
            if let Some(item) = self.injector.pop() {
                return Some(item);
            }
        } else if let Some(item) = self.slow.pop() {
            return Some(item);
        }
        for worker in self.workers() {
            if let Some(item) = take(worker) {
                return Some(item);
            }
        }
        match injector_is_last {
            true => self.injector.pop(),
            false => self.slow.pop(),
        }
    }

    /// How this executor is seen on a thread that polls its tasks and is no runner.
    pub(crate) fn visitor(&'static self) -> Current<'static> {
        Current::new(
            self.address(),
            Some(self),
            None,
            &self.registry,
            &self.outside,
            None,
        )
    }

    #[allow(unsafe_code)] // Turning the stored address of a record back into a reference.
    #[inline]
    fn newest(&self) -> Option<&'static Worker> {
        // Acquire: pairs with the Release in `hire`.
        let worker = self.newest.load(Ordering::Acquire);
        // SAFETY: `hire` is the only writer and stores addresses of leaked records. Miri on `tests/executor.rs` would
        // fail.
        unsafe { worker.as_ref() }
    }
}

/// Worker records from one on, each newer than the next.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Workers(Option<&'static Worker>);

impl Iterator for Workers {
    type Item = &'static Worker;

    #[inline]
    fn next(&mut self) -> Option<&'static Worker> {
        let worker = self.0?;
        self.0 = worker.next;
        Some(worker)
    }
}

/// Worker records from after `me` on and round to before it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Others {
    me: &'static Worker,
    next: Option<&'static Worker>,
    /// Where it goes on after the oldest, once.
    newest: Option<&'static Worker>,
}

impl Iterator for Others {
    type Item = &'static Worker;

    #[inline]
    fn next(&mut self) -> Option<&'static Worker> {
        let worker = match self.next {
            Some(worker) => worker,
            None => self.newest.take()?,
        };
        if ptr::eq(worker, self.me) {
            self.next = None;
            return None;
        }
        self.next = worker.next;
        Some(worker)
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State")
            .field("injector", &self.injector.len())
            .field("workers", &self.workers().count())
            .field(
                "sleeping",
                &(self.sleeping.load(Ordering::Relaxed) as isize),
            )
            .finish_non_exhaustive()
    }
}

/// Every so many ticks look at the workers' queues before the injector, so that neither starves the other.
const INJECTOR_TURNS: usize = 8;
