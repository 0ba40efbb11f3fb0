//! UDP.

pub(crate) mod batch;
mod bind;
mod builder;
mod connect;
mod multicast;
mod options;
mod ready;
mod recv_from;
mod send_to;
mod socket;

pub use batch::{Datagram, Datagrams, RecvBatch, RecvBatched, SendBatch, SendBatched};
pub use bind::Bind;
pub use builder::UdpSocketBuilder;
pub use connect::Connect;
pub use recv_from::RecvFrom;
pub use send_to::SendTo;
pub use socket::UdpSocket;
