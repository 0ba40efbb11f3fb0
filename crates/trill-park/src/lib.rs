//! Where a thread waits: `block_on`, drivers, timers that are due, and the attendant thread.
//!
//! Executors, reactors and timers do not know each other. They meet here: whatever a thread waits for ends in one
//! place where it parks.
//!
//! # The smallest program
//!
//! ```
//! assert_eq!(trill_park::block_on(async { 1 + 2 }), 3);
//! ```
//!
//! # How it works
//!
//! * [`block_on`] polls a future; when it is pending the thread fires what is [`Due`], then waits in its [`Driver`]
//!   (a reactor) or, without one or when another thread is inside it, on a futex.
//! * A timer wheel makes itself known by [`Thread::serve`], a reactor by [`Thread::drive`]; both are found through
//!   [`thread`], so that they work under any executor.
//! * A waker of a parked thread costs one atomic swap, plus a system call only if the thread really sleeps.
//! * One helper thread for the process, the *attendant*, stands in where no thread parks: it serves timers and
//!   drivers polled outside `block_on`, and those of a thread that has been stuck in one poll for 2 ms.
//!   It is started on first need, and sleeps without a deadline while all threads are parked.
//! * A thread that is busy also fires the timers of another that has been in one poll for 100 µs.
//! * [`is_polling`] says whether blocking here would hold up a future; an [`Inspect`] of a debug mode hears of those who do it.
//! * In a simulated world ([`trill_world`]) a thread parks in that world, and there is no attendant.
//!
//! # What it does not do
//!
//! It has no timers, no sockets and no tasks of its own: `trill-timer`, `trill-reactor` and `trill-executor` do.

mod attendant;
mod block_on;
mod deep_sleep;
mod dense;
mod driver;
mod fence;
mod inspect;
mod may_block;
mod pace;
mod parker;
mod primitive;
mod recent;
mod records;
mod registry;
mod relief;
mod seat;
mod sys;
mod thread;
mod waker;
mod watch;

pub use block_on::block_on;
pub use driver::{Driver, Due};
pub use fence::{has_heavy_fence, heavy_fence, light_fence};
pub use inspect::{Inspect, inspected, set_inspector};
pub use may_block::{is_polling, may_block, was_allowed};
pub use recent::recent;
pub use thread::{Thread, thread};
pub use waker::{is_own, wake};

#[cfg(loom)]
#[doc(hidden)]
pub use deep_sleep::DeepSleep;
#[cfg(loom)]
#[doc(hidden)]
pub use parker::{Parker, Place};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
