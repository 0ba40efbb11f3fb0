//! Values that are promised now and given later, from any thread.
//!
//! # Examples
//!
//! See the [crate's page](trill_sync::promise).

pub use trill_sync::promise::*;
