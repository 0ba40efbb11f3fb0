//! Data in the first packet of a connection, on Linux.

use std::io;
use std::os::fd::AsFd;

use super::builder::TcpListenerBuilder;
use super::socket::TcpSocket;
use crate::sys;

impl TcpListenerBuilder {
    /// Sets how many connections may wait with data in their first packet, before their client is known to be there
    /// (`TCP_FASTOPEN`): none if not set.
    ///
    /// Such a request may come twice, so it must do no harm when it does. The system must allow it as well: on
    /// Linux the second bit of `net.ipv4.tcp_fastopen` is for listeners, and is not set by itself.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_net::TcpListener;
    ///
    /// let quick = TcpListener::builder().fast_open(256);
    /// trill_park::block_on(quick.bind("127.0.0.1:0"))?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn fast_open(mut self, connections: u32) -> TcpListenerBuilder {
        self.fast_open = Some(connections);
        self
    }
}

impl TcpSocket {
    /// Sets how many connections may wait with data in their first packet; as [`TcpListenerBuilder::fast_open`].
    ///
    /// # Errors
    ///
    /// What the operating system says.
    ///
    /// # Examples
    ///
    /// ```
    /// let socket = trill_net::TcpSocket::new_v4()?;
    /// socket.bind("127.0.0.1:0".parse().unwrap())?;
    /// socket.set_fast_open(256)?;
    /// socket.listen(1024)?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn set_fast_open(&self, connections: u32) -> io::Result<()> {
        sys::set_fast_open(self.as_fd(), connections)
    }

    /// Sets whether the first write goes out with the packet that asks for the connection (`TCP_FASTOPEN_CONNECT`),
    /// where the peer has allowed it before; a round trip less.
    ///
    /// [`TcpSocket::connect`] is ready at once then, and whether somebody listens shows in the first write or read.
    ///
    /// # Errors
    ///
    /// What the operating system says: `Unsupported` or the like where the system's settings forbid it.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use trill_net::{TcpListener, TcpSocket};
    ///
    /// trill_park::block_on(async {
    ///     let listener = TcpListener::builder().fast_open(256).bind("127.0.0.1:0").await?;
    ///     let socket = TcpSocket::new_v4()?;
    ///     socket.set_fast_open_connect(true)?;
    ///     let client = socket.connect(listener.local_addr()?).await?;
    ///     client.write_all(b"request").await?;
    ///     # Ok::<(), std::io::Error>(())
    /// })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn set_fast_open_connect(&self, fast_open: bool) -> io::Result<()> {
        let value = libc::c_int::from(fast_open);
        sys::set_option(
            self.as_fd(),
            libc::IPPROTO_TCP,
            libc::TCP_FASTOPEN_CONNECT,
            value,
        )
    }
}
