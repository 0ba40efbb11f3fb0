//! A UDP socket with options that must be set before it is bound.

use std::io;
use std::net::SocketAddr;

use socket2::{Domain, Type};
use trill_reactor::Async;

use super::bind::Bind;
use super::socket::UdpSocket;
use crate::address::AsyncToSocketAddrs;
use crate::address_error::AddressError;
use crate::sys;

/// Options of a UDP socket that is to be made; from [`UdpSocket::builder`].
///
/// # Examples
///
/// ```
/// use trill_net::UdpSocket;
///
/// trill_park::block_on(async {
///     // Several programs that listen to the same multicast group share its port.
///     let socket = UdpSocket::builder().reuse_address(true).bind("127.0.0.1:0").await?;
///     UdpSocket::builder().reuse_address(true).bind(socket.local_addr()?).await?;
///     # Ok::<(), std::io::Error>(())
/// })?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "a builder does nothing until it binds"]
pub struct UdpSocketBuilder {
    reuse_address: bool,
    reuse_port: bool,
    only_v6: Option<bool>,
}

impl UdpSocketBuilder {
    /// Sets whether other sockets may be bound to the same port, as for multicast: no if not set.
    ///
    /// # Examples
    ///
    /// See [`UdpSocketBuilder`].
    pub fn reuse_address(mut self, reuse: bool) -> UdpSocketBuilder {
        self.reuse_address = reuse;
        self
    }

    /// Sets whether other sockets of this user may share the port and its datagrams: no if not set.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_net::UdpSocket;
    ///
    /// let shared = UdpSocket::builder().reuse_port(true);
    /// trill_park::block_on(shared.bind("127.0.0.1:0"))?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn reuse_port(mut self, reuse: bool) -> UdpSocketBuilder {
        self.reuse_port = reuse;
        self
    }

    /// Sets whether a socket on an IPv6 address uses IPv6 alone: as the system does if not set.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use trill_net::UdpSocket;
    ///
    /// trill_park::block_on(UdpSocket::builder().only_v6(true).bind("[::1]:0"))?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn only_v6(mut self, only: bool) -> UdpSocketBuilder {
        self.only_v6 = Some(only);
        self
    }

    /// Makes the socket, bound to the first of the addresses that can be had; port 0 lets the system choose one.
    ///
    /// # Errors
    ///
    /// As [`UdpSocket::bind`].
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: the port is taken in the poll that returns the socket.
    ///
    /// # Examples
    ///
    /// See [`UdpSocketBuilder`].
    pub fn bind<A: AsyncToSocketAddrs>(self, addr: A) -> Bind {
        Bind::new(self, &addr)
    }

    /// Makes the socket, bound to one address.
    pub(super) fn open(&self, address: SocketAddr) -> io::Result<UdpSocket> {
        sys::os_only("make sockets")?;
        let open = || {
            let socket = sys::open(Domain::for_address(address), Type::DGRAM)?;
            if self.reuse_address {
                socket.set_reuse_address(true)?;
            }
            if self.reuse_port {
                sys::set_reuse_port(&socket, true)?;
            }
            if let (Some(only), true) = (self.only_v6, address.is_ipv6()) {
                socket.set_only_v6(only)?;
            }
            socket.bind(&address.into())?;
            Async::new_deferred(socket.into())
        };
        open()
            .map(UdpSocket::of)
            .map_err(|error| AddressError::wrap("bind to", address, error))
    }
}
