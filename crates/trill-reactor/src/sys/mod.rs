//! Making sockets: the operating system's arm of the door.
//!
//! Contract: every descriptor that is returned is closed in child processes. Those of `accept_…` and `connect_…` are
//! non-blocking as well, and `connect_…` return `Ok` also while the connection is being made.
//! An open file is an `OwnedFile`; `adopt` makes one of the number that a ring gives.
//! `number` is what people know a descriptor by.
//! `set_nonblocking` makes operations on a descriptor return `WouldBlock` instead of waiting, `is_ready` asks for a direction
//! without waiting, `CANCELED` is how an operation ends that was ended before it began.
//! The names `AsFd`, `BorrowedFd` and so on are those of Unix throughout the crate: on Windows they are of sockets.

#[cfg(any(target_os = "linux", target_os = "android"))]
mod linux;
#[cfg(any(target_os = "linux", target_os = "android"))]
mod linux_socket;
mod open;
#[cfg(all(unix, not(any(target_os = "linux", target_os = "android"))))]
mod other;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod portable;
#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) use linux::*;
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) use linux_socket::*;
pub(crate) use open::*;
#[cfg(all(unix, not(any(target_os = "linux", target_os = "android"))))]
pub(crate) use other::*;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(crate) use portable::*;
#[cfg(unix)]
pub(crate) use unix::*;
#[cfg(windows)]
pub(crate) use windows::*;
