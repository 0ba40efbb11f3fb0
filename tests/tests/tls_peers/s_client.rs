//! `openssl s_client` with our server.

use std::io::{self, ErrorKind};
use std::process::Output;

use trill::future::zip;
use trill::net::TcpListener;
use trill::prelude::*;
use trill::tls::TlsAcceptor;
use trill::tls::rustls::{AlertDescription, Error, ProtocolVersion};

use crate::support::{Files, Tls, reason, serve, spawn, text};

/// A handler that answers a line in capitals and ends.
async fn upper(tls: io::Result<Tls>) -> io::Result<Tls> {
    let mut tls = tls?;
    let mut line = Vec::new();
    let mut byte = [0];
    while line.last() != Some(&b'\n') {
        tls.read_exact(&mut byte).await?;
        line.push(byte[0]);
    }
    tls.write_all(&line.to_ascii_uppercase()).await?;
    tls.close().await?;
    Ok(tls)
}

/// Runs `openssl s_client`, which sends a line and prints what comes until the end.
async fn s_client(files: &Files, port: u16, more: &[&str]) -> Output {
    let (connect, ca) = (format!("127.0.0.1:{port}"), files.path("ca.pem"));
    let mut args = vec!["s_client", "-connect", &connect, "-CAfile", &ca];
    args.extend([
        "-servername",
        "localhost",
        "-verify_return_error",
        "-ign_eof",
    ]);
    args.extend(more);
    spawn("openssl", &args)
        .communicate(b"hello\n")
        .await
        .unwrap()
}

#[test]
fn s_client_talks_and_hears_the_end() {
    let files = Files::new("s-client");
    let acceptor = files.accepting().alpn(["http/1.1", "h2"]).build().unwrap();
    let versions = [
        ("-tls1_3", ProtocolVersion::TLSv1_3),
        ("-tls1_2", ProtocolVersion::TLSv1_2),
    ];
    trill::run(async {
        for (option, version) in versions {
            let more = [
                option,
                "-verify_hostname",
                "localhost",
                "-quiet",
                "-alpn",
                "h2,http/1.1",
            ];
            let client = async |port| s_client(&files, port, &more).await;
            let (server, output) = serve(&acceptor, upper, client).await;
            let tls = server.unwrap();
            assert!(output.status.success(), "{}", text(&output.stderr));
            assert_eq!(text(&output.stdout), "HELLO\n");
            assert_eq!(tls.version(), Some(version));
            assert_eq!(tls.alpn(), Some(&b"http/1.1"[..]));
            assert_eq!(tls.server_name(), Some("localhost"));
        }
    });
}

#[test]
fn s_client_resumes_its_session() {
    let files = Files::new("resume");
    let acceptor = files.accepting().build().unwrap();
    let session = files.path("session.pem");
    trill::run(async {
        for version in ["-tls1_3", "-tls1_2"] {
            let first =
                async |port| s_client(&files, port, &[version, "-sess_out", &session]).await;
            let (server, output) = serve(&acceptor, upper, first).await;
            assert!(!server.unwrap().is_resumed(), "{}", text(&output.stdout));
            let second =
                async |port| s_client(&files, port, &[version, "-sess_in", &session]).await;
            let (server, output) = serve(&acceptor, upper, second).await;
            assert!(server.unwrap().is_resumed(), "{}", text(&output.stdout));
            assert!(
                text(&output.stdout).contains("Reused, TLSv1."),
                "{}",
                text(&output.stdout)
            );
        }
    });
}

#[test]
fn s_client_that_does_not_like_the_certificate_says_why() {
    let files = Files::new("dislike");
    let good = files.accepting().build().unwrap();
    let expired = TlsAcceptor::builder()
        .identity(files.expired().into_identity())
        .build()
        .unwrap();
    let refuse = |tls: io::Result<Tls>| std::future::ready(reason(tls));
    trill::run(async {
        let options = ["-verify_hostname", "other.example"];
        let client = async |port| s_client(&files, port, &options).await;
        let (server, output) = serve(&good, refuse, client).await;
        assert!(!output.status.success());
        assert!(
            text(&output.stderr).contains("ostname mismatch"),
            "{}",
            text(&output.stderr)
        );
        assert_eq!(
            server,
            Error::AlertReceived(AlertDescription::BadCertificate)
        );

        let client = async |port| s_client(&files, port, &[]).await;
        let (server, output) = serve(&expired, refuse, client).await;
        assert!(!output.status.success());
        assert!(
            text(&output.stderr).contains("certificate has expired"),
            "{}",
            text(&output.stderr)
        );
        assert_eq!(
            server,
            Error::AlertReceived(AlertDescription::CertificateExpired)
        );
    });
}

#[test]
fn s_client_that_is_killed_is_a_cut() {
    let files = Files::new("killed");
    let acceptor = files.accepting().build().unwrap();
    trill::run(async {
        let (tell, told) = trill::channel::oneshot::channel();
        let handler = async |tls: io::Result<Tls>| {
            let mut tls = tls.unwrap();
            let mut line = [0; 6];
            tls.read_exact(&mut line).await.unwrap();
            tell.send(()).unwrap();
            tls.read(&mut line).await
        };
        let client = async |port: u16| {
            let connect = format!("127.0.0.1:{port}");
            let mut child = spawn("openssl", &["s_client", "-connect", &connect, "-quiet"]);
            let mut stdin = child.stdin.take().unwrap();
            stdin.write_all(b"hello\n").await.unwrap();
            stdin.flush().await.unwrap();
            told.await.unwrap();
            child.kill().unwrap();
            child.wait().await.unwrap();
        };
        let (read, ()) = serve(&acceptor, handler, client).await;
        let error = read.unwrap_err();
        assert!(
            matches!(
                error.kind(),
                ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset
            ),
            "{error}"
        );
    });
}

#[test]
fn s_client_upgrades_a_mail_connection() {
    let files = Files::new("mail");
    let acceptor = files.accepting().build().unwrap();
    trill::run(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = async {
            let (stream, _) = listener.accept().await.unwrap();
            let (read, write) = stream.into_split();
            let (mut reader, writer) = trill::io::joined(read, write);
            writer.write(b"220 mail.example ESMTP\r\n").unwrap();
            assert!(reader.read_line().await.unwrap().starts_with(b"EHLO "));
            writer
                .write(b"250-mail.example\r\n250 STARTTLS\r\n")
                .unwrap();
            assert_eq!(reader.read_line().await.unwrap(), b"STARTTLS\r\n");
            writer.write(b"220 go ahead\r\n").unwrap();
            let tls = acceptor.start_tls(reader, writer).await.unwrap();
            let (read, write) = tls.into_split();
            let (mut reader, writer) = trill::io::joined(read, write);
            let line = reader.read_line().await.unwrap();
            writer.write(&line.to_ascii_uppercase()).unwrap();
            writer.close().await.unwrap();
        };
        let options = ["-starttls", "smtp", "-quiet"];
        let ((), output) = zip(server, s_client(&files, port, &options)).await;
        assert!(output.status.success(), "{}", text(&output.stderr));
        assert!(
            text(&output.stdout).ends_with("HELLO\n"),
            "{}",
            text(&output.stdout)
        );
    });
}
