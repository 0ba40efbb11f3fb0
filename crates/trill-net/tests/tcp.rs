//! Connections over TCP.

use std::io::{ErrorKind, IoSlice, IoSliceMut};
use std::net::Shutdown;

use futures_lite::future::zip;
use trill_net::{TcpListener, TcpStream};
use trill_park::block_on;

/// A connection over the loopback.
async fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (client, server) = zip(TcpStream::connect(address), listener.accept()).await;
    (client.unwrap(), server.unwrap().0)
}

#[test]
fn bytes_arrive_both_ways() {
    block_on(async {
        let (a, b) = pair().await;
        a.write_all(b"ping").await.unwrap();
        let mut buffer = [0; 4];
        b.read_exact(&mut buffer).await.unwrap();
        assert_eq!(&buffer, b"ping");
        b.write_all(b"pong").await.unwrap();
        a.read_exact(&mut buffer).await.unwrap();
        assert_eq!(&buffer, b"pong");
    });
}

#[test]
fn read_waits_for_a_later_write() {
    block_on(async {
        let (a, b) = pair().await;
        let mut buffer = [0; 1];
        let read = b.read(&mut buffer);
        let write = async {
            futures_lite::future::yield_now().await;
            a.write(b"x").await
        };
        let (read, written) = zip(read, write).await;
        assert_eq!((read.unwrap(), written.unwrap()), (1, 1));
    });
}

#[test]
fn half_close_leaves_the_other_direction_open() {
    for how_many in 0..2 {
        block_on(async {
            let (mut a, mut b) = pair().await;
            if how_many == 1 {
                std::mem::swap(&mut a, &mut b);
            }
            a.shutdown(Shutdown::Write).unwrap();
            assert_eq!(b.read(&mut [0]).await.unwrap(), 0);
            b.write_all(b"still here").await.unwrap();
            let mut buffer = [0; 10];
            a.read_exact(&mut buffer).await.unwrap();
            assert_eq!(&buffer, b"still here");
            drop(b);
            assert_eq!(a.read(&mut buffer).await.unwrap(), 0);
        });
    }
}

#[test]
fn large_vectored_write_arrives_in_order() {
    block_on(async {
        let (a, b) = pair().await;
        let parts: Vec<Vec<u8>> = (0..3000_u32).map(|i| vec![i as u8; 1000]).collect();
        let whole: Vec<u8> = parts.concat();
        let write = async {
            let mut slices: Vec<_> = parts.iter().map(|part| IoSlice::new(part)).collect();
            let mut rest = &mut slices[..];
            while !rest.is_empty() {
                let count = a.write_vectored(rest).await.unwrap();
                IoSlice::advance_slices(&mut rest, count);
            }
            a.shutdown(Shutdown::Write).unwrap();
        };
        let read = async {
            let mut got = Vec::new();
            let (mut head, mut tail) = ([0; 777], vec![0; 40_000]);
            loop {
                let mut slices = [IoSliceMut::new(&mut head), IoSliceMut::new(&mut tail)];
                let count = b.read_vectored(&mut slices).await.unwrap();
                if count == 0 {
                    return got;
                }
                got.extend_from_slice(&head[..count.min(head.len())]);
                got.extend_from_slice(&tail[..count.saturating_sub(head.len())]);
            }
        };
        assert!(zip(write, read).await.1 == whole);
    });
}

#[test]
fn port_in_use_is_named() {
    block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let error = TcpListener::bind(address).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddrInUse);
        assert!(error.to_string().contains(&address.to_string()), "{error}");
    });
}
