//! Making sockets: the operating system's arm of the door.
//!
//! Contract: every descriptor that is returned is closed in child processes. Those of `accept_…` and `connect_…` are
//! non-blocking as well, and `connect_…` return `Ok` also while the connection is being made.

#[cfg(any(target_os = "linux", target_os = "android"))]
mod linux;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
#[path = "other.rs"]
mod linux;
mod open;

pub(crate) use linux::{accept_tcp, accept_unix, connect_tcp, connect_unix};
pub(crate) use open::{
    tcp_listener, udp_socket, unix_datagram, unix_datagram_unbound, unix_datagrams, unix_listener,
    unix_streams,
};
