//! Connections over TCP.

mod support;

use std::io::{ErrorKind, IoSlice, IoSliceMut};
use std::net::Shutdown;

use futures_lite::future::zip;
use support::{fill, pair, poll_once};
use trill_net::{Direction, TcpListener, TcpSocket, TcpStream};
use trill_park::block_on;

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

// Fault 12a
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

// Fault 10c
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
fn empty_transfers_are_done_at_once() {
    block_on(async {
        let (a, _b) = pair().await;
        fill(&a);
        // Nothing is there to read, and there is no room to write.
        assert_eq!(a.read(&mut []).await.unwrap(), 0);
        assert_eq!(a.peek(&mut []).await.unwrap(), 0);
        assert_eq!(a.read_vectored(&mut []).await.unwrap(), 0);
        a.read_exact(&mut []).await.unwrap();
        assert_eq!(a.write(&[]).await.unwrap(), 0);
        assert_eq!(a.write_vectored(&[IoSlice::new(&[])]).await.unwrap(), 0);
        a.write_all(&[]).await.unwrap();
    });
}

#[test]
fn end_of_stream_within_read_exact_says_how_much_came() {
    block_on(async {
        let (a, b) = pair().await;
        a.write_all(b"abc").await.unwrap();
        drop(a);
        let mut buffer = [0; 8];
        let error = b.read_exact(&mut buffer).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
        assert!(error.to_string().contains("3 of 8"), "{error}");
        assert_eq!(&buffer[..3], b"abc");
    });
}

#[test]
fn peek_leaves_the_bytes() {
    block_on(async {
        let (a, b) = pair().await;
        a.write_all(b"abc").await.unwrap();
        let mut buffer = [0; 8];
        for _ in 0..3 {
            assert_eq!(b.peek(&mut buffer).await.unwrap(), 3);
        }
        assert_eq!(b.read(&mut buffer).await.unwrap(), 3);
        assert_eq!(
            b.try_read(&mut buffer).unwrap_err().kind(),
            ErrorKind::WouldBlock
        );
    });
}

// Fault 12c
#[test]
fn a_short_read_does_not_hide_the_end_of_the_stream() {
    block_on(async {
        for _ in 0..50 {
            let (a, b) = pair().await;
            let write = async {
                a.write_all(b"abc").await.unwrap();
                a.shutdown(Shutdown::Write).unwrap();
            };
            let read = async {
                let mut got = Vec::new();
                let mut buffer = [0; 64];
                loop {
                    match b.read(&mut buffer).await.unwrap() {
                        0 => return got,
                        count => got.extend_from_slice(&buffer[..count]),
                    }
                }
            };
            assert_eq!(zip(read, write).await.0, b"abc");
        }
    });
}

#[test]
fn many_connections_are_accepted_from_several_tasks() {
    block_on(async {
        let listener = TcpListener::builder()
            .backlog(64)
            .bind("127.0.0.1:0")
            .await
            .unwrap();
        let address = listener.local_addr().unwrap();
        let other = listener.clone();
        let accept = |listener: TcpListener| async move {
            let mut streams = Vec::new();
            for _ in 0..20 {
                streams.push(listener.accept().await.unwrap().0);
            }
            streams
        };
        let connect = async {
            let mut streams = Vec::new();
            for _ in 0..40 {
                streams.push(TcpStream::connect(address).await.unwrap());
            }
            streams
        };
        let ((a, b), clients) = zip(zip(accept(listener), accept(other)), connect).await;
        assert_eq!((a.len(), b.len(), clients.len()), (20, 20, 40));
    });
}

// Fault 8b
#[test]
fn clones_share_the_socket_and_wait_apart() {
    block_on(async {
        let (a, b) = pair().await;
        let clone = b.clone();
        let (mut first, mut second) = ([0; 1], [0; 1]);
        let mut one = b.read(&mut first);
        let mut two = clone.read(&mut second);
        assert!(poll_once(&mut one).is_pending() && poll_once(&mut two).is_pending());
        a.write_all(b"xy").await.unwrap();
        let (one, two) = zip(one, two).await;
        assert_eq!((one.unwrap(), two.unwrap()), (1, 1));
        drop(b);
        // The last clone closes it, not the first.
        a.write_all(b"z").await.unwrap();
        assert_eq!(clone.read(&mut first).await.unwrap(), 1);
    });
}

