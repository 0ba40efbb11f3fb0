//! Sockets and their registrations end together, and a number that is used again is a socket of its own.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod support;

use std::future::Future;
use std::os::fd::AsRawFd;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Context;

use support::{Count, pair, poll_once};
use trill_net::unix::UnixStream;
use trill_net::{TcpListener, TcpStream};
use trill_park::block_on;
use trill_reactor::Reactor;

/// Runs a test on a thread of its own, in a reactor of its own, so that its counters are this test's.
#[allow(clippy::disallowed_methods)] // A thread that is joined at once.
fn in_reactor<F: Future<Output = ()>>(test: impl FnOnce(Reactor) -> F + Send) {
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let reactor = Reactor::builder().build().unwrap();
            let _entered = reactor.enter();
            block_on(test(reactor.clone()));
        });
    });
}

/// Polls with a waker that counts; returns the counter.
fn poll_counting<F: Future + Unpin>(future: &mut F) -> Arc<Count> {
    let count = Arc::new(Count::default());
    let polled = Pin::new(future).poll(&mut Context::from_waker(&count.waker()));
    assert!(polled.is_pending());
    count
}

/// Lets the reactor be asked for events `turns` times more.
async fn turns(reactor: &Reactor, turns: u64) {
    let until = reactor.turns() + turns;
    while reactor.turns() < until {
        futures_lite::future::yield_now().await;
    }
}

// Behaviour 22: dropping what is pending, with its socket, deregisters it; no waker stays behind.
#[test]
fn sockets_that_are_dropped_with_something_pending_are_deregistered() {
    in_reactor(|reactor| async move {
        let before = reactor.sources();
        for _ in 0..10 {
            let (client, server) = pair().await;
            assert_eq!(reactor.sources(), before + 2);
            let mut buffer = [0; 8];
            let count = poll_counting(&mut server.read(&mut buffer));
            assert_eq!(Arc::strong_count(&count), 1, "a waker outlives its future");
            let mut read = server.read(&mut buffer);
            let count = poll_counting(&mut read);
            drop(read);
            drop(server);
            assert_eq!(reactor.sources(), before + 1);
            drop(client);
            assert_eq!((count.get(), Arc::strong_count(&count)), (0, 1));

            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let mut accept = listener.accept();
            let count = poll_counting(&mut accept);
            drop(accept);
            drop(listener);
            assert_eq!((count.get(), Arc::strong_count(&count)), (0, 1));
            assert_eq!(reactor.sources(), before);
        }
    });
}

// Behaviour 22: a connect that waits owns its socket, and takes it and its registration along.
// Fault 15b
#[test]
fn a_dropped_connect_leaves_no_source_and_gets_no_event() {
    in_reactor(|reactor| async move {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        rustix::net::listen(&listener, 0).unwrap();
        let address = listener.local_addr().unwrap();
        let first = TcpStream::connect(address).await.unwrap();
        let before = reactor.sources();
        let mut connect = TcpStream::connect(address);
        let count = poll_counting(&mut connect);
        assert_eq!(reactor.sources(), before + 1);
        drop(connect);
        assert_eq!(reactor.sources(), before);
        // Whoever polls a source is told when it ends, here too; after that nobody holds the waker.
        let wakes = count.get();
        assert_eq!(Arc::strong_count(&count), 1);
        // Room for it would have come now.
        let (second, _) = listener.accept().await.unwrap();
        turns(&reactor, 3).await;
        assert_eq!(count.get(), wakes);
        drop((first, second));
    });
}

// Behaviour 22: a reused descriptor number never gets the old registration's event.
// Fault 7a
#[test]
fn a_stream_with_a_used_number_does_not_hear_of_the_old_one() {
    in_reactor(|reactor| async move {
        let (mut reused, mut tries) = (0, 0);
        while reused < 100 {
            tries += 1;
            assert!(tries < 100_000, "the numbers went to somebody else");
            let (old, peer) = UnixStream::pair().unwrap();
            let number = old.as_raw_fd();
            let mut buffer = [0; 8];
            assert!(poll_once(&mut old.read(&mut buffer)).is_pending());
            // An event that nobody has fetched.
            peer.write_all(b"old").await.unwrap();
            drop(old);
            let (new, other) = UnixStream::pair().unwrap();
            if new.as_raw_fd() != number {
                continue;
            }
            reused += 1;
            let mut read = new.read(&mut buffer);
            let count = poll_counting(&mut read);
            drop(peer);
            turns(&reactor, 2).await;
            assert_eq!(count.get(), 0, "it was woken by the old one's event");
            other.write_all(b"x").await.unwrap();
            assert_eq!(read.await.unwrap(), 1);
        }
    });
}

// Behaviour 22: a dropped accept leaves the connection in the backlog, also when it was woken for it.
#[test]
fn a_woken_accept_that_is_dropped_leaves_the_connection_to_the_next() {
    in_reactor(|reactor| async move {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        for _ in 0..20 {
            let mut accept = listener.accept();
            let count = poll_counting(&mut accept);
            let client = TcpStream::connect(address).await.unwrap();
            while count.get() == 0 {
                turns(&reactor, 1).await;
            }
            drop(accept);
            let (_, from) = listener.accept().await.unwrap();
            assert_eq!(from, client.local_addr().unwrap());
        }
    });
}
