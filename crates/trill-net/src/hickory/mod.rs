//! A runtime for hickory's name resolver, without tokio.

mod provider;
mod sockets;
mod time;

pub use provider::{HickoryHandle, HickoryProvider};
pub use time::HickoryTime;
