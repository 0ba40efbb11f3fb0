//! Combinators for futures: those of futures-lite, with this crate's [`block_on`].
//!
//! # Examples
//!
//! ```
//! use trill::future;
//!
//! let sum = future::block_on(async { future::zip(async { 1 }, async { 2 }).await });
//! assert_eq!(sum, (1, 2));
//! ```

pub use futures_lite::future::*;

pub use crate::ambient::block_on;
pub use trill_executor::yield_now;
