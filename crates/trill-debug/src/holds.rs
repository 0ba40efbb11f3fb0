//! Who holds which lock, and since when across an await.

use std::panic::Location;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use trill_cell::{Header, current, current_id};
use trill_world::World;

use crate::finding::{Finding, TaskInfo};
use crate::tell;

/// A lock in somebody's hands.
struct Hold {
    address: usize,
    task: TaskInfo,
    at: &'static Location<'static>,
    /// Whose clock `since` is read from.
    world: World,
    /// The end of the first poll of the task in which it kept the lock.
    since: Option<Instant>,
    /// It was found before.
    told: bool,
}

/// Notes that the task that is polled here has taken a lock. Outside any task nothing waits for an await.
pub(crate) fn locked(address: usize, at: &'static Location<'static>) {
    let Some(task) = current(TaskInfo::of) else {
        return;
    };
    let hold = Hold {
        address,
        task,
        at,
        world: World::current(),
        since: None,
        told: false,
    };
    let mut holds = lock();
    let oldest = (holds.len() >= HOLDS_MAX).then(|| holds.remove(0));
    holds.push(hold);
    COUNT.store(holds.len(), Ordering::Relaxed);
    drop(holds);
    drop(oldest);
}

/// Notes that a lock is left; whoever leaves it need not be who took it.
pub(crate) fn unlocked(address: usize) {
    if COUNT.load(Ordering::Relaxed) == 0 {
        return;
    }
    let me = current_id();
    let mut holds = lock();
    let is_it = |hold: &Hold| hold.address == address;
    let mine = |hold: &Hold| is_it(hold) && Some(hold.task.id) == me;
    // Of a lock that many share, the one whose owner leaves; the guard may have been given away, too.
    let index = holds.iter().rposition(mine);
    let Some(index) = index.or_else(|| holds.iter().position(is_it)) else {
        return;
    };
    let hold = holds.remove(index);
    COUNT.store(holds.len(), Ordering::Relaxed);
    drop(holds);
    if let (Some(held), false) = (too_long(&hold, &World::current()), hold.told) {
        tell::tell(|| found(&hold, held, false));
    }
}

/// Looks at the end of a task's poll for what is held across it, and for what is held too long.
pub(crate) fn polled(task: &Header) {
    if COUNT.load(Ordering::Relaxed) == 0 {
        return;
    }
    let world = World::current();
    let mut overdue = Vec::new();
    let mut holds = lock();
    for hold in holds.iter_mut() {
        if hold.since.is_none() && hold.task.id == task.id() {
            hold.since = Some(trill_world::now());
        } else if !hold.told {
            if let Some(held) = too_long(hold, &world) {
                hold.told = true;
                overdue.push(found(hold, held, true));
            }
        }
    }
    drop(holds);
    for finding in overdue {
        tell::tell(|| finding);
    }
}

/// Forgets all holds: their ends will not be heard.
pub(crate) fn forget_all() {
    let mut holds = lock();
    let all = std::mem::take(&mut *holds);
    COUNT.store(0, Ordering::Relaxed);
    drop(holds);
    drop(all);
}

/// For how long a lock is held across an await, if that is too long and the clock can be read here.
fn too_long(hold: &Hold, world: &World) -> Option<Duration> {
    let since = hold.since.filter(|_| is_same(&hold.world, world))?;
    let held = trill_world::now().saturating_duration_since(since);
    (held >= tell::long_hold()).then_some(held)
}

fn found(hold: &Hold, held: Duration, still: bool) -> Finding {
    Finding::LockHeld {
        task: hold.task.clone(),
        at: hold.at,
        held,
        still,
    }
}

/// Says whether two names mean the same world.
fn is_same(a: &World, b: &World) -> bool {
    match (a.simulation(), b.simulation()) {
        (None, None) => true,
        (Some(a), Some(b)) => Arc::ptr_eq(a, b),
        _ => false,
    }
}

/// No finding is told while it is held.
fn lock() -> MutexGuard<'static, Vec<Hold>> {
    HOLDS.lock().unwrap_or_else(PoisonError::into_inner)
}

static HOLDS: Mutex<Vec<Hold>> = Mutex::new(Vec::new());

/// How many there are, to skip the lock when there are none.
static COUNT: AtomicUsize = AtomicUsize::new(0);

/// How many holds are remembered; a program whose tasks hold more locks at once loses sight of the oldest.
const HOLDS_MAX: usize = 4096;
