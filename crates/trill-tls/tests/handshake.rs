//! Who is let in, who is not, and what both sides are told.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod common;

use std::future::Future;
use std::io::ErrorKind;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use common::{
    End, TRUST, Woken, accepting, agreed, alone, both, connecting, greet, issue, pipe, shake, years,
};
use futures_io::AsyncWrite;
use futures_lite::{AsyncReadExt, AsyncWriteExt};
use rustls::{AlertDescription, CertificateError, Error, ProtocolVersion};
use trill_tls::{Identity, Roots, TlsAcceptor, TlsConnector, TlsError, TlsStream};

/// What rustls said; the error has to be this crate's.
fn reason<T>(result: Result<T, std::io::Error>) -> Error {
    let error = result.err().expect("the handshake should have failed");
    assert_eq!(error.kind(), ErrorKind::InvalidData, "{error}");
    TlsError::of(&error).unwrap().reason().clone()
}

/// What a failed handshake tells people.
fn text<T>(result: &Result<T, std::io::Error>) -> String {
    result.as_ref().err().map(ToString::to_string).unwrap()
}

#[test]
fn both_sides_agree_and_nobody_resumes_the_first_time() {
    let (client, server) = agreed(1 << 16);
    assert_eq!(client.version(), Some(ProtocolVersion::TLSv1_3));
    assert_eq!(server.version(), client.version());
    assert_eq!(client.alpn(), None);
    assert_eq!(server.server_name(), Some("localhost"));
    assert_eq!(client.server_name(), None);
    assert_eq!(client.peer_certificates(), TRUST.localhost.chain());
    assert!(server.peer_certificates().is_empty());
    assert!(!client.is_resumed() && !server.is_resumed());
    // Tickets of the server came along; nothing is left over on the way of the client.
    assert_eq!(client.get_ref().on_the_way(), 0);
}

#[test]
fn handshake_of_one_byte_at_a_time_agrees() {
    let (connector, acceptor) = (connecting().build().unwrap(), accepting().build().unwrap());
    greet(&connector, &acceptor, common::pipe_in_steps(1, 1));
}

#[test]
fn protocols_are_agreed_on_by_the_preference_of_the_server() {
    let connector = connecting().alpn(["h2", "http/1.1"]).build().unwrap();
    let acceptor = accepting().alpn(["http/1.1", "h2"]).build().unwrap();
    let (client, server) = shake(&connector, &acceptor, pipe(1 << 16));
    assert_eq!(client.unwrap().alpn(), Some(&b"http/1.1"[..]));
    assert_eq!(server.unwrap().alpn(), Some(&b"http/1.1"[..]));
}

#[test]
fn client_without_protocols_is_let_in() {
    let acceptor = accepting().alpn(["h2"]).build().unwrap();
    let (client, server) = shake(&connecting().build().unwrap(), &acceptor, pipe(1 << 16));
    assert_eq!(client.unwrap().alpn(), None);
    assert_eq!(server.unwrap().alpn(), None);
}

#[test]
fn client_with_other_protocols_is_refused_and_told() {
    let connector = connecting().alpn(["gopher"]).build().unwrap();
    let acceptor = accepting().alpn(["h2"]).build().unwrap();
    let (client, server) = shake(&connector, &acceptor, pipe(1 << 16));
    assert!(
        text(&server).contains("compare their ALPN lists"),
        "{}",
        text(&server)
    );
    assert_eq!(reason(server), Error::NoApplicationProtocol);
    let told = AlertDescription::NoApplicationProtocol;
    assert_eq!(reason(client), Error::AlertReceived(told));
}

