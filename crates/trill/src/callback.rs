//! A loop of callbacks, for ports of event-driven programs. Needs the feature `callback`.
//!
//! # Examples
//!
//! ```
//! use trill::callback::Callbacks;
//!
//! println!("{:?}", Callbacks::new());
//! ```

pub use trill_callback::*;
