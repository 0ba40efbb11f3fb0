//! A wheel that several threads may reach: the levels behind a lock, and the protocol of a timer's slot.
//!
//! # States of a slot
//!
//! | state | meaning |
//! | --- | --- |
//! | free | belongs to nobody |
//! | linked | has a deadline and a waker |
//! | detached | has a waker but no deadline: its timer never fires until it is reset |
//!
//! # Transitions, all under the lock
//!
//! 1. free → linked in [`Wheel::arm`], free → detached in [`Wheel::hold`]; the timer gets a [`Key`] with the slot's
//!    generation.
//! 2. linked → free when the deadline has come, in [`Wheel::fire`]; the generation grows, the waker is called after
//!    the lock is released.
//! 3. linked or detached → linked in [`Wheel::reset`], → detached in [`Wheel::detach`], → free in [`Wheel::cancel`].
//!
//! A key whose generation is not the slot's says that the timer has fired: 2 is the only way to free a slot that does
//! not use up the key.
//!
//! # What happens outside the lock
//!
//! Wakers are cloned, called and dropped outside, because that is code of strangers which may come back here.
//!
//! # Why no deadline is slept through
//!
//! [`Wheel::fire`] notes the deadline that it returns, until which its caller sleeps. [`Wheel::arm`] and
//! [`Wheel::reset`] say whether theirs is earlier; then the sleeper is woken and asks again.
//!
//! # Tested by
//!
//! `tests/loom_wheel.rs` for the races, `tests/model.rs` against an ordered map.

#![cfg_attr(not(loom), allow(unreachable_pub))] // Public for the models only.

use std::mem;
use std::task::Waker;

use crate::batch::Batch;
use crate::gate::{Gate, Guard};
use crate::levels::{Levels, Step};
use crate::slab::Key;
use crate::sync::{AtomicU64, Ordering};

/// A wheel of timers. Deadlines are nanoseconds since its origin.
#[derive(Debug)]
pub struct Wheel {
    core: Gate<Core>,
    /// Every timer with a deadline before this has fired; trails the one in the levels.
    horizon: AtomicU64,
}

/// What the lock protects.
#[derive(Debug)]
struct Core {
    levels: Levels,
    /// Until when the thread that fires this wheel sleeps, at most.
    until: u64,
    /// What the last fire worked on, empty.
    spare: Batch,
}

/// A timer that was armed.
#[derive(Clone, Copy, Debug)]
pub struct Armed {
    /// Names it from now on.
    pub key: Key,
    /// Whether the thread that fires the wheel may sleep past its deadline.
    pub notify: bool,
}

/// What a reset has done.
#[derive(Debug)]
pub enum Reset {
    /// The timer has the new deadline. If the flag is set, the thread that fires the wheel may sleep past it.
    Done(bool),
    /// The new deadline has passed: the timer is gone, and this is to be woken.
    Due(Waker),
    /// The timer had fired before.
    Gone,
}

/// What was found about a timer's waker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// It wakes the same task.
    Same,
    /// It wakes another task.
    Other,
    /// The timer has fired.
    Gone,
}

impl Wheel {
    /// Makes an empty wheel.
    pub fn new() -> Wheel {
        Wheel {
            core: Gate::new(Core {
                levels: Levels::new(),
                until: NEVER,
                spare: Batch::default(),
            }),
            horizon: AtomicU64::new(0),
        }
    }

    /// Says whether every timer with this deadline has fired, without the lock.
    #[inline]
    pub fn has_passed(&self, deadline: u64) -> bool {
        // Acquire: pairs with the Release in `publish`, so that a poll that ends here sees what came before the fire.
        deadline < self.horizon.load(Ordering::Acquire)
    }

    /// Arms a new timer.
    ///
    /// # Errors
    ///
    /// Gives the waker back if the deadline has passed.
    #[inline]
    pub fn arm(&self, deadline: u64, waker: Waker) -> Result<Armed, Waker> {
        let mut core = self.lock();
        if deadline < core.levels.horizon() {
            return Err(waker);
        }
        let key = core.levels.insert(deadline, waker);
        let notify = core.is_earlier(deadline);
        Ok(Armed { key, notify })
    }

    /// Takes a slot for a timer that never fires, only to keep its waker.
    pub fn hold(&self, waker: Waker) -> Key {
        self.lock().levels.hold(NEVER, waker)
    }

    /// Gives the memory back, if no timer is in it.
    pub fn shrink(&self) {
        let memory = {
            let mut core = self.lock();
            (core.levels.shrink(), mem::take(&mut core.spare))
        };
        // Outside the lock, which is held for short.
        drop(memory);
    }

