//! Options of TCP sockets, and urgent data.
#![allow(clippy::unwrap_used)] // Only tests call the functions here.

mod support;

use std::io::ErrorKind;
use std::net::Shutdown;
use std::time::Duration;

use futures_lite::future::zip;
use trill_net::{Keepalive, TcpListener, TcpSocket, TcpStream};
use trill_park::block_on;

use support::{pair, poll_once};

#[test]
fn options_are_kept() {
    block_on(async {
        let (client, server) = pair().await;
        for stream in [&client, &server] {
            stream.set_nodelay(true).unwrap();
            assert!(stream.nodelay().unwrap());
            stream.set_linger(Some(Duration::from_secs(3))).unwrap();
            assert_eq!(stream.linger().unwrap(), Some(Duration::from_secs(3)));
            stream.set_linger(None).unwrap();
            assert_eq!(stream.linger().unwrap(), None);
            stream.set_send_buffer_size(30_000).unwrap();
            stream.set_recv_buffer_size(40_000).unwrap();
            assert!(stream.send_buffer_size().unwrap() >= 30_000);
            assert!(stream.recv_buffer_size().unwrap() >= 40_000);
            let keepalive = Keepalive::new()
                .time(Duration::from_secs(7))
                .interval(Duration::from_secs(5))
                .retries(4);
            stream.set_keepalive(Some(&keepalive)).unwrap();
            assert!(stream.keepalive().unwrap());
            let socket = socket2::SockRef::from(stream);
            assert_eq!(socket.tcp_keepalive_time().unwrap(), Duration::from_secs(7));
            assert_eq!(
                socket.tcp_keepalive_interval().unwrap(),
                Duration::from_secs(5)
            );
            assert_eq!(socket.tcp_keepalive_retries().unwrap(), 4);
            stream.set_keepalive(None).unwrap();
            assert!(!stream.keepalive().unwrap());
        }
    });
}

