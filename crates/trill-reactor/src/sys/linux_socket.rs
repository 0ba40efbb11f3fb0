//! Accepting and connecting, a system call each: the flags go with it.
#![allow(unsafe_code)] // Calls of the C library that take addresses.

use std::io;
use std::mem::{offset_of, size_of};
use std::net::{
    Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6, TcpListener, TcpStream,
};
use std::os::fd::{FromRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr as UnixAddr, UnixListener, UnixStream};
use std::path::Path;
use std::ptr;

use libc::{c_int, sockaddr, sockaddr_in, sockaddr_in6, sockaddr_un, socklen_t};

use super::{AsRawFd, done};

/// Takes a connection from the backlog.
pub(crate) fn accept_tcp(listener: &TcpListener) -> io::Result<(TcpStream, SocketAddr)> {
    // Room for either, of which the kernel fills a part; zeros are a value of it.
    let mut name = Name {
        v6: version_6(SocketAddrV6::new(Ipv6Addr::UNSPECIFIED, 0, 0, 0)),
    };
    let mut len = size_of::<Name>() as socklen_t;
    let listener = listener.as_raw_fd();
    // SAFETY: the pointers are to room and to its length, which live during the call. `tests/wrapper.rs` compares the address
    // with that of the other side.
    let number = unsafe { libc::accept4(listener, (&raw mut name).cast(), &raw mut len, FLAGS) };
    let stream = adopt(number)?.into();
    Ok((stream, name.address(len).ok_or_else(no_address)?))
}

/// Takes a connection from the backlog.
pub(crate) fn accept_unix(listener: &UnixListener) -> io::Result<(UnixStream, UnixAddr)> {
    let (address, len) = (ptr::null_mut(), ptr::null_mut());
    // SAFETY: no address is asked for. `tests/wrapper.rs` would fail.
    let number = unsafe { libc::accept4(listener.as_raw_fd(), address, len, FLAGS) };
    let stream = UnixStream::from(adopt(number)?);
    let address = stream.peer_addr()?;
    Ok((stream, address))
}

/// Starts to connect.
pub(crate) fn connect_tcp(address: SocketAddr) -> io::Result<TcpStream> {
    match address {
        SocketAddr::V4(v4) => connect(libc::AF_INET, &version_4(v4), size_of::<sockaddr_in>()),
        SocketAddr::V6(v6) => connect(libc::AF_INET6, &version_6(v6), size_of::<sockaddr_in6>()),
    }
    .map(Into::into)
}

/// Connects; a path that begins with a null byte names an abstract address.
pub(crate) fn connect_unix(path: &Path) -> io::Result<UnixStream> {
    let (name, len) = unix_name(path.as_os_str().as_bytes())?;
    connect(libc::AF_UNIX, &name, len).map(Into::into)
}

/// Makes a socket and starts to connect it to an address of this family, which has `len` bytes.
fn connect<A>(family: c_int, address: &A, len: usize) -> io::Result<OwnedFd> {
    debug_assert!(len <= size_of::<A>());
    // SAFETY: it takes numbers.
    let socket = adopt(unsafe { libc::socket(family, libc::SOCK_STREAM | FLAGS, 0) })?;
    let address = ptr::from_ref(address).cast::<sockaddr>();
    // SAFETY: the pointer is to an address that is borrowed and has at least as many bytes. `tests/wrapper.rs` would connect
    // to nobody otherwise.
    match done(unsafe { libc::connect(socket.as_raw_fd(), address, len as socklen_t) }) {
        Ok(_) => Ok(socket),
        Err(error) if error.raw_os_error() == Some(libc::EINPROGRESS) => Ok(socket),
        Err(error) => Err(error),
    }
}

/// What the system calls a path or, after a null byte, an abstract name; and how many bytes of it count.
fn unix_name(name: &[u8]) -> io::Result<(sockaddr_un, usize)> {
    let is_abstract = name.first() == Some(&0);
    let mut address = sockaddr_un {
        sun_family: libc::AF_UNIX as _,
        sun_path: [0; NAME_BYTES_MAX],
    };
    if !is_abstract && name.contains(&0) {
        return Err(io::Error::from_raw_os_error(libc::EINVAL));
    }
    if name.len() > NAME_BYTES_MAX {
        return Err(io::Error::from_raw_os_error(libc::ENAMETOOLONG));
    }
    for (to, from) in address.sun_path.iter_mut().zip(name) {
        *to = *from as _;
    }
    // A path ends with a null byte if there is room for one.
    let len = (name.len() + usize::from(!is_abstract)).min(NAME_BYTES_MAX);
    Ok((address, offset_of!(sockaddr_un, sun_path) + len))
}

