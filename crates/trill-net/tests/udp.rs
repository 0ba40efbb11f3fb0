//! UDP.
#![allow(clippy::unwrap_used)] // Only tests call the functions here.

use std::io::ErrorKind;
use std::net::Ipv4Addr;

use trill_net::UdpSocket;
use trill_park::block_on;

async fn two() -> (UdpSocket, UdpSocket) {
    let a = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let b = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    (a, b)
}

#[test]
fn connected_sockets_hear_their_peer_alone() {
    block_on(async {
        let (a, b) = two().await;
        let stranger = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        b.connect(a.local_addr().unwrap()).await.unwrap();
        stranger
            .send_to(b"stranger", b.local_addr().unwrap())
            .await
            .unwrap();
        a.send_to(b"peer", b.local_addr().unwrap()).await.unwrap();
        let mut buffer = [0; 16];
        let len = b.recv(&mut buffer).await.unwrap();
        assert_eq!(&buffer[..len], b"peer");
        assert_eq!(b.peer_addr().unwrap(), a.local_addr().unwrap());
        assert_eq!(a.peer_addr().unwrap_err().kind(), ErrorKind::NotConnected);
    });
}

// Fault 16e
#[test]
fn what_does_not_fit_is_cut_off() {
    block_on(async {
        let (a, b) = two().await;
        let to = b.local_addr().unwrap();
        a.send_to(&[1; 60_000], to).await.unwrap();
        a.send_to(&[2; 3], to).await.unwrap();
        let mut buffer = [0; 100];
        assert_eq!(b.peek_from(&mut buffer).await.unwrap().0, 100);
        let (len, from) = b.recv_from(&mut buffer).await.unwrap();
        assert_eq!((len, from), (100, a.local_addr().unwrap()));
        assert_eq!(buffer, [1; 100]);
        // The rest is gone; the next datagram is whole.
        assert_eq!(b.recv_from(&mut buffer).await.unwrap().0, 3);
        assert_eq!(&buffer[..3], &[2; 3]);
    });
}

// Fault 16c
#[test]
fn what_is_larger_than_a_datagram_is_an_error() {
    block_on(async {
        let (a, b) = two().await;
        let to = b.local_addr().unwrap();
        // 65,507 bytes are the most that IPv4 has room for.
        assert_eq!(a.send_to(&vec![0; 65_507], to).await.unwrap(), 65_507);
        let error = a.send_to(&vec![0; 65_536], to).await.unwrap_err();
        let too_long = rustix::io::Errno::MSGSIZE.raw_os_error();
        assert_eq!(error.raw_os_error(), Some(too_long));
        let mut buffer = vec![0; 70_000];
        assert_eq!(b.recv_from(&mut buffer).await.unwrap().0, 65_507);
    });
}

// Fault 16d
#[test]
fn empty_datagram_is_a_datagram() {
    block_on(async {
        let (a, b) = two().await;
        a.send_to(b"", b.local_addr().unwrap()).await.unwrap();
        a.send_to(b"x", b.local_addr().unwrap()).await.unwrap();
        let mut buffer = [0; 8];
        assert_eq!(b.recv_from(&mut buffer).await.unwrap().0, 0);
        assert_eq!(b.recv_from(&mut buffer).await.unwrap().0, 1);
    });
}

