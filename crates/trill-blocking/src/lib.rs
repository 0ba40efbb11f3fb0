//! A thread pool for work that blocks, in classes with limits, and adapters that make blocking I/O asynchronous.
//!
//! A task must not block its thread. Name look-ups, most file operations, compression and libraries that wait by
//! themselves do. Here they get a thread of their own, and the task awaits the result.
//!
//! # The smallest program
//!
//! ```
//! use trill_blocking::unblock;
//!
//! let sum = unblock(|| (1..=10).sum::<u32>());
//! assert_eq!(trill_park::block_on(sum), 55);
//! ```
//!
//! # How it works
//!
//! * [`unblock`] queues a closure and wakes an idle thread of the pool, the one that became idle last. Without an idle
//!   one it starts a thread, up to the limits; beyond them work waits in the order in which it came.
//! * [`to_thread`](to_thread()) is the same for work that carries the locals of its task, and asks by [`check_cancelled`] whether
//!   anybody still waits.
//! * A [`Class`] has a queue and a limit of its own, so name look-ups that hang cannot take the threads of files.
//! * A thread without work ends after 10 s. One that cannot be started is an error, and work is never queued
//!   for nobody: see [`try_unblock`] and [`Refused`].
//! * [`Unblock`] wraps a blocking reader, writer, seeker or iterator. It reads only when asked, writes what it
//!   accepted even if it is dropped, and keeps at most one buffer.
//! * A [`Pool`] belongs to the world ([`trill_world`]) in which it was made: in a simulated one its threads and their
//!   patience follow that world's clock.
//!
//! # Features
//!
//! * `insight` (default) keeps in each task where it was spawned, what it waits for and how often it ran; it turns on
//!   the feature of the same name in `trill-cell` and `trill-executor`.
//!
//! # What it does not do
//!
//! It cannot interrupt work that has begun and does not ask: neither dropping a task nor dropping a pool stops a closure, and a process
//! that ends does not wait for it. It is not made for computing in parallel: its default limit is far above the number
//! of processors.

mod adapter;
mod builder;
mod class;
mod crew;
mod current;
mod job;
mod pool;
mod primitive;
mod refused;
mod seat;
mod stats;
mod to_thread;
mod unblock;
mod waiter;

#[cfg(loom)]
#[doc(hidden)]
pub use crate::{crew::Crew, seat::Seat};
pub use adapter::{IntoInner, RefMut, Unblock, WithMut};
pub use builder::Builder;
pub use class::Class;
pub use current::Entered;
pub use job::Task;
pub use pool::Pool;
pub use refused::Refused;
pub use stats::{ClassStats, Stats};
pub use to_thread::{ToThread, to_thread, to_thread_in};
#[doc(hidden)]
pub use unblock::try_unblock_erased;
pub use unblock::{set_max_blocking_threads, try_unblock, try_unblock_in, unblock, unblock_in};
pub use waiter::{Abandoned, check_cancelled};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
