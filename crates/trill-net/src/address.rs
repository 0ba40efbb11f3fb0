//! What can stand for an address, as in `connect("localhost:80")`.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};

use self::sealed::Addresses;

/// Something that names one or several socket addresses, at once or by a look-up.
///
/// Implemented for the address types of `std::net`, for pairs of a host and a port, for strings such as
/// `"localhost:80"` or `"[::1]:80"`, for slices of addresses, and for references to these. It cannot be implemented
/// elsewhere.
///
/// # Examples
///
/// ```
/// use std::net::Ipv4Addr;
/// use trill_net::resolve;
///
/// trill_park::block_on(async {
///     assert_eq!(resolve("127.0.0.1:80").await?, resolve((Ipv4Addr::LOCALHOST, 80)).await?);
///     # Ok::<(), std::io::Error>(())
/// })?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub trait AsyncToSocketAddrs: Addresses {}

pub(crate) mod sealed {
    use super::Target;

    /// What [`AsyncToSocketAddrs`](super::AsyncToSocketAddrs) does, out of reach.
    pub trait Addresses {
        /// What is named.
        fn target(&self) -> Target;
    }
}

/// What an address stands for.
#[derive(Debug)]
pub enum Target {
    /// One address.
    One(SocketAddr),
    /// Several, or none.
    Many(Vec<SocketAddr>),
    /// A name to look up, and a port.
    Name(Box<str>, u16),
    /// Nothing that makes sense.
    Invalid(InvalidAddress),
}

/// Says what is wrong with the text of an address, and how to write one.
#[derive(Debug)]
pub struct InvalidAddress {
    text: Box<str>,
    wrong: &'static str,
}

impl InvalidAddress {
    pub(crate) fn new(text: &str, wrong: &'static str) -> InvalidAddress {
        InvalidAddress {
            text: text.into(),
            wrong,
        }
    }
}

impl fmt::Display for InvalidAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` is no address, because {}: write host:port, as in localhost:80, 127.0.0.1:80 or [::1]:80",
            self.text.escape_debug(),
            self.wrong
        )
    }
}

impl std::error::Error for InvalidAddress {}

impl From<InvalidAddress> for io::Error {
    fn from(error: InvalidAddress) -> io::Error {
        io::Error::new(io::ErrorKind::InvalidInput, error)
    }
}

impl AsyncToSocketAddrs for SocketAddr {}
impl Addresses for SocketAddr {
    fn target(&self) -> Target {
        Target::One(*self)
    }
}

impl AsyncToSocketAddrs for SocketAddrV4 {}
impl Addresses for SocketAddrV4 {
    fn target(&self) -> Target {
        Target::One((*self).into())
    }
}

impl AsyncToSocketAddrs for SocketAddrV6 {}
impl Addresses for SocketAddrV6 {
    fn target(&self) -> Target {
        Target::One((*self).into())
    }
}

impl AsyncToSocketAddrs for (IpAddr, u16) {}
impl Addresses for (IpAddr, u16) {
    fn target(&self) -> Target {
        Target::One((*self).into())
    }
}

impl AsyncToSocketAddrs for (Ipv4Addr, u16) {}
impl Addresses for (Ipv4Addr, u16) {
    fn target(&self) -> Target {
        Target::One((*self).into())
    }
}

impl AsyncToSocketAddrs for (Ipv6Addr, u16) {}
impl Addresses for (Ipv6Addr, u16) {
    fn target(&self) -> Target {
        Target::One((*self).into())
    }
}

impl AsyncToSocketAddrs for (&str, u16) {}
impl Addresses for (&str, u16) {
    fn target(&self) -> Target {
        of_host(self.0, self.1, self.0)
    }
}

impl AsyncToSocketAddrs for (String, u16) {}
impl Addresses for (String, u16) {
    fn target(&self) -> Target {
        of_host(&self.0, self.1, &self.0)
    }
}

impl AsyncToSocketAddrs for str {}
impl Addresses for str {
    fn target(&self) -> Target {
        of_text(self)
    }
}

impl AsyncToSocketAddrs for String {}
impl Addresses for String {
    fn target(&self) -> Target {
        of_text(self)
    }
}

impl AsyncToSocketAddrs for &[SocketAddr] {}
impl Addresses for &[SocketAddr] {
    fn target(&self) -> Target {
        match self {
            [one] => Target::One(*one),
            several => Target::Many(several.to_vec()),
        }
    }
}

impl<T: AsyncToSocketAddrs + ?Sized> AsyncToSocketAddrs for &T {}
impl<T: AsyncToSocketAddrs + ?Sized> Addresses for &T {
    fn target(&self) -> Target {
        (**self).target()
    }
}

/// Takes `host:port` apart.
fn of_text(text: &str) -> Target {
    if let Ok(address) = text.parse() {
        return Target::One(address);
    }
    let invalid = |wrong| Target::Invalid(InvalidAddress::new(text, wrong));
    let Some((host, port)) = text.rsplit_once(':') else {
        return invalid("it has no port");
    };
    let Ok(port) = port.parse() else {
        return invalid("its port is no number from 0 to 65535");
    };
    match host.strip_prefix('[').map(|host| host.strip_suffix(']')) {
        // An IPv6 address that names its interface, as in [fe80::1%eth0]:80, which only a look-up understands.
        Some(Some(host)) => of_host(host, port, text),
        Some(None) => invalid("its bracket is not closed before the port"),
        None if host.contains(':') => invalid("an IPv6 address stands in brackets before a port"),
        None => of_host(host, port, text),
    }
}

/// What a host and a port are; `text` is how the program named them.
fn of_host(host: &str, port: u16, text: &str) -> Target {
    if let Ok(ip) = host.parse::<IpAddr>() {
        return Target::One((ip, port).into());
    }
    if host.is_empty() {
        return Target::Invalid(InvalidAddress::new(text, "it has no host"));
    }
    if host.contains('\0') {
        return Target::Invalid(InvalidAddress::new(text, "a null byte is in its host"));
    }
    Target::Name(host.into(), port)
}