#[test]
fn server_chooses_its_certificate_by_the_name_that_the_client_asks_for() {
    let named = |name: &str| issue(&TRUST.authority, name);
    let acceptor = accepting()
        .identity_for("one.example", named("one.example"))
        .identity_for("*.two.example", named("*.two.example"))
        .build()
        .unwrap();
    let connector = connecting().build().unwrap();
    let chain = |name: &str| {
        let (near, far) = pipe(1 << 16);
        let (client, server) = both(connector.connect(name, near), acceptor.accept(far));
        assert_eq!(
            server
                .map(|tls| tls.server_name().unwrap().to_owned())
                .ok()
                .as_deref(),
            Some(name)
        );
        client.unwrap().peer_certificates().len()
    };
    assert_eq!(chain("one.example"), 1);
    assert_eq!(chain("a.two.example"), 1);
    assert_eq!(chain("localhost"), 1);

    // The one for all others does not bear this name.
    let (near, far) = pipe(1 << 16);
    let (client, _) = both(
        connector.connect("three.example", near),
        acceptor.accept(far),
    );
    assert!(matches!(
        reason(client),
        Error::InvalidCertificate(CertificateError::NotValidForNameContext { .. })
    ));
}

#[test]
fn client_that_asks_for_an_unknown_name_is_refused_if_there_is_none_for_all() {
    let acceptor = TlsAcceptor::builder()
        .identity_for("one.example", issue(&TRUST.authority, "one.example"))
        .build()
        .unwrap();
    let connector = connecting().build().unwrap();
    let (client, server) = shake(&connector, &acceptor, pipe(1 << 16));
    assert!(
        text(&client).contains("no certificate for this name"),
        "{}",
        text(&client)
    );
    reason(client);
    reason(server);
    // The same without a name.
    let connector = connecting().sni(false).build().unwrap();
    let (client, server) = shake(&connector, &acceptor, pipe(1 << 16));
    reason(client);
    reason(server);
}

#[test]
fn client_that_tells_no_name_gets_the_certificate_for_all() {
    let connector = connecting().sni(false).build().unwrap();
    let (client, server) = shake(&connector, &accepting().build().unwrap(), pipe(1 << 16));
    client.unwrap();
    assert_eq!(server.unwrap().server_name(), None);
}

#[test]
fn addresses_can_be_names() {
    let acceptor = TlsAcceptor::builder()
        .identity(issue(&TRUST.authority, "127.0.0.1"))
        .build()
        .unwrap();
    let (near, far) = pipe(1 << 16);
    let connector = connecting().build().unwrap();
    let (client, server) = both(connector.connect("127.0.0.1", near), acceptor.accept(far));
    client.unwrap();
    assert_eq!(server.unwrap().server_name(), None);
}

#[test]
fn wrong_name_is_refused_and_both_are_told() {
    let (near, far) = pipe(1 << 16);
    let (connector, acceptor) = (connecting().build().unwrap(), accepting().build().unwrap());
    let (client, server) = both(
        connector.connect("other.example", near),
        acceptor.accept(far),
    );
    assert!(
        text(&client).contains("by a name that the certificate bears"),
        "{}",
        text(&client)
    );
    assert!(matches!(
        reason(client),
        Error::InvalidCertificate(CertificateError::NotValidForNameContext { .. })
    ));
    assert_eq!(
        reason(server),
        Error::AlertReceived(AlertDescription::BadCertificate)
    );
}

#[test]
fn expired_certificate_is_refused() {
    let acceptor = TlsAcceptor::builder()
        .identity(TRUST.expired.clone())
        .build()
        .unwrap();
    let (client, server) = shake(&connecting().build().unwrap(), &acceptor, pipe(1 << 16));
    assert!(
        text(&client).contains("renew the certificate"),
        "{}",
        text(&client)
    );
    assert!(matches!(
        reason(client),
        Error::InvalidCertificate(CertificateError::ExpiredContext { .. })
    ));
    assert_eq!(
        reason(server),
        Error::AlertReceived(AlertDescription::CertificateExpired)
    );
}

#[test]
fn certificate_for_later_is_refused() {
    let later = TRUST
        .authority
        .issue_for_time(["localhost"], years(400), years(401))
        .unwrap();
    let acceptor = TlsAcceptor::builder()
        .identity(later.into_identity())
        .build()
        .unwrap();
    let (client, _) = shake(&connecting().build().unwrap(), &acceptor, pipe(1 << 16));
    assert!(matches!(
        reason(client),
        Error::InvalidCertificate(CertificateError::NotValidYetContext { .. })
    ));
}

