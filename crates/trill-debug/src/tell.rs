//! Giving findings to the listener.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use trill_world::World;

use crate::config::{Config, Listener};
use crate::finding::Finding;

thread_local! {
    /// Whether the listener runs on this thread: what it does is not looked at.
    static TELLING: Cell<bool> = const { Cell::new(false) };
}

/// Takes another configuration.
pub(crate) fn configure(config: Config) {
    SLOW_TICKS.store(
        trill_world::delay_to_ticks(config.slow_poll),
        Ordering::Relaxed,
    );
    SLOW_NANOS.store(nanos(config.slow_poll), Ordering::Relaxed);
    HOLD_NANOS.store(nanos(config.long_hold), Ordering::Relaxed);
    let mut listener = LISTENER.lock().unwrap_or_else(PoisonError::into_inner);
    let old = listener.replace(config.listener);
    drop(listener);
    drop(old);
}

/// How many ticks of this thread's world are a slow poll.
#[inline]
pub(crate) fn slow_ticks() -> u64 {
    if World::current().is_os() {
        SLOW_TICKS.load(Ordering::Relaxed)
    } else {
        SLOW_NANOS.load(Ordering::Relaxed)
    }
}

/// How long a lock may be held.
pub(crate) fn long_hold() -> Duration {
    Duration::from_nanos(HOLD_NANOS.load(Ordering::Relaxed))
}

/// Says whether the listener runs on this thread.
#[inline]
pub(crate) fn is_telling() -> bool {
    // While the thread's locals are being destroyed nothing is found any more.
    TELLING.try_with(Cell::get).unwrap_or(true)
}

/// Gives the listener a finding. The caller holds no lock.
#[cold]
pub(crate) fn tell(finding: impl FnOnce() -> Finding) {
    if is_telling() {
        return;
    }
    let listener = LISTENER
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clone();
    let Some(listener) = listener else {
        return;
    };
    let _telling = Telling::new();
    // An observer must not panic; the panic hook has told of it.
    if let Err(payload) = catch_unwind(AssertUnwindSafe(|| listener(&finding()))) {
        // Its drop might panic, too.
        std::mem::forget(payload);
    }
}

/// Marks a thread as the listener's.
struct Telling;

impl Telling {
    fn new() -> Telling {
        TELLING.set(true);
        Telling
    }
}

impl Drop for Telling {
    fn drop(&mut self) {
        TELLING.set(false);
    }
}

fn nanos(delay: Duration) -> u64 {
    u64::try_from(delay.as_nanos()).unwrap_or(u64::MAX)
}

static LISTENER: Mutex<Option<Listener>> = Mutex::new(None);

/// A slow poll in ticks of the operating system's world.
static SLOW_TICKS: AtomicU64 = AtomicU64::new(u64::MAX);

/// A slow poll in ticks of simulated worlds, which are nanoseconds.
static SLOW_NANOS: AtomicU64 = AtomicU64::new(u64::MAX);

static HOLD_NANOS: AtomicU64 = AtomicU64::new(u64::MAX);
