//! All threads that ever parked, and all drivers they park in.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use trill_world::World;

use crate::driver::Driver;
use crate::thread::{Home, Thread};

/// Every record of a thread that the attendant looks after, and its own. Records are never freed: a waker may point to
/// one at any time.
///
/// A list that is read without a lock: the attendant looks through it at any time, and a lock that it held when another thread
/// forked would be held for ever in the child.
static THREADS: Link = Link::new();

/// Where the list goes on.
type Link = OnceLock<&'static Node>;

/// An entry of the list.
pub(crate) struct Node {
    thread: &'static Thread,
    next: Link,
}

/// Records of threads of the operating system's world whose thread has ended.
static FREE: Mutex<Vec<&'static Thread>> = Mutex::new(Vec::new());

/// Every driver that a thread was told to drive, by the number in [`DriverId`].
static DRIVERS: [OnceLock<&'static dyn Driver>; DRIVERS_MAX] =
    [const { OnceLock::new() }; DRIVERS_MAX];

/// Number of a driver; small, so that it fits an atomic word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DriverId(pub(crate) usize);

/// Takes a record for a thread that enters `world`.
pub(crate) fn acquire(world: &World) -> &'static Thread {
    if world.is_os() {
        if let Some(thread) = lock(&FREE).pop() {
            return thread;
        }
        return add(Home::Os);
    }
    // Timers of a simulated world mean its clock, so its records are not handed to another world.
    let home = Home::Simulated(Mutex::new(Some(world.clone())));
    Box::leak(Box::new(Thread::new(next_index(), home)))
}

/// Returns a record whose thread has ended. What it still serves is served by the attendant.
pub(crate) fn release(thread: &'static Thread) {
    // The next owner parks in a driver of its own choice.
    thread.forget_driver();
    lock(&FREE).push(thread);
}

/// Adds a record.
pub(crate) fn add(home: Home) -> &'static Thread {
    // From now on a child knows that it has the records, and not the threads.
    trill_world::forks();
    let thread: &'static Thread = Box::leak(Box::new(Thread::new(next_index(), home)));
    let next = Link::new();
    let node: &'static Node = Box::leak(Box::new(Node { thread, next }));
    let mut end = &THREADS;
    while end.set(node).is_err() {
        if let Some(last) = end.get() {
            end = &last.next;
        }
    }
    thread
}

/// A number that no other record has.
fn next_index() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// Iterates over all [`THREADS`], also those added meanwhile.
pub(crate) fn threads() -> Threads {
    Threads(THREADS.get().copied())
}

/// What [`threads`] returns.
#[derive(Default)]
pub(crate) struct Threads(Option<&'static Node>);

impl Iterator for Threads {
    type Item = &'static Thread;

    fn next(&mut self) -> Option<&'static Thread> {
        let node = self.0?;
        self.0 = node.next.get().copied();
        Some(node.thread)
    }
}

/// Finds the number of a driver, and gives it one if it is new.
///
/// # Errors
///
/// If the process has more than [`DRIVERS_MAX`] drivers.
pub(crate) fn driver_id(driver: &'static dyn Driver) -> io::Result<DriverId> {
    for (number, slot) in DRIVERS.iter().enumerate() {
        if same(*slot.get_or_init(|| driver), driver) {
            return Ok(DriverId(number));
        }
    }
    Err(io::Error::other(format!(
        "the process already has {DRIVERS_MAX} reactors: share one between runtimes"
    )))
}

/// Returns the driver with this number.
pub(crate) fn driver(id: DriverId) -> Option<&'static dyn Driver> {
    DRIVERS.get(id.0).and_then(OnceLock::get).copied()
}

/// Says whether two references name the same driver; vtables may differ between crates.
fn same(a: &'static dyn Driver, b: &'static dyn Driver) -> bool {
    std::ptr::addr_eq(a, b)
}

/// Locks; a panic of another thread leaves these lists whole.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A runtime per core of the largest machines, with room; 24 KiB.
const DRIVERS_MAX: usize = 1024;
