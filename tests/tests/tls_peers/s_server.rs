//! `openssl s_server` with our client.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;

use trill::io::Reader;
use trill::net::TcpStream;
use trill::process::Child;
use trill::tls::rustls::{AlertDescription, CertificateError, Error, ProtocolVersion};
use trill::tls::{Roots, TlsConnector, TlsError};

use crate::support::{Files, Tls, reason, spawn, text};

/// A running `openssl s_server`, which sends each line back to front.
struct Server {
    child: Child,
    address: SocketAddr,
}

async fn s_server(files: &Files, identity: &str, more: &[&str]) -> Server {
    let (cert, key) = (
        files.path(&format!("{identity}.pem")),
        files.path(&format!("{identity}.key")),
    );
    let mut args = vec![
        "s_server",
        "-accept",
        "127.0.0.1:0",
        "-rev",
        "-cert",
        &cert,
        "-key",
        &key,
    ];
    args.extend(more);
    let mut child = spawn("openssl", &args);
    let mut lines = Reader::new(child.stdout.take().unwrap());
    loop {
        let line = text(&lines.read_line().await.unwrap());
        assert!(!line.is_empty(), "the server ended before it listened");
        if let Some(address) = line.trim().strip_prefix("ACCEPT ") {
            let address = address.parse().unwrap();
            // What else it prints is read by nobody and stays in the pipe.
            child.stdout = Some(lines.into_parts().0);
            return Server { child, address };
        }
    }
}

impl Server {
    async fn connect(&self, connector: &TlsConnector, name: &str) -> io::Result<Tls> {
        let stream = TcpStream::connect(self.address).await.unwrap();
        connector.connect(name, stream).await
    }
}

/// Sends a line and reads it back to front.
async fn reversed(tls: &mut Tls) -> io::Result<String> {
    tls.write_all(b"hello\n").await?;
    let mut answer = [0; 6];
    tls.read_exact(&mut answer).await?;
    Ok(text(&answer))
}

#[test]
fn s_server_is_talked_to_and_its_session_resumed() {
    let files = Files::new("s-server");
    files.issue("localhost");
    trill::run(async {
        for (option, version) in [
            ("-tls1_3", ProtocolVersion::TLSv1_3),
            ("-tls1_2", ProtocolVersion::TLSv1_2),
        ] {
            let server = s_server(&files, "localhost", &[option]).await;
            let connector = files.connector();
            for resumed in [false, true] {
                let mut tls = server.connect(&connector, "localhost").await.unwrap();
                assert_eq!(tls.version(), Some(version));
                assert_eq!(reversed(&mut tls).await.unwrap(), "olleh\n");
                assert_eq!(tls.is_resumed(), resumed, "{version:?}");
                tls.close().await.unwrap();
            }
            server.child.kill().unwrap();
            server.child.wait().await.unwrap();
        }
    });
}

#[test]
fn s_server_with_a_wrong_name_an_expired_certificate_or_an_unknown_authority_is_refused() {
    let files = Files::new("s-server-refused");
    files.issue("localhost");
    files.expired();
    trill::run(async {
        let good = s_server(&files, "localhost", &[]).await;
        let error = reason(good.connect(&files.connector(), "other.example").await);
        let wrong_name = CertificateError::NotValidForName;
        assert!(
            matches!(
                &error,
                Error::InvalidCertificate(CertificateError::NotValidForNameContext { .. })
            ) || error == Error::InvalidCertificate(wrong_name),
            "{error}"
        );
        let stranger = TlsConnector::builder().roots(Roots::new()).build().unwrap();
        let error = reason(good.connect(&stranger, "localhost").await);
        assert_eq!(
            error,
            Error::InvalidCertificate(CertificateError::UnknownIssuer)
        );
        // It goes on serving those who trust it.
        let mut tls = good.connect(&files.connector(), "localhost").await.unwrap();
        assert_eq!(reversed(&mut tls).await.unwrap(), "olleh\n");

        let expired = s_server(&files, "expired", &[]).await;
        let error = reason(expired.connect(&files.connector(), "localhost").await);
        assert!(
            matches!(
                error,
                Error::InvalidCertificate(CertificateError::ExpiredContext { .. })
            ),
            "{error}"
        );
    });
}

#[test]
fn s_server_without_a_protocol_in_common_says_so() {
    let files = Files::new("s-server-alpn");
    files.issue("localhost");
    let with = |protocol: &str| {
        let builder = TlsConnector::builder().roots(files.authority.roots());
        builder.alpn([protocol]).build().unwrap()
    };
    trill::run(async {
        let server = s_server(&files, "localhost", &["-alpn", "h2"]).await;
        let tls = server.connect(&with("h2"), "localhost").await.unwrap();
        assert_eq!(tls.alpn(), Some(&b"h2"[..]));
        drop(tls);
        let server = s_server(&files, "localhost", &["-alpn", "h2"]).await;
        let error = reason(server.connect(&with("gopher"), "localhost").await);
        assert_eq!(
            error,
            Error::AlertReceived(AlertDescription::NoApplicationProtocol)
        );
    });
}

#[test]
fn s_server_asks_for_a_certificate_and_gets_it() {
    let files = Files::new("s-server-client");
    files.issue("localhost");
    let client = files.issue("client").into_identity();
    let ca = files.path("ca.pem");
    trill::run(async {
        let options = ["-Verify", "1", "-verify_return_error", "-CAfile", &ca];
        let server = s_server(&files, "localhost", &options).await;
        let builder = TlsConnector::builder().roots(files.authority.roots());
        let known = builder.identity(client).build().unwrap();
        let mut tls = server.connect(&known, "localhost").await.unwrap();
        assert_eq!(reversed(&mut tls).await.unwrap(), "olleh\n");
        drop(tls);

        let server = s_server(&files, "localhost", &options).await;
        let mut tls = server
            .connect(&files.connector(), "localhost")
            .await
            .unwrap();
        // With TLS 1.3 the client was done before the server saw that nothing was shown.
        let error = tls.read(&mut [0]).await.unwrap_err();
        let told = TlsError::of(&error).map(|error| error.reason().clone());
        assert_eq!(
            told,
            Some(Error::AlertReceived(AlertDescription::CertificateRequired)),
            "{error}"
        );
    });
}

#[test]
fn s_server_that_is_killed_is_a_cut() {
    let files = Files::new("s-server-killed");
    files.issue("localhost");
    trill::run(async {
        let server = s_server(&files, "localhost", &[]).await;
        let mut tls = server
            .connect(&files.connector(), "localhost")
            .await
            .unwrap();
        assert_eq!(reversed(&mut tls).await.unwrap(), "olleh\n");
        server.child.kill().unwrap();
        server.child.wait().await.unwrap();
        let error = tls.read(&mut [0]).await.unwrap_err();
        assert!(
            matches!(
                error.kind(),
                ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset
            ),
            "{error}"
        );
    });
}
