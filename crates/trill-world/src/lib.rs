//! The door between a program and the outside: clock, randomness, thread start and waiting.
//!
//! Everything that makes a run of a program differ from the next one comes through here.
//! Asked through this door, the same program runs on the operating system or, unchanged, in a world
//! that somebody wrote for a test: with a clock that jumps, with chance that repeats.
//!
//! # The smallest program
//!
//! ```
//! use std::time::Duration;
//!
//! // On the operating system, which is where every thread begins:
//! let before = trill_world::now();
//! assert!(trill_world::now() >= before);
//!
//! // The same call in a world whose clock stands still until somebody moves it:
//! let world = trill_world::VirtualWorld::new(7);
//! world.run(|| {
//!     let before = trill_world::now();
//!     world.advance(Duration::from_secs(3600));
//!     assert_eq!(trill_world::now() - before, Duration::from_secs(3600));
//! });
//! ```
//!
//! # How it works
//!
//! * Each thread has a current [`World`], the operating system unless it entered another one.
//! * [`now`], [`system_time`], [`random`], [`pick`] and [`start_thread`] ask the current world;
//!   for the operating system that is one predictable branch before the plain call.
//! * A world that is not the operating system implements [`Simulate`], also for how a thread waits.
//! * Threads started through [`start_thread`] live in the world of the thread that started them.
//! * [`VirtualWorld`] is the small one for tests: its clock jumps when all its threads wait.
//!
//! # What it does not do
//!
//! It holds no sockets, files, processes or signals: crates that offer those ask [`World::current`] when an
//! object is made and pick their arm then.

mod clock;
mod forks;
mod os;
mod per_process;
mod random;
mod simulate;
mod sys;
mod tick_rate;
mod virtual_world;
mod world;

pub use clock::{now, system_time, ticks};
pub use forks::{ForkGate, forks};
pub use per_process::PerProcess;
pub use random::{pick, random};
pub use simulate::{Body, Simulate, Spot};
pub use tick_rate::{delay_to_ticks, ticks_to_delay, ticks_to_delay_if_known};
pub use virtual_world::VirtualWorld;
pub use world::{Entered, World, start_thread};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
