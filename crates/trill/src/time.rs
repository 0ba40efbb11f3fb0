//! Sleeping, intervals and timeouts.
//!
//! # Examples
//!
//! ```
//! use std::time::Duration;
//!
//! let late = trill::block_on(trill::time::timeout(Duration::from_millis(1), std::future::pending::<()>()));
//! assert!(late.is_err());
//! ```

pub use trill_timer::*;
pub use trill_world::now;