    /// Gives a timer a new deadline.
    pub fn reset(&self, key: Key, deadline: u64) -> Reset {
        let mut core = self.lock();
        let Some(index) = core.levels.slab.find(key) else {
            return Reset::Gone;
        };
        if deadline < core.levels.horizon() {
            core.levels.unlink(index);
            return core
                .levels
                .slab
                .release(index)
                .map_or(Reset::Gone, Reset::Due);
        }
        core.levels.relink(index, deadline);
        Reset::Done(core.is_earlier(deadline))
    }

    /// Takes a timer's deadline away and keeps its waker. Returns `false` if it has fired before.
    pub fn detach(&self, key: Key) -> bool {
        let mut core = self.lock();
        let found = core.levels.slab.find(key);
        if let Some(index) = found {
            core.levels.unlink(index);
        }
        found.is_some()
    }

    /// Removes a timer. Returns its waker, for the caller to drop, or `None` if it has fired before.
    #[inline]
    pub fn cancel(&self, key: Key) -> Option<Waker> {
        let mut core = self.lock();
        let index = core.levels.slab.find(key)?;
        core.levels.unlink(index);
        core.levels.slab.release(index)
    }

    /// Compares a timer's waker with the one of the task that polls it now.
    pub fn held(&self, key: Key, waker: &Waker) -> Held {
        let core = self.lock();
        let Some(index) = core.levels.slab.find(key) else {
            return Held::Gone;
        };
        match &core.levels.slab[index].waker {
            Some(held) if held.will_wake(waker) => Held::Same,
            _ => Held::Other,
        }
    }

    /// Gives a timer another waker; returns the old one.
    ///
    /// # Errors
    ///
    /// Gives the waker back if the timer has fired before.
    pub fn replace(&self, key: Key, waker: Waker) -> Result<Option<Waker>, Waker> {
        let mut core = self.lock();
        match core.levels.slab.find(key) {
            Some(index) => Ok(core.levels.slab[index].waker.replace(waker)),
            None => Err(waker),
        }
    }

    /// Wakes what is due at `now`, in the order of deadlines and then of arming; returns the next deadline.
    ///
    /// After [`FIRE_WAKES_MAX`] wakes it returns `now`, so that the caller looks after other things in between.
    #[inline]
    pub fn fire(&self, now: u64) -> Option<u64> {
        let idle = {
            let mut core = self.lock();
            let idle = core.levels.idle(now);
            if let Some(Step::Idle(next)) = idle {
                self.publish(&mut core, next);
            }
            idle
        };
        match idle {
            Some(Step::Idle(next)) => next,
            _ => self.fire_due(now),
        }
    }

    /// The part of [`Wheel::fire`] for when something is due.
    #[cold]
    fn fire_due(&self, now: u64) -> Option<u64> {
        let mut due = mem::take(&mut self.lock().spare);
        let mut woken = 0;
        while woken < FIRE_WAKES_MAX {
            {
                let mut core = self.lock();
                // A lock for each of the many buckets that hold one or two timers would cost as much as they do.
                while !due.is_full() {
                    if let Step::Idle(next) = core.levels.step(now, &mut due) {
                        if due.is_empty() {
                            self.publish(&mut core, next);
                            core.spare = due;
                            return next;
                        }
                        // What is woken may arm a timer that comes before.
                        break;
                    }
                }
            }
            woken += due.wake_all();
        }
        self.lock().spare = due;
        Some(now)
    }

    /// Makes visible what a fire has found before it returns.
    #[inline]
    fn publish(&self, core: &mut Core, next: Option<u64>) {
        core.until = next.unwrap_or(NEVER);
        // Release: pairs with the Acquire in `has_passed`.
        self.horizon.store(core.levels.horizon(), Ordering::Release);
    }

    /// Locks. Nothing panics inside that would leave the levels half changed.
    #[inline]
    fn lock(&self) -> Guard<'_, Core> {
        self.core.lock()
    }
}

impl Default for Wheel {
    fn default() -> Wheel {
        Wheel::new()
    }
}

impl Core {
    /// Says whether the thread that fires the wheel may sleep past `deadline`; asks only once for the same need.
    #[inline]
    fn is_earlier(&mut self, deadline: u64) -> bool {
        let earlier = deadline < self.until;
        if earlier {
            self.until = deadline;
        }
        earlier
    }
}

/// After all deadlines.
const NEVER: u64 = u64::MAX;

/// Wakes in one call of [`Wheel::fire`]: about 0.2 ms, after which sockets and woken tasks get their turn.
const FIRE_WAKES_MAX: usize = 4096;
