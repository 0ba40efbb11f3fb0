//! By which interface, how far and with whom a UDP socket speaks to groups.

use std::io;
use std::net::Ipv4Addr;

use socket2::SockRef;

use super::socket::UdpSocket;
use crate::sys::{self, AsFd};

impl UdpSocket {
    /// Returns the address of the interface by which datagrams to IPv4 groups leave (`IP_MULTICAST_IF`);
    /// `UNSPECIFIED` if the system chooses it.
    ///
    /// # Errors
    ///
    /// What the operating system says.
    ///
    /// # Examples
    ///
    /// See [`UdpSocket::set_multicast_interface_v4`].
    pub fn multicast_interface_v4(&self) -> io::Result<Ipv4Addr> {
        SockRef::from(self).multicast_if_v4()
    }

    /// Sets the interface by which datagrams to IPv4 groups leave, by its address (`IP_MULTICAST_IF`); `UNSPECIFIED`
    /// lets the system choose.
    ///
    /// # Errors
    ///
    /// What the operating system says: `AddrNotAvailable` if no interface has the address.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::net::Ipv4Addr;
    ///
    /// let socket = trill_park::block_on(trill_net::UdpSocket::bind("127.0.0.1:0"))?;
    /// socket.set_multicast_interface_v4(Ipv4Addr::LOCALHOST)?;
    /// assert_eq!(socket.multicast_interface_v4()?, Ipv4Addr::LOCALHOST);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn set_multicast_interface_v4(&self, interface: Ipv4Addr) -> io::Result<()> {
        SockRef::from(self).set_multicast_if_v4(&interface)
    }

    /// Returns the index of the interface by which datagrams to IPv6 groups leave (`IPV6_MULTICAST_IF`); 0 if the
    /// system chooses it.
    ///
    /// # Errors
    ///
    /// What the operating system says.
    ///
    /// # Examples
    ///
    /// See [`UdpSocket::set_multicast_interface_v6`].
    pub fn multicast_interface_v6(&self) -> io::Result<u32> {
        SockRef::from(self).multicast_if_v6()
    }

    /// Sets the interface by which datagrams to IPv6 groups leave, by its index (`IPV6_MULTICAST_IF`); 0 lets the
    /// system choose.
    ///
    /// # Errors
    ///
    /// What the operating system says.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// let socket = trill_park::block_on(trill_net::UdpSocket::bind("[::1]:0"))?;
    /// socket.set_multicast_interface_v6(1)?;
    /// assert_eq!(socket.multicast_interface_v6()?, 1);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn set_multicast_interface_v6(&self, interface: u32) -> io::Result<()> {
        SockRef::from(self).set_multicast_if_v6(interface)
    }

    /// Returns how many hops datagrams to IPv6 groups may take (`IPV6_MULTICAST_HOPS`).
    ///
    /// # Errors
    ///
    /// What the operating system says.
    ///
    /// # Examples
    ///
    /// See [`UdpSocket::set_multicast_hops_v6`].
    pub fn multicast_hops_v6(&self) -> io::Result<u32> {
        SockRef::from(self).multicast_hops_v6()
    }

    /// Sets how many hops datagrams to IPv6 groups may take (`IPV6_MULTICAST_HOPS`), 1 at first.
    ///
    /// # Errors
    ///
    /// What the operating system says.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// let socket = trill_park::block_on(trill_net::UdpSocket::bind("[::1]:0"))?;
    /// socket.set_multicast_hops_v6(3)?;
    /// assert_eq!(socket.multicast_hops_v6()?, 3);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn set_multicast_hops_v6(&self, hops: u32) -> io::Result<()> {
        SockRef::from(self).set_multicast_hops_v6(hops)
    }

    /// Returns how many hops datagrams to one IPv6 address may take (`IPV6_UNICAST_HOPS`).
    ///
    /// # Errors
    ///
    /// What the operating system says.
    ///
    /// # Examples
    ///
    /// See [`UdpSocket::set_hops_v6`].
    pub fn hops_v6(&self) -> io::Result<u32> {
        SockRef::from(self).unicast_hops_v6()
    }

    /// Sets how many hops datagrams to one IPv6 address may take (`IPV6_UNICAST_HOPS`).
    ///
    /// # Errors
    ///
    /// What the operating system says.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// let socket = trill_park::block_on(trill_net::UdpSocket::bind("[::1]:0"))?;
    /// socket.set_hops_v6(30)?;
    /// assert_eq!(socket.hops_v6()?, 30);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn set_hops_v6(&self, hops: u32) -> io::Result<()> {
        SockRef::from(self).set_unicast_hops_v6(hops)
    }

    /// Sets whether datagrams that came together from one sender are received as one message (`UDP_GRO`, since Linux
    /// 5.0), for [`UdpSocket::recv_batch`], which takes them apart again; returns whether the system does so.
    ///
    /// Without a batch such a message looks like one long datagram, and what does not fit is lost: use batches
    /// alone then, with room for 65,535 bytes in each message.
    ///
    /// # Errors
    ///
    /// What the operating system says; a system that knows nothing of it is no error, but `false`.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_net::{RecvBatch, UdpSocket};
    ///
    /// let socket = trill_park::block_on(UdpSocket::bind("127.0.0.1:0"))?;
    /// let batch = if socket.set_receive_offload(true)? {
    ///     RecvBatch::new(8, 65_535)
    /// } else {
    ///     RecvBatch::new(32, 1500)
    /// };
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn set_receive_offload(&self, offload: bool) -> io::Result<bool> {
        sys::set_receive_offload(self.as_fd(), offload)
    }
}
