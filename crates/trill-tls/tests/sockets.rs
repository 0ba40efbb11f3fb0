//! TLS over real sockets, on trill's executor and on others, and with hyper.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod common;

use std::io::{self, ErrorKind};
use std::sync::Arc;

use common::{accepting, connecting, pattern};
use futures_lite::AsyncReadExt;
use futures_lite::future::{self, zip};
use rustls::version::TLS12;
use rustls::{ClientConfig, ProtocolVersion};
use trill_executor::Executor;
use trill_net::unix::UnixStream;
use trill_net::{TcpListener, TcpStream};
use trill_park::block_on;
use trill_tls::{TlsAcceptor, TlsConnector, TlsStream};

async fn tcp_pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let near = TcpStream::connect(listener.local_addr().unwrap())
        .await
        .unwrap();
    (near, listener.accept().await.unwrap().0)
}

/// The server sends back what comes until the end, and ends, too.
async fn echo<S>(acceptor: &TlsAcceptor, far: S) -> io::Result<TlsStream<S>>
where
    S: futures_io::AsyncRead + futures_io::AsyncWrite + Unpin,
{
    let mut tls = acceptor.accept(far).await?;
    let mut buffer = vec![0; 10_000];
    loop {
        match tls.read(&mut buffer).await? {
            0 => break,
            count => tls.write_all(&buffer[..count]).await?,
        }
    }
    tls.close().await?;
    Ok(tls)
}

/// Sends a megabyte with one half and reads it back with the other.
async fn there_and_back<S>(connector: &TlsConnector, near: S) -> io::Result<(TlsStream<S>, Vec<u8>)>
where
    S: futures_io::AsyncRead + futures_io::AsyncWrite + Unpin + std::fmt::Debug,
{
    let tls = connector.connect("localhost", near).await?;
    let (mut read, mut write) = tls.into_split();
    let sent = pattern(1 << 20);
    let send = async {
        write.write_all(&sent).await?;
        write.close().await
    };
    let mut got = Vec::new();
    let (sent, received) = zip(send, read.read_to_end(&mut got)).await;
    sent?;
    received?;
    Ok((read.reunite(write).unwrap(), got))
}

#[test]
fn megabyte_goes_there_and_back_over_tcp_and_unix() {
    let (connector, acceptor) = (connecting().build().unwrap(), accepting().build().unwrap());
    block_on(async {
        let (near, far) = tcp_pair().await;
        let (client, server) = zip(there_and_back(&connector, near), echo(&acceptor, far)).await;
        server.unwrap();
        assert!(client.unwrap().1 == pattern(1 << 20));
        let (near, far) = UnixStream::pair().unwrap();
        let (client, server) = zip(there_and_back(&connector, near), echo(&acceptor, far)).await;
        assert!(server.unwrap().is_resumed());
        assert!(client.unwrap().1 == pattern(1 << 20));
    });
}

#[test]
fn tls_1_2_is_spoken_with_those_who_have_no_other() {
    let config = ClientConfig::builder_with_provider(Arc::new(trill_tls::provider::ring()))
        .with_protocol_versions(&[&TLS12])
        .unwrap();
    let mut roots = rustls::RootCertStore::empty();
    let pem = common::TRUST.authority.certificate_pem();
    use rustls::pki_types::pem::PemObject;
    roots
        .add(rustls::pki_types::CertificateDer::from_pem_slice(pem.as_bytes()).unwrap())
        .unwrap();
    let connector = TlsConnector::from(Arc::new(
        config.with_root_certificates(roots).with_no_client_auth(),
    ));
    let acceptor = accepting().build().unwrap();
    block_on(async {
        for resumed in [false, true] {
            let (near, far) = tcp_pair().await;
            let (client, server) =
                zip(there_and_back(&connector, near), echo(&acceptor, far)).await;
            let server = server.unwrap();
            assert_eq!(server.version(), Some(ProtocolVersion::TLSv1_2));
            assert_eq!(server.is_resumed(), resumed);
            let (client, got) = client.unwrap();
            assert_eq!(client.is_resumed(), resumed);
            assert!(got == pattern(1 << 20));
        }
    });
}

#[test]
fn foreign_executors_will_do() {
    let (connector, acceptor) = (connecting().build().unwrap(), accepting().build().unwrap());
    let client_and_server = async {
        let (near, far) = tcp_pair().await;
        let (client, server) = zip(there_and_back(&connector, near), echo(&acceptor, far)).await;
        server.unwrap();
        assert!(client.unwrap().1 == pattern(1 << 20));
    };
    futures::executor::block_on(client_and_server);
}

#[test]
fn many_connections_share_an_acceptor_on_two_threads() {
    let (connector, acceptor) = (connecting().build().unwrap(), accepting().build().unwrap());
    let executor = Arc::new(Executor::new());
    let (stop, stopped) = futures::channel::oneshot::channel::<()>();
    let other = executor.clone();
    let (gone, other_is_gone) = futures::channel::oneshot::channel::<()>();
    trill_world::start_thread("the other", move || {
        let _ = block_on(other.run(stopped));
        gone.send(()).unwrap();
    })
    .unwrap();
    block_on(executor.run(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let clients: Vec<_> = (0..50)
            .map(|number| {
                let connector = connector.clone();
                executor.spawn(async move {
                    let near = TcpStream::connect(address).await.unwrap();
                    let mut tls = connector.connect("localhost", near).await.unwrap();
                    let sent = pattern(1_000 * number);
                    let mut got = Vec::new();
                    let (mut read, mut write) = tls.split_mut();
                    let send = async {
                        write.write_all(&sent).await.unwrap();
                        write.close().await.unwrap();
                    };
                    let ((), count) = zip(send, read.read_to_end(&mut got)).await;
                    count.unwrap();
                    assert!(got == sent);
                })
            })
            .collect();
        let mut servers = Vec::new();
        for _ in 0..50 {
            let (far, _) = listener.accept().await.unwrap();
            let acceptor = acceptor.clone();
            servers.push(executor.spawn(async move { echo(&acceptor, far).await.map(drop) }));
        }
        for server in servers {
            server.await.unwrap();
        }
        for client in clients {
            client.await;
        }
    }));
    stop.send(()).unwrap();
    block_on(other_is_gone).unwrap();
}

#[test]
fn connection_that_is_dropped_without_close_is_a_cut() {
    let (connector, acceptor) = (connecting().build().unwrap(), accepting().build().unwrap());
    block_on(async {
        let (near, far) = tcp_pair().await;
        let client = async {
            let mut tls = connector.connect("localhost", near).await.unwrap();
            tls.write_all(b"unfinished").await.unwrap();
            tls.flush().await.unwrap();
            // The tickets of the server are read, or the system would reset the connection.
            let _ = future::poll_once(tls.read(&mut [0])).await;
        };
        let server = async {
            let mut tls = acceptor.accept(far).await.unwrap();
            let mut got = Vec::new();
            (tls.read_to_end(&mut got).await.unwrap_err(), got)
        };
        let ((), (error, got)) = zip(client, server).await;
        assert!(
            matches!(
                error.kind(),
                ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset
            ),
            "{error}"
        );
        if error.kind() == ErrorKind::UnexpectedEof {
            assert_eq!(got, b"unfinished");
        }
    });
}
