//! What a task is said to wait for, and where: the line of the user's own await.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod support;

use std::cell::Cell;
use std::future::Future;
use std::io::{self, Read};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Waker};

use trill_cell::{Header, Kind, Spawned};
use trill_reactor::Async;

use support::{fill, in_each};

/// Polls a task once; it must wait for `kind` and `fd` in the line that it has set.
#[track_caller]
fn waits(kind: Kind, fd: RawFd, line: &Cell<u32>, task: impl Future) {
    let header = Header::new(Spawned::here());
    let mut task = pin!(task);
    let mut cx = Context::from_waker(Waker::noop());
    assert!(header.poll(|| task.as_mut().poll(&mut cx)).is_pending());
    let wait = header.wait().unwrap();
    assert_eq!(wait.kind, kind);
    assert_eq!(wait.value, fd as u64);
    assert_eq!(wait.leaves, 1);
    let location = wait.location.unwrap();
    assert_eq!((location.file(), location.line()), (file!(), line.get()));
}

#[test]
fn readiness_is_awaited_in_the_users_line() {
    in_each(|_| async {
        let line = &Cell::new(0);
        let (a, _b) = UnixStream::pair().unwrap();
        let a = &Arc::new(Async::new(a).unwrap());
        waits(Kind::Readable, a.get_ref().as_raw_fd(), line, async {
            line.set(line!() + 1);
            a.readable().await
        });
        waits(Kind::Readable, a.get_ref().as_raw_fd(), line, async {
            line.set(line!() + 1);
            a.clone().readable_owned().await
        });
        fill(a);
        waits(Kind::Writable, a.get_ref().as_raw_fd(), line, async {
            line.set(line!() + 1);
            a.writable().await
        });
        waits(Kind::Writable, a.get_ref().as_raw_fd(), line, async {
            line.set(line!() + 1);
            a.clone().writable_owned().await
        });
        waits(Kind::Readable, a.get_ref().as_raw_fd(), line, async {
            line.set(line!() + 1);
            std::future::poll_fn(|cx| a.poll_readable(cx)).await
        });
    });
}

#[test]
fn operations_are_awaited_in_the_users_line() {
    in_each(|_| async {
        let line = &Cell::new(0);
        let (a, _b) = UnixStream::pair().unwrap();
        let a = &Async::new(a).unwrap();
        waits(Kind::Readable, a.get_ref().as_raw_fd(), line, async {
            let read = a.read_with(|mut stream| stream.read(&mut [0]));
            line.set(line!() + 1);
            read.await
        });
        let full = || Err::<(), _>(io::Error::from(io::ErrorKind::WouldBlock));
        fill(a);
        waits(Kind::Writable, a.get_ref().as_raw_fd(), line, async {
            let write = a.write_with(|_| full());
            line.set(line!() + 1);
            write.await
        });
        let (mut a, _b) = Async::<UnixStream>::pair().unwrap();
        let fd = a.as_raw_fd();
        waits(Kind::Readable, fd, line, async {
            #[allow(unsafe_code)] // The way to make one.
            // SAFETY: the operation leaves the descriptor alone.
            let read = unsafe { a.read_with_mut(|_| full()) };
            line.set(line!() + 1);
            read.await
        });
        fill(&a);
        waits(Kind::Writable, fd, line, async {
            #[allow(unsafe_code)] // The way to make one.
            // SAFETY: the operation leaves the descriptor alone.
            let write = unsafe { a.write_with_mut(|_| full()) };
            line.set(line!() + 1);
            write.await
        });
    });
}

#[test]
fn sockets_are_awaited_in_the_users_line() {
    in_each(|_| async {
        let line = &Cell::new(0);
        let listener = &Async::<TcpListener>::bind(([127, 0, 0, 1], 0)).unwrap();
        waits(Kind::Readable, listener.as_raw_fd(), line, async {
            line.set(line!() + 1);
            listener.accept().await
        });
        let address = listener.get_ref().local_addr().unwrap();
        let stream = &Async::<TcpStream>::connect(address).await.unwrap();
        let buffer = &mut [0; 8];
        waits(Kind::Readable, stream.as_raw_fd(), line, async {
            line.set(line!() + 1);
            stream.peek(buffer).await
        });
        let udp = &Async::<UdpSocket>::bind(([127, 0, 0, 1], 0)).unwrap();
        waits(Kind::Readable, udp.as_raw_fd(), line, async {
            line.set(line!() + 1);
            udp.recv_from(buffer).await
        });
        let (unix, _other) = &Async::<UnixDatagram>::pair().unwrap();
        waits(Kind::Readable, unix.as_raw_fd(), line, async {
            line.set(line!() + 1);
            unix.recv(buffer).await
        });
        while unix.get_ref().send(&[0; 1024]).is_ok() {}
        waits(Kind::Writable, unix.as_raw_fd(), line, async {
            line.set(line!() + 1);
            unix.send(b"x").await
        });
        let path = std::env::temp_dir().join(format!("trill-location-{}", std::process::id()));
        let listener = Async::<UnixListener>::bind(&path);
        std::fs::remove_file(&path).unwrap();
        let listener = &listener.unwrap();
        waits(Kind::Readable, listener.as_raw_fd(), line, async {
            line.set(line!() + 1);
            listener.accept().await
        });
    });
}

#[test]
fn a_connection_under_way_is_awaited_in_the_users_line() {
    in_each(|_| async {
        let line = &Cell::new(0);
        // A backlog that is full leaves further attempts under way.
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        rustix::net::listen(&listener, 0).unwrap();
        let address = listener.local_addr().unwrap();
        let mut accepted = Vec::new();
        loop {
            let mut connect = Box::pin(Async::<TcpStream>::connect(address));
            match support::poll(&mut connect, Waker::noop()) {
                std::task::Poll::Ready(stream) => accepted.push(stream.unwrap()),
                std::task::Poll::Pending => break,
            }
        }
        let header = Header::new(Spawned::here());
        let mut task = pin!(async {
            let connect = Async::<TcpStream>::connect(address);
            line.set(line!() + 1);
            connect.await
        });
        let mut cx = Context::from_waker(Waker::noop());
        assert!(header.poll(|| task.as_mut().poll(&mut cx)).is_pending());
        let wait = header.wait().unwrap();
        assert_eq!(wait.kind, Kind::Writable);
        assert_eq!(wait.location.unwrap().line(), line.get());
    });
}
