//! A connection that is cut at any byte: nobody takes it for the end, and nobody waits for ever.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod common;

use std::io::{self, ErrorKind};

use common::{End, accepting, both, connecting, pattern, pipe};
use futures_lite::{AsyncReadExt, AsyncWriteExt};
use trill_tls::{TlsAcceptor, TlsConnector};

/// More than one record.
const LEN: usize = 20_000;

/// The client sends data and reads the answer until the end.
async fn client(connector: &TlsConnector, near: End) -> (Vec<u8>, io::Result<()>) {
    let mut answer = Vec::new();
    let result = async {
        let mut tls = connector.connect("localhost", near).await?;
        tls.write_all(b"request").await?;
        tls.close().await?;
        tls.read_to_end(&mut answer).await?;
        Ok(())
    };
    let result = result.await;
    (answer, result)
}

/// The server reads until the end, and answers with a pattern.
async fn server(acceptor: &TlsAcceptor, far: End) -> (Vec<u8>, io::Result<()>) {
    let mut request = Vec::new();
    let result = async {
        let mut tls = acceptor.accept(far).await?;
        tls.read_to_end(&mut request).await?;
        tls.write_all(&pattern(LEN)).await?;
        tls.close().await
    };
    let result = result.await;
    (request, result)
}

/// How many bytes go each way if nothing is cut.
fn whole(connector: &TlsConnector, acceptor: &TlsAcceptor) -> (usize, usize) {
    let (near, far) = pipe(1 << 16);
    let (there, back) = (near.carried_by(), far.carried_by());
    let ((answer, to_client), (request, to_server)) =
        both(client(connector, near), server(acceptor, far));
    to_client.unwrap();
    to_server.unwrap();
    assert_eq!((request, answer), (b"request".to_vec(), pattern(LEN)));
    (there(), back())
}

fn is_cut(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::UnexpectedEof | ErrorKind::BrokenPipe
    )
}

#[test]
fn connection_cut_at_any_byte_is_an_error_and_never_an_end() {
    let connector = connecting().sessions_max(0).build().unwrap();
    let acceptor = accepting().sessions_max(0).build().unwrap();
    let (there, back) = whole(&connector, &acceptor);
    assert!(there > 300 && back > LEN + 600, "{there} {back}");
    // Each byte of the handshake, and of what follows some; the next test cuts that at each byte.
    // Signatures differ by a few bytes in length, so the very end is not where it was.
    let places = |total: usize| (0..total - 8).filter(|at| *at < 1400 || at % 211 == 0);

    for at in places(there) {
        let (near, far) = pipe(1 << 16);
        near.cut_after(at);
        let ((answer, to_client), (request, to_server)) =
            both(client(&connector, near), server(&acceptor, far));
        let error = to_server.expect_err("the request did not come whole");
        assert!(is_cut(&error), "{at}: {error}");
        assert!(b"request".starts_with(&request[..]), "{at}");
        assert!(answer.is_empty());
        let error = to_client.expect_err("nobody has answered");
        assert!(is_cut(&error), "{at}: {error}");
    }
    for at in places(back) {
        let (near, far) = pipe(1 << 16);
        far.cut_after(at);
        let ((answer, to_client), (_, to_server)) =
            both(client(&connector, near), server(&acceptor, far));
        let error = to_client.expect_err("the answer did not come whole");
        assert!(is_cut(&error), "{at}: {error}");
        assert!(pattern(LEN).starts_with(&answer), "{at}");
        // The server may have given everything to the stream before it was cut.
        if let Err(error) = to_server {
            assert!(is_cut(&error), "{at}: {error}");
        }
    }
}

