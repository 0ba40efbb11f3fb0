//! TCP.

mod accept;
mod attempt;
mod bind;
mod builder;
mod connect;
#[cfg(any(target_os = "linux", target_os = "android"))]
mod fast_open;
mod incoming;
mod listener;
mod socket;
mod stream;
mod stream_io;
#[cfg(any(target_os = "linux", target_os = "android"))]
mod stream_linux;
mod stream_options;
mod stream_ready;
#[cfg(unix)]
mod urgent;

pub use accept::Accept;
pub use bind::Bind;
pub use builder::TcpListenerBuilder;
pub use connect::Connect;
pub use incoming::{Incoming, NextIncoming};
pub use listener::TcpListener;
pub use socket::TcpSocket;
pub use stream::TcpStream;
#[cfg(unix)]
pub use urgent::{RecvUrgent, SendUrgent};
