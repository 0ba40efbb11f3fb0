//! Whom one trusts.

use std::io;
use std::sync::Arc;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;

use crate::error::unusable;
use crate::identity::certificates;

/// The authorities whose signature makes a certificate good.
///
/// # Examples
///
/// ```
/// use trill_tls::Roots;
/// use trill_tls::self_signed::Authority;
///
/// let mut roots = Roots::new();
/// assert_eq!(roots.add_pem(Authority::new("example")?.certificate_pem())?, 1);
/// assert_eq!(roots.len(), 1);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Roots(RootCertStore);

impl Roots {
    /// Trusts nobody, to begin with.
    ///
    /// # Examples
    ///
    /// See [`Roots`].
    pub fn new() -> Roots {
        Roots(RootCertStore::empty())
    }

    /// Trusts the authorities that Mozilla trusted when the crate `webpki-roots` was released. Needs the feature
    /// `webpki-roots`.
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(trill_tls::Roots::webpki().len() > 50);
    /// ```
    #[cfg(feature = "webpki-roots")]
    pub fn webpki() -> Roots {
        let anchors = webpki_roots::TLS_SERVER_ROOTS.iter().cloned();
        Roots(RootCertStore {
            roots: anchors.collect(),
        })
    }

    /// Trusts the authorities that the operating system trusts; `SSL_CERT_FILE` and `SSL_CERT_DIR` choose others. Needs the
    /// feature `native-roots`.
    ///
    /// It reads files: call it once at the start, or on the blocking pool.
    ///
    /// # Errors
    ///
    /// If none can be read. Single certificates that cannot are left out.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_tls::{Roots, TlsConnector};
    ///
    /// fn connector() -> std::io::Result<TlsConnector> {
    ///     TlsConnector::builder().roots(Roots::native()?).build()
    /// }
    /// ```
    #[cfg(feature = "native-roots")]
    pub fn native() -> io::Result<Roots> {
        let loaded = rustls_native_certs::load_native_certs();
        let mut roots = Roots::new();
        let (added, _) = roots.0.add_parsable_certificates(loaded.certs);
        if added > 0 {
            return Ok(roots);
        }
        let why = loaded.errors.first().map(ToString::to_string);
        Err(io::Error::new(
            io::ErrorKind::NotFound,
            format!(
                "the system has no authorities to trust: install its package of CA certificates, or set SSL_CERT_FILE ({})",
                why.as_deref().unwrap_or("no certificate was found")
            ),
        ))
    }

    /// Trusts the certificates of a PEM text, too; returns how many.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if there is none, or one that cannot be read; then none of them is trusted.
    ///
    /// # Examples
    ///
    /// See [`Roots`].
    pub fn add_pem(&mut self, pem: impl AsRef<[u8]>) -> io::Result<usize> {
        let found = certificates(pem.as_ref())?;
        let count = found.len();
        let mut added = self.0.clone();
        for certificate in found {
            added.add(certificate).map_err(unreadable)?;
        }
        self.0 = added;
        Ok(count)
    }

    /// Trusts a certificate, too.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if it cannot be read.
    ///
    /// # Examples
    ///
    /// ```
    /// let issued = trill_tls::self_signed::Authority::new("a")?.issue(["localhost"])?;
    /// let mut roots = trill_tls::Roots::new();
    /// roots.add_der(issued.identity().chain()[0].clone())?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn add_der(&mut self, certificate: CertificateDer<'static>) -> io::Result<()> {
        self.0.add(certificate).map_err(unreadable)
    }

    /// Returns how many authorities are trusted.
    ///
    /// # Examples
    ///
    /// See [`Roots`].
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Says whether nobody is trusted, so that every certificate is refused.
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(trill_tls::Roots::new().is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn store(self) -> Arc<RootCertStore> {
        Arc::new(self.0)
    }
}

fn unreadable(error: rustls::Error) -> io::Error {
    unusable("the certificate of an authority cannot be used", error)
}

impl Default for Roots {
    fn default() -> Roots {
        Roots::new()
    }
}

/// Takes what was gathered with rustls.
impl From<RootCertStore> for Roots {
    fn from(store: RootCertStore) -> Roots {
        Roots(store)
    }
}