#[test]
fn unknown_authority_is_refused() {
    let connector = TlsConnector::builder()
        .roots(TRUST.other.roots())
        .build()
        .unwrap();
    let (client, server) = shake(&connector, &accepting().build().unwrap(), pipe(1 << 16));
    assert!(
        text(&client).contains("add its authority to the roots"),
        "{}",
        text(&client)
    );
    assert_eq!(
        reason(client),
        Error::InvalidCertificate(CertificateError::UnknownIssuer)
    );
    assert_eq!(
        reason(server),
        Error::AlertReceived(AlertDescription::UnknownCA)
    );
}

#[test]
fn client_shows_its_certificate() {
    let acceptor = accepting()
        .client_roots(TRUST.authority.roots())
        .build()
        .unwrap();
    let connector = connecting().identity(TRUST.client.clone()).build().unwrap();
    let (client, server) = shake(&connector, &acceptor, pipe(1 << 16));
    client.unwrap();
    assert_eq!(server.unwrap().peer_certificates(), TRUST.client.chain());
}

/// The server refuses; the client, which was done before, learns of it in its first read.
fn is_refused_late(connector: &TlsConnector, acceptor: &TlsAcceptor) -> (Error, Error) {
    let (near, far) = pipe(1 << 16);
    let client = async {
        let mut tls = connector.connect("localhost", near).await?;
        let error = tls.read(&mut [0]).await.unwrap_err();
        // It stays so, also for who writes.
        assert_eq!(
            tls.write(b"x").await.unwrap_err().kind(),
            ErrorKind::InvalidData
        );
        Err::<(), _>(error)
    };
    let (client, server) = both(client, acceptor.accept(far));
    (reason(client), reason(server))
}

#[test]
fn client_without_the_required_certificate_is_refused_and_told() {
    let acceptor = accepting()
        .client_roots(TRUST.authority.roots())
        .build()
        .unwrap();
    let (client, server) = is_refused_late(&connecting().build().unwrap(), &acceptor);
    assert_eq!(
        client,
        Error::AlertReceived(AlertDescription::CertificateRequired)
    );
    assert_eq!(server, Error::NoCertificatesPresented);
}

#[test]
fn client_with_a_foreign_certificate_is_refused_and_told() {
    let acceptor = accepting()
        .client_roots(TRUST.authority.roots())
        .build()
        .unwrap();
    let connector = connecting()
        .identity(TRUST.foreign_client.clone())
        .build()
        .unwrap();
    let (client, server) = is_refused_late(&connector, &acceptor);
    assert_eq!(client, Error::AlertReceived(AlertDescription::UnknownCA));
    assert_eq!(
        server,
        Error::InvalidCertificate(CertificateError::UnknownIssuer)
    );
}

#[test]
fn client_may_show_a_certificate_where_none_is_required() {
    let acceptor = accepting()
        .optional_client_roots(TRUST.authority.roots())
        .build()
        .unwrap();
    let (client, server) = shake(&connecting().build().unwrap(), &acceptor, pipe(1 << 16));
    client.unwrap();
    assert!(server.unwrap().peer_certificates().is_empty());
    let known = connecting().identity(TRUST.client.clone()).build().unwrap();
    let (client, server) = shake(&known, &acceptor, pipe(1 << 16));
    client.unwrap();
    assert_eq!(server.unwrap().peer_certificates().len(), 1);
}

#[test]
fn plain_text_client_is_refused() {
    let (mut near, far) = pipe(1 << 16);
    let acceptor = accepting().build().unwrap();
    let client = async {
        near.write_all(b"GET / HTTP/1.0\r\n\r\n").await.unwrap();
        let mut answer = Vec::new();
        near.read_to_end(&mut answer).await.unwrap();
        answer
    };
    let (answer, server) = both(client, acceptor.accept(far));
    assert!(
        text(&server).contains("speak plain text"),
        "{}",
        text(&server)
    );
    reason(server);
    // A fatal alert: of what, is told in TLS as well as can be.
    assert_eq!(answer[0], 21, "{answer:?}");
}

#[test]
fn plain_text_server_is_refused() {
    let (near, mut far) = pipe(1 << 16);
    let connector = connecting().build().unwrap();
    let server = async {
        far.write_all(b"220 mail.example ESMTP\r\n").await.unwrap();
    };
    let (client, ()) = both(connector.connect("localhost", near), server);
    assert!(
        text(&client).contains("speak plain text"),
        "{}",
        text(&client)
    );
    reason(client);
}

