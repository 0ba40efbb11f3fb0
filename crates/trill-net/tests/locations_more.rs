//! The same as `locations.rs`, for batches, urgent data and descriptors.
#![allow(clippy::unwrap_used)] // Only tests call the functions here.

mod support;

use std::io::ErrorKind;
use std::os::fd::AsFd;

use support::{Line, fill, pair, wait_of};
use trill_cell::Kind;
use trill_net::unix::UnixStream;
use trill_net::{Direction, RecvBatch, SendBatch, UdpSocket};
use trill_park::block_on;

#[test]
fn batches() {
    block_on(async {
        let line = Line::default();
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let mut room = RecvBatch::new(4, 100);
        let wait = wait_of(async {
            line.next();
            socket.recv_batch(&mut room).await
        });
        line.check(wait, file!());
        assert_eq!(wait.kind, Kind::Readable);

        // A socket that says it is full; the loopback never is.
        let full = || Err::<(), _>(ErrorKind::WouldBlock.into());
        socket.try_io(Direction::Write, full).unwrap_err();
        let mut batch = SendBatch::new();
        batch.push(socket.local_addr().unwrap(), b"x");
        let wait = wait_of(async {
            line.next();
            socket.send_batch(&mut batch).await
        });
        line.check(wait, file!());
        assert_eq!(wait.kind, Kind::Writable);
        assert_eq!(batch.len(), 1);
    });
}

#[test]
fn urgent_data() {
    block_on(async {
        let line = Line::default();
        let (client, server) = pair().await;
        let wait = wait_of(async {
            line.next();
            server.recv_urgent().await
        });
        line.check(wait, file!());
        assert_eq!(wait.kind, Kind::Readable);

        fill(&client);
        let wait = wait_of(async {
            line.next();
            client.send_urgent(b'!').await
        });
        line.check(wait, file!());
        assert_eq!(wait.kind, Kind::Writable);
    });
}

#[test]
fn descriptors() {
    block_on(async {
        let line = Line::default();
        let (a, b) = UnixStream::pair().unwrap();
        let mut buffer = [0; 8];
        let wait = wait_of(async {
            line.next();
            b.recv_with_fds(&mut buffer, 1).await
        });
        line.check(wait, file!());
        assert_eq!(wait.kind, Kind::Readable);

        while a.try_write(&[0; 65536]).is_ok() {}
        let fds = [b.as_fd()];
        let wait = wait_of(async {
            line.next();
            a.send_with_fds(b"x", &fds).await
        });
        line.check(wait, file!());
        assert_eq!(wait.kind, Kind::Writable);
    });
}
