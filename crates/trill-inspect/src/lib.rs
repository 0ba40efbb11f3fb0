//! What every task is doing: a table, a tree by parent, and who awaits whom.
//!
//! A program that is stuck shows nothing by itself. A [`Snapshot`] shows each task's name, where it was spawned, what it
//! waits for and at which line, how often it was polled and how long that took, and by which tasks it is awaited.
//!
//! # The smallest program
//!
//! ```
//! use trill_executor::Executor;
//! use trill_inspect::Snapshot;
//! use trill_sync::Mutex;
//!
//! let mutex = Mutex::new(());
//! let ex = Executor::new();
//! let guard = mutex.try_lock().unwrap();
//! let writer = ex.builder().name("writer").spawn(async {
//!     mutex.lock().await;
//! });
//! let main = ex.builder().name("main").spawn(async {
//!     writer.await;
//! });
//! while ex.try_tick() {}
//!
//! let snapshot = Snapshot::of(&ex);
//! let text = snapshot.graph().to_string();
//! # if cfg!(feature = "insight") {
//! assert!(text.contains("\"main\""), "{text}");
//! assert!(text.contains("\"writer\" waits for lock 0x"), "{text}");
//! # }
//! println!("{}", snapshot.table());
//! # drop(guard);
//! # drop(main);
//! ```
//!
//! To see all tasks of all executors in the process, from any thread, call [`print()`].
//!
//! # How it works
//!
//! * Executors know their waiting tasks, because their drop must find them. A snapshot visits these one after the other,
//!   while others run: it stops nobody, and is of no single instant.
//! * What a task waits for is what the last leaf of its last poll said; see [`trill_cell::waiting`]. If several leaves
//!   said so, their number is shown.
//! * Who awaits a task is read from the other end: from the waker that the awaited task keeps for its end. So the edges
//!   of combinators are complete, however many tasks one task awaits at once, and whoever wrote the combinator.
//!   Children of scopes and groups know the task that runs these.
//! * A cycle of edges is printed once, and [`Snapshot::cycles`] returns it.
//!
//! # Features
//!
//! * `insight` (default) turns on the feature of the same name in `trill-cell`. Without it tasks have no names, no places
//!   and no counts; awaiters are known all the same.
//!
//! # What it does not do
//!
//! * Tasks that were never polled are counted and not listed.
//! * Who owns a lock is not known, so no cycle goes through a lock unless [`Snapshot::add_owner`] says who.
//! * A handle of a scope's or group's child that a foreign task awaits together with others shows only if it was polled
//!   last. The task that runs the scope or the group shows always.
//! * A handle that was polled through a combinator with wakers of its own, and is then kept without being awaited, counts
//!   as awaited until it is polled elsewhere or dropped.
//! * It looks into no other process, and has no frames of futures: only the innermost await is known.

mod cycles;
mod edge;
mod graph;
mod print;
mod record;
mod rows;
mod snapshot;
mod table;
mod tree;

pub use edge::{Edge, Node};
pub use graph::Graph;
pub use print::print;
pub use record::Record;
pub use snapshot::Snapshot;
pub use table::Table;
pub use tree::Tree;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
