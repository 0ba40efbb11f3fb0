//! Making sockets: the operating system's arm of the door.
//!
//! Contract: every descriptor that is returned is closed in child processes. Those of `accept_…` and `connect_…` are
//! non-blocking as well, and `connect_…` return `Ok` also while the connection is being made.
//! An open file is an `OwnedFile`; `adopt` makes one of the number that a ring gives.
//! `number` is what people know a descriptor by.
//! The names `AsFd`, `BorrowedFd` and so on are rustix's throughout the crate: on Windows those are of sockets.

#[cfg(any(target_os = "linux", target_os = "android"))]
mod linux;
mod open;
#[cfg(all(unix, not(any(target_os = "linux", target_os = "android"))))]
mod other;
#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) use linux::*;
pub(crate) use open::*;
#[cfg(all(unix, not(any(target_os = "linux", target_os = "android"))))]
pub(crate) use other::*;
#[cfg(unix)]
pub(crate) use unix::*;
#[cfg(windows)]
pub(crate) use windows::*;
