//! Who does the cryptography, chosen explicitly and never the default of the process.

/// Returns the provider of ring: small, quick to build, in Rust and assembler. Needs the feature `ring`, which is on by
/// default.
///
/// # Examples
///
/// ```
/// let provider = trill_tls::provider::ring();
/// assert!(!provider.cipher_suites.is_empty());
/// ```
#[cfg(feature = "ring")]
pub fn ring() -> rustls::crypto::CryptoProvider {
    rustls::crypto::ring::default_provider()
}

/// Returns the provider of aws-lc-rs: faster in bulk on some processors, with post-quantum key exchange; in C, so it takes
/// longer to build. Needs the feature `aws-lc-rs`.
///
/// # Examples
///
/// ```
/// let provider = trill_tls::provider::aws_lc_rs();
/// let builder = trill_tls::TlsConnector::builder_with(provider);
/// ```
#[cfg(feature = "aws-lc-rs")]
pub fn aws_lc_rs() -> rustls::crypto::CryptoProvider {
    rustls::crypto::aws_lc_rs::default_provider()
}
