//! Options of a TCP connection.

use std::io;
use std::time::Duration;

use socket2::SockRef;

use super::stream::TcpStream;
use crate::keepalive::Keepalive;

impl TcpStream {
    /// Says whether small writes leave at once (`TCP_NODELAY`).
    ///
    /// # Errors
    ///
    /// What the operating system says.
    ///
    /// # Examples
    ///
    /// See [`TcpStream::set_nodelay`].
    pub fn nodelay(&self) -> io::Result<bool> {
        self.std().nodelay()
    }

    /// Sets whether small writes leave at once (`TCP_NODELAY`), instead of waiting for the answer to earlier ones so
    /// that they can leave together.
    ///
    /// # Errors
    ///
    /// What the operating system says.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_net::{TcpListener, TcpStream};
    ///
    /// trill_park::block_on(async {
    ///     let listener = TcpListener::bind("127.0.0.1:0").await?;
    ///     let client = TcpStream::connect(listener.local_addr()?).await?;
    ///     client.set_nodelay(true)?;
    ///     assert!(client.nodelay()?);
    ///     # Ok::<(), std::io::Error>(())
    /// })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        self.std().set_nodelay(nodelay)
    }

    /// Returns how many hops packets may take (`IP_TTL`).
    ///
    /// # Errors
    ///
    /// What the operating system says.
    ///
    /// # Examples
    ///
    /// See [`TcpStream::set_ttl`].
    pub fn ttl(&self) -> io::Result<u32> {
        self.std().ttl()
    }

    /// Sets how many hops packets may take (`IP_TTL`).
    ///
    /// # Errors
    ///
    /// What the operating system says.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_net::{TcpListener, TcpStream};
    ///
    /// trill_park::block_on(async {
    ///     let listener = TcpListener::bind("127.0.0.1:0").await?;
    ///     let client = TcpStream::connect(listener.local_addr()?).await?;
    ///     client.set_ttl(100)?;
    ///     assert_eq!(client.ttl()?, 100);
    ///     # Ok::<(), std::io::Error>(())
    /// })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        self.std().set_ttl(ttl)
    }

    /// Returns what [`TcpStream::set_linger`] set.
    ///
    /// # Errors
    ///
    /// What the operating system says.
    ///
    /// # Examples
    ///
    /// See [`TcpStream::set_linger`].
    pub fn linger(&self) -> io::Result<Option<Duration>> {
        SockRef::from(self).linger()
    }

    /// Sets what a close does with bytes that were not sent (`SO_LINGER`).
    ///
    /// `None`, as at first, sends them in the background. `Some(Duration::ZERO)` discards them and resets the
    /// connection. Anything else makes the **thread** that closes wait so long: not for asynchronous programs.
    ///
    /// # Errors
    ///
    /// What the operating system says.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::ErrorKind;
    /// use std::time::Duration;
    /// use trill_net::{TcpListener, TcpStream};
    ///
    /// trill_park::block_on(async {
    ///     let listener = TcpListener::bind("127.0.0.1:0").await?;
    ///     let client = TcpStream::connect(listener.local_addr()?).await?;
    ///     let (server, _) = listener.accept().await?;
    ///     client.set_linger(Some(Duration::ZERO))?;
    ///     assert_eq!(client.linger()?, Some(Duration::ZERO));
    ///     drop(client);
    ///     let error = server.read(&mut [0]).await.unwrap_err();
    ///     assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    ///     # Ok::<(), std::io::Error>(())
    /// })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn set_linger(&self, linger: Option<Duration>) -> io::Result<()> {
        SockRef::from(self).set_linger(linger)
    }

    /// Says whether the system probes a silent peer (`SO_KEEPALIVE`).
    ///
    /// # Errors
    ///
    /// What the operating system says.
    ///
    /// # Examples
    ///
    /// See [`Keepalive`].
    pub fn keepalive(&self) -> io::Result<bool> {
        SockRef::from(self).keepalive()
    }

    /// Sets whether and how the system probes a silent peer (`SO_KEEPALIVE`); `None` ends that.
    ///
    /// # Errors
    ///
    /// What the operating system says.
    ///
    /// # Examples
    ///
    /// See [`Keepalive`].
    pub fn set_keepalive(&self, keepalive: Option<&Keepalive>) -> io::Result<()> {
        Keepalive::apply(keepalive, self)
    }

    /// Returns how many received bytes may wait (`SO_RCVBUF`).
    ///
    /// # Errors
    ///
    /// What the operating system says.
    ///
    /// # Examples
    ///
    /// See [`TcpStream::set_recv_buffer_size`].
    pub fn recv_buffer_size(&self) -> io::Result<usize> {
        SockRef::from(self).recv_buffer_size()
    }

    /// Sets how many received bytes may wait (`SO_RCVBUF`), and ends that the system chooses. Linux doubles the
    /// number for its own needs. To offer a larger window from the start, set it on a
    /// [`TcpSocket`](crate::TcpSocket).
    ///
    /// # Errors
    ///
    /// What the operating system says.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_net::{TcpListener, TcpStream};
    ///
    /// trill_park::block_on(async {
    ///     let listener = TcpListener::bind("127.0.0.1:0").await?;
    ///     let client = TcpStream::connect(listener.local_addr()?).await?;
    ///     client.set_recv_buffer_size(65536)?;
    ///     assert!(client.recv_buffer_size()? >= 65536);
    ///     client.set_send_buffer_size(65536)?;
    ///     assert!(client.send_buffer_size()? >= 65536);
    ///     # Ok::<(), std::io::Error>(())
    /// })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn set_recv_buffer_size(&self, bytes: usize) -> io::Result<()> {
        SockRef::from(self).set_recv_buffer_size(bytes)
    }

    /// Returns how many bytes may wait to be sent (`SO_SNDBUF`).
    ///
    /// # Errors
    ///
    /// What the operating system says.
    ///
    /// # Examples
    ///
    /// See [`TcpStream::set_recv_buffer_size`].
    pub fn send_buffer_size(&self) -> io::Result<usize> {
        SockRef::from(self).send_buffer_size()
    }

    /// Sets how many bytes may wait to be sent (`SO_SNDBUF`), and ends that the system chooses. Linux doubles the
    /// number for its own needs.
    ///
    /// # Errors
    ///
    /// What the operating system says.
    ///
    /// # Examples
    ///
    /// See [`TcpStream::set_recv_buffer_size`].
    pub fn set_send_buffer_size(&self, bytes: usize) -> io::Result<()> {
        SockRef::from(self).set_send_buffer_size(bytes)
    }

    /// Returns the error that was noted for the socket, if any, and clears it (`SO_ERROR`).
    ///
    /// # Errors
    ///
    /// What the operating system says when asked.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_net::{TcpListener, TcpStream};
    ///
    /// trill_park::block_on(async {
    ///     let listener = TcpListener::bind("127.0.0.1:0").await?;
    ///     let client = TcpStream::connect(listener.local_addr()?).await?;
    ///     assert!(client.take_error()?.is_none());
    ///     # Ok::<(), std::io::Error>(())
    /// })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.std().take_error()
    }
}
