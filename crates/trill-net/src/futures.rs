//! The futures that this crate's methods return.
//!
//! They are here to be named; the methods that make them describe them. Each tells the task that awaits it in which
//! line of the program that is.

pub use crate::datagram::{Recv, Send};
pub use crate::resolve::Resolve;
pub use crate::stream::read::{Peek, Read, ReadExact, ReadVectored};
pub use crate::stream::write::{Write, WriteAll, WriteVectored};
pub use crate::tcp::{Accept, Bind, Connect, NextIncoming};
#[cfg(unix)]
pub use crate::tcp::{RecvUrgent, SendUrgent};

/// The futures of UDP sockets alone.
pub mod udp {
    pub use crate::udp::{Bind, Connect, RecvBatched, RecvFrom, SendBatched, SendTo};
}

/// The futures of Unix sockets alone.
#[cfg(unix)]
pub mod unix {
    pub use crate::unix::accept::{Accept, NextIncoming};
    pub use crate::unix::connect::Connect;
    pub use crate::unix::datagram_futures::{RecvFrom, SendTo};
    pub use crate::unix::descriptors::{RecvWithFds, SendWithFds};
}
