//! The queues of an executor that belongs to one thread.
//!
//! The owner's thread pushes to and takes from a plain deque. Other threads, whose wakers may fire at any time, push
//! to an inbox behind a lock and rouse a runner that sleeps.
//!
//! # Why no runnable is left alone
//!
//! Who pushes to the inbox: push, fence, read `asleep`. Who falls asleep: leave a waker, write `asleep`, fence, look into
//! the inbox once more. The fences are SeqCst, so at least one of the two sees the other. A push by the owner's thread
//! needs no fence: runners fall asleep on that thread, too.
//!
//! # Tested by
//!
//! `tests/loom_local.rs`.

#![cfg_attr(not(loom), allow(unreachable_pub))] // Public for the models only.
#![allow(unsafe_code)] // Parts that only the owner's thread touches.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::fmt;
use std::sync::Mutex as StdMutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicU64;
use std::task::Waker;

use crate::current::Current;
use crate::primitive::{AtomicBool, Mutex, Ordering, fence, lock};
use crate::queue::{Inject, Item, Share};
use crate::quiet;
use crate::registry::{Free, Registry};
use crate::tally::Tally;

/// The queues of an executor that belongs to one thread.
///
/// Records are reused by later executors and never freed, as those of the shared executor.
pub struct LocalState {
    /// The thread that owns it; see [`this_thread`].
    owner: AtomicU64,
    /// Owner only. No code of a stranger runs while it is borrowed.
    queue: RefCell<VecDeque<Item>>,
    inbox: Inject,
    /// Whether `sleepers` has any that was not called yet.
    asleep: AtomicBool,
    sleepers: Mutex<Vec<Sleeper>>,
    /// Numbers for runners. Owner only.
    runners: Cell<u64>,
    pub(crate) registry: Registry,
    /// Owner only.
    free: RefCell<Free>,
    pub(crate) tally: Tally,
}

// SAFETY: `queue`, `runners` and `free` are reached by the owner's thread alone: through `LocalExecutor`, which is
// neither Send nor Sync, or through `schedule` after it has compared the thread. Both uphold it; Miri and TSan on
// `tests/local.rs` would fail. The rest is synchronized.
unsafe impl Sync for LocalState {}
// SAFETY: as above; the record passes to another thread only through the pool's lock, when no task is left.
unsafe impl Send for LocalState {}

/// A runner that sleeps.
#[derive(Debug)]
struct Sleeper {
    runner: u64,
    waker: Waker,
}

/// Records of executors that are gone.
static POOL: StdMutex<Vec<&'static LocalState>> = StdMutex::new(Vec::new());

/// Records of executors that are there or are gone.
static ALL: StdMutex<Vec<&'static LocalState>> = StdMutex::new(Vec::new());