#[cfg(target_os = "linux")]
#[test]
fn options_of_linux_are_kept() {
    block_on(async {
        let (client, _server) = pair().await;
        client.set_quickack(false).unwrap();
        assert!(!client.quickack().unwrap());
        client.set_quickack(true).unwrap();
        assert!(client.quickack().unwrap());
        assert_eq!(client.user_timeout().unwrap(), None);
        client
            .set_user_timeout(Some(Duration::from_millis(1234)))
            .unwrap();
        assert_eq!(
            client.user_timeout().unwrap(),
            Some(Duration::from_millis(1234))
        );
        for wrong in [Duration::ZERO, Duration::from_micros(10), Duration::MAX] {
            let error = client.set_user_timeout(Some(wrong)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
        }
        client.set_user_timeout(None).unwrap();
        assert_eq!(client.user_timeout().unwrap(), None);
    });
}

#[cfg(target_os = "linux")]
#[test]
fn a_fast_opened_connection_carries_its_first_write() {
    block_on(async {
        let listener = TcpListener::builder()
            .fast_open(16)
            .bind("127.0.0.1:0")
            .await
            .unwrap();
        for round in 0..3_u8 {
            let socket = TcpSocket::new_v4().unwrap();
            socket.set_fast_open_connect(true).unwrap();
            let client = socket
                .connect(listener.local_addr().unwrap())
                .await
                .unwrap();
            let talk = async {
                client.write_all(&[round; 10]).await.unwrap();
                let mut answer = [0; 1];
                client.read_exact(&mut answer).await.unwrap();
                answer[0]
            };
            let serve = async {
                let (server, _) = listener.accept().await.unwrap();
                let mut request = [0; 10];
                server.read_exact(&mut request).await.unwrap();
                server.write_all(&request[..1]).await.unwrap();
            };
            assert_eq!(zip(talk, serve).await.0, round);
        }
    });
}

#[cfg(target_os = "linux")]
#[test]
fn a_fast_opened_connection_that_is_refused_says_so_at_its_first_write() {
    block_on(async {
        let taken = TcpSocket::new_v4().unwrap();
        taken.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_fast_open_connect(true).unwrap();
        let failed = async {
            let client = socket.connect(taken.local_addr().unwrap()).await?;
            client.write_all(b"x").await?;
            client.read(&mut [0]).await
        };
        let error = failed.await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    });
}

#[test]
fn listeners_that_share_a_port_accept_all_between_them() {
    block_on(async {
        let shared = || TcpListener::builder().reuse_port(true);
        let one = shared().bind("127.0.0.1:0").await.unwrap();
        let address = one.local_addr().unwrap();
        let two = shared().bind(address).await.unwrap();
        let strict = TcpListener::bind(address).await.unwrap_err();
        assert_eq!(strict.kind(), ErrorKind::AddrInUse);
        let mut clients = Vec::new();
        let mut accepted = [0, 0];
        for _ in 0..64 {
            clients.push(TcpStream::connect(address).await.unwrap());
            let of_one = async { (0, one.accept().await.unwrap().0) };
            let of_two = async { (1, two.accept().await.unwrap().0) };
            let (which, _stream) = futures_lite::future::or(of_one, of_two).await;
            accepted[which] += 1;
        }
        assert_eq!(accepted[0] + accepted[1], 64);
        // The kernel spreads by a hash of the ports; all 64 on one side is one chance in 2^63.
        assert!(accepted[0] > 0 && accepted[1] > 0, "{accepted:?}");
    });
}

#[test]
fn an_urgent_byte_passes_the_stream() {
    block_on(async {
        let (client, server) = pair().await;
        client.write_all(b"abc").await.unwrap();
        client.send_urgent(b'!').await.unwrap();
        client.write_all(b"def").await.unwrap();
        assert_eq!(server.recv_urgent().await.unwrap(), b'!');
        let mut rest = [0; 6];
        server.read_exact(&mut rest).await.unwrap();
        assert_eq!(&rest, b"abcdef");
    });
}

#[test]
fn a_waiting_receiver_is_woken_by_an_urgent_byte() {
    block_on(async {
        let (client, server) = pair().await;
        let mut waiting = server.recv_urgent();
        assert!(poll_once(&mut waiting).is_pending());
        // Other bytes are none of its business.
        client.write_all(b"abc").await.unwrap();
        server.readable().await.unwrap();
        assert!(poll_once(&mut waiting).is_pending());
        let (urgent, sent) = zip(waiting, client.send_urgent(b'!')).await;
        sent.unwrap();
        assert_eq!(urgent.unwrap(), b'!');
        // It came once.
        assert!(poll_once(&mut server.recv_urgent()).is_pending());
        assert_eq!(server.read(&mut [0; 8]).await.unwrap(), 3);
    });
}

#[test]
fn a_reader_and_one_who_waits_for_urgent_bytes_do_not_disturb_each_other() {
    block_on(async {
        let (client, server) = pair().await;
        let mut buffer = [0; 8];
        let read = server.read(&mut buffer);
        let urgent = server.recv_urgent();
        let send = async {
            client.write_all(b"x").await.unwrap();
            client.send_urgent(b'!').await.unwrap();
        };
        let ((read, urgent), ()) = zip(zip(read, urgent), send).await;
        assert_eq!((read.unwrap(), urgent.unwrap()), (1, b'!'));
        assert_eq!(buffer[0], b'x');
    });
}

#[test]
fn the_end_of_the_stream_ends_the_wait_for_urgent_bytes() {
    block_on(async {
        let (client, server) = pair().await;
        client.write_all(b"unread").await.unwrap();
        let mut waiting = server.recv_urgent();
        assert!(poll_once(&mut waiting).is_pending());
        client.shutdown(Shutdown::Write).unwrap();
        let error = waiting.await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
        assert_eq!(server.read(&mut [0; 8]).await.unwrap(), 6);
    });
}

#[test]
fn the_mark_is_before_the_urgent_byte() {
    block_on(async {
        let (client, server) = pair().await;
        server.set_urgent_inline(true).unwrap();
        client.write_all(b"abc").await.unwrap();
        client.send_urgent(b'!').await.unwrap();
        client.write_all(b"def").await.unwrap();
        let error = server.recv_urgent().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        let mut all: Vec<u8> = Vec::new();
        let mut marks = Vec::new();
        while all.len() < 7 {
            let mut buffer = [0; 16];
            let count = server.read(&mut buffer).await.unwrap();
            all.extend(&buffer[..count]);
            if server.is_at_urgent().unwrap() {
                marks.push(all.len());
            }
        }
        assert_eq!(all, b"abc!def");
        assert_eq!(marks, [3]);
    });
}
