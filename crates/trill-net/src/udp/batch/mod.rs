//! Many datagrams in one system call.

mod futures;
mod recv_batch;
mod send_batch;

pub use futures::{RecvBatched, SendBatched};
pub(crate) use recv_batch::Slot;
pub use recv_batch::{Datagram, Datagrams, RecvBatch};
pub(crate) use send_batch::Message;
pub use send_batch::SendBatch;

/// How many messages one system call takes; the arrays for that many fit in two pages of stack.
pub(crate) const MESSAGES_MAX: usize = 32;
