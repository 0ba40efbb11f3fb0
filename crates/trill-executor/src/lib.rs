//! Executors: work-stealing for any number of threads, or for one thread alone; their tasks may borrow.
//!
//! An executor is a future. Whatever can poll a future can run one: `trill_park::block_on`, another runtime, a loop of
//! your own.
//!
//! # The smallest program
//!
//! ```
//! use trill_executor::Executor;
//!
//! let ex = Executor::new();
//! let task = ex.spawn(async { 1 + 2 });
//! assert_eq!(trill_park::block_on(ex.run(task)), 3);
//! ```
//!
//! # How it works
//!
//! * Each [`run`](Executor::run) future has a queue of its own; a task that is woken goes to the back of it, or, if the
//!   running task woke it, into a slot that is looked at first. Wakes from outside go to an inbox and stay in order.
//! * A runner without work takes half of another's queue. One that falls asleep looks at all queues once more; one that
//!   finds work rouses the next only if there is more.
//! * A task is one allocation, with a [`Header`](trill_cell::Header) in it. It counts no reference
//!   to its executor, and no memory that all threads share is written when it is spawned, woken or polled.
//! * Tasks that wait are known to a registry, so that dropping the executor drops them; one that ends in its first poll
//!   never gets there.
//! * [`each_task`] visits them from any thread; an ending task waits until its visitor is done.
//! * A panic in a task's poll, in the drop of its future or its output, or in a waker reaches whoever awaits the task,
//!   and nobody else.
//!
//! # Features
//!
//! * `insight` (default): tasks keep where they were spawned, what they wait for and how often they ran; see
//!   `trill-cell`.
//!
//! # What it does not do
//!
//! It starts no threads and has no timers and no sockets: `trill`, `trill-timer` and `trill-reactor` do. A task that
//! computes for long keeps its thread; other threads take over what waits behind it.

pub mod ambient;
mod builder;
mod cell;
mod current;
mod executor;
mod fixed;
mod home;
mod hunt;
mod join_error;
mod local;
mod primitive;
mod queue;
mod quiet;
pub mod raw;
mod registry;
mod run;
mod runner;
mod schedule;
mod sleep;
mod slow;
mod state;
mod tally;
mod task;
mod visit;
mod worker;
mod yield_now;

pub use builder::TaskBuilder;
pub use executor::Executor;
pub use fixed::{StaticExecutor, StaticLocalExecutor};
pub use join_error::JoinError;
pub use local::{LocalExecutor, LocalRun, LocalTick};
pub use run::{Run, RunHere, Tick};
pub use task::{Cancel, FallibleTask, Join, Task};
pub use visit::{TaskRef, each_task, task_count};
pub use yield_now::{YieldNow, yield_now};

/// The protocols, for the models in `tests/loom_*.rs`.
#[cfg(loom)]
#[doc(hidden)]
pub mod model {
    pub use crate::local::LocalState;
    pub use crate::queue::{Inject, Item, Lifo, RING_LEN, Ring, Share};
    pub use crate::registry::Slot;
    pub use crate::state::State;
    pub use crate::worker::Worker;
}

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
