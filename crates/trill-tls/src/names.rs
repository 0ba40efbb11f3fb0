//! Which certificate a client gets.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::pki_types::DnsName;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use crate::error::unusable;
use crate::identity::Identity;

/// Identities by the name that clients ask for, in lower case, and one for all others.
#[derive(Debug)]
pub(crate) struct Names {
    named: BTreeMap<String, Arc<CertifiedKey>>,
    fallback: Option<Arc<CertifiedKey>>,
}

impl Names {
    pub(crate) fn new(
        provider: &CryptoProvider,
        fallback: Option<Identity>,
        named: Vec<(String, Identity)>,
    ) -> io::Result<Names> {
        let fallback = fallback.map(|identity| identity.certified(provider));
        let named = named.into_iter().map(|(name, identity)| {
            let below = name.strip_prefix("*.").unwrap_or(&name);
            DnsName::try_from(below)
                .map_err(|error| unusable(&format!("{name:?} is no host name"), error))?;
            Ok((name.to_ascii_lowercase(), identity.certified(provider)?))
        });
        Ok(Names {
            named: named.collect::<io::Result<_>>()?,
            fallback: fallback.transpose()?,
        })
    }

    fn find(&self, name: &str) -> Option<&Arc<CertifiedKey>> {
        let name = name.to_ascii_lowercase();
        self.named.get(&name).or_else(|| {
            let (_, below) = name.split_once('.')?;
            self.named.get(&format!("*.{below}"))
        })
    }
}

impl ResolvesServerCert for Names {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let named = hello.server_name().and_then(|name| self.find(name));
        named.or(self.fallback.as_ref()).cloned()
    }
}
