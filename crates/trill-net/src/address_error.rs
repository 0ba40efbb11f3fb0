//! Errors that name the address they are about.

use std::error::Error;
use std::fmt;
use std::io;
use std::net::SocketAddr;

use crate::resolve::Found;

/// What went wrong, and with which address.
///
/// It is inside the [`io::Error`] that binding and connecting return, which has the kind of the operating system's
/// error.
///
/// # Examples
///
/// ```
/// use trill_net::{AddressError, TcpListener};
///
/// trill_park::block_on(async {
///     let listener = TcpListener::bind("127.0.0.1:0").await?;
///     let address = listener.local_addr()?;
///
///     let error = TcpListener::bind(address).await.unwrap_err();
///     assert_eq!(error.kind(), std::io::ErrorKind::AddrInUse);
///     assert!(error.to_string().contains(&address.to_string()));
///
///     let inner = error.get_ref().unwrap().downcast_ref::<AddressError>().unwrap();
///     assert!(inner.os_error().raw_os_error().is_some());
///     # Ok::<(), std::io::Error>(())
/// })?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct AddressError {
    doing: &'static str,
    address: Box<str>,
    error: io::Error,
    /// What can be done about it.
    advice: Option<&'static str>,
    /// What the other addresses of the same name said, as text.
    others: Vec<Box<str>>,
}

impl AddressError {
    /// Returns the address, as text.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_net::AddressError;
    /// use trill_net::unix::UnixStream;
    ///
    /// let error = trill_park::block_on(UnixStream::connect("/nowhere")).unwrap_err();
    /// let error = error.get_ref().unwrap().downcast_ref::<AddressError>().unwrap();
    /// assert_eq!(error.address(), "/nowhere");
    /// ```
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Returns what the operating system said, with its code.
    ///
    /// # Examples
    ///
    /// See [`AddressError`].
    pub fn os_error(&self) -> &io::Error {
        &self.error
    }

    /// Wraps what the system said while `doing` something with an address.
    pub(crate) fn wrap(
        doing: &'static str,
        address: impl fmt::Display,
        error: io::Error,
    ) -> io::Error {
        AddressError::wrap_text(doing, address.to_string(), error, None)
    }

    /// As [`AddressError::wrap`], with what can be done about it.
    #[cfg(unix)]
    pub(crate) fn wrap_with(
        doing: &'static str,
        address: impl fmt::Display,
        error: io::Error,
        advice: Option<&'static str>,
    ) -> io::Error {
        AddressError::wrap_text(doing, address.to_string(), error, advice)
    }

    fn wrap_text(
        doing: &'static str,
        address: String,
        error: io::Error,
        advice: Option<&'static str>,
    ) -> io::Error {
        let kind = error.kind();
        let error = AddressError {
            doing,
            address: address.into(),
            error,
            advice,
            others: Vec::new(),
        };
        io::Error::new(kind, error)
    }
}

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot {} {}: {}", self.doing, self.address, self.error)?;
        if let Some(advice) = self.advice {
            write!(f, ": {advice}")?;
        }
        let mut others = self.others.iter();
        for other in others.by_ref().take(OTHERS_SHOWN_MAX) {
            write!(f, "; also {other}")?;
        }
        match others.len() {
            0 => Ok(()),
            more => write!(f, "; and {more} more"),
        }
    }
}

impl Error for AddressError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.error)
    }
}

/// Chooses the most useful of the errors that all addresses of a name ended in, and mentions the others.
///
/// Errors are in the order in which they happened. Each may be an [`AddressError`] already.
pub(crate) fn most_useful(
    doing: &'static str,
    mut errors: Vec<(SocketAddr, io::Error)>,
) -> io::Error {
    // The last one among those of the highest rank, as it was tried with the most patience.
    let best = (0..errors.len()).max_by_key(|at| rank(&errors[*at].1));
    let Some(best) = best else {
        return io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("cannot {doing} an empty list of addresses: give at least one"),
        );
    };
    let (address, error) = errors.remove(best);
    let kind = error.kind();
    let mut error = match error.downcast::<AddressError>() {
        Ok(error) => error,
        Err(error) => AddressError {
            advice: None,
            doing,
            address: address.to_string().into(),
            error,
            others: Vec::new(),
        },
    };
    error.others = errors
        .into_iter()
        .map(|(address, error)| match error.downcast::<AddressError>() {
            Ok(error) => format!("{address}: {}", error.error).into(),
            Err(error) => format!("{address}: {error}").into(),
        })
        .collect();
    io::Error::new(kind, error)
}

/// How much an error says: this host's own limits most, then an answer, then that there is no way to an address.
fn rank(error: &io::Error) -> u8 {
    match error.kind() {
        // Usual for IPv6 on a host that has none.
        io::ErrorKind::NetworkUnreachable
        | io::ErrorKind::HostUnreachable
        | io::ErrorKind::AddrNotAvailable
        | io::ErrorKind::Unsupported => 0,
        io::ErrorKind::ConnectionRefused
        | io::ErrorKind::ConnectionReset
        | io::ErrorKind::TimedOut
        | io::ErrorKind::AddrInUse
        | io::ErrorKind::PermissionDenied => 1,
        // No descriptors, no memory.
        _ => 2,
    }
}

/// Does something with the first of several addresses that allows it.
pub(crate) fn first_of<T>(
    doing: &'static str,
    found: &Found,
    mut act: impl FnMut(SocketAddr) -> io::Result<T>,
) -> io::Result<T> {
    let mut errors = Vec::new();
    for address in found.as_slice() {
        match act(*address) {
            Ok(done) => return Ok(done),
            Err(error) => errors.push((*address, error)),
        }
    }
    Err(most_useful(doing, errors))
}

/// A name with more addresses than this is described by its first ones.
const OTHERS_SHOWN_MAX: usize = 4;