#[test]
fn second_connection_resumes_the_session_of_the_first() {
    let (connector, acceptor) = (connecting().build().unwrap(), accepting().build().unwrap());
    let connection = || {
        let (near, far) = pipe(1 << 16);
        let client = async {
            let mut tls = connector.connect("localhost", near).await.unwrap();
            // Tickets come with the first data.
            tls.read_exact(&mut [0; 2]).await.unwrap();
            tls.is_resumed()
        };
        let server = async {
            let mut tls = acceptor.accept(far).await.unwrap();
            tls.write_all(b"hi").await.unwrap();
            tls.is_resumed()
        };
        both(client, server)
    };
    assert_eq!(connection(), (false, false));
    assert_eq!(connection(), (true, true));
    assert_eq!(connection(), (true, true));
}

#[test]
fn no_session_is_resumed_where_either_side_remembers_none() {
    let forgetful = [
        (
            connecting().sessions_max(0).build().unwrap(),
            accepting().build().unwrap(),
        ),
        (
            connecting().build().unwrap(),
            accepting().sessions_max(0).build().unwrap(),
        ),
    ];
    for (connector, acceptor) in forgetful {
        for _ in 0..2 {
            let (near, far) = pipe(1 << 16);
            let client = async {
                let mut tls = connector.connect("localhost", near).await.unwrap();
                tls.read_exact(&mut [0; 2]).await.unwrap();
                tls.is_resumed()
            };
            let server = async {
                let mut tls = acceptor.accept(far).await.unwrap();
                tls.write_all(b"hi").await.unwrap();
            };
            assert!(!both(client, server).0);
        }
    }
}

#[test]
fn dropped_handshake_ends_the_connection_at_each_of_its_awaits() {
    let (connector, acceptor) = (connecting().build().unwrap(), accepting().build().unwrap());
    // A few bytes at a time, so that there are many awaits; the side under test is dropped after `count` polls.
    let drops = |drop_client: bool| {
        for count in 0..10_000 {
            let (near, far) = common::pipe_in_steps(7, 7);
            let (client, server) = (connector.connect("localhost", near), acceptor.accept(far));
            let (finished, other) = match drop_client {
                true => until(client, server, count),
                false => until(server, client, count),
            };
            let error = match other {
                // The client is done before the last words of the server are.
                Ok(mut tls) if !finished => alone(tls.read(&mut [0])).unwrap_err(),
                Ok(_) => return count,
                Err(error) => error,
            };
            assert!(
                matches!(
                    error.kind(),
                    ErrorKind::UnexpectedEof | ErrorKind::BrokenPipe
                ),
                "{count}: {error}"
            );
        }
        panic!("the handshake never ends");
    };
    let counts = (drops(true), drops(false));
    assert!(counts.0 > 20 && counts.1 > 20, "{counts:?}");
}

/// Polls `first` up to `count` times, beside `second`, drops it, and runs `second` to its end. Says whether the first was ready.
fn until<A, B>(first: A, second: B, count: usize) -> (bool, B::Output)
where
    A: Future<Output = std::io::Result<TlsStream<End>>>,
    B: Future,
{
    let mut first = Box::pin(first);
    let mut second = pin!(second);
    let (waker, other) = (Woken::new(), Woken::new());
    let (mut kept, mut output) = (None, None);
    for _ in 0..count {
        if kept.is_none() {
            if let Poll::Ready(tls) = waker.poll(first.as_mut()) {
                kept = Some(tls);
            }
        }
        if output.is_none() {
            if let Poll::Ready(ready) = other.poll(second.as_mut()) {
                output = Some(ready);
            }
        }
    }
    drop(first);
    let done = kept.is_some();
    drop(kept);
    (done, output.unwrap_or_else(|| alone(second)))
}

