//! Where one thread of a pool waits for an order while it is idle.
//!
//! An order is put into the seat while the pool is locked, and the thread is woken after that, so that it never wakes
//! into a locked pool. On the operating system the thread waits on a condition of its own, which is one futex
//! and wakes nobody else. In a simulated world it waits there.

#![cfg_attr(not(loom), allow(unreachable_pub))] // Public for the models only.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use trill_world::{Spot, World};

use crate::primitive::{Condvar, Mutex, lock};

/// The place of one thread of a pool.
pub struct Seat {
    slot: Mutex<Slot>,
    place: Place,
}

struct Slot {
    order: Option<Order>,
    /// Whether the thread waits and must be woken.
    waiting: bool,
}

/// What an idle thread is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// Look at the queues.
    Look,
    /// End; the pool has struck the thread off already.
    Leave,
}

/// What the thread waits on.
enum Place {
    Os(Condvar),
    Simulated { world: World, spot: Spot },
}

impl Seat {
    /// Makes the seat of a thread of `world`.
    pub(crate) fn new(world: &World) -> Seat {
        let place = if world.is_os() {
            Place::Os(Condvar::new())
        } else {
            Place::Simulated {
                world: world.clone(),
                // Relaxed: only that each gets another one.
                spot: Spot(SPOTS | NEXT_SPOT.fetch_add(1, Ordering::Relaxed)),
            }
        };
        Seat {
            slot: Mutex::new(Slot {
                order: None,
                waiting: false,
            }),
            place,
        }
    }

    /// Takes the order that lies here, without waiting.
    pub(crate) fn take(&self) -> Option<Order> {
        lock(&self.slot).order.take()
    }

    /// Puts an order here. Returns whether the thread must be [woken](Seat::wake), which needs no lock.
    pub(crate) fn give(&self, order: Order) -> bool {
        let mut slot = lock(&self.slot);
        debug_assert!(slot.order.is_none(), "a seat was given two orders");
        slot.order = Some(order);
        match &self.place {
            Place::Os(_) => slot.waiting,
            Place::Simulated { world, spot } => {
                // Before the thread can take the order: see `Seat::vacate`.
                if let Some(simulation) = world.simulation() {
                    simulation.unpark(*spot);
                }
                false
            }
        }
    }

    /// Wakes the thread for an order that was given.
    pub(crate) fn wake(&self) {
        if let Place::Os(changed) = &self.place {
            changed.notify_one();
        }
    }

    /// Waits for an order, at most for `patience`; returns `None` if none came.
    pub(crate) fn wait(&self, patience: Duration) -> Option<Order> {
        match &self.place {
            Place::Os(changed) => self.wait_os(changed, patience),
            // A world panics here if it finds that nothing can wake its threads any more. It has said so then, and
            // this thread ends as if it had waited long enough.
            Place::Simulated { world, spot } => catch_unwind(AssertUnwindSafe(|| {
                self.wait_simulated(world, *spot, patience)
            }))
            .unwrap_or(None),
        }
    }

    fn wait_os(&self, changed: &Condvar, patience: Duration) -> Option<Order> {
        let mut slot = lock(&self.slot);
        loop {
            if slot.order.is_some() {
                slot.waiting = false;
                return slot.order.take();
            }
            slot.waiting = true;
            let (woken, timed_out) = wait_timeout(changed, slot, patience);
            slot = woken;
            if timed_out && slot.order.is_none() {
                slot.waiting = false;
                return None;
            }
        }
    }

    fn wait_simulated(&self, world: &World, spot: Spot, patience: Duration) -> Option<Order> {
        let until = trill_world::now().checked_add(patience);
        loop {
            let order = self.take();
            if order.is_some() || until.is_some_and(|until| trill_world::now() >= until) {
                return order;
            }
            world.simulation()?.park(spot, until);
        }
    }

    /// Leaves the seat for good; nobody gives an order to it any more.
    pub(crate) fn vacate(&self) {
        if let Place::Simulated { world, spot } = &self.place {
            if let Some(simulation) = world.simulation() {
                // Eats the unpark of an order that was taken without parking. A world whose clock stands while an
                // unpark is on its way would stand for ever.
                let now = trill_world::now();
                let _ = catch_unwind(AssertUnwindSafe(|| simulation.park(*spot, Some(now))));
            }
        }
    }
}

impl std::fmt::Debug for Seat {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let slot = lock(&self.slot);
        f.debug_struct("Seat")
            .field("waiting", &slot.waiting)
            .field("has_order", &slot.order.is_some())
            .finish_non_exhaustive()
    }
}

/// Waits on a condition; says whether the time has passed.
#[cfg(not(loom))]
fn wait_timeout<'a, T>(
    changed: &Condvar,
    guard: std::sync::MutexGuard<'a, T>,
    patience: Duration,
) -> (std::sync::MutexGuard<'a, T>, bool) {
    let (guard, result) = changed
        .wait_timeout(guard, patience)
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    (guard, result.timed_out())
}

/// Loom has no clock: a patience of zero passes at once, any other one never.
#[cfg(loom)]
fn wait_timeout<'a, T>(
    changed: &Condvar,
    guard: loom::sync::MutexGuard<'a, T>,
    patience: Duration,
) -> (loom::sync::MutexGuard<'a, T>, bool) {
    if patience.is_zero() {
        return (guard, true);
    }
    let guard = changed
        .wait(guard)
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    (guard, false)
}

/// Spots of this crate, apart from those of `trill-park`, which count up from 0.
const SPOTS: u64 = 0x0B1C << 48;

/// What the next spot adds to [`SPOTS`].
static NEXT_SPOT: AtomicU64 = AtomicU64::new(0);
