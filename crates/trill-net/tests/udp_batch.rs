//! Batches of datagrams.
#![allow(clippy::unwrap_used)] // Only tests call the functions here.

mod support;

use std::io::ErrorKind;
use std::net::SocketAddr;

use futures_lite::future::zip;
use trill_net::{RecvBatch, SendBatch, UdpSocket};
use trill_park::block_on;

use support::poll_once;

async fn bound() -> (UdpSocket, SocketAddr) {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    (socket, address)
}

/// Receives until `count` datagrams came.
async fn take(
    socket: &UdpSocket,
    batch: &mut RecvBatch,
    count: usize,
) -> Vec<(SocketAddr, Vec<u8>)> {
    let mut all = Vec::new();
    while all.len() < count {
        let received = socket.recv_batch(batch).await.unwrap();
        assert_eq!(received, batch.len());
        let before = all.len();
        all.extend(batch.iter().map(|one| (one.sender(), one.bytes().to_vec())));
        assert_eq!(all.len() - before, received);
    }
    all
}

#[test]
fn batches_carry_every_datagram_to_its_address() {
    block_on(async {
        let (sender, from) = bound().await;
        let (one, to_one) = bound().await;
        let (two, to_two) = bound().await;
        let mut batch = SendBatch::new();
        for number in 0..100_u8 {
            let to = if number % 3 == 0 { to_one } else { to_two };
            batch.push(to, &vec![number; usize::from(number)]);
        }
        let mut sent = 0;
        while !batch.is_empty() {
            let count = sender.send_batch(&mut batch).await.unwrap();
            assert!(count > 0);
            sent += count;
            assert_eq!(sent + batch.len(), 100);
        }
        let mut room = RecvBatch::new(20, 200);
        let of_one = take(&one, &mut room, 34).await;
        let of_two = take(&two, &mut room, 66).await;
        let is_for_one = |number: &u8| number % 3 == 0;
        let expect = |numbers: Vec<u8>| -> Vec<_> {
            let each = numbers.into_iter();
            each.map(|number| (from, vec![number; usize::from(number)]))
                .collect()
        };
        assert_eq!(of_one, expect((0..100).filter(is_for_one).collect()));
        assert_eq!(
            of_two,
            expect((0..100).filter(|number| !is_for_one(number)).collect())
        );
    });
}

#[test]
fn batches_carry_ipv6_addresses() {
    block_on(async {
        let Ok(sender) = UdpSocket::bind("[::1]:0").await else {
            // A host without IPv6: say so in what the test prints; the rest is tested over IPv4.
            println!("this host has no IPv6 loopback");
            return;
        };
        let receiver = UdpSocket::bind("[::1]:0").await.unwrap();
        let mut batch = SendBatch::new();
        batch.push(receiver.local_addr().unwrap(), b"six");
        assert_eq!(sender.send_batch(&mut batch).await.unwrap(), 1);
        let got = take(&receiver, &mut RecvBatch::new(4, 100), 1).await;
        assert_eq!(got, [(sender.local_addr().unwrap(), b"six".to_vec())]);
    });
}

#[test]
fn rows_are_taken_apart_by_the_kernel() {
    block_on(async {
        let (sender, from) = bound().await;
        let (receiver, to) = bound().await;
        for segmentation in [true, false] {
            let mut batch = SendBatch::new();
            batch.set_segmentation(segmentation);
            for number in 0..50_u8 {
                batch.push(to, &[number; 100]);
            }
            batch.push(to, b"the last one is shorter");
            while !batch.is_empty() {
                sender.send_batch(&mut batch).await.unwrap();
            }
            assert_eq!(batch.segmentation(), segmentation, "the kernel refused it");
            let mut got = take(&receiver, &mut RecvBatch::new(64, 2000), 51).await;
            assert_eq!(got.pop().unwrap().1, b"the last one is shorter");
            for (number, (sender, bytes)) in (0..).zip(&got) {
                assert_eq!((*sender, &bytes[..]), (from, &[number; 100][..]));
            }
        }
    });
}

