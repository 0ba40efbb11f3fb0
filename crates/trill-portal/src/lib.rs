//! Portals: calls from threads into tasks.
//!
//! A thread that is no part of a runtime (a callback of a library, a job on a thread pool, a window system's loop) hands
//! a future to one, and waits for the answer or looks for it later.
//!
//! # The smallest program
//!
//! ```
//! use trill_executor::Executor;
//! use trill_portal::Portal;
//!
//! let ex = Executor::new();
//! trill_park::block_on(ex.run(async {
//!     let portal = Portal::current().unwrap();
//!     let (done, wait) = trill_sync::channel::oneshot::channel();
//!     std::thread::spawn(move || done.send(portal.call(async { 1 + 2 }).unwrap()).ok());
//!     assert_eq!(wait.await, Ok(3));
//! }));
//! ```
//!
//! # How it works
//!
//! * Making a [`Portal`] spawns one task in the runtime. Threads put futures into its queue, and it spawns each as a task
//!   of its own; that task carries the inherited locals of the thread that called.
//! * [`Portal::call`] blocks until the task has ended; [`Portal::start`] returns a [`PortalTask`] to wait for, to cancel, or,
//!   in a task of another runtime, to await. Values, panics and cancellation all travel back.
//! * A blocking form that is called where a future is being polled returns [`PortalError::Deadlock`] at once: the thread it
//!   would block may be the one that has to run the task. Whose `block_on` polls, trill's or another's, makes no difference
//!   for the portal's own runtime.
//! * When the runtime ends, the portal's task is dropped; everybody who waits gets [`PortalError::Closed`], and so does
//!   whoever calls later. A portal does not keep its runtime alive.
//!
//! # Features
//!
//! * `insight` (default) keeps in each task where it was spawned, what it waits for and how often it ran; it turns on
//!   the feature of the same name in `trill-cell` and `trill-executor`.
//!
//! # What it does not do
//!
//! It starts no threads and runs no tasks: while nobody polls the executor, callers wait. The queue has no bound of its own:
//! every entry belongs to a blocked thread or to a [`PortalTask`], and a caller that starts without end fills memory here as
//! it would by spawning. The other way, from tasks to threads, is `trill_blocking::to_thread`.

mod error;
mod order;
mod portal;
mod pump;
mod queue;
mod slot;
mod task;

pub use error::{Panic, PortalError};
pub use portal::Portal;
pub use task::{Canceller, PortalTask};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
