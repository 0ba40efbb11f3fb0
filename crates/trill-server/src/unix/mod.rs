//! What servers are on Unix sockets.

mod bind;
mod socket_file;
mod streams;

use std::io;

use trill_net::futures::unix;
use trill_net::unix::{UnixListener, UnixStream};

use crate::listener::Listener;

pub use bind::{BindUnix, UnixSocket};
pub use streams::{OpenUnixConnection, StartUnixServer, open_unix_connection, start_unix_server};

impl Listener for UnixListener {
    type Stream = UnixStream;
    type Address = trill_net::unix::SocketAddr;
    type Accept<'a> = unix::Accept<'a>;

    fn accept(&self) -> unix::Accept<'_> {
        UnixListener::accept(self)
    }

    fn local_addr(&self) -> io::Result<trill_net::unix::SocketAddr> {
        UnixListener::local_addr(self)
    }
}