impl LocalState {
    /// Makes a record that this thread owns; it lives for the rest of the process.
    pub fn leak() -> &'static LocalState {
        Box::leak(Box::new(LocalState {
            owner: AtomicU64::new(this_thread()),
            queue: RefCell::default(),
            inbox: Inject::new(),
            asleep: AtomicBool::new(false),
            sleepers: Mutex::new(Vec::new()),
            runners: Cell::new(0),
            registry: Registry::new(),
            free: RefCell::default(),
            tally: Tally::new(),
        }))
    }

    /// Takes a record for a new executor of this thread.
    pub(crate) fn acquire() -> &'static LocalState {
        let known = POOL.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let state = known.unwrap_or_else(|| {
            let state = LocalState::leak();
            ALL.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(state);
            state
        });
        state.owner.store(this_thread(), Ordering::Relaxed);
        state
    }

    /// Records of all executors of the process, also of those that are gone.
    pub(crate) fn all() -> Vec<&'static LocalState> {
        ALL.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Gives the record of an executor back that has no task and no runner left.
    pub(crate) fn release(&'static self) {
        debug_assert!(self.is_empty() && !self.has_work());
        self.free.replace(Free::default());
        self.registry.reset();
        // A thread that is late then takes the way of all other threads.
        self.owner.store(NOBODY, Ordering::Relaxed);
        POOL.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(self);
    }

    /// The address by which a thread knows that it polls this executor's tasks.
    pub(crate) fn address(&'static self) -> *const () {
        std::ptr::from_ref(self).cast()
    }

    /// How this executor is seen while its tasks are polled.
    #[inline]
    pub(crate) fn current(&'static self) -> Current<'static> {
        let free = Some(&self.free);
        Current::new(
            self.address(),
            None,
            None,
            &self.registry,
            &self.tally,
            free,
        )
    }

    /// Says whether every task that was spawned has ended.
    pub(crate) fn is_empty(&self) -> bool {
        self.tally.is_level(None)
    }

    /// Says whether this thread owns it.
    #[inline]
    pub fn is_here(&self) -> bool {
        self.owner.load(Ordering::Relaxed) == this_thread()
    }

    /// Adds a runnable at the back, on the owner's thread.
    #[inline]
    pub(crate) fn push_here(&self, item: Item) {
        self.queue.borrow_mut().push_back(item);
        self.rouse();
    }

    /// Adds a runnable from another thread.
    pub fn push_from_outside(&self, item: Item) {
        self.inbox.push(item);
        // SeqCst: pairs with the fence in `fall_asleep`, see the module's page.
        fence(Ordering::SeqCst);
        self.rouse();
    }

    /// Takes the runnable that comes next; `turn` counts calls, so that neither queue starves the other.
    #[inline]
    pub fn pop(&self, turn: u32) -> Option<Item> {
        if turn % INBOX_TURNS == 0 {
            if let Some(item) = self.inbox.pop() {
                return Some(item);
            }
        }
        let item = self.queue.borrow_mut().pop_front();
        item.or_else(|| self.fetch())
    }

    /// Takes the inbox over into the queue, which is empty, and returns the first.
    fn fetch(&self) -> Option<Item> {
        let mut queue = self.queue.borrow_mut();
        self.take_inbox(&mut queue)
    }

    fn take_inbox(&self, queue: &mut VecDeque<Item>) -> Option<Item> {
        let mut push = |item| queue.push_back(item);
        self.inbox.take(Share::All, usize::MAX, &mut push)
    }

    /// As [`LocalState::pop`] in a simulated world, which chooses among all that wait.
    pub(crate) fn pick(&self) -> Option<Item> {
        let mut queue = self.queue.borrow_mut();
        if let Some(first) = self.take_inbox(&mut queue) {
            queue.push_back(first);
        }
        // The others stay in order.
        let chosen = trill_world::pick(queue.len());
        queue.remove(chosen)
    }

    /// Says whether any runnable waits.
    pub(crate) fn has_work(&self) -> bool {
        !self.inbox.is_empty() || !self.queue.borrow().is_empty()
    }

    /// Returns a number for a runner.
    pub(crate) fn next_runner(&self) -> u64 {
        let number = self.runners.get();
        self.runners.set(number + 1);
        number
    }

    /// Lets a runner sleep; returns `false` if there is something to run after all.
    pub fn fall_asleep(&self, runner: u64, waker: &Waker) -> bool {
        let waker = waker.clone();
        lock(&self.sleepers).push(Sleeper { runner, waker });
        self.asleep.store(true, Ordering::SeqCst);
        // SeqCst: pairs with the fence in `push_from_outside`, see the module's page.
        fence(Ordering::SeqCst);
        if !self.has_work() {
            return true;
        }
        self.get_up(runner);
        false
    }

    /// Forgets that a runner slept; returns `false` if it was called meanwhile.
    pub fn get_up(&self, runner: u64) -> bool {
        let mut sleepers = lock(&self.sleepers);
        let known = sleepers
            .iter()
            .position(|sleeper| sleeper.runner == runner)
            .map(|index| sleepers.remove(index));
        let is_asleep = !sleepers.is_empty();
        drop(sleepers);
        if !is_asleep {
            self.asleep.store(false, Ordering::Relaxed);
        }
        let slept = known.is_some();
        quiet::discard(known);
        slept
    }

    /// Calls the runner that fell asleep first, if any sleeps.
    #[inline]
    pub(crate) fn rouse(&self) {
        if self.asleep.load(Ordering::Relaxed) {
            self.rouse_slow();
        }
    }

    #[cold]
    fn rouse_slow(&self) {
        let sleeper = {
            let mut sleepers = lock(&self.sleepers);
            // One is enough; it calls the next if it leaves work behind.
            self.asleep.store(false, Ordering::Relaxed);
            (!sleepers.is_empty()).then(|| sleepers.remove(0))
        };
        if let Some(sleeper) = sleeper {
            trill_park::wake(sleeper.waker);
        }
    }

    /// Calls another runner, because one leaves that was called or may leave work behind.
    pub(crate) fn pass_on(&self) {
        if self.has_work() {
            self.rouse_slow();
        }
    }
}

impl fmt::Debug for LocalState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalState")
            .field("inbox", &self.inbox.len())
            .finish_non_exhaustive()
    }
}

/// Returns a number that no other thread of the process ever has.
#[inline]
pub(crate) fn this_thread() -> u64 {
    thread_local! {
        static NUMBER: Cell<u64> = const { Cell::new(NOBODY) };
    }
    match NUMBER.get() {
        NOBODY => {
            static NEXT: AtomicU64 = AtomicU64::new(NOBODY + 1);
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            NUMBER.set(number);
            number
        }
        number => number,
    }
}

/// The number of no thread.
const NOBODY: u64 = 0;

/// Every so many runnables one from another thread is taken first, though own ones wait.
const INBOX_TURNS: u32 = 16;
