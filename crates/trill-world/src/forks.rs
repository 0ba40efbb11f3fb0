//! How a process tells itself from the one it was forked from.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Once, OnceLock};

use crate::sys;

/// The number of this process, or 0 if nobody has asked yet.
static FORKS: AtomicU32 = AtomicU32::new(0);

/// Returns the number of this process among those that were made by `fork` from one another: 1 in the first one, and one
/// more in each child since the first call.
///
/// A child has the memory of its parent but none of its other threads, and shares its open files. What stands for
/// either notes this number when it is made, and compares it later: that costs a load.
/// Children that are started to execute another program begin anew, at 1. Children that are made by the bare system call,
/// past the C library, are not told apart.
///
/// # Examples
///
/// ```
/// let made_in = trill_world::forks();
/// // ... perhaps a fork later:
/// assert_eq!(trill_world::forks(), made_in, "the threads of this pool are in another process");
/// ```
#[inline]
pub fn forks() -> u32 {
    match FORKS.load(Ordering::Relaxed) {
        0 => begin(),
        number => number,
    }
}

/// Keeps a helper thread out of its locks while another thread forks.
///
/// A lock that a thread holds at that moment is held for ever in the child, which lacks the thread. A runtime's helper is
/// invisible to its user, who may think that a program has one thread and may fork; so the helper takes this gate when it
/// begins to work and leaves it before it sleeps, and a fork waits for that: at most for a tenth of a second or so, lest
/// a helper that is stuck, or that forks itself, holds it up for ever.
///
/// # Examples
///
/// ```
/// use trill_world::ForkGate;
///
/// static GATE: ForkGate = ForkGate::new();
///
/// // In the helper thread:
/// GATE.enter();
/// // ... takes locks and lets them go ...
/// GATE.leave();
/// ```
#[derive(Debug)]
pub struct ForkGate {
    /// Whether the helper is inside, or a fork keeps it out.
    taken: AtomicBool,
    /// Whether a fork has taken it.
    by_fork: AtomicBool,
}

impl ForkGate {
    /// Makes an open gate.
    ///
    /// # Examples
    ///
    /// See [`ForkGate`].
    pub const fn new() -> ForkGate {
        ForkGate {
            taken: AtomicBool::new(false),
            by_fork: AtomicBool::new(false),
        }
    }

    /// Goes inside. Waits while another thread forks.
    ///
    /// # Examples
    ///
    /// See [`ForkGate`].
    pub fn enter(&'static self) {
        forks();
        let known = GATES.iter().any(|gate| {
            let gate = *gate.get_or_init(|| self);
            std::ptr::eq(gate, self)
        });
        debug_assert!(known, "there are more helper threads than {GATES_MAX}");
        while !self.try_take() {
            std::thread::yield_now();
        }
    }

    /// Comes out again.
    ///
    /// # Examples
    ///
    /// See [`ForkGate`].
    pub fn leave(&self) {
        // Release: pairs with the Acquire in `try_take`.
        self.taken.store(false, Ordering::Release);
    }

    fn try_take(&self) -> bool {
        // Acquire: pairs with the Release in `leave`, so that a child sees what the helper has written.
        !self.taken.swap(true, Ordering::Acquire)
    }
}

impl Default for ForkGate {
    fn default() -> ForkGate {
        ForkGate::new()
    }
}

/// The gates of this program.
static GATES: [OnceLock<&'static ForkGate>; GATES_MAX] = [const { OnceLock::new() }; GATES_MAX];

/// One for each helper thread; trill has one.
const GATES_MAX: usize = 4;

/// How often a fork looks whether a helper has come out, each time giving its time slice away.
const LOOKS_MAX: usize = 100_000;

/// Begins to count.
#[cold]
fn begin() -> u32 {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        sys::at_fork(before, after, child);
        FORKS.store(1, Ordering::Relaxed);
    });
    FORKS.load(Ordering::Relaxed)
}

/// Runs on the thread that is about to fork.
extern "C" fn before() {
    for gate in GATES.iter().map_while(OnceLock::get) {
        for _ in 0..LOOKS_MAX {
            if gate.try_take() {
                gate.by_fork.store(true, Ordering::Relaxed);
                break;
            }
            std::thread::yield_now();
        }
    }
}

/// Runs on that thread after the fork.
extern "C" fn after() {
    for gate in GATES.iter().map_while(OnceLock::get) {
        if gate.by_fork.swap(false, Ordering::Relaxed) {
            gate.leave();
        }
    }
}

/// Runs in each child. Relaxed: no other thread is there.
extern "C" fn child() {
    for gate in GATES.iter().map_while(OnceLock::get) {
        gate.by_fork.store(false, Ordering::Relaxed);
        gate.leave();
    }
    FORKS.fetch_add(1, Ordering::Relaxed);
}
