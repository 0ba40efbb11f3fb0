//! Options of a UDP socket.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr};

use socket2::SockRef;

use super::socket::UdpSocket;

impl UdpSocket {
    /// Says whether it may send to broadcast addresses (`SO_BROADCAST`).
    ///
    /// # Errors
    ///
    /// What the operating system says.
    ///
    /// # Examples
    ///
    /// See [`UdpSocket::set_broadcast`].
    pub fn broadcast(&self) -> io::Result<bool> {
        self.inner().get_ref().broadcast()
    }

    /// Sets whether it may send to broadcast addresses (`SO_BROADCAST`).
    ///
    /// # Errors
    ///
    /// What the operating system says.
    ///
    /// # Examples
    ///
    /// ```
    /// let socket = trill_park::block_on(trill_net::UdpSocket::bind("127.0.0.1:0"))?;
    /// socket.set_broadcast(true)?;
    /// assert_eq!(socket.broadcast()?, true);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn set_broadcast(&self, broadcast: bool) -> io::Result<()> {
        self.inner().get_ref().set_broadcast(broadcast)
    }

    /// Says whether this host receives what it sends to a group (`IP_MULTICAST_LOOP`).
    ///
    /// # Errors
    ///
    /// What the operating system says.
    ///
    /// # Examples
    ///
    /// See [`UdpSocket::set_multicast_loop_v4`].
    pub fn multicast_loop_v4(&self) -> io::Result<bool> {
        self.inner().get_ref().multicast_loop_v4()
    }

    /// Sets whether this host receives what it sends to a group (`IP_MULTICAST_LOOP`).
    ///
    /// # Errors
    ///
    /// What the operating system says.
    ///
    /// # Examples
    ///
    /// ```
    /// let socket = trill_park::block_on(trill_net::UdpSocket::bind("127.0.0.1:0"))?;
    /// socket.set_multicast_loop_v4(false)?;
    /// assert_eq!(socket.multicast_loop_v4()?, false);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn set_multicast_loop_v4(&self, multicast_loop_v4: bool) -> io::Result<()> {
        self.inner()
            .get_ref()
            .set_multicast_loop_v4(multicast_loop_v4)
    }

    /// Returns how many hops datagrams to a group may take (`IP_MULTICAST_TTL`).
    ///
    /// # Errors
    ///
    /// What the operating system says.
    ///
    /// # Examples
    ///
    /// See [`UdpSocket::set_multicast_ttl_v4`].
    pub fn multicast_ttl_v4(&self) -> io::Result<u32> {
        self.inner().get_ref().multicast_ttl_v4()
    }

    /// Sets how many hops datagrams to a group may take (`IP_MULTICAST_TTL`).
    ///
    /// # Errors
    ///
    /// What the operating system says.
    ///
    /// # Examples
    ///
    /// ```
    /// let socket = trill_park::block_on(trill_net::UdpSocket::bind("127.0.0.1:0"))?;
    /// socket.set_multicast_ttl_v4(3)?;
    /// assert_eq!(socket.multicast_ttl_v4()?, 3);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn set_multicast_ttl_v4(&self, ttl: u32) -> io::Result<()> {
        self.inner().get_ref().set_multicast_ttl_v4(ttl)
    }

    /// Says whether this host receives what it sends to a group (`IPV6_MULTICAST_LOOP`).
    ///
    /// # Errors
    ///
    /// What the operating system says.
    ///
    /// # Examples
    ///
    /// See [`UdpSocket::set_multicast_loop_v6`].
    pub fn multicast_loop_v6(&self) -> io::Result<bool> {
        self.inner().get_ref().multicast_loop_v6()
    }

    /// Sets whether this host receives what it sends to a group (`IPV6_MULTICAST_LOOP`).
    ///
    /// # Errors
    ///
    /// What the operating system says.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// let socket = trill_park::block_on(trill_net::UdpSocket::bind("[::1]:0"))?;
    /// socket.set_multicast_loop_v6(false)?;
    /// assert_eq!(socket.multicast_loop_v6()?, false);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn set_multicast_loop_v6(&self, multicast_loop_v6: bool) -> io::Result<()> {
        self.inner()
            .get_ref()
            .set_multicast_loop_v6(multicast_loop_v6)
    }

    /// Returns how many hops datagrams may take (`IP_TTL`).
    ///
    /// # Errors
    ///
    /// What the operating system says.
    ///
    /// # Examples
    ///
    /// See [`UdpSocket::set_ttl`].
    pub fn ttl(&self) -> io::Result<u32> {
        self.inner().get_ref().ttl()
    }

    /// Sets how many hops datagrams may take (`IP_TTL`).
    ///
    /// # Errors
    ///
    /// What the operating system says.
    ///
    /// # Examples
    ///
    /// ```
    /// let socket = trill_park::block_on(trill_net::UdpSocket::bind("127.0.0.1:0"))?;
    /// socket.set_ttl(100)?;
    /// assert_eq!(socket.ttl()?, 100);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        self.inner().get_ref().set_ttl(ttl)
    }

    /// Returns how many received bytes may wait (`SO_RCVBUF`).
    ///
    /// # Errors
    ///
    /// What the operating system says.
    ///
    /// # Examples
    ///
    /// See [`UdpSocket::set_recv_buffer_size`].
    pub fn recv_buffer_size(&self) -> io::Result<usize> {
        SockRef::from(self).recv_buffer_size()
    }

    /// Sets how many received bytes may wait (`SO_RCVBUF`). Linux doubles the number for its own needs.
    ///
    /// # Errors
    ///
    /// What the operating system says.
    ///
    /// # Examples
    ///
    /// ```
    /// let socket = trill_park::block_on(trill_net::UdpSocket::bind("127.0.0.1:0"))?;
    /// socket.set_recv_buffer_size(65536)?;
    /// assert!(socket.recv_buffer_size()? >= 65536);
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
    /// See [`UdpSocket::set_send_buffer_size`].
    pub fn send_buffer_size(&self) -> io::Result<usize> {
        SockRef::from(self).send_buffer_size()
    }

    /// Sets how many bytes may wait to be sent (`SO_SNDBUF`). Linux doubles the number for its own needs.
    ///
    /// # Errors
    ///
    /// What the operating system says.
    ///
    /// # Examples
    ///
    /// ```
    /// let socket = trill_park::block_on(trill_net::UdpSocket::bind("127.0.0.1:0"))?;
    /// socket.set_send_buffer_size(65536)?;
    /// assert!(socket.send_buffer_size()? >= 65536);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn set_send_buffer_size(&self, bytes: usize) -> io::Result<()> {
        SockRef::from(self).set_send_buffer_size(bytes)
    }

    /// Joins a group on the interface with the given address; `UNSPECIFIED` lets the system choose one.
    ///
    /// # Errors
    ///
    /// What the operating system says.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::net::Ipv4Addr;
    /// use trill_net::UdpSocket;
    ///
    /// trill_park::block_on(async {
    ///     let socket = UdpSocket::bind("0.0.0.0:0").await?;
    ///     let group = Ipv4Addr::new(224, 0, 0, 123);
    ///     socket.join_multicast_v4(group, Ipv4Addr::LOCALHOST)?;
    ///     socket.leave_multicast_v4(group, Ipv4Addr::LOCALHOST)?;
    ///     # Ok::<(), std::io::Error>(())
    /// })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn join_multicast_v4(&self, multiaddr: Ipv4Addr, interface: Ipv4Addr) -> io::Result<()> {
        self.inner()
            .get_ref()
            .join_multicast_v4(&multiaddr, &interface)
    }

    /// Leaves a group on the interface with the given address.
    ///
    /// # Errors
    ///
    /// What the operating system says.
    ///
    /// # Examples
    ///
    /// See [`UdpSocket::join_multicast_v4`].
    pub fn leave_multicast_v4(&self, multiaddr: Ipv4Addr, interface: Ipv4Addr) -> io::Result<()> {
        self.inner()
            .get_ref()
            .leave_multicast_v4(&multiaddr, &interface)
    }

    /// Joins a group on the interface with the given index; 0 lets the system choose one.
    ///
    /// # Errors
    ///
    /// What the operating system says.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use std::net::Ipv6Addr;
    /// use trill_net::UdpSocket;
    ///
    /// trill_park::block_on(async {
    ///     let socket = UdpSocket::bind("[::]:0").await?;
    ///     let group: Ipv6Addr = "ff02::123".parse().unwrap();
    ///     socket.join_multicast_v6(&group, 0)?;
    ///     socket.leave_multicast_v6(&group, 0)?;
    ///     # Ok::<(), std::io::Error>(())
    /// })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn join_multicast_v6(&self, multiaddr: &Ipv6Addr, interface: u32) -> io::Result<()> {
        self.inner()
            .get_ref()
            .join_multicast_v6(multiaddr, interface)
    }

    /// Leaves a group on the interface with the given index.
    ///
    /// # Errors
    ///
    /// What the operating system says.
    ///
    /// # Examples
    ///
    /// See [`UdpSocket::join_multicast_v6`].
    pub fn leave_multicast_v6(&self, multiaddr: &Ipv6Addr, interface: u32) -> io::Result<()> {
        self.inner()
            .get_ref()
            .leave_multicast_v6(multiaddr, interface)
    }

    /// Sends and receives by one network interface alone (`SO_BINDTODEVICE`); `None` by all.
    ///
    /// # Errors
    ///
    /// What the operating system says: `PermissionDenied` without the right to do so.
    ///
    /// # Examples
    ///
    /// ```
    /// let socket = trill_park::block_on(trill_net::UdpSocket::bind("127.0.0.1:0"))?;
    /// socket.bind_device(None)?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[cfg(any(target_os = "linux", target_os = "android"))]
    pub fn bind_device(&self, interface: Option<&str>) -> io::Result<()> {
        SockRef::from(self).bind_device(interface.map(str::as_bytes))
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
    /// let socket = trill_park::block_on(trill_net::UdpSocket::bind("127.0.0.1:0"))?;
    /// assert!(socket.take_error()?.is_none());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.inner().get_ref().take_error()
    }
}