#[test]
fn data_cut_at_any_byte_is_whole_up_to_there_and_then_an_error() {
    const SHORT: usize = 300;
    // Two records and the goodbye, each with 22 bytes around; the goodbye has two of its own.
    let total = SHORT + 3 * 22 + 2;
    for at in 0..=total {
        let (mut client, mut server) = common::agreed(1 << 16);
        let end = server.get_ref();
        end.cut_after(end.carried() + at);
        let send = async {
            let sent = pattern(SHORT);
            server.write_all(&sent[..100]).await?;
            server.write_all(&sent[100..]).await?;
            server.close().await
        };
        let mut got = Vec::new();
        let (sent, received) = both(send, client.read_to_end(&mut got));
        assert!(pattern(SHORT).starts_with(&got), "{at}");
        if at == total {
            assert_eq!(received.unwrap(), SHORT);
            continue;
        }
        assert!(is_cut(&received.unwrap_err()), "{at}");
        assert!(is_cut(&sent.unwrap_err()), "{at}");
        // What came whole is not held back.
        let records = usize::from(at >= 122) * 100 + usize::from(at >= 344) * 200;
        assert_eq!(got.len(), records, "{at}");
    }
}

#[test]
fn all_that_came_before_the_cut_is_read_first() {
    let (mut client, mut server) = common::agreed(1 << 16);
    let sent = async {
        server.write_all(b"half of it").await.unwrap();
        server.flush().await.unwrap();
        drop(server);
    };
    both(sent, async {});
    let mut buffer = [0; 4];
    let read = async {
        client.read_exact(&mut buffer).await.unwrap();
        assert_eq!(&buffer, b"half");
        let mut rest = Vec::new();
        let error = client.read_to_end(&mut rest).await.unwrap_err();
        assert_eq!(rest, b" of it");
        // And again, however often it is asked.
        (error, client.read(&mut [0]).await.unwrap_err())
    };
    let (error, again) = common::alone(read);
    assert_eq!(
        (error.kind(), again.kind()),
        (ErrorKind::UnexpectedEof, ErrorKind::UnexpectedEof)
    );
    assert!(error.to_string().contains("close_notify"), "{error}");
}

#[test]
fn bytes_changed_on_the_way_are_noticed_and_the_peer_is_told() {
    let (near, far) = pipe(1 << 16);
    let (mut client, mut server) = common::agreed_over((near, far));
    // What the client writes past TLS stands for what somebody changed.
    let spoilt = async {
        client.write_all(b"good").await.unwrap();
        client.flush().await.unwrap();
        client
            .get_mut()
            .write_all(&[
                23, 3, 3, 0, 20, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9,
            ])
            .await
            .unwrap();
    };
    common::alone(spoilt);
    let read = async {
        let mut all = Vec::new();
        let error = server.read_to_end(&mut all).await.unwrap_err();
        (all, error, server.write(b"x").await.unwrap_err())
    };
    let (all, error, write) = common::alone(read);
    assert_eq!(all, b"good");
    assert_eq!(
        (error.kind(), write.kind()),
        (ErrorKind::InvalidData, ErrorKind::InvalidData)
    );
    // A fatal alert came, and not only an end.
    let told = common::alone(client.read(&mut [0])).unwrap_err();
    assert_eq!(told.kind(), ErrorKind::InvalidData);
}

#[test]
fn peer_that_says_goodbye_during_the_handshake_is_an_error_and_no_endless_turn() {
    /// close_notify, in the clear.
    const GOODBYE: [u8; 7] = [21, 3, 3, 0, 2, 1, 0];
    for is_server in [false, true] {
        let (near, mut far) = pipe(1 << 16);
        let (acceptor, connector) = (accepting().build().unwrap(), connecting().build().unwrap());
        futures_lite::future::block_on(async {
            far.write_all(&GOODBYE).await.unwrap();
            far.close().await.unwrap();
            let result = match is_server {
                true => acceptor.accept(near).await.map(drop),
                false => connector.connect("localhost", near).await.map(drop),
            };
            assert_eq!(result.unwrap_err().kind(), ErrorKind::UnexpectedEof);
        });
    }
}
