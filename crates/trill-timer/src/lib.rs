//! Timers, sleep, interval and timeout on a timer wheel, with nanosecond deadlines.
//!
//! For programs under any executor that wait for a point in time, or that wait for something else no longer than to it.
//!
//! # The smallest program
//!
//! ```
//! use std::time::Duration;
//! use trill_timer::{sleep, timeout};
//!
//! trill_park::block_on(async {
//!     sleep(Duration::from_millis(1)).await;
//!
//!     let late = timeout(Duration::from_millis(1), std::future::pending::<()>()).await;
//!     assert!(late.is_err());
//! });
//! ```
//!
//! # How it works
//!
//! * Each thread inside [`trill_park::block_on`] has a wheel of its own and fires it before it parks; a timer that is
//!   polled outside lies in the wheel of the attendant thread. A timer that another thread polls moves there.
//! * A timer takes a slot of 40 bytes when it is first polled and pending. Arming, cancelling and resetting take constant
//!   time, and no memory is allocated but for a page of slots when there are more timers than ever before.
//! * Deadlines are exact to the nanosecond and never early. Timers of one wheel with one deadline fire in the order in
//!   which they were armed: by the first poll that waits, or by their last reset.
//! * Where deadlines follow each other closely on a thread, it parks for several at once: a timer may then be late by 0.1 ms
//!   more, and where there are more than 80 in a millisecond, in a virtual machine, by 0.4 ms. One on its own is not.
//! * Firing takes timers out in small batches and wakes their tasks outside the lock, however many are due.
//! * A deadline too far for an [`Instant`](std::time::Instant), such as `Duration::MAX` from now, means never.
//!   A wheel counts 584 years from the first timer of its thread. What lies beyond rings at their end, which only the clock
//!   of a simulated world can reach.
//! * All time comes from [`trill_world`], so in a simulated world an hour of sleep takes no time.
//!
//! # What it does not do
//!
//! It has no dates and no time zones: a [`Sleep`] is about the monotonic clock. It starts no threads and has no
//! settings. If the operating system refuses the attendant thread, timers polled outside `block_on` still keep their
//! deadlines, but their tasks are polled again and again until then.

mod alarm;
mod batch;
mod elapsed;
mod gate;
mod home;
mod interval;
mod levels;
mod missed_tick;
mod slab;
mod sleep;
mod sync;
mod timeout;
mod timer;
mod wheel;

pub use elapsed::Elapsed;
pub use interval::{Interval, Tick, interval, interval_at};
pub use missed_tick::MissedTick;
pub use sleep::{Sleep, sleep, sleep_until};
pub use timeout::{Timeout, timeout, timeout_at};
pub use timer::Timer;

#[cfg(loom)]
#[doc(hidden)]
pub use {
    gate::{Gate, Guard},
    slab::Key,
    wheel::{Armed, Held, Reset, Wheel},
};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
