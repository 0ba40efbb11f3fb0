//! Dropping a future at its await loses nothing, and leaves no waker behind.

mod support;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Context;

use support::{Count, fill, pair, poll_once};
use trill_net::unix::{UnixDatagram, UnixListener, UnixStream};
use trill_net::{TcpListener, TcpStream, UdpSocket};
use trill_park::block_on;

/// Polls a future that waits, drops it, and asserts that its waker is gone with it.
fn drop_while_it_waits<F: Future + Unpin>(mut future: F) {
    let count = Arc::new(Count::default());
    let waker = count.waker();
    let polled = Pin::new(&mut future).poll(&mut Context::from_waker(&waker));
    assert!(polled.is_pending());
    assert!(Arc::strong_count(&count) > 2, "nobody has kept the waker");
    drop(future);
    // Ours, and the one in `waker`.
    assert_eq!(Arc::strong_count(&count), 2);
}

#[test]
fn dropped_accept_leaves_the_connection() {
    block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        drop_while_it_waits(listener.accept());
        drop_while_it_waits(listener.incoming().next());
        let mut accept = listener.accept();
        assert!(poll_once(&mut accept).is_pending());
        let client = TcpStream::connect(listener.local_addr().unwrap())
            .await
            .unwrap();
        // A connection is there by now; the future that waited for it is dropped without being polled again.
        drop(accept);
        let (_, address) = listener.accept().await.unwrap();
        assert_eq!(address, client.local_addr().unwrap());
    });
}

#[test]
fn dropped_reads_take_nothing() {
    block_on(async {
        let (a, b) = pair().await;
        let mut buffer = [0; 8];
        drop_while_it_waits(b.read(&mut buffer));
        drop_while_it_waits(b.read_exact(&mut buffer));
        drop_while_it_waits(b.peek(&mut buffer));
        drop_while_it_waits(b.read_vectored(&mut [std::io::IoSliceMut::new(&mut buffer)]));
        drop_while_it_waits(b.readable());
        let mut read = b.read(&mut buffer);
        assert!(poll_once(&mut read).is_pending());
        a.write_all(b"abc").await.unwrap();
        drop(read);
        assert_eq!(b.read(&mut buffer).await.unwrap(), 3);
        assert_eq!(&buffer[..3], b"abc");
    });
}

#[test]
fn dropped_read_exact_has_what_it_read_in_the_buffer() {
    block_on(async {
        let (a, b) = pair().await;
        let mut buffer = [0; 6];
        a.write_all(b"abc").await.unwrap();
        b.readable().await.unwrap();
        let mut read = b.read_exact(&mut buffer);
        assert!(poll_once(&mut read).is_pending());
        drop(read);
        assert_eq!(&buffer, b"abc\0\0\0");
        a.write_all(b"def").await.unwrap();
        b.read_exact(&mut buffer[3..]).await.unwrap();
        assert_eq!(&buffer, b"abcdef");
    });
}

// Fault 14b
#[test]
fn dropped_writes_write_nothing() {
    block_on(async {
        let (a, b) = pair().await;
        let filled = fill(&a);
        drop_while_it_waits(a.write(b"lost"));
        drop_while_it_waits(a.write_all(b"lost"));
        drop_while_it_waits(a.write_vectored(&[std::io::IoSlice::new(b"lost")]));
        drop_while_it_waits(a.writable());
        drop(a);
        let mut buffer = vec![0; 1 << 20];
        let mut total = 0;
        loop {
            match b.read(&mut buffer).await.unwrap() {
                0 => break,
                count => {
                    assert!(buffer[..count].iter().all(|byte| *byte == 7));
                    total += count;
                }
            }
        }
        assert_eq!(total, filled);
    });
}

#[test]
fn dropped_receives_leave_the_datagram() {
    block_on(async {
        let a = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let b = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let mut buffer = [0; 8];
        drop_while_it_waits(b.recv_from(&mut buffer));
        drop_while_it_waits(b.peek_from(&mut buffer));
        drop_while_it_waits(b.recv(&mut buffer));
        drop_while_it_waits(b.peek(&mut buffer));
        let mut receive = b.recv_from(&mut buffer);
        assert!(poll_once(&mut receive).is_pending());
        a.send_to(b"abc", b.local_addr().unwrap()).await.unwrap();
        drop(receive);
        assert_eq!(b.recv_from(&mut buffer).await.unwrap().0, 3);

        let (a, b) = UnixDatagram::pair().unwrap();
        drop_while_it_waits(b.recv_from(&mut buffer));
        drop_while_it_waits(b.recv(&mut buffer));
        while poll_once(&mut a.send(b"x")).is_ready() {}
        drop_while_it_waits(a.send(b"lost"));
    });
}

#[test]
fn dropped_unix_futures_take_nothing() {
    block_on(async {
        let name = format!("\0trill-net-cancel-{}", std::process::id());
        let listener = UnixListener::bind(&name).unwrap();
        drop_while_it_waits(listener.accept());
        drop_while_it_waits(listener.incoming().next());
        let client = UnixStream::connect(&name).await.unwrap();
        let (server, _) = listener.accept().await.unwrap();
        let mut buffer = [0; 8];
        drop_while_it_waits(server.read(&mut buffer));
        client.write_all(b"abc").await.unwrap();
        assert_eq!(server.read(&mut buffer).await.unwrap(), 3);
    });
}

// Fault 15a
#[test]
fn dropped_connect_closes_the_socket() {
    block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        rustix::net::listen(&listener, 0).unwrap();
        let address = listener.local_addr().unwrap();
        let _first = TcpStream::connect(address).await.unwrap();
        drop_while_it_waits(TcpStream::connect(address));
    });
}
