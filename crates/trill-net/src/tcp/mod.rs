//! TCP.

mod accept;
mod attempt;
mod bind;
mod builder;
mod connect;
mod incoming;
mod listener;
mod socket;
mod stream;
mod stream_io;
mod stream_options;
mod stream_ready;

pub use accept::Accept;
pub use bind::Bind;
pub use builder::TcpListenerBuilder;
pub use connect::Connect;
pub use incoming::{Incoming, NextIncoming};
pub use listener::TcpListener;
pub use socket::TcpSocket;
pub use stream::TcpStream;
