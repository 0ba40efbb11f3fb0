//! Queues that know when their work is done: first in first out, last in first out, by priority.
//!
//! # Examples
//!
//! See the [crate's page](trill_sync::queue).

pub use trill_sync::queue::*;
