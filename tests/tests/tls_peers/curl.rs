//! `curl` with our server.

use std::io;
use std::process::Output;

use trill::io::Reader;
use trill::tls::TlsAcceptor;
use trill::tls::rustls::{AlertDescription, Error};

use crate::support::{Files, Tls, reason, serve, spawn, text};

/// Runs `curl` for a host that is this machine.
async fn curl(files: &Files, scheme: &str, host: &str, port: u16, more: &[&str]) -> Output {
    let (resolve, ca) = (format!("{host}:{port}:127.0.0.1"), files.path("ca.pem"));
    let url = format!("{scheme}://{host}:{port}/");
    let mut args = vec!["--silent", "--show-error", "--http1.1", "--noproxy", "*"];
    args.extend(["--resolve", &resolve]);
    args.extend(["--cacert", &ca]);
    args.extend(more);
    args.push(&url);
    spawn("curl", &args).communicate(b"").await.unwrap()
}

/// A handler that answers a request with as many bytes as it says, or fewer.
async fn page(tls: io::Result<Tls>, len: usize, sent: usize) -> io::Result<Tls> {
    let mut tls = tls?;
    {
        let mut reader = Reader::new(&mut tls);
        let request = reader
            .read_until("\r\n\r\n")
            .await
            .map_err(io::Error::from)?;
        assert!(
            request.starts_with(b"GET / HTTP/1.1\r\n"),
            "{}",
            text(&request)
        );
    }
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {len}\r\nConnection: close\r\n\r\n");
    tls.write_all(head.as_bytes()).await?;
    tls.write_all(&vec![b'x'; sent]).await?;
    tls.flush().await?;
    if sent == len {
        tls.close().await?;
    }
    Ok(tls)
}

#[test]
fn curl_gets_a_page() {
    let files = Files::new("curl");
    let acceptor = files.accepting().alpn(["http/1.1"]).build().unwrap();
    trill::run(async {
        let client = async |port| curl(&files, "https", "localhost", port, &[]).await;
        let (server, output) = serve(&acceptor, |tls| page(tls, 1 << 20, 1 << 20), client).await;
        assert!(output.status.success(), "{}", text(&output.stderr));
        assert_eq!(output.stdout.len(), 1 << 20);
        assert_eq!(server.unwrap().alpn(), Some(&b"http/1.1"[..]));
    });
}

#[test]
fn curl_refuses_a_wrong_name_an_expired_certificate_and_an_unknown_authority() {
    const CERTIFICATE: i32 = 60;
    let files = Files::new("curl-refuses");
    let good = files.accepting().build().unwrap();
    let expired = TlsAcceptor::builder()
        .identity(files.expired().into_identity())
        .build()
        .unwrap();
    let elsewhere = Files::new("curl-elsewhere");
    // With TLS 1.3 curl judges when the server is done already; it says why before it goes.
    let hear = async |tls: io::Result<Tls>| match tls {
        Ok(mut tls) => reason(tls.read(&mut [0]).await),
        Err(error) => reason(Err::<(), _>(error)),
    };
    trill::run(async {
        let client = async |port| curl(&files, "https", "other.example", port, &[]).await;
        let listener = serve(&good, async |tls: io::Result<Tls>| drop(tls), client);
        let ((), output) = listener.await;
        assert_eq!(
            output.status.code(),
            Some(CERTIFICATE),
            "{}",
            text(&output.stderr)
        );

        let client = async |port| curl(&files, "https", "localhost", port, &[]).await;
        let (server, output) = serve(&expired, hear, client).await;
        assert_eq!(
            output.status.code(),
            Some(CERTIFICATE),
            "{}",
            text(&output.stderr)
        );
        assert_eq!(
            server,
            Error::AlertReceived(AlertDescription::CertificateExpired)
        );

        let client = async |port| curl(&elsewhere, "https", "localhost", port, &[]).await;
        let (server, output) = serve(&good, hear, client).await;
        assert_eq!(
            output.status.code(),
            Some(CERTIFICATE),
            "{}",
            text(&output.stderr)
        );
        assert_eq!(server, Error::AlertReceived(AlertDescription::UnknownCA));
    });
}

#[test]
fn curl_in_plain_text_is_refused() {
    let files = Files::new("curl-plain");
    let acceptor = files.accepting().build().unwrap();
    trill::run(async {
        let client = async |port| curl(&files, "http", "localhost", port, &[]).await;
        let handler = |tls: io::Result<Tls>| std::future::ready(tls.err().unwrap());
        let (error, output) = serve(&acceptor, handler, client).await;
        assert!(error.to_string().contains("speak plain text"), "{error}");
        assert!(!output.status.success());
        assert!(output.stdout.is_empty(), "{}", text(&output.stdout));
    });
}

#[test]
fn curl_notices_a_connection_that_is_cut() {
    let files = Files::new("curl-cut");
    let acceptor = files.accepting().build().unwrap();
    trill::run(async {
        let client = async |port| curl(&files, "https", "localhost", port, &[]).await;
        let handler = async |tls| drop(page(tls, 100_000, 50_000).await.unwrap());
        let ((), output) = serve(&acceptor, handler, client).await;
        // A partial file, or a failure to receive.
        assert!(matches!(output.status.code(), Some(18 | 56)), "{output:?}");
    });
}

#[test]
fn curl_shows_its_certificate_where_one_is_required() {
    let files = Files::new("curl-client");
    let acceptor = files
        .accepting()
        .client_roots(files.authority.roots())
        .build()
        .unwrap();
    let client = files.issue("client").into_identity();
    let (cert, key) = (files.path("client.pem"), files.path("client.key"));
    trill::run(async {
        let options = ["--cert", &cert, "--key", &key];
        let peer = async |port| curl(&files, "https", "localhost", port, &options).await;
        let (server, output) = serve(&acceptor, |tls| page(tls, 10, 10), peer).await;
        assert!(output.status.success(), "{}", text(&output.stderr));
        assert_eq!(
            server.unwrap().peer_certificates().first(),
            client.chain().first()
        );

        let client = async |port| curl(&files, "https", "localhost", port, &[]).await;
        let refuse = |tls: io::Result<Tls>| std::future::ready(reason(tls));
        let (server, output) = serve(&acceptor, refuse, client).await;
        assert_eq!(server, Error::NoCertificatesPresented);
        assert!(!output.status.success());
    });
}
