//! A thread of a pool, as it sees itself: its seat, and what it is about.
//!
//! # Stages of a thread
//!
//! | stage | counted in | meaning |
//! | --- | --- | --- |
//! | `Busy` | `running` of its class | it works |
//! | `Looking` | `looking` | it was roused or started, or said early that it will look, and looks next |
//! | `Idle` | `idle`, or it was given an order | it waits for an order, or said early that it will |
//! | `Aside` | nothing else | it was early and runs code of strangers, so nobody counts on it; it looks next |
//! | `Dismissed` | nothing, nor in `threads` | it ends |
//!
//! 1. `Looking`, `Busy`, `Aside` → `Busy`, `Idle` or `Dismissed`: it looks, in `Crew::look`.
//! 2. `Busy` → `Idle` or `Looking`: early, in `Crew::finish_early`, where its work is over and what is left is to give the
//!    result away. `Idle` if nothing is eligible: then an order lies in its seat before it goes there, and it does not sleep.
//! 3. `Idle` → `Looking` or `Dismissed`: it was given an order and takes it.
//! 4. `Idle` → `Dismissed`: it has waited long enough, in `Crew::give_up`.
//! 5. `Idle`, `Looking` → `Aside`, or `Dismissed` if that was its order: it was early and may be away for long, for a waker or
//!    a destructor of a stranger comes next, in `Crew::step_aside`. What counted on it is given to others.
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
    /// It looks for a job next.
    Looking,
    /// It waits for an order, or is about to.
    Idle,
    /// It runs code of strangers, and looks next.
    Aside,
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
