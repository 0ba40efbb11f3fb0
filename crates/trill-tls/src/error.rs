//! Why TLS failed, and what to do about it.

use std::error::Error;
use std::fmt;
use std::io;

use rustls::{AlertDescription, CertificateError, InvalidMessage, PeerIncompatible};

/// Why TLS failed: what rustls says, and a word on what to do.
///
/// It is inside the `io::Error`, of the kind `InvalidData`, that connecting, accepting, reading and writing return.
///
/// # Examples
///
/// ```
/// use trill_tls::{Roots, TlsConnector, TlsError};
///
/// trill_park::block_on(async {
///     let connector = TlsConnector::builder().roots(Roots::new()).build()?;
///     // The answer of a server that speaks no TLS.
///     let peer = trill_tls::Duplex::new(&b"SSH-2.0-OpenSSH_9.2\r\n"[..], Vec::new());
///     let error = connector.connect("example.com", peer).await.unwrap_err();
///     assert!(TlsError::of(&error).is_some());
///     assert!(error.to_string().contains("plain text"));
///     # Ok::<(), std::io::Error>(())
/// })?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct TlsError(rustls::Error);

impl TlsError {
    /// Finds the reason in an error of this crate; `None` if it has another one, such as a lost connection.
    ///
    /// # Examples
    ///
    /// See [`TlsError`].
    pub fn of(error: &io::Error) -> Option<&TlsError> {
        error.get_ref()?.downcast_ref()
    }

    /// Returns what rustls says.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_tls::TlsError;
    ///
    /// fn is_expired(error: &std::io::Error) -> bool {
    ///     use rustls::CertificateError::{Expired, ExpiredContext};
    ///     matches!(
    ///         TlsError::of(error).map(TlsError::reason),
    ///         Some(rustls::Error::InvalidCertificate(Expired | ExpiredContext { .. }))
    ///     )
    /// }
    /// ```
    pub fn reason(&self) -> &rustls::Error {
        &self.0
    }

    /// What to do, where that can be said.
    fn advice(&self) -> Option<&'static str> {
        use rustls::Error as E;
        Some(match &self.0 {
            E::InvalidMessage(
                InvalidMessage::InvalidContentType | InvalidMessage::UnknownProtocolVersion,
            ) => {
                "the peer seems to speak plain text: check the port, and whether the protocol upgrades later (STARTTLS)"
            }
            E::InvalidCertificate(reason) => match reason {
                CertificateError::UnknownIssuer => {
                    "nobody that is trusted has signed it: add its authority to the roots, or let the peer send the \
                     certificates in between"
                }
                CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                    "renew the certificate, or set the clock"
                }
                CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                    "it is for later: set the clock"
                }
                CertificateError::NotValidForName
                | CertificateError::NotValidForNameContext { .. } => {
                    "connect by a name that the certificate bears"
                }
                _ => return None,
            },
            E::NoApplicationProtocol
            | E::AlertReceived(AlertDescription::NoApplicationProtocol) => {
                "the two sides have no protocol in common: compare their ALPN lists"
            }
            E::NoCertificatesPresented
            | E::AlertReceived(AlertDescription::CertificateRequired) => {
                "the client has to show a certificate: give its connector an identity"
            }
            E::AlertReceived(AlertDescription::UnknownCA | AlertDescription::BadCertificate) => {
                "the peer does not trust this side's certificate: add its authority to the peer's roots"
            }
            E::AlertReceived(
                AlertDescription::UnrecognisedName | AlertDescription::AccessDenied,
            ) => "the server has no certificate for this name",
            E::PeerIncompatible(
                PeerIncompatible::Tls12NotOffered | PeerIncompatible::ServerDoesNotSupportTls12Or13,
            )
            | E::AlertReceived(AlertDescription::ProtocolVersion) => {
                "the two sides have no version of TLS in common: 1.2 is the oldest here"
            }
            _ => return None,
        })
    }
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TLS: {}", self.0)?;
        match self.advice() {
            Some(advice) => write!(f, "; {advice}"),
            None => Ok(()),
        }
    }
}

impl Error for TlsError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

/// A failure of the protocol.
pub(crate) fn tls(error: rustls::Error) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, TlsError(error))
}

/// What the caller gave cannot be used.
pub(crate) fn unusable(what: &str, error: impl fmt::Display) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, format!("{what}: {error}"))
}

/// The connection was cut.
pub(crate) fn truncated() -> io::Error {
    io::Error::new(
        io::ErrorKind::UnexpectedEof,
        "the connection ended without close_notify, so data may be missing: was the peer killed, or did it drop its \
         stream without closing it?",
    )
}
