//! Sources that the system is told of when they first wait.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod support;

use std::io::{ErrorKind, Read, Write};
use std::net::UdpSocket;
use std::os::unix::net::UnixStream;
use std::task::Waker;

use futures_lite::{AsyncReadExt, AsyncWriteExt};
use trill_reactor::Async;

use support::{Count, in_each, poll, turns, until};

fn deferred_pair() -> (Async<UnixStream>, UnixStream) {
    let (a, b) = UnixStream::pair().unwrap();
    a.set_nonblocking(true).unwrap();
    (Async::new_deferred(a).unwrap(), b)
}

#[test]
fn what_nobody_waits_for_brings_no_event() {
    in_each(|reactor| async move {
        let (mut a, mut b) = deferred_pair();
        assert_eq!(reactor.sources(), 1);
        let before = reactor.events();
        b.write_all(b"x").unwrap();
        a.write_all(b"y").await.unwrap();
        turns(&reactor, 3).await;
        assert_eq!(a.read(&mut [0; 2]).await.unwrap(), 1);
        assert_eq!(reactor.events(), before);
    });
}

#[test]
fn what_came_before_the_first_wait_is_told() {
    in_each(|reactor| async move {
        let (a, mut b) = deferred_pair();
        // It is found to block, and then there is something before anybody waits.
        let tried = a.source().try_io(trill_reactor::Direction::Read, || {
            a.get_ref().read(&mut [0])
        });
        assert_eq!(tried.unwrap_err().kind(), ErrorKind::WouldBlock);
        b.write_all(b"x").unwrap();
        let (count, waker) = Count::waker();
        let mut cx = std::task::Context::from_waker(&waker);
        let waits = a
            .source()
            .poll_ready(&mut cx, trill_reactor::Direction::Read);
        assert!(waits.is_pending());
        until(&reactor, || count.wakes() == 1).await;
    });
}

#[test]
fn who_reads_is_not_told_of_room_to_write() {
    in_each(|reactor| async move {
        let open = || {
            let socket = UdpSocket::bind(("127.0.0.1", 0)).unwrap();
            socket.set_nonblocking(true).unwrap();
            Async::new_deferred(socket).unwrap()
        };
        let (a, b) = (open(), open());
        let to = b.get_ref().local_addr().unwrap();
        let mut wait = a.readable();
        assert!(poll(&mut wait, Waker::noop()).is_pending());
        let before = reactor.events();
        for _ in 0..10 {
            a.send_to(b"x", to).await.unwrap();
            b.recv_from(&mut [0; 2]).await.unwrap();
        }
        turns(&reactor, 3).await;
        assert_eq!(reactor.events(), before);
        let to = a.get_ref().local_addr().unwrap();
        b.send_to(b"x", to).await.unwrap();
        wait.await.unwrap();
    });
}

#[test]
fn each_direction_is_served_whichever_waits_first() {
    in_each(|_| async move {
        for read_first in [true, false] {
            let (a, mut b) = deferred_pair();
            let mut read = a.readable();
            if read_first {
                assert!(poll(&mut read, Waker::noop()).is_pending());
            }
            let mut written = 0;
            while let Ok(count) = (&mut a.get_ref()).write(&[0; 4096]) {
                written += count;
            }
            let mut write = a.writable();
            assert!(poll(&mut write, Waker::noop()).is_pending());
            assert!(poll(&mut read, Waker::noop()).is_pending());
            b.read_exact(&mut vec![0; written]).unwrap();
            write.await.unwrap();
            b.write_all(b"x").unwrap();
            read.await.unwrap();
        }
    });
}

#[test]
fn a_refusal_of_the_system_comes_from_the_first_that_waits() {
    in_each(|reactor| async move {
        let (a, mut b) = UnixStream::pair().unwrap();
        let first = Async::new(&a).unwrap();
        let mut wait = first.readable();
        assert!(poll(&mut wait, Waker::noop()).is_pending());
        // On a back end that is told at once the error comes at once.
        match Async::new_deferred(&a) {
            Ok(second) => {
                let error = second.readable().await.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::AlreadyExists);
                assert_eq!(reactor.sources(), 2);
            }
            Err(error) => assert_eq!(error.kind(), ErrorKind::AlreadyExists),
        }
        // Neither the refusal nor the drop of the second has ended the first.
        assert_eq!(reactor.sources(), 1);
        b.write_all(b"x").unwrap();
        wait.await.unwrap();
    });
}

#[test]
fn the_drop_of_one_that_never_waited_leaves_the_descriptor_of_another_alone() {
    in_each(|_| async move {
        let (a, mut b) = UnixStream::pair().unwrap();
        a.set_nonblocking(true).unwrap();
        let first = Async::new_deferred(&a).unwrap();
        let second = Async::new_deferred(&a);
        let mut wait = first.readable();
        assert!(poll(&mut wait, Waker::noop()).is_pending());
        drop(second);
        b.write_all(b"x").unwrap();
        wait.await.unwrap();
    });
}

#[test]
fn two_that_wait_first_are_both_woken() {
    in_each(|reactor| async move {
        let (a, mut b) = deferred_pair();
        let (one, two) = (Count::waker(), Count::waker());
        let (mut first, mut second) = (a.readable(), a.readable());
        assert!(poll(&mut first, &one.1).is_pending());
        assert!(poll(&mut second, &two.1).is_pending());
        b.write_all(b"x").unwrap();
        until(&reactor, || one.0.wakes() + two.0.wakes() == 2).await;
    });
}
