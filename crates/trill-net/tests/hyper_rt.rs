//! hyper on this crate's sockets and timers.
#![cfg(feature = "hyper-rt")]
#![allow(clippy::unwrap_used)] // Only tests call the functions here.

mod support;

use std::convert::Infallible;
use std::future::poll_fn;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_lite::future::{or, zip};
use hyper::body::{Body, Bytes, Frame, Incoming};
use hyper::rt::{Executor, Read, ReadBuf, Timer, Write};
use hyper::service::service_fn;
use hyper::{Request, Response};
use support::pair;
use trill_net::{HyperExecutor, HyperSleep, HyperTimer, TcpStream};
use trill_park::block_on;
use trill_world::VirtualWorld;

/// A body of some chunks.
struct Chunks(Vec<Bytes>);

impl Body for Chunks {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.pop().map(|chunk| Ok(Frame::data(chunk))))
    }
}

/// Reads a body to its end.
async fn collect(mut body: Incoming) -> Vec<u8> {
    let mut all = Vec::new();
    while let Some(frame) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
        if let Ok(data) = frame.unwrap().into_data() {
            all.extend_from_slice(&data);
        }
    }
    all
}

#[test]
fn hyper_reads_into_uninitialised_memory() {
    block_on(async {
        let (mut a, b) = pair().await;
        b.write_all(b"hello").await.unwrap();
        let mut memory = [MaybeUninit::uninit(); 64];
        let mut buffer = ReadBuf::uninit(&mut memory);
        poll_fn(|cx| Read::poll_read(Pin::new(&mut a), cx, buffer.unfilled()))
            .await
            .unwrap();
        assert_eq!(buffer.filled(), b"hello");
        assert!(Write::is_write_vectored(&a));
    });
}

#[test]
fn requests_are_served_over_http_1() {
    block_on(async {
        let (client, server) = pair().await;
        let service = service_fn(|request: Request<Incoming>| async move {
            let body = collect(request.into_body()).await;
            // Two chunks, so that hyper has something to write with one call.
            let chunks = vec![Bytes::from(body), Bytes::from_static(b"you sent: ")];
            Ok::<_, Infallible>(Response::new(Chunks(chunks)))
        });
        let serve = async {
            hyper::server::conn::http1::Builder::new()
                .timer(HyperTimer)
                .header_read_timeout(Duration::from_secs(60))
                .serve_connection(server, service)
                .await
                .unwrap();
        };
        let ask = async {
            let (mut sender, connection) =
                hyper::client::conn::http1::handshake(client).await.unwrap();
            let talk = async move {
                for number in 0..3 {
                    let body = Chunks(vec![Bytes::from(vec![b'a' + number; 100_000])]);
                    let request = Request::post("/").body(body).unwrap();
                    let response = sender.send_request(request).await.unwrap();
                    let got = collect(response.into_body()).await;
                    assert_eq!(&got[..10], b"you sent: ");
                    assert_eq!(got.len(), 100_010);
                    assert!(got[10..].iter().all(|byte| *byte == b'a' + number));
                }
            };
            let connection = async { connection.await.unwrap() };
            zip(talk, connection).await;
        };
        zip(serve, ask).await;
    });
}

// Fault 14c
#[test]
fn silent_clients_are_closed_by_the_timer() {
    block_on(async {
        let (client, server) = pair().await;
        let service =
            service_fn(|_| async { Ok::<_, Infallible>(Response::new(Chunks(Vec::new()))) });
        let end = hyper::server::conn::http1::Builder::new()
            .timer(HyperTimer)
            .header_read_timeout(Duration::from_millis(5))
            .serve_connection(server, service)
            .await;
        assert!(end.unwrap_err().is_timeout());
        drop(client);
    });
}

#[test]
fn sleeps_are_reset_in_place() {
    VirtualWorld::new(1).run(|| {
        let start = HyperTimer.now();
        let mut sleep = HyperTimer.sleep(Duration::from_secs(10));
        let place = std::ptr::from_ref(&*sleep).cast::<()>();
        HyperTimer.reset(&mut sleep, start + Duration::from_secs(3));
        assert_eq!(std::ptr::from_ref(&*sleep).cast::<()>(), place);
        assert!(sleep.as_mut().downcast_mut_pin::<HyperSleep>().is_some());
        block_on(sleep);
        assert_eq!(HyperTimer.now() - start, Duration::from_secs(3));
    });
}

#[test]
fn any_spawn_function_makes_an_executor() {
    let tasks = std::sync::Arc::new(trill_executor::Executor::new());
    let spawner = tasks.clone();
    let executor = HyperExecutor::new(move |future| spawner.spawn(future).detach());
    let (sender, receiver) = std::sync::mpsc::channel();
    executor.execute(async move {
        sender.send(7).unwrap();
        "an output that nobody wants"
    });
    block_on(or(tasks.run(std::future::pending::<()>()), async {
        while receiver.try_recv() != Ok(7) {
            futures_lite::future::yield_now().await;
        }
    }));
}

#[test]
fn the_streams_are_what_hyper_wants() {
    fn check<T: Read + Write + Send + Sync + Unpin + 'static>() {}
    check::<TcpStream>();
    check::<trill_net::unix::UnixStream>();
}
