//! Who does the cryptography is no matter between two sides. `cargo xtask test-all` runs the tests with every feature.
#![cfg(feature = "aws-lc-rs")]
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod common;

use common::{TRUST, both, pipe};
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
        let (near, far) = pipe(1 << 16);
        let client = async {
            let mut tls = connector.connect("localhost", near).await.unwrap();
            let mut buffer = [0; 2];
            tls.read_exact(&mut buffer).await.unwrap();
            buffer
        };
        let server = async {
            let mut tls = acceptor.accept(far).await.unwrap();
            tls.write_all(b"hi").await.unwrap();
            tls.flush().await.unwrap();
        };
        assert_eq!(&both(client, server).0, b"hi");
    }
}
