//! Debug mode: it finds slow polls, threads that block while they poll, locks held for long, and tasks that are dropped
//! unfinished. Needs the feature `debug`.
//!
//! It is off until the environment variable `TRILL_DEBUG` is `1` when a runtime starts,
//! [`Builder::debug`](crate::Builder::debug) asks for it, or [`enable`] is called. Off, it costs nothing.
//!
//! # Examples
//!
//! ```
//! use trill::debug::Config;
//!
//! trill::debug::enable(Config::new());
//! assert!(trill::debug::is_enabled());
//! # trill::debug::disable();
//! ```

pub use trill_debug::*;
