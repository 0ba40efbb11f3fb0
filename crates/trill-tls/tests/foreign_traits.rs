//! The traits of hyper and tokio on TLS streams.
#![cfg(all(feature = "hyper-rt", feature = "tokio-io"))]
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod common;

use std::convert::Infallible;

use common::{accepting, agreed, both, connecting, pattern, pipe};
use futures_lite::future::zip;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

#[test]
fn hyper_speaks_http_over_tls() {
    let (connector, acceptor) = (
        connecting().alpn(["http/1.1"]).build().unwrap(),
        accepting().alpn(["http/1.1"]).build().unwrap(),
    );
    let (near, far) = pipe(10_000);
    let server = async {
        let tls = acceptor.accept(far).await.unwrap();
        let service = service_fn(|request: Request<Incoming>| async move {
            assert_eq!(request.uri().path(), "/secret");
            Ok::<_, Infallible>(Response::new(request.into_body()))
        });
        let connection = hyper::server::conn::http1::Builder::new().serve_connection(tls, service);
        connection.await.unwrap();
    };
    let client = async {
        let tls = connector.connect("localhost", near).await.unwrap();
        let (mut sender, connection) = hyper::client::conn::http1::handshake(tls).await.unwrap();
        let talk = async {
            let request = Request::post("/secret")
                .body(String::from("x").repeat(100_000))
                .unwrap();
            let mut body = sender.send_request(request).await.unwrap().into_body();
            let mut len = 0;
            while let Some(frame) = std::future::poll_fn(|cx| {
                hyper::body::Body::poll_frame(std::pin::Pin::new(&mut body), cx)
            })
            .await
            {
                len += frame.unwrap().data_ref().unwrap().len();
            }
            drop(sender);
            len
        };
        let (len, connection) = zip(talk, connection).await;
        connection.unwrap();
        len
    };
    let (len, ()) = both(client, server);
    assert_eq!(len, 100_000);
}

#[test]
fn tokio_traits_read_write_and_shut_down() {
    let (mut client, mut server) = agreed(5_000);
    assert!(tokio::io::AsyncWrite::is_write_vectored(&client));
    let client = async {
        AsyncWriteExt::write_all(&mut client, &pattern(50_000))
            .await
            .unwrap();
        AsyncWriteExt::shutdown(&mut client).await.unwrap();
        let mut answer = Vec::new();
        AsyncReadExt::read_to_end(&mut client, &mut answer)
            .await
            .unwrap();
        answer
    };
    let server = async {
        let mut all = Vec::new();
        AsyncReadExt::read_to_end(&mut server, &mut all)
            .await
            .unwrap();
        AsyncWriteExt::write_all(&mut server, &all).await.unwrap();
        AsyncWriteExt::shutdown(&mut server).await.unwrap();
    };
    assert!(both(client, server).0 == pattern(50_000));
}