// Fault 16a
#[test]
fn refusal_is_reported_and_the_socket_goes_on() {
    block_on(async {
        let (a, b) = two().await;
        let gone = b.local_addr().unwrap();
        drop(b);
        a.connect(gone).await.unwrap();
        a.send(b"x").await.unwrap();
        let error = a.recv(&mut [0; 8]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
        let c = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        a.connect(c.local_addr().unwrap()).await.unwrap();
        a.send(b"x").await.unwrap();
        assert_eq!(c.recv(&mut [0; 8]).await.unwrap(), 1);
    });
}

// Fault 16b
#[test]
fn a_socket_without_a_peer_hears_of_no_refusal() {
    block_on(async {
        let (a, b) = two().await;
        let (gone, own) = (b.local_addr().unwrap(), a.local_addr().unwrap());
        drop(b);
        let c = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        for _ in 0..3 {
            // One destination that is gone does not disturb the others.
            a.send_to(b"x", gone).await.unwrap();
            c.send_to(b"y", own).await.unwrap();
            let (len, from) = a.recv_from(&mut [0; 8]).await.unwrap();
            assert_eq!((len, from), (1, c.local_addr().unwrap()));
        }
        assert!(a.take_error().unwrap().is_none());
    });
}

// Fault 16a
#[test]
fn a_refusal_is_told_once_for_each_datagram_and_wakes_who_waits() {
    block_on(async {
        let (a, b) = two().await;
        let gone = b.local_addr().unwrap();
        drop(b);
        a.connect(gone).await.unwrap();
        for _ in 0..3 {
            let mut buffer = [0; 8];
            let mut wait = a.recv(&mut buffer);
            assert!(futures_lite::future::poll_once(&mut wait).await.is_none());
            a.send(b"x").await.unwrap();
            let error = wait.await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
            let again = a.try_recv_from(&mut [0; 8]).unwrap_err();
            assert_eq!(again.kind(), ErrorKind::WouldBlock);
        }
    });
}

#[test]
fn broadcast_needs_permission_and_reaches_who_is_bound() {
    block_on(async {
        let receiver = UdpSocket::bind("0.0.0.0:0").await.unwrap();
        let everybody = (
            Ipv4Addr::new(127, 255, 255, 255),
            receiver.local_addr().unwrap().port(),
        );
        let sender = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let error = sender.send_to(b"x", everybody).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PermissionDenied);
        sender.set_broadcast(true).unwrap();
        sender.send_to(b"x", everybody).await.unwrap();
        let (len, from) = receiver.recv_from(&mut [0; 8]).await.unwrap();
        assert_eq!((len, from), (1, sender.local_addr().unwrap()));
    });
}

#[test]
fn sending_without_a_peer_is_an_error() {
    block_on(async {
        let (a, _b) = two().await;
        let error = a.send(b"x").await.unwrap_err();
        let no_peer = rustix::io::Errno::DESTADDRREQ.raw_os_error();
        assert_eq!(error.raw_os_error(), Some(no_peer));
    });
}

#[test]
fn of_several_addresses_one_of_the_sockets_family_is_sent_to() {
    block_on(async {
        let (a, b) = two().await;
        let port = b.local_addr().unwrap().port();
        let v6 = format!("[::1]:{port}").parse().unwrap();
        let addresses = [v6, b.local_addr().unwrap()];
        a.send_to(b"x", &addresses[..]).await.unwrap();
        a.send_to(b"y", ("localhost", port)).await.unwrap();
        let mut buffer = [0; 8];
        for sent in [b'x', b'y'] {
            assert_eq!(b.recv_from(&mut buffer).await.unwrap().0, 1);
            assert_eq!(buffer[0], sent);
        }
    });
}

#[test]
fn groups_are_heard_on_the_loopback() {
    block_on(async {
        let group = Ipv4Addr::new(224, 0, 0, 251);
        let receiver = UdpSocket::builder()
            .reuse_address(true)
            .bind("0.0.0.0:0")
            .await
            .unwrap();
        receiver
            .join_multicast_v4(group, Ipv4Addr::LOCALHOST)
            .unwrap();
        let port = receiver.local_addr().unwrap().port();
        let sender = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        sender
            .set_multicast_interface_v4(Ipv4Addr::LOCALHOST)
            .unwrap();
        sender.set_multicast_loop_v4(true).unwrap();
        sender.send_to(b"x", (group, port)).await.unwrap();
        let (len, from) = receiver.recv_from(&mut [0; 8]).await.unwrap();
        assert_eq!((len, from), (1, sender.local_addr().unwrap()));
        receiver
            .leave_multicast_v4(group, Ipv4Addr::LOCALHOST)
            .unwrap();
    });
}

#[test]
fn std_sockets_go_in_and_out() {
    block_on(async {
        let (a, b) = two().await;
        let a = UdpSocket::try_from(a.into_std().unwrap()).unwrap();
        a.send_to(b"x", b.local_addr().unwrap()).await.unwrap();
        assert_eq!(b.recv(&mut [0; 8]).await.unwrap(), 1);
    });
}
