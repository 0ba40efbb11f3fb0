//! Signals as streams, and waiting for Ctrl-C. Needs the feature `signal`.
//!
//! While a program listens to a signal here, a runtime does not cancel its main for it; see
//! [`Builder::ctrl_c`](crate::Builder::ctrl_c).
//!
//! # Examples
//!
//! ```
//! use trill::signal::{Signal, Signals};
//!
//! trill::run(async {
//!     let signals = Signals::new([Signal::Hup, Signal::Int]);
//!     println!("{signals:?}");
//! });
//! ```

pub use trill_signal::*;
