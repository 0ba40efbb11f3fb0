//! Who one is: a chain of certificates and its key.

use std::fmt;
use std::io;
use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;

use crate::error::unusable;

/// A chain of certificates, the own one first, and the private key of it.
///
/// # Examples
///
/// ```
/// use trill_tls::Identity;
/// use trill_tls::self_signed::Authority;
///
/// let issued = Authority::new("example authority")?.issue(["localhost"])?;
/// let identity = Identity::from_pem(issued.certificate_pem(), issued.key_pem())?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Identity {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl Identity {
    /// Reads an identity from PEM text: the certificates of the chain in order, and a key in any usual form. Both may
    /// be in one text, which is then given twice.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if there is no certificate, no key, or something else.
    ///
    /// # Examples
    ///
    /// See [`Identity`].
    pub fn from_pem(chain: impl AsRef<[u8]>, key: impl AsRef<[u8]>) -> io::Result<Identity> {
        let chain = certificates(chain.as_ref())?;
        let key = PrivateKeyDer::from_pem_slice(key.as_ref()).map_err(|error| {
            unusable(
                "no private key can be read; a BEGIN PRIVATE KEY section is expected",
                error,
            )
        })?;
        Ok(Identity { chain, key })
    }

    /// Makes an identity of what was read already.
    ///
    /// # Examples
    ///
    /// ```
    /// use rustls::pki_types::{CertificateDer, PrivateKeyDer};
    /// use trill_tls::Identity;
    ///
    /// fn identity(chain: Vec<CertificateDer<'static>>, key: PrivateKeyDer<'static>) -> Identity {
    ///     Identity::from_der(chain, key)
    /// }
    /// ```
    pub fn from_der(chain: Vec<CertificateDer<'static>>, key: PrivateKeyDer<'static>) -> Identity {
        Identity { chain, key }
    }

    /// Returns the certificates, the own one first.
    ///
    /// # Examples
    ///
    /// ```
    /// let issued = trill_tls::self_signed::Authority::new("a")?.issue(["localhost"])?;
    /// assert_eq!(issued.identity().chain().len(), 1);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn chain(&self) -> &[CertificateDer<'static>] {
        &self.chain
    }

    /// What rustls signs with.
    pub(crate) fn certified(&self, provider: &CryptoProvider) -> io::Result<Arc<CertifiedKey>> {
        let key = self.key.clone_key();
        CertifiedKey::from_der(self.chain.clone(), key, provider)
            .map(Arc::new)
            .map_err(|error| unusable("the identity cannot be used", error))
    }

    pub(crate) fn into_parts(self) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
        (self.chain, self.key)
    }
}

/// All certificates in a PEM text, at least one.
pub(crate) fn certificates(pem: &[u8]) -> io::Result<Vec<CertificateDer<'static>>> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match found {
        Ok(found) if found.is_empty() => Err(unusable(
            "no certificate can be read",
            "there is no BEGIN CERTIFICATE section",
        )),
        Ok(found) => Ok(found),
        Err(error) => Err(unusable("a certificate cannot be read", error)),
    }
}

impl Clone for Identity {
    fn clone(&self) -> Identity {
        Identity {
            chain: self.chain.clone(),
            key: self.key.clone_key(),
        }
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Never the key.
        f.debug_struct("Identity")
            .field("certificates", &self.chain.len())
            .finish_non_exhaustive()
    }
}
