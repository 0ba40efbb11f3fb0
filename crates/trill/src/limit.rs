//! Limits: capacity lent by borrower, rates, and retries with back-off. Needs the feature `limit`.
//!
//! # Examples
//!
//! ```
//! use trill::limit::RateLimiter;
//!
//! fn is_sync<T: Sync>() {}
//! is_sync::<RateLimiter>();
//! ```

pub use trill_limit::*;