#[test]
fn handshake_with_a_silent_peer_ends_at_its_limit() {
    trill_world::VirtualWorld::new(1).run(|| {
        trill_park::block_on(async {
            let (near, _far) = pipe(1 << 16);
            let start = trill_world::now();
            let error = connecting()
                .build()
                .unwrap()
                .connect("localhost", near)
                .await
                .unwrap_err();
            assert_eq!(error.kind(), ErrorKind::TimedOut);
            assert_eq!(trill_world::now() - start, Duration::from_secs(60));

            let (_near, far) = pipe(1 << 16);
            let limit = Some(Duration::from_millis(5));
            let acceptor = accepting().handshake_limit(limit).build().unwrap();
            let start = trill_world::now();
            let error = acceptor.accept(far).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::TimedOut);
            assert_eq!(trill_world::now() - start, Duration::from_millis(5));
        });
    });
}

#[test]
fn certificates_are_judged_by_the_clock_of_the_world() {
    let now = trill_world::VirtualWorld::new(1).run(trill_world::system_time);
    let day = Duration::from_secs(24 * 60 * 60);
    let short = TRUST
        .authority
        .issue_for_time(["localhost"], now - day, now + day)
        .unwrap();
    let world = trill_world::VirtualWorld::new(1);
    world.run(|| {
        let acceptor = TlsAcceptor::builder()
            .identity(short.into_identity())
            .handshake_limit(None)
            .build()
            .unwrap();
        let connector = connecting().handshake_limit(None).build().unwrap();
        shake(&connector, &acceptor, pipe(1 << 16)).0.unwrap();
        world.advance(2 * day);
        // The session that could be resumed is forgotten with the connector.
        let connector = connecting().handshake_limit(None).build().unwrap();
        let (client, _) = shake(&connector, &acceptor, pipe(1 << 16));
        assert!(matches!(
            reason(client),
            Error::InvalidCertificate(CertificateError::ExpiredContext { .. })
        ));
    });
}

#[test]
fn bad_input_is_told_before_anything_is_sent() {
    let (near, _far) = pipe(1 << 16);
    let connector = connecting().build().unwrap();
    let error = alone(connector.connect("no host!", near)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.to_string().contains("no host name"), "{error}");

    let error = TlsConnector::builder().build().unwrap_err();
    assert!(error.to_string().contains("Roots::native()"), "{error}");
    let error = TlsAcceptor::builder().build().unwrap_err();
    assert!(error.to_string().contains("needs a certificate"), "{error}");
    let error = accepting().client_roots(Roots::new()).build().unwrap_err();
    assert!(error.to_string().contains("roots of clients"), "{error}");
    let error = accepting()
        .identity_for("a b", TRUST.client.clone())
        .build()
        .unwrap_err();
    assert!(error.to_string().contains("no host name"), "{error}");

    let issued = TRUST.authority.issue(["a"]).unwrap();
    let error = Identity::from_pem("nothing", issued.key_pem()).unwrap_err();
    assert!(error.to_string().contains("BEGIN CERTIFICATE"), "{error}");
    let error = Identity::from_pem(issued.certificate_pem(), "nothing").unwrap_err();
    assert!(error.to_string().contains("BEGIN PRIVATE KEY"), "{error}");
    // The key of somebody else.
    let other = TRUST.authority.issue(["b"]).unwrap();
    let mixed = Identity::from_pem(issued.certificate_pem(), other.key_pem()).unwrap();
    let error = TlsAcceptor::builder().identity(mixed).build().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    let mut roots = Roots::new();
    assert_eq!(
        roots.add_pem("nothing").unwrap_err().kind(),
        ErrorKind::InvalidInput
    );
    assert!(roots.is_empty());
}

#[test]
fn keys_are_not_printed() {
    let issued = TRUST.authority.issue(["a"]).unwrap();
    let printed = format!("{issued:?} {:?} {:?}", issued.identity(), TRUST.authority);
    assert!(printed.contains("certificates: 1"));
    assert!(printed.len() < 200, "{printed}");
}

#[test]
fn stream_that_was_lent_comes_back() {
    fn is_stream<S: AsyncWrite>(_: &S) {}
    let (mut near, mut far) = pipe(1 << 16);
    let (connector, acceptor) = (connecting().build().unwrap(), accepting().build().unwrap());
    let (client, server) = both(
        connector.connect("localhost", &mut near),
        acceptor.accept(&mut far),
    );
    drop((client.unwrap(), server.unwrap()));
    is_stream(&near);
    is_stream(&far);
}
