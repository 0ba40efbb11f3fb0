//! The state of a thread that may park, and the protocol by which others wake it.
//!
//! # States
//!
//! | state | meaning |
//! | --- | --- |
//! | `RUNNING` | polls, or is about to decide whether to park |
//! | `NOTIFIED` | as `RUNNING`, and was unparked since it last looked: it must poll again before it parks |
//! | `ASLEEP` | sleeps on the futex, or is about to |
//! | `DRIVING` | waits inside its driver, or is about to |
//!
//! # Transitions
//!
//! 1. `NOTIFIED` → `RUNNING` by the owner in [`Parker::take`], before each poll.
//! 2. `RUNNING` → `ASLEEP` or `DRIVING` by the owner in [`Parker::begin`]; fails if notified.
//! 3. `DRIVING`, `RUNNING` → `ASLEEP` by the owner in [`Parker::fall_asleep`], when another thread is inside the driver or the
//!    driver has failed; fails if notified.
//! 4. `ASLEEP`, `DRIVING` → `RUNNING` by the owner in [`Parker::awake`], after a deadline or an event.
//! 5. any → `NOTIFIED` by anybody in [`Parker::unpark`]. Whoever does it sees in the old state what the owner needs:
//!    a futex wake for `ASLEEP`, an interrupt of the driver for `DRIVING`, nothing otherwise.
//!
//! # Why no wake-up is lost
//!
//! The owner parks only by a compare-and-swap from `RUNNING`. An unpark before it turns the state to `NOTIFIED` and
//! the swap fails; an unpark after it sees `ASLEEP` or `DRIVING` and rouses the sleeper. The futex sleeps only while
//! the word still reads `ASLEEP`, and an interrupt of a driver is kept until a wait consumes it.
//!
//! # Tested by
//!
//! `tests/loom_parker.rs`.

#![cfg_attr(not(loom), allow(unreachable_pub))] // Public for the models only.

use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::primitive::AtomicU32;
use crate::sys::Sleeper;

/// The state of a thread that may park.
#[derive(Debug)]
pub struct Parker {
    state: AtomicU32,
    sleeper: Sleeper,
}

/// Where an unparked thread was, and so what it takes to rouse it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Not parked: nothing to do.
    Running,
    /// On the futex; [`Parker::unpark`] has roused it.
    Asleep,
    /// In its driver: the caller interrupts that.
    Driving,
}

impl Parker {
    /// Starts in `RUNNING`.
    pub fn new() -> Parker {
        Parker {
            state: AtomicU32::new(RUNNING),
            sleeper: Sleeper::new(),
        }
    }

    /// Forgets notifications before a poll; says whether there was one.
    pub fn take(&self) -> bool {
        // Acquire: pairs with the Release in `unpark`, so that the poll sees what was written before the wake.
        self.state.swap(RUNNING, Ordering::Acquire) == NOTIFIED
    }

    /// Says whether the owner must poll again before it parks.
    pub fn is_notified(&self) -> bool {
        self.state.load(Ordering::Relaxed) == NOTIFIED
    }

    /// Says whether the thread sleeps or waits in its driver.
    pub fn is_parked(&self) -> bool {
        // Relaxed: who needs an order has a fence of its own, see `DeepSleep`.
        matches!(self.state.load(Ordering::Relaxed), ASLEEP | DRIVING)
    }

    /// Says whether the thread waits in its driver.
    pub fn is_driving(&self) -> bool {
        self.state.load(Ordering::Relaxed) == DRIVING
    }

    /// Makes the parked state visible. Returns `false` if the thread was notified and must not park.
    pub fn begin(&self, place: Place) -> bool {
        let parked = match place {
            Place::Driving => DRIVING,
            _ => ASLEEP,
        };
        // Relaxed is enough: this and `unpark` both read and write one word in one step, so an unpark is either before
        // this and fails it, or after it and sees `parked`. Nothing else is published here.
        self.state
            .compare_exchange(RUNNING, parked, Ordering::Relaxed, Ordering::Relaxed)
            .is_ok()
    }

    /// Moves from the driver to the futex, also if the driver has said [`awake`](Parker::awake) and then failed. Returns
    /// `false` if the thread was notified and must not park.
    pub fn fall_asleep(&self) -> bool {
        // Only the owner changes the state to or from these two.
        let from = |before| {
            // Relaxed: as in `begin`.
            self.state
                .compare_exchange(before, ASLEEP, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
        };
        from(DRIVING) || from(RUNNING)
    }

    /// Sleeps until unparked or until `timeout` has passed; call after `begin` or `fall_asleep` said yes.
    pub fn sleep(&self, timeout: Option<Duration>) {
        self.sleeper.sleep(&self.state, ASLEEP, timeout);
        self.awake();
    }

    /// Notes that the wait is over; keeps a notification.
    pub fn awake(&self) {
        // A failure means the state is NOTIFIED (or was never parked) and stays.
        let parked = self.state.load(Ordering::Relaxed);
        if matches!(parked, ASLEEP | DRIVING) {
            let _ =
                self.state
                    .compare_exchange(parked, RUNNING, Ordering::Relaxed, Ordering::Relaxed);
        }
    }

    /// Notifies the thread and rouses it from the futex; says where it was.
    pub fn unpark(&self) -> Place {
        // Release: pairs with the Acquire in `take`.
        match self.state.swap(NOTIFIED, Ordering::Release) {
            ASLEEP => {
                self.sleeper.rouse(&self.state);
                Place::Asleep
            }
            DRIVING => Place::Driving,
            _ => Place::Running,
        }
    }
}

impl Default for Parker {
    fn default() -> Parker {
        Parker::new()
    }
}

const RUNNING: u32 = 0;
const NOTIFIED: u32 = 1;
const ASLEEP: u32 = 2;
const DRIVING: u32 = 3;
