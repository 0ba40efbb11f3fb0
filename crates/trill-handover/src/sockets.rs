//! Sockets with names.

use std::fmt;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::net::{AddressFamily, SocketType, sockopt};
use trill_net::unix::{UnixDatagram, UnixListener};
use trill_net::{TcpListener, UdpSocket};

use crate::listens::listens;

/// Sockets that came from another process, by name; from [`activated`](crate::activated) and
/// [`Successor::sockets`](crate::Successor::sockets).
///
/// Several may have one name: each call takes the first that is left. What nobody takes is closed at the end.
///
/// # Examples
///
/// See [`activated`](crate::activated).
#[derive(Default)]
pub struct Sockets {
    all: Vec<(String, OwnedFd)>,
}

impl Sockets {
    pub(crate) fn new(all: Vec<(String, OwnedFd)>) -> Sockets {
        Sockets { all }
    }

    /// Returns how many are left.
    ///
    /// # Examples
    ///
    /// ```
    /// let sockets = trill_handover::activated()?;
    /// assert_eq!(sockets.len(), 0);
    /// assert!(sockets.is_empty());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Says whether none is left.
    ///
    /// # Examples
    ///
    /// See [`Sockets::len`].
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Returns the names of those that are left, in their order.
    ///
    /// # Examples
    ///
    /// ```
    /// let sockets = trill_handover::activated()?;
    /// for name in sockets.names() {
    ///     println!("{name}");
    /// }
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.all.iter().map(|(name, _)| &**name)
    }

    /// Takes a TCP listener; `None` if no socket of that name is left.
    ///
    /// # Errors
    ///
    /// `InvalidInput`, saying what it is, if it is something else; it stays then. What the operating system says if it
    /// cannot be watched.
    ///
    /// # Examples
    ///
    /// See [`activated`](crate::activated).
    pub fn take_tcp_listener(&mut self, name: &str) -> io::Result<Option<TcpListener>> {
        self.take(name, "a TCP listener", |kind| {
            kind.is_internet && kind.of == SocketType::STREAM && kind.listens
        })
    }

    /// Takes a Unix listener; `None` if no socket of that name is left.
    ///
    /// # Errors
    ///
    /// As [`Sockets::take_tcp_listener`].
    ///
    /// # Examples
    ///
    /// ```
    /// let mut sockets = trill_handover::activated()?;
    /// assert!(sockets.take_unix_listener("admin")?.is_none());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn take_unix_listener(&mut self, name: &str) -> io::Result<Option<UnixListener>> {
        self.take(name, "a Unix listener", |kind| {
            kind.is_unix && kind.of == SocketType::STREAM && kind.listens
        })
    }

    /// Takes a UDP socket; `None` if no socket of that name is left.
    ///
    /// # Errors
    ///
    /// As [`Sockets::take_tcp_listener`].
    ///
    /// # Examples
    ///
    /// ```
    /// let mut sockets = trill_handover::activated()?;
    /// assert!(sockets.take_udp("dns")?.is_none());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn take_udp(&mut self, name: &str) -> io::Result<Option<UdpSocket>> {
        self.take(name, "a UDP socket", |kind| {
            kind.is_internet && kind.of == SocketType::DGRAM
        })
    }

    /// Takes a Unix datagram socket; `None` if no socket of that name is left.
    ///
    /// # Errors
    ///
    /// As [`Sockets::take_tcp_listener`].
    ///
    /// # Examples
    ///
    /// ```
    /// let mut sockets = trill_handover::activated()?;
    /// assert!(sockets.take_unix_datagram("log")?.is_none());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn take_unix_datagram(&mut self, name: &str) -> io::Result<Option<UnixDatagram>> {
        self.take(name, "a Unix datagram socket", |kind| {
            kind.is_unix && kind.of == SocketType::DGRAM
        })
    }

    /// Takes the descriptor, whatever it is, as a pipe or a device; `None` if none of that name is left.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut sockets = trill_handover::activated()?;
    /// assert!(sockets.take_fd("fifo").is_none());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn take_fd(&mut self, name: &str) -> Option<OwnedFd> {
        let at = self.all.iter().position(|(other, _)| other == name)?;
        Some(self.all.remove(at).1)
    }

    fn take<T>(
        &mut self,
        name: &str,
        what: &str,
        fits: impl Fn(&Kind) -> bool,
    ) -> io::Result<Option<T>>
    where
        T: TryFrom<OwnedFd, Error = io::Error>,
    {
        let Some(at) = self.all.iter().position(|(other, _)| other == name) else {
            return Ok(None);
        };
        let kind = Kind::of(self.all[at].1.as_fd()).map_err(|error| {
            let text = format!("`{name}` is not {what}: {error}");
            io::Error::new(io::ErrorKind::InvalidInput, text)
        })?;
        if !fits(&kind) {
            let text = format!("`{name}` is not {what}, but {kind}: take it as that");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        }
        T::try_from(self.all.remove(at).1).map(Some)
    }
}

impl fmt::Debug for Sockets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.all).finish()
    }
}

/// What a descriptor is.
struct Kind {
    is_internet: bool,
    is_unix: bool,
    of: SocketType,
    listens: bool,
}

impl Kind {
    fn of(fd: BorrowedFd<'_>) -> io::Result<Kind> {
        let family = rustix::net::getsockname(fd)?.address_family();
        Ok(Kind {
            is_internet: family == AddressFamily::INET || family == AddressFamily::INET6,
            is_unix: family == AddressFamily::UNIX,
            of: sockopt::socket_type(fd)?,
            listens: listens(fd),
        })
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let family = match (self.is_internet, self.is_unix) {
            (true, _) => "an internet",
            (_, true) => "a Unix",
            _ => "another",
        };
        let of = match self.of {
            SocketType::STREAM => "stream",
            SocketType::DGRAM => "datagram",
            _ => "other",
        };
        let listens = match (self.of, self.listens) {
            (SocketType::STREAM, true) => " that listens",
            (SocketType::STREAM, false) => " that does not listen",
            _ => "",
        };
        write!(f, "{family} {of} socket{listens}")
    }
}
