//! Callbacks as a future: soon, later, at a deadline, when a descriptor is ready.
//!
//! For programs that were written around an event loop and are ported piece by piece. New code is shorter with tasks.
//!
//! # The smallest program
//!
//! ```
//! use std::time::Duration;
//! use trill_callback::Callbacks;
//!
//! let callbacks = Callbacks::new();
//! callbacks.call_soon(|| println!("soon"));
//! callbacks.call_later(Duration::from_millis(1), || println!("later"));
//! let stop = callbacks.clone();
//! callbacks.call_later(Duration::from_millis(2), move || stop.stop());
//!
//! trill_park::block_on(callbacks.run());
//! ```
//!
//! # How it works
//!
//! * [`Callbacks::run`] is a future, so any executor or `block_on` runs the loop, and the callbacks run one at a time in that task.
//! * A turn looks at the descriptors that have news, then at the clock, and runs what is queued by then. What is queued
//!   meanwhile waits for the next turn, before which the task gives way. A turn longer than the task's budget goes on in its
//!   next poll.
//! * Every callback lies in a map under its name. Cancelling takes it out, and what it has captured is dropped at once.
//! * A watched descriptor is registered with the reactor once for both directions. While it is ready each turn asks the
//!   operating system again, so callbacks see a level; while it is not it costs nothing.
//! * [`Callbacks`] takes callbacks that are `Send`, from any thread. [`LocalCallbacks`] takes others, and has a
//!   [`Remote`] for the other threads.
//!
//! # What it does not do
//!
//! Callbacks are not awaited and return nothing: a task that waits for one uses a promise or a channel of `trill-sync`. Signals are
//! `trill-signal`'s, and work for other threads is `trill-blocking`'s. It sets no descriptor to non-blocking mode. On
//! Windows it watches sockets and nothing else.

mod bell;
mod callbacks;
mod core;
mod descriptors;
mod handle;
mod origin;
mod queue;
mod reach;
mod remote;
mod run;
mod statistics;
mod sys;
mod watch;

pub use callbacks::{Callbacks, LocalCallbacks};
pub use handle::{Handle, TimerHandle};
pub use reach::{AnyThread, Reach, TakesEach, TakesOnce, ThisThread};
pub use remote::{Remote, RemoteHandle};
pub use run::Run;
pub use statistics::CallbackStatistics;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
