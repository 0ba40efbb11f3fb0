//! Making sockets that are non-blocking and not inherited.
//!
//! Contract, which each file keeps: every descriptor that is returned is non-blocking and closed in child processes.
//! `connect_…` return `Ok` also while the connection is being made.

#[cfg(any(target_os = "linux", target_os = "android"))]
mod linux;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
#[path = "other.rs"]
mod linux;

pub(crate) use linux::{accept_tcp, accept_unix, connect_tcp, connect_unix};
