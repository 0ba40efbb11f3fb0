//! A registration never outlives its descriptor, and what a dropped future waited for is still there.

#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod support;

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Waker};

use futures_lite::AsyncReadExt;
use trill_reactor::{Async, Reactor};

use support::{Count, in_each, poll, turns};

/// A stream that notes when it is closed how many sources its reactor had at that moment.
struct Closing {
    stream: UnixStream,
    reactor: Reactor,
    /// One more than there were, so that zero means that it is open.
    seen: Arc<AtomicUsize>,
}

impl AsFd for Closing {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}

impl Drop for Closing {
    fn drop(&mut self) {
        let sources = self.reactor.sources() + 1;
        self.seen.store(sources, Ordering::SeqCst);
    }
}

// Behaviour 22: dropping what is pending deregisters before the descriptor can be closed.
#[test]
fn registration_ends_before_the_descriptor_is_closed() {
    in_each(|reactor| async move {
        let before = reactor.sources();
        let seen = Arc::new(AtomicUsize::new(0));
        let source = || {
            let (stream, other) = UnixStream::pair().unwrap();
            seen.store(0, Ordering::SeqCst);
            let closing = Closing {
                stream,
                reactor: reactor.clone(),
                seen: seen.clone(),
            };
            let source = Async::new(closing).unwrap();
            assert_eq!(reactor.sources(), before + 1);
            (source, other)
        };
        let was_gone = || assert_eq!(seen.load(Ordering::SeqCst), before + 1);

        // With a wait, a poll by hand, and an operation pending.
        let (count, waker) = Count::waker();
        let (a, _b) = source();
        {
            let mut wait = a.readable();
            assert!(poll(&mut wait, &waker).is_pending());
        }
        drop(a);
        was_gone();
        let (a, _b) = source();
        assert!(
            a.poll_readable(&mut Context::from_waker(&waker))
                .is_pending()
        );
        drop(a);
        was_gone();
        let (a, _b) = source();
        let a = Arc::new(a);
        let mut wait = Async::readable_owned(a.clone());
        assert!(poll(&mut wait, &waker).is_pending());
        drop(a);
        assert_eq!(seen.load(Ordering::SeqCst), 0, "the future still has it");
        drop(wait);
        was_gone();

        // While a panic unwinds through the task.
        let (a, _b) = source();
        let caught = catch_unwind(AssertUnwindSafe(|| {
            let a = a;
            let mut wait = a.readable();
            assert!(poll(&mut wait, Waker::noop()).is_pending());
            panic!("thrown in a test");
        }));
        caught.unwrap_err();
        was_gone();

        // Taken out, it is somebody else's descriptor.
        let (a, _b) = source();
        let closing = a.into_inner().unwrap();
        assert_eq!(reactor.sources(), before);
        drop(closing);
        was_gone();
        drop(waker);
        // The one who polled by hand is told that nothing will come.
        assert_eq!((count.wakes(), Arc::strong_count(&count)), (1, 1));
    });
}

// Behaviour 22: the open file may live on in another descriptor, and epoll would go on telling of it.
// Fault 8b
#[test]
fn a_duplicate_that_stays_open_gives_no_events_to_a_source_that_is_gone() {
    in_each(|reactor| async move {
        let (a, mut b) = UnixStream::pair().unwrap();
        let duplicate = a.try_clone().unwrap();
        let source = Async::new(a).unwrap();
        assert!(poll(&mut source.readable(), Waker::noop()).is_pending());
        drop(source);
        let events = reactor.events();
        b.write_all(b"x").unwrap();
        turns(&reactor, 3).await;
        assert_eq!(reactor.events(), events);
        // The bytes are there for whoever has the duplicate.
        let duplicate = Async::new(duplicate).unwrap();
        assert_eq!((&duplicate).read(&mut [0; 8]).await.unwrap(), 1);
    });
}

// Behaviour 22: a reused number never gets the old registration's event, whatever was pending and whatever comes next.
// Fault 7a
#[test]
fn a_thousand_reused_descriptors_inherit_nothing() {
    in_each(|reactor| async move {
        let (mut reused, mut tries) = (0, 0);
        while reused < 1000 {
            tries += 1;
            assert!(tries < 100_000, "the numbers went to somebody else");
            let (a, mut b) = UnixStream::pair().unwrap();
            let number = a.as_raw_fd();
            let mut old = Async::readable_owned(Arc::new(Async::new(a).unwrap()));
            assert!(poll(&mut old, Waker::noop()).is_pending());
            match tries % 3 {
                // An event that nobody has fetched, the end of the stream, or both.
                0 => b.write_all(b"x").unwrap(),
                1 => drop(b),
                _ => {
                    b.write_all(b"x").unwrap();
                    drop(b);
                }
            }
            drop(old);
            let (a, _c) = UnixStream::pair().unwrap();
            if a.as_raw_fd() != number {
                continue;
            }
            reused += 1;
            let new = Async::new(a).unwrap();
            let (count, waker) = Count::waker();
            let mut wait = new.readable();
            assert!(poll(&mut wait, &waker).is_pending());
            turns(&reactor, 1).await;
            assert_eq!(count.wakes(), 0);
            assert!(poll(&mut wait, &waker).is_pending());
        }
    });
}

// Behaviour 22: a dropped connect takes its socket along, registration first.
// Fault 15b
#[test]
fn a_dropped_connect_leaves_neither_a_source_nor_an_event() {
    in_each(|reactor| async move {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        rustix::net::listen(&listener, 0).unwrap();
        let address = listener.local_addr().unwrap();
        // The backlog is full with these, so that the next one waits.
        let _first = TcpStream::connect(address).unwrap();
        let before = reactor.sources();
        for _ in 0..10 {
            let mut connect = Async::<TcpStream>::connect(address);
            let (count, waker) = Count::waker();
            assert!(poll(&mut connect, &waker).is_pending());
            assert_eq!(reactor.sources(), before + 1);
            drop(connect);
            assert_eq!(reactor.sources(), before);
            drop(waker);
            assert_eq!(Arc::strong_count(&count), 1);
        }
        let events = reactor.events();
        turns(&reactor, 2).await;
        assert_eq!(reactor.events(), events);
    });
}

// Behaviour 22: a dropped receive leaves the bytes in the kernel, also when it was woken for them.
#[test]
fn a_dropped_read_leaves_the_bytes() {
    in_each(|reactor| async move {
        let (a, mut b) = UnixStream::pair().unwrap();
        let a = Async::new(a).unwrap();
        for len in 1..=100 {
            let (count, waker) = Count::waker();
            let mut buffer = [0; 128];
            let mut read = a.read_with(|mut stream| stream.read(&mut buffer));
            assert!(poll(&mut read, &waker).is_pending());
            b.write_all(&[7; 100][..len]).unwrap();
            // Dropped before the event, or after the wake.
            if len % 2 == 0 {
                support::until(&reactor, || count.wakes() > 0).await;
            }
            drop(read);
            assert_eq!(a.get_ref().read(&mut buffer).unwrap(), len);
            let empty = a.get_ref().read(&mut buffer).unwrap_err();
            assert_eq!(empty.kind(), ErrorKind::WouldBlock);
        }
    });
}
