//! Servers over TLS: who does not get through the handshake disturbs nobody, and each end is announced.
#![cfg(feature = "tls")]
#![allow(clippy::unwrap_used)] // A failed step fails its test.

use std::future::Future;
use std::time::Duration;

use trill_executor::Executor;
use trill_io::ReadError;
use trill_net::{TcpListener, TcpStream};
use trill_server::{Connection, Server, open_tls_connection, start_tls_server};
use trill_tls::self_signed::Authority;
use trill_tls::{TlsAcceptor, TlsConnector, TlsStream};

fn sides() -> (TlsConnector, TlsAcceptor) {
    let authority = Authority::new("tests").unwrap();
    let identity = authority.issue(["localhost"]).unwrap().into_identity();
    let acceptor = TlsAcceptor::builder().identity(identity).build().unwrap();
    let connector = TlsConnector::builder()
        .roots(authority.roots())
        .build()
        .unwrap();
    (connector, acceptor)
}

fn run<F: Future>(future: F) -> F::Output {
    let executor = Executor::new();
    trill_park::block_on(executor.run(future))
}

#[test]
fn lines_go_there_and_back_and_both_hear_the_end() {
    let (connector, acceptor) = sides();
    run(async {
        let server = start_tls_server("localhost:0", acceptor, |mut reader, writer| async move {
            loop {
                let line = reader.read_line().await?;
                if line.is_empty() {
                    return Ok::<(), ReadError>(());
                }
                writer.write(&line.to_ascii_uppercase())?;
                writer.drain().await?;
            }
        });
        let server = server.await.unwrap();
        let port = server.local_addrs()[0].port();
        let (mut reader, writer) = open_tls_connection("localhost", port, &connector)
            .await
            .unwrap();
        for number in 0..1000 {
            writer.write(format!("line {number}\n").as_bytes()).unwrap();
        }
        for number in 0..1000 {
            let line = reader.read_line().await.unwrap();
            assert_eq!(line, format!("LINE {number}\n").as_bytes());
        }
        writer.close().await.unwrap();
        // The handler returns, and the end is announced: a cut would be an error.
        assert!(reader.read_line().await.unwrap().is_empty());
        let ended = server.shutdown(Duration::from_secs(60)).await;
        assert_eq!((ended.aborted, server.failed()), (0, 0));
    });
}

#[test]
fn failed_handshakes_are_counted_and_seen_by_no_handler() {
    let (connector, acceptor) = sides();
    run(async {
        let server = Server::bind("127.0.0.1:0")
            .await
            .unwrap()
            .acceptor(acceptor);
        let server = server.serve(
            |mut connection: Connection<TlsStream<TcpStream>>| async move {
                connection.get_mut().write_all(b"hello").await?;
                connection.get_mut().close().await
            },
        );
        let server = server.unwrap();
        let address = server.local_addrs()[0];

        // One that speaks plain text, one that does not trust, and one that goes at once.
        let plain = TcpStream::connect(address).await.unwrap();
        plain.write_all(b"GET / HTTP/1.0\r\n\r\n").await.unwrap();
        let mut alert = [0; 7];
        plain.read_exact(&mut alert).await.unwrap();
        assert_eq!(alert[0], 21);
        let wary = TlsConnector::builder()
            .roots(trill_tls::Roots::new())
            .build()
            .unwrap();
        let stream = TcpStream::connect(address).await.unwrap();
        wary.connect("localhost", stream).await.unwrap_err();
        drop(TcpStream::connect(address).await.unwrap());

        // A silent one holds up nobody.
        let _silent = TcpStream::connect(address).await.unwrap();
        let stream = TcpStream::connect(address).await.unwrap();
        let mut tls = connector.connect("localhost", stream).await.unwrap();
        let mut buffer = [0; 6];
        tls.read_exact(&mut buffer[..5]).await.unwrap();
        assert_eq!(tls.read(&mut buffer).await.unwrap(), 0);
        while server.failed() < 3 {
            futures_lite::future::yield_now().await;
        }
        // The silent one lives until the server gives it up.
        let ended = server.shutdown(Duration::ZERO).await;
        assert_eq!((ended.aborted, server.failed()), (1, 3));
    });
}

#[test]
fn handler_can_upgrade_a_plain_connection() {
    let (connector, acceptor) = sides();
    run(async {
        let server = trill_server::start_server("127.0.0.1:0", move |mut reader, writer| {
            let acceptor = acceptor.clone();
            async move {
                assert_eq!(reader.read_line().await?, b"STARTTLS\n");
                writer.write(b"220 go ahead\n")?;
                let mut tls = acceptor.start_tls(reader, writer).await?;
                let mut buffer = [0; 6];
                tls.read_exact(&mut buffer).await?;
                tls.write_all(&buffer).await?;
                tls.close().await?;
                Ok::<(), ReadError>(())
            }
        });
        let server = server.await.unwrap();
        let port = server.local_addrs()[0].port();
        let (mut reader, writer) = trill_server::open_connection("127.0.0.1", port)
            .await
            .unwrap();
        writer.write(b"STARTTLS\n").unwrap();
        assert_eq!(reader.read_line().await.unwrap(), b"220 go ahead\n");
        let mut tls = connector
            .start_tls("localhost", reader, writer)
            .await
            .unwrap();
        tls.write_all(b"secret").await.unwrap();
        let mut buffer = [0; 6];
        tls.read_exact(&mut buffer).await.unwrap();
        assert_eq!(&buffer, b"secret");
        assert_eq!(tls.read(&mut buffer).await.unwrap(), 0);
    });
}

#[test]
fn dropped_while_opening_it_leaves_nothing_behind() {
    let (connector, _acceptor) = sides();
    run(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let mut opening = open_tls_connection("127.0.0.1", port, &connector);
        let accept = async { Some(listener.accept().await.unwrap().0) };
        let open = async {
            drop((&mut opening).await);
            None
        };
        let peer = futures_lite::future::or(open, accept).await.unwrap();
        drop(opening);
        // What it had sent of the handshake may come, and then the end.
        let mut buffer = [0; 4096];
        while peer.read(&mut buffer).await.unwrap() > 0 {}
    });
}
