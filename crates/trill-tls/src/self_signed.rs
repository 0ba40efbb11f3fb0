//! Certificates made on the spot, for tests and examples. Needs the feature `self-signed`.
//!
//! # Examples
//!
//! See [`Authority`].

use std::fmt;
use std::io;
use std::time::SystemTime;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};

use crate::error::unusable;
use crate::identity::Identity;
use crate::roots::Roots;

/// An authority that nobody trusts but who is given its [`roots`](Authority::roots).
///
/// # Examples
///
/// ```
/// use trill_tls::self_signed::Authority;
/// use trill_tls::{TlsAcceptor, TlsConnector};
///
/// let authority = Authority::new("tests")?;
/// let server = authority.issue(["localhost", "127.0.0.1"])?;
/// let acceptor = TlsAcceptor::builder().identity(server.into_identity()).build()?;
/// let connector = TlsConnector::builder().roots(authority.roots()).build()?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    roots: Roots,
    pem: String,
}

/// A certificate and its key.
///
/// # Examples
///
/// See [`Authority`].
#[derive(Clone)]
pub struct Issued {
    identity: Identity,
    certificate_pem: String,
    key_pem: String,
}

impl Authority {
    /// Makes an authority with a new key.
    ///
    /// # Errors
    ///
    /// If no key can be made.
    ///
    /// # Examples
    ///
    /// See [`Authority`].
    pub fn new(name: &str) -> io::Result<Authority> {
        let key = KeyPair::generate().map_err(failed)?;
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let certificate = params.self_signed(&key).map_err(failed)?;
        let mut roots = Roots::new();
        roots.add_der(certificate.der().clone())?;
        Ok(Authority {
            issuer: Issuer::new(params, key),
            roots,
            pem: certificate.pem(),
        })
    }

    /// Returns roots that trust this authority alone.
    ///
    /// # Examples
    ///
    /// See [`Authority`].
    pub fn roots(&self) -> Roots {
        self.roots.clone()
    }

    /// Returns its own certificate, for programs that read it from a file.
    ///
    /// # Examples
    ///
    /// See [`Roots`].
    pub fn certificate_pem(&self) -> &str {
        &self.pem
    }

    /// Issues a certificate for host names and addresses, good for servers and for clients, at any time.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if a name is none.
    ///
    /// # Examples
    ///
    /// See [`Authority`].
    pub fn issue<N: Into<String>>(&self, names: impl IntoIterator<Item = N>) -> io::Result<Issued> {
        self.sign(names, |_| {})
    }

    /// Issues a certificate that is good from one time to another.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if a name is none.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::{Duration, UNIX_EPOCH};
    /// use trill_tls::self_signed::Authority;
    ///
    /// let year = Duration::from_secs(365 * 24 * 60 * 60);
    /// // Good in the year 2000.
    /// let expired = Authority::new("a")?.issue_for_time(["localhost"], UNIX_EPOCH + 30 * year, UNIX_EPOCH + 31 * year)?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn issue_for_time<N: Into<String>>(
        &self,
        names: impl IntoIterator<Item = N>,
        from: SystemTime,
        to: SystemTime,
    ) -> io::Result<Issued> {
        self.sign(names, |params| {
            params.not_before = from.into();
            params.not_after = to.into();
        })
    }

    fn sign<N: Into<String>>(
        &self,
        names: impl IntoIterator<Item = N>,
        change: impl FnOnce(&mut CertificateParams),
    ) -> io::Result<Issued> {
        let names: Vec<String> = names.into_iter().map(Into::into).collect();
        let key = KeyPair::generate().map_err(failed)?;
        let first = names.first().cloned().unwrap_or_default();
        let mut params = CertificateParams::new(names).map_err(failed)?;
        params.distinguished_name.push(DnType::CommonName, first);
        params.extended_key_usages = vec![
            ExtendedKeyUsagePurpose::ServerAuth,
            ExtendedKeyUsagePurpose::ClientAuth,
        ];
        params.use_authority_key_identifier_extension = true;
        change(&mut params);
        let certificate = params.signed_by(&key, &self.issuer).map_err(failed)?;
        let (certificate_pem, key_pem) = (certificate.pem(), key.serialize_pem());
        Ok(Issued {
            identity: Identity::from_pem(&certificate_pem, &key_pem)?,
            certificate_pem,
            key_pem,
        })
    }
}

impl Issued {
    /// Returns the identity.
    ///
    /// # Examples
    ///
    /// See [`Identity::chain`].
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Takes the identity.
    ///
    /// # Examples
    ///
    /// See [`Authority`].
    pub fn into_identity(self) -> Identity {
        self.identity
    }

    /// Returns the certificate, for programs that read it from a file.
    ///
    /// # Examples
    ///
    /// See [`Identity`].
    pub fn certificate_pem(&self) -> &str {
        &self.certificate_pem
    }

    /// Returns the private key, for programs that read it from a file.
    ///
    /// # Examples
    ///
    /// See [`Identity`].
    pub fn key_pem(&self) -> &str {
        &self.key_pem
    }
}

fn failed(error: rcgen::Error) -> io::Error {
    unusable("no certificate can be issued", error)
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authority").finish_non_exhaustive()
    }
}

impl fmt::Debug for Issued {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Never the key.
        f.debug_struct("Issued")
            .field("identity", &self.identity)
            .finish_non_exhaustive()
    }
}
