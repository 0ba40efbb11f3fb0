//! A debug mode: slow polls, lost failures, blocking calls, locks held for long, use from the wrong thread.
//!
//! Asynchronous programs go wrong in ways that look like nothing: a task that computes keeps others waiting, a lock that is
//! held while its owner sleeps makes a queue, an error is dropped with its handle. Debug mode makes each of these a
//! [`Finding`] that names the task, where it was spawned and where it happened.
//!
//! # The smallest program
//!
//! ```
//! use std::sync::mpsc;
//! use trill_debug::{Config, Finding};
//!
//! let (found, findings) = mpsc::channel();
//! trill_debug::enable(Config::new().listener(move |finding| {
//!     found.send(finding.clone()).ok();
//! }));
//! trill_park::block_on(async {
//!     // Blocks the thread that should go on polling:
//!     trill_park::block_on(async {});
//! });
//! let finding = findings.recv().unwrap();
//! assert!(matches!(finding, Finding::BlockingCall { .. }));
//! println!("{finding}"); // the future of a `block_on` blocks its thread at src/main.rs:10:5: ...
//! ```
//!
//! # What it finds
//!
//! | finding | when |
//! | --- | --- |
//! | [`SlowPoll`](Finding::SlowPoll) | a poll of a task took longer than [`Config::slow_poll`]; jobs of blocking pools are left out |
//! | [`BlockingCall`](Finding::BlockingCall) | `block_on` or a form that ends in `_blocking` was called while a future is polled |
//! | [`LockHeld`](Finding::LockHeld) | a task that took a lock of trill-sync kept it for longer than [`Config::long_hold`] after a poll that returned `Pending` |
//! | [`DroppedUnfinished`](Finding::DroppedUnfinished) | a task was dropped before it ended while its runtime was [shutting down](shutting_down) |
//! | [`Unhandled`](Finding::Unhandled) | a failure was [reported](trill_cell::report) that nobody can receive |
//! | [`WrongThread`](Finding::WrongThread) | something with a [`HomeThread`] was used on another thread |
//!
//! # How it works
//!
//! * [`enable`] adds an observer to trill-cell and an inspector to trill-park, once; [`disable`] makes them deaf.
//! * Polls are timed by their executor in [`trill_world::ticks`]; these are compared with the operating system's clock once,
//!   for 2 ms, when debug mode is first enabled. In a simulated world they are its own nanoseconds.
//! * Locks note who took them; the end of each poll looks for holds that last too long. When nothing in the process is
//!   polled, a hold is found at its end.
//! * Without a [listener](Config::listener), findings are lines on standard error, at most 20 at once and ten a second; the
//!   next line says how many were left out.
//! * Off, or turned off again, a hook costs one load and a branch: when a task is spawned, polled and ended, when a lock is
//!   taken or left, and where a thread blocks. In instructions by callgrind on x86-64, off against a build without the
//!   hooks: 1,031 and 1,012 for a spawn and its await, 300 and 293 for a yield, 47 and 40 for a lock and its release that
//!   nobody contends, 1,037 and 1,008 with a yield and another task that waits for it; no difference for a message through a
//!   bounded channel and for a permit of a semaphore. In processor time of interleaved pairs of runs, on a noisy virtual
//!   machine with two processors (ratio of the medians; the least and the greatest ratio of a pair): 1.00 for the spawn (31
//!   pairs; 0.86 to 1.13), 1.00 for the lock (15; 0.95 to 1.05) and 1.00 where it is contended (15; 0.93 to 1.09), but 1.08 for
//!   the yield (31; 0.88 to 1.34), 28 ns against 26 ns, and 1.03 in a shorter series (15; 0.80 to 1.27).
//!
//! # Features
//!
//! * `insight` (default) turns on the feature of the same name in `trill-cell`. Without it tasks have no names and no times:
//!   slow polls and long holds are not found.
//!
//! # What it does not do
//!
//! It sees what goes through trill: a task that sleeps by `std::thread::sleep` is found by the length of its poll, not by the
//! call. It measures time on the wall, so a preempted thread looks slow. The future given to `block_on` or to an
//! executor's `run` is no task: its own polls are not timed, and its locks not watched.

mod config;
mod enable;
mod environment;
mod finding;
mod holds;
mod home_thread;
mod inspector;
mod observer;
mod shutdown;
mod stderr;
mod tell;

pub use config::Config;
pub use enable::{disable, enable, is_enabled};
pub use environment::enable_from_environment;
pub use finding::{Finding, TaskInfo};
pub use home_thread::HomeThread;
pub use shutdown::{ShuttingDown, shutting_down};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
