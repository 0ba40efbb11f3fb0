//! Who does the cryptography is no matter between two sides. `cargo xtask test-all` runs the tests with every feature.
#![cfg(feature = "aws-lc-rs")]
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod common;

use common::{TRUST, greet, pipe};
use trill_tls::provider::{aws_lc_rs, ring};
use trill_tls::{TlsAcceptor, TlsConnector};

#[test]
fn sides_agree_and_exchange_bytes_whichever_provider_each_has() {
    for (ours, theirs) in [
        (aws_lc_rs(), aws_lc_rs()),
        (aws_lc_rs(), ring()),
        (ring(), aws_lc_rs()),
    ] {
        let connector = TlsConnector::builder_with(ours).roots(TRUST.authority.roots());
        let acceptor = TlsAcceptor::builder_with(theirs).identity(TRUST.localhost.clone());
        let (connector, acceptor) = (connector.build().unwrap(), acceptor.build().unwrap());
        greet(&connector, &acceptor, pipe(1 << 16));
    }
}
