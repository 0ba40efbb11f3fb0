//! A task can say in which line of the program it waits, for every future of this crate.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod common;

use std::future::Future;
use std::io::IoSlice;
use std::pin::{Pin, pin};
use std::task::{Context, Waker};

use common::{accepting, connecting, pattern};
use futures_lite::future::zip;
use trill_cell::{Header, Spawned};
use trill_net::unix::UnixStream;
use trill_park::block_on;
use trill_tls::TlsStream;
use trill_tls::futures::{Close, Flush, Read, ReadExact, Write, WriteAll, WriteVectored};

/// Polls once as a task would, with the stream below not ready; returns the line in this file at which it waits.
fn line_of<F: Future>(future: F) -> u32 {
    let header = Header::new(Spawned::here());
    let mut future = pin!(future);
    let is_ready = header.poll(|| {
        let mut cx = Context::from_waker(Waker::noop());
        future.as_mut().poll(&mut cx).is_ready()
    });
    assert!(!is_ready, "the future did not wait");
    let location = header.wait().unwrap().location.unwrap();
    assert!(location.file().ends_with("tests/location.rs"), "{location}");
    location.line()
}

fn pair() -> (TlsStream<UnixStream>, TlsStream<UnixStream>) {
    let (connector, acceptor) = (connecting().build().unwrap(), accepting().build().unwrap());
    let (near, far) = UnixStream::pair().unwrap();
    let pair = zip(connector.connect("localhost", near), acceptor.accept(far));
    let (client, server) = block_on(pair);
    (client.unwrap(), server.unwrap())
}

/// Writes until the stream takes no more.
fn fill(tls: &mut TlsStream<UnixStream>) {
    let bytes = pattern(64 * 1024);
    let mut cx = Context::from_waker(Waker::noop());
    while Pin::new(&mut tls.write(&bytes)).poll(&mut cx).is_ready() {}
}

#[test]
fn handshakes() {
    let (connector, acceptor) = (connecting().build().unwrap(), accepting().build().unwrap());
    let (near, _far) = UnixStream::pair().unwrap();
    let line = line!() + 2;
    let waits = line_of(async {
        connector.connect("localhost", near).await.unwrap();
    });
    assert_eq!(waits, line);

    let (_near, far) = UnixStream::pair().unwrap();
    let line = line!() + 2;
    let waits = line_of(async {
        acceptor.accept(far).await.unwrap();
    });
    assert_eq!(waits, line);
}

#[test]
fn reading() {
    let (mut client, _server) = pair();
    let mut buffer = [0; 2];
    let future: Read<'_, _> = client.read(&mut buffer);
    let line = line!() + 2;
    let waits = line_of(async {
        future.await.unwrap();
    });
    assert_eq!(waits, line);
    let future: ReadExact<'_, _> = client.read_exact(&mut buffer);
    let line = line!() + 2;
    let waits = line_of(async {
        future.await.unwrap();
    });
    assert_eq!(waits, line);

    let (mut read, _write) = client.into_split();
    let line = line!() + 2;
    let waits = line_of(async {
        read.read_exact(&mut [0; 3]).await.unwrap();
    });
    assert_eq!(waits, line);
}

#[test]
fn writing() {
    let (mut client, _server) = pair();
    fill(&mut client);
    let future: Write<'_, _> = client.write(b"x");
    let line = line!() + 2;
    let waits = line_of(async {
        future.await.unwrap();
    });
    assert_eq!(waits, line);
    let slices = [IoSlice::new(b"x"), IoSlice::new(b"y")];
    let future: WriteVectored<'_, '_, _> = client.write_vectored(&slices);
    let line = line!() + 2;
    let waits = line_of(async {
        future.await.unwrap();
    });
    assert_eq!(waits, line);
    let future: WriteAll<'_, _> = client.write_all(b"xyz");
    let line = line!() + 2;
    let waits = line_of(async {
        future.await.unwrap();
    });
    assert_eq!(waits, line);
    let future: Flush<'_, _> = client.flush();
    let line = line!() + 2;
    let waits = line_of(async {
        future.await.unwrap();
    });
    assert_eq!(waits, line);
    let future: Close<'_, _> = client.close();
    let line = line!() + 2;
    let waits = line_of(async {
        future.await.unwrap();
    });
    assert_eq!(waits, line);

    let (_read, mut write) = client.into_split();
    let line = line!() + 2;
    let waits = line_of(async {
        write.flush().await.unwrap();
    });
    assert_eq!(waits, line);
}
