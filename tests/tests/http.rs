//! hyper on trill's sockets: keep-alive, a handler that panics, and many connections.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::body::{Body, Bytes, Frame, Incoming};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::server::conn::http1::Builder;
use hyper::service::service_fn;
use hyper::{Request, Response};
use trill::net::{TcpListener, TcpStream};

/// A body of one piece.
#[derive(Debug)]
struct Text(Option<Bytes>);

impl Body for Text {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.take().map(|bytes| Ok(Frame::data(bytes))))
    }
}

async fn answer(request: Request<Incoming>) -> Result<Response<Text>, Infallible> {
    assert_ne!(request.uri().path(), "/panic", "expected");
    Ok(Response::new(Text(Some(Bytes::from(
        request.uri().path().repeat(1000),
    )))))
}

/// Serves on a free port for as long as the current runtime lives.
async fn serve() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    trill::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            trill::spawn(async move {
                drop(
                    Builder::new()
                        .serve_connection(stream, service_fn(answer))
                        .await,
                )
            })
            .detach();
        }
    })
    .detach();
    address
}

async fn connect(server: SocketAddr) -> SendRequest<Text> {
    let (sender, connection) = handshake(TcpStream::connect(server).await.unwrap())
        .await
        .unwrap();
    trill::spawn(async move { drop(connection.await) }).detach();
    sender
}

async fn ask(sender: &mut SendRequest<Text>, path: &str) -> io::Result<Vec<u8>> {
    let request = Request::get(path).body(Text(None)).unwrap();
    let response = sender
        .send_request(request)
        .await
        .map_err(io::Error::other)?;
    let mut body = response.into_body();
    let mut bytes = Vec::new();
    while let Some(frame) = std::future::poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
        bytes.extend_from_slice(
            &frame
                .map_err(io::Error::other)?
                .into_data()
                .unwrap_or_default(),
        );
    }
    Ok(bytes)
}

#[trill::test(workers = 2)]
async fn many_requests_on_many_connections_come_back_whole() {
    let server = serve().await;
    let clients: Vec<_> = (0..50)
        .map(|client| {
            trill::spawn(async move {
                let mut sender = connect(server).await;
                for number in 0..10 {
                    let path = format!("/{client}/{number}");
                    assert_eq!(
                        ask(&mut sender, &path).await.unwrap(),
                        path.repeat(1000).as_bytes()
                    );
                }
            })
        })
        .collect();
    for client in clients {
        client.await;
    }
}

#[trill::test(workers = 2)]
async fn handler_that_panics_takes_only_its_connection_down() {
    let server = serve().await;
    let mut healthy = connect(server).await;
    let mut doomed = connect(server).await;
    assert_eq!(ask(&mut healthy, "/a").await.unwrap().len(), 2000);
    assert!(ask(&mut doomed, "/panic").await.is_err());
    assert_eq!(ask(&mut healthy, "/b").await.unwrap().len(), 2000);
    let mut another = connect(server).await;
    assert_eq!(ask(&mut another, "/c").await.unwrap().len(), 2000);
}
