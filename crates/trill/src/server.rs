//! Servers over TCP and Unix sockets that end gracefully. Needs the feature `server`.
//!
//! # Examples
//!
//! See [`Server`].

pub use trill_server::*;