/// An address of either version; the family lies at the same place.
#[repr(C)]
union Name {
    v4: sockaddr_in,
    v6: sockaddr_in6,
}

impl Name {
    /// What the system has written, `len` bytes of it.
    fn address(&self, len: socklen_t) -> Option<SocketAddr> {
        // SAFETY: all bytes were initialised when it was made, and any are a value of either field.
        // `tests/wrapper.rs` compares the address with that of the other side; so below.
        let family = c_int::from(unsafe { self.v4.sin_family });
        if family == libc::AF_INET && len as usize >= size_of::<sockaddr_in>() {
            // SAFETY: as above.
            let v4 = unsafe { self.v4 };
            let ip = Ipv4Addr::from(v4.sin_addr.s_addr.to_ne_bytes());
            return Some(SocketAddrV4::new(ip, u16::from_be(v4.sin_port)).into());
        }
        if family == libc::AF_INET6 && len as usize >= size_of::<sockaddr_in6>() {
            // SAFETY: as above.
            let v6 = unsafe { self.v6 };
            let ip = Ipv6Addr::from(v6.sin6_addr.s6_addr);
            let port = u16::from_be(v6.sin6_port);
            return Some(SocketAddrV6::new(ip, port, v6.sin6_flowinfo, v6.sin6_scope_id).into());
        }
        None
    }
}

fn version_4(address: SocketAddrV4) -> sockaddr_in {
    sockaddr_in {
        sin_family: libc::AF_INET as _,
        sin_port: address.port().to_be(),
        sin_addr: libc::in_addr {
            s_addr: u32::from_ne_bytes(address.ip().octets()),
        },
        sin_zero: [0; 8],
    }
}

fn version_6(address: SocketAddrV6) -> sockaddr_in6 {
    sockaddr_in6 {
        sin6_family: libc::AF_INET6 as _,
        sin6_port: address.port().to_be(),
        sin6_flowinfo: address.flowinfo(),
        sin6_addr: libc::in6_addr {
            s6_addr: address.ip().octets(),
        },
        sin6_scope_id: address.scope_id(),
    }
}

/// Owns the descriptor that a call has made, or tells why it has not.
fn adopt(number: c_int) -> io::Result<OwnedFd> {
    let number = done(number)?;
    // SAFETY: the callers, all here, pass what the system has just made, which nobody else knows. Tests that count
    // descriptors would fail.
    Ok(unsafe { OwnedFd::from_raw_fd(number) })
}

fn no_address() -> io::Error {
    io::Error::other("the system accepted a connection without telling its address")
}

/// How much room Linux has for the name of a socket.
const NAME_BYTES_MAX: usize = 108;

const FLAGS: c_int = libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_survive_the_way_to_the_system_and_back() {
        let v4: SocketAddrV4 = "192.0.2.7:4660".parse().unwrap();
        let name = Name { v4: version_4(v4) };
        let len = size_of::<sockaddr_in>() as socklen_t;
        assert_eq!(name.address(len), Some(v4.into()));
        assert_eq!(name.address(len - 1), None, "it is cut");
        let v6 = SocketAddrV6::new("2001:db8::1:2".parse().unwrap(), 4660, 0x1234, 5);
        let name = Name { v6: version_6(v6) };
        let len = size_of::<sockaddr_in6>() as socklen_t;
        assert_eq!(name.address(len), Some(v6.into()));
        assert_eq!(name.address(len - 1), None, "it is cut");
    }

    #[test]
    fn names_of_unix_sockets_have_their_length() {
        let before = offset_of!(sockaddr_un, sun_path);
        let len = |name: &[u8]| {
            unix_name(name)
                .map(|(_, len)| len - before)
                .map_err(|e| e.raw_os_error())
        };
        assert_eq!(len(b"/a"), Ok(3), "with the null byte at its end");
        assert_eq!(len(b"\0a\0b"), Ok(4), "without one");
        assert_eq!(len(&[b'a'; 107]), Ok(108));
        assert_eq!(
            len(&[b'a'; 108]),
            Ok(108),
            "Linux does without the null byte"
        );
        assert_eq!(len(&[b'a'; 109]), Err(Some(libc::ENAMETOOLONG)));
        assert_eq!(len(&[0; 108]), Ok(108));
        assert_eq!(len(&[0; 109]), Err(Some(libc::ENAMETOOLONG)));
        assert_eq!(len(b"a\0b"), Err(Some(libc::EINVAL)));
    }
}
