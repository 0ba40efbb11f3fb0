//! What every task is doing, as a table, a tree and a graph of awaits. Needs the feature `inspect`.
//!
//! # Examples
//!
//! ```
//! use trill::inspect::Snapshot;
//!
//! trill::run(async {
//!     let _waits = trill::task::Builder::new("waits").spawn(std::future::pending::<()>());
//!     trill::task::yield_now().await;
//!     if let Some(snapshot) = Snapshot::current() {
//!         println!("{snapshot}");
//!     }
//! });
//! ```

pub use trill_inspect::*;
