//! A thread of a pool, as it sees itself: its seat, and what it is about.
//!
//! # Stages of a thread
//!
//! | stage | counted in | meaning |
//! | --- | --- | --- |
//! | `Busy` | `running` of its class | it works, or runs code of strangers after its work |
//! | `Early` | `running` of its class, and `looking` | its work is over; it gives the result away and looks next |
//! | `Looking` | `looking` | it was roused or started, and looks next |
//! | `Idle` | `idle`; or `looking` if it was given the order | it waits for an order |
//! | `Dismissed` | nothing, nor in `threads` | it ends |
//!
//! 1. `Looking`, `Busy`, `Early` → `Busy`, `Idle` or `Dismissed`: it looks, in `Crew::look`.
//! 2. `Busy` → `Early`: its work is over, in `Crew::finish_early`. Who submits now counts on it and wakes nobody.
//! 3. `Early` → `Busy`: it may be away for long, for a waker or a destructor of a stranger comes next, in
//!    `Crew::step_aside`. What counted on it is given to others.
//! 4. `Idle` → `Looking`: it takes the order to look. With the order to leave, or after it has waited long enough, it ends.
//!
//! Only the thread itself knows and changes its stage; others see what is counted. It is never early in a simulated
//! world, where a wake in vain costs nothing and another order of wakes would be another run.
//!
//! # Tested by
//!
//! `tests/loom_crew.rs`, `tests/early.rs`.

#![cfg_attr(not(loom), allow(unreachable_pub))] // Public for the models only.

use std::cell::Cell;
use std::sync::Arc;

use crate::seat::Seat;

/// A thread of a pool, as it sees itself.
#[derive(Debug)]
pub struct Member {
    pub(crate) seat: Arc<Seat>,
    pub(crate) stage: Cell<Stage>,
}

/// What a thread is about.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Stage {
    /// It works for the lane with this number.
    Busy(usize),
    /// It has worked for the lane with this number, gives the result away, and looks for a job next.
    Early(usize),
    /// It looks for a job next.
    Looking,
    /// It waits for an order, or is about to.
    Idle,
    /// It ends.
    Dismissed,
}

impl Member {
    /// The thread that was started for this seat, to look for a job.
    pub fn new(seat: Arc<Seat>) -> Member {
        let stage = Cell::new(Stage::Looking);
        Member { seat, stage }
    }
}