#[cfg(target_os = "linux")]
#[test]
fn a_row_is_one_message_for_the_kernel() {
    // 640 datagrams are ten messages, so one call takes them.
    block_on(async {
        let (sender, _) = bound().await;
        let (receiver, to) = bound().await;
        receiver.set_recv_buffer_size(8 << 20).unwrap();
        let mut batch = SendBatch::with_capacity(640, 640);
        (0..640).for_each(|number| batch.push(to, &[number as u8]));
        assert_eq!(sender.try_send_batch(&mut batch).unwrap(), 640);
        batch.set_segmentation(false);
        (0..640).for_each(|number| batch.push(to, &[number as u8]));
        assert_eq!(sender.try_send_batch(&mut batch).unwrap(), 32);
        assert_eq!(batch.len(), 608);
    });
}

#[test]
fn rows_come_together() {
    block_on(async {
        let (sender, from) = bound().await;
        let (receiver, to) = bound().await;
        let is_offloaded = receiver.set_receive_offload(true).unwrap();
        let mut batch = SendBatch::new();
        for number in 0..20_u8 {
            batch.push(to, &[number; 1000]);
        }
        batch.push(to, b"end");
        while !batch.is_empty() {
            sender.send_batch(&mut batch).await.unwrap();
        }
        let mut room = RecvBatch::new(1, 65_535);
        let got = take(&receiver, &mut room, 21).await;
        for (number, (sender, bytes)) in (0..).zip(&got[..20]) {
            assert_eq!((*sender, &bytes[..]), (from, &[number; 1000][..]));
        }
        assert_eq!(got[20].1, b"end");
        if is_offloaded {
            // All of them came in the one message there is room for.
            assert_eq!(room.len(), 21);
        }
        assert!(!receiver.set_receive_offload(false).unwrap());
    });
}

// Fault 16e
#[test]
fn what_does_not_fit_is_cut_off_and_told() {
    block_on(async {
        let (sender, _) = bound().await;
        let (receiver, to) = bound().await;
        sender.send_to(&[1; 50], to).await.unwrap();
        sender.send_to(&[2; 200], to).await.unwrap();
        sender.send_to(&[], to).await.unwrap();
        sender.send_to(&[3; 100], to).await.unwrap();
        let mut room = RecvBatch::new(8, 100);
        let mut got = Vec::new();
        while got.len() < 4 {
            receiver.recv_batch(&mut room).await.unwrap();
            got.extend(
                room.iter()
                    .map(|one| (one.bytes().len(), one.is_truncated())),
            );
        }
        assert_eq!(got, [(50, false), (100, true), (0, false), (100, false)]);
    });
}

// Fault 16c
#[test]
fn a_refused_datagram_stays_and_those_before_it_are_gone() {
    block_on(async {
        let (sender, _) = bound().await;
        let (receiver, to) = bound().await;
        let mut batch = SendBatch::new();
        batch.push(to, b"one");
        batch.push(to, &[0; 70_000]);
        batch.push(to, b"three");
        assert_eq!(sender.send_batch(&mut batch).await.unwrap(), 1);
        let too_long = rustix::io::Errno::MSGSIZE.raw_os_error();
        for _ in 0..2 {
            let error = sender.send_batch(&mut batch).await.unwrap_err();
            assert_eq!(error.raw_os_error(), Some(too_long));
            assert_eq!(batch.len(), 2);
        }
        assert_eq!(batch.pop(), Some((Some(to), 70_000)));
        assert_eq!(sender.send_batch(&mut batch).await.unwrap(), 1);
        assert!(batch.is_empty());
        let got = take(&receiver, &mut RecvBatch::new(4, 100), 2).await;
        let texts: Vec<_> = got.iter().map(|(_, bytes)| &bytes[..]).collect();
        assert_eq!(texts, [&b"one"[..], b"three"]);
    });
}

