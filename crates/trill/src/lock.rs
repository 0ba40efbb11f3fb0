//! Locks, semaphores, barriers, cells that are set once, notifications and conditions.
//!
//! # Examples
//!
//! ```
//! let mutex = trill::lock::Mutex::new(1);
//! trill::block_on(async { *mutex.lock().await += 1 });
//! assert_eq!(mutex.into_inner(), 2);
//! ```

pub use trill_sync::*;
