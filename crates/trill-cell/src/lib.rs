//! What a task is to the leaves it awaits: header, locals, budget, what it waits for, observers.
//!
//! Executors put a [`Header`] into each task. Leaves (timers, sockets, locks, channels) find the header of the
//! task that polls them here, without knowing the executor, and say what the task now waits for.
//!
//! # The smallest program
//!
//! ```
//! use trill_cell::{Header, Kind, Spawned, current, waiting};
//! use std::panic::Location;
//!
//! let header = Header::new(Spawned::here().named("reader"));
//! header.poll(|| {
//!     // A leaf that is about to return `Poll::Pending` says so:
//!     waiting(Kind::Readable, 7, Location::caller());
//!     assert_eq!(current(|task| task.id()), Some(header.id()));
//! });
//! if let Some(wait) = header.wait() {
//!     assert_eq!((wait.kind, wait.value, wait.leaves), (Kind::Readable, 7, 1));
//!     assert_eq!(wait.location.unwrap().file(), file!());
//! }
//! ```
//!
//! # How it works
//!
//! * [`Header::poll`] puts the header into a thread-local word while the task's future is polled.
//! * [`waiting`] writes one word and a location into that header; nothing is allocated and nothing is locked.
//! * [`proceed`] takes one unit of the task's budget, so that a source which is always ready cannot keep a
//!   worker for ever.
//! * [`observe`] registers an [`Observer`] that hears of spawns, polls and ends; with none it costs one load.
//! * [`Locals`] are values that a task carries for its program; a task that has none pays for a null word.
//! * [`report`] is where failures go that nobody can receive any more; [`on_unhandled`] listens to them.
//! * Without the feature `insight` the header keeps only an identity and the locals; everything else answers "unknown".
//!
//! # What it does not do
//!
//! It polls nothing and keeps no list of tasks: that is the executor's part.

mod budget;
mod carried;
mod current;
mod extras;
#[cfg(feature = "insight")]
mod header;
#[cfg(not(feature = "insight"))]
#[path = "header_lean.rs"]
mod header;
mod id;
mod listed;
mod locals;
mod observer;
mod quiet;
mod spawned;
mod stopwatch;
mod unhandled;
mod wait;

pub use budget::{BUDGET_POLLS, Proceed, proceed, unbudgeted, with_budget, with_budget_of};
pub use carried::{in_locals, local, locals, replace_locals, swap_local};
pub use current::{current, current_id, waiting};
pub use header::Header;
pub use id::TaskId;
pub use listed::{Listed, each_listed};
pub use locals::{Local, Locals};
pub use observer::{Ended, Observer, Observing, observe, observers, unobserve};
pub use spawned::Spawned;
pub use stopwatch::{Stopwatch, pulse, pulses};
pub use unhandled::{Unhandled, What, on_unhandled, print_unhandled, report};
pub use wait::{Kind, Wait};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