/// The loopback's packets have 65,536 bytes, so a row of longer datagrams is refused and each goes as fragments.
#[test]
fn what_the_kernel_does_not_take_apart_is_sent_one_by_one() {
    block_on(async {
        let (sender, _) = bound().await;
        let (receiver, to) = bound().await;
        // No checksums: the kernel takes nothing apart without them.
        let batch = &mut SendBatch::new();
        let no_checksums = 1;
        set_no_checksums(&sender, no_checksums);
        for number in 0..3 {
            batch.push(to, &[number; 100]);
        }
        let mut sent = 0;
        while !batch.is_empty() {
            sent += sender.send_batch(batch).await.unwrap();
        }
        assert_eq!(sent, 3);
        assert_eq!(batch.segmentation(), !cfg!(target_os = "linux"));
        assert_eq!(
            take(&receiver, &mut RecvBatch::new(4, 100), 3).await.len(),
            3
        );
    });
}

#[cfg(target_os = "linux")]
#[allow(unsafe_code)] // Sets an option that no crate knows.
fn set_no_checksums(socket: &UdpSocket, value: libc::c_int) {
    use std::os::fd::AsRawFd;
    // SAFETY: the pointer is to a number that lives during the call; the length is its own.
    let result = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_NO_CHECK,
            (&raw const value).cast(),
            size_of::<libc::c_int>() as u32,
        )
    };
    assert_eq!(result, 0);
}

#[cfg(not(target_os = "linux"))]
fn set_no_checksums(_: &UdpSocket, _: i32) {}

#[test]
fn an_empty_batch_is_sent_at_once() {
    let socket = block_on(bound()).0;
    let mut batch = SendBatch::new();
    assert_eq!(block_on(socket.send_batch(&mut batch)).unwrap(), 0);
    assert_eq!(socket.try_send_batch(&mut batch).unwrap(), 0);
}

#[test]
fn a_dropped_wait_loses_nothing() {
    block_on(async {
        let (sender, _) = bound().await;
        let (receiver, to) = bound().await;
        let mut room = RecvBatch::new(4, 100);
        for round in 0..3_u8 {
            assert!(poll_once(&mut receiver.recv_batch(&mut room)).is_pending());
            let error = receiver.try_recv_batch(&mut room).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::WouldBlock);
            sender.send_to(&[round], to).await.unwrap();
            let got = take(&receiver, &mut room, 1).await;
            assert_eq!(got[0].1, [round]);
        }
    });
}

#[test]
fn a_waiting_receiver_is_woken_by_a_batch() {
    block_on(async {
        let (sender, _) = bound().await;
        let (receiver, to) = bound().await;
        let mut room = RecvBatch::new(8, 100);
        let send = async {
            let mut batch = SendBatch::new();
            (0..5_u8).for_each(|number| batch.push(to, &[number]));
            while !batch.is_empty() {
                sender.send_batch(&mut batch).await.unwrap();
            }
        };
        let (got, ()) = zip(take(&receiver, &mut room, 5), send).await;
        let numbers: Vec<_> = got.iter().map(|(_, bytes)| bytes[0]).collect();
        assert_eq!(numbers, [0, 1, 2, 3, 4]);
    });
}

#[test]
fn a_refusal_of_the_peer_reaches_batches_and_the_socket_goes_on() {
    block_on(async {
        let (sender, from) = bound().await;
        let (gone, to) = bound().await;
        drop(gone);
        sender.connect(to).await.unwrap();
        let mut batch = SendBatch::new();
        batch.push_to_peer(b"x");
        assert_eq!(sender.send_batch(&mut batch).await.unwrap(), 1);
        let mut room = RecvBatch::new(4, 100);
        let error = sender.recv_batch(&mut room).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
        assert!(room.is_empty());
        // Somebody takes the port, and is heard.
        let back = UdpSocket::bind(to).await.unwrap();
        batch.push_to_peer(b"y");
        assert_eq!(sender.send_batch(&mut batch).await.unwrap(), 1);
        back.send_to(b"z", from).await.unwrap();
        assert_eq!(take(&sender, &mut room, 1).await[0].1, b"z");
    });
}

#[test]
#[should_panic(expected = "make both at least 1")]
fn room_for_nothing_is_a_mistake() {
    RecvBatch::new(0, 100);
}
