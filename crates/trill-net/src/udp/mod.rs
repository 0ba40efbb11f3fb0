//! UDP.

mod bind;
mod builder;
mod connect;
mod options;
mod ready;
mod recv_from;
mod send_to;
mod socket;

pub use bind::Bind;
pub use builder::UdpSocketBuilder;
pub use connect::Connect;
pub use recv_from::RecvFrom;
pub use send_to::SendTo;
pub use socket::UdpSocket;
