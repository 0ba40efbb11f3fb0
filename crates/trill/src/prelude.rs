//! The traits of futures and streams and their extension methods, for a glob import.
//!
//! # Examples
//!
//! ```
//! use trill::prelude::*;
//!
//! let sum = trill::block_on(trill::stream::iter([1, 2, 3]).fold(0, |sum, n| sum + n));
//! assert_eq!(sum, 6);
//! ```

pub use futures_lite::prelude::*;