#[test]
fn std_sockets_go_in_and_out() {
    block_on(async {
        let (a, b) = pair().await;
        let clone = a.clone();
        let duplicate = a.into_std().unwrap();
        assert_eq!(duplicate.peer_addr().unwrap(), b.local_addr().unwrap());
        drop(duplicate);
        let a = clone.into_std().unwrap();
        a.set_nonblocking(false).unwrap();
        let a = TcpStream::try_from(a).unwrap();
        // It does not block again.
        assert_eq!(
            a.try_read(&mut [0]).unwrap_err().kind(),
            ErrorKind::WouldBlock
        );
        b.write_all(b"x").await.unwrap();
        assert_eq!(a.read(&mut [0]).await.unwrap(), 1);
    });
}

// Fault 8a
#[test]
fn one_socket_cannot_be_registered_twice() {
    block_on(async {
        let (a, b) = pair().await;
        let inner: std::sync::Arc<trill_reactor::Async<std::net::TcpStream>> = a.clone().into();
        // It is registered when it first waits.
        let mut buffer = [0];
        let mut read = std::pin::pin!(a.read(&mut buffer));
        assert!(
            futures_lite::future::poll_once(read.as_mut())
                .await
                .is_none()
        );
        let error = trill_reactor::Async::new(inner.get_ref()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AlreadyExists);
        b.write_all(b"x").await.unwrap();
        assert_eq!(read.await.unwrap(), 1);
    });
}

#[test]
fn options_of_a_socket_hold_when_it_connects() {
    block_on(async {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_reuse_address(true).unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = socket.listen(16).unwrap();

        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        socket.set_nodelay(true).unwrap();
        let local = socket.local_addr().unwrap();
        let client = socket
            .connect(listener.local_addr().unwrap())
            .await
            .unwrap();
        assert_eq!(client.local_addr().unwrap(), local);
        assert!(client.nodelay().unwrap());
        assert_eq!(listener.accept().await.unwrap().1, local);
    });
}

#[test]
fn try_io_that_would_block_makes_readable_wait() {
    block_on(async {
        let (a, b) = pair().await;
        let mut readable = b.readable();
        let error = b
            .try_io(Direction::Read, || b.try_read(&mut [0]))
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
        assert!(poll_once(&mut readable).is_pending());
        a.write_all(b"x").await.unwrap();
        readable.await.unwrap();
        assert_eq!(b.try_read(&mut [0]).unwrap(), 1);
    });
}

#[test]
fn sockets_are_send_sync_and_unpin() {
    fn check<T: Send + Sync + Unpin + std::fmt::Debug + 'static>() {}
    check::<TcpListener>();
    check::<TcpStream>();
    check::<TcpSocket>();
    check::<trill_net::UdpSocket>();
    check::<trill_net::unix::UnixListener>();
    check::<trill_net::unix::UnixStream>();
    check::<trill_net::unix::UnixDatagram>();
    check::<trill_net::OwnedReadHalf>();
    check::<trill_net::OwnedWriteHalf>();
    fn check_future<T: Send + Unpin>() {}
    check_future::<trill_net::futures::Accept<'_>>();
    check_future::<trill_net::futures::Connect>();
    check_future::<trill_net::futures::Read<'_>>();
    check_future::<trill_net::futures::WriteAll<'_>>();
    check_future::<trill_net::futures::Resolve>();
    check_future::<trill_net::Incoming<'_>>();
}

#[test]
fn version_6_works_or_says_that_this_host_has_none() {
    block_on(async {
        let listener = match TcpListener::builder().only_v6(true).bind("[::1]:0").await {
            Ok(listener) => listener,
            Err(error) => {
                assert!(error.to_string().contains("[::1]:0"), "{error}");
                let inner = error
                    .get_ref()
                    .unwrap()
                    .downcast_ref::<trill_net::AddressError>();
                let code = inner
                    .unwrap()
                    .os_error()
                    .raw_os_error()
                    .map(rustix::io::Errno::from_raw_os_error);
                use rustix::io::Errno;
                assert!(
                    matches!(code, Some(Errno::ADDRNOTAVAIL | Errno::AFNOSUPPORT)),
                    "{error}"
                );
                return;
            }
        };
        let socket = TcpSocket::new_v6().unwrap();
        let client = socket
            .connect(listener.local_addr().unwrap())
            .await
            .unwrap();
        let (server, from) = listener.accept().await.unwrap();
        assert!(from.is_ipv6());
        client.write_all(b"x").await.unwrap();
        assert_eq!(server.read(&mut [0]).await.unwrap(), 1);
    });
}
