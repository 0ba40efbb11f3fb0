//! How sources come and go.

mod support;

use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::task::{Context, Waker};

use futures_lite::AsyncReadExt;
use trill_reactor::{Async, Reactor};

use support::{Count, in_each, poll, reactors, turns, until};

// Fault 8a
#[test]
fn a_second_registration_fails_and_the_first_goes_on() {
    in_each(|reactor| async move {
        let sources = reactor.sources();
        let (a, mut b) = UnixStream::pair().unwrap();
        let first = Async::new(&a).unwrap();
        let second = Async::new(&a).unwrap_err();
        assert_eq!(second.kind(), ErrorKind::AlreadyExists);
        assert_eq!(reactor.sources(), sources + 1);
        let mut wait = first.readable();
        assert!(poll(&mut wait, Waker::noop()).is_pending());
        b.write_all(b"x").unwrap();
        wait.await.unwrap();
        drop(first);
        assert_eq!(reactor.sources(), sources);
        Async::new(&a).unwrap();
    });
}

#[test]
fn a_descriptor_may_be_in_two_reactors() {
    let reactors = reactors();
    let (a, mut b) = UnixStream::pair().unwrap();
    let asyncs: Vec<_> = reactors
        .iter()
        .map(|reactor| Async::new_in(reactor, &a).unwrap())
        .collect();
    trill_reactor::block_on(async {
        let mut waits: Vec<_> = asyncs.iter().map(|it| it.readable()).collect();
        for wait in &mut waits {
            assert!(poll(wait, Waker::noop()).is_pending());
        }
        b.write_all(b"x").unwrap();
        for wait in waits {
            wait.await.unwrap();
        }
    });
}

// Fault 9a
#[test]
fn a_regular_file_is_refused_with_advice() {
    in_each(|reactor| async move {
        let sources = reactor.sources();
        let file = File::open(std::env::current_exe().unwrap()).unwrap();
        let error = Async::new(file).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.to_string().contains("regular file"), "{error}");
        assert!(error.to_string().contains("os error 1"), "{error}");
        assert_eq!(reactor.sources(), sources);
    });
}

// Fault 7a
#[test]
fn a_reused_descriptor_inherits_nothing() {
    in_each(|reactor| async move {
        // Other tests of this process open descriptors, too, so the number is not always ours again.
        for _ in 0..100 {
            let (a, mut b) = UnixStream::pair().unwrap();
            let number = a.as_raw_fd();
            let old = Async::new(a).unwrap();
            let (old_count, old_waker) = Count::waker();
            let mut cx = Context::from_waker(&old_waker);
            assert!(old.poll_readable(&mut cx).is_pending());
            // An event that nobody has fetched.
            b.write_all(b"x").unwrap();
            drop(old);
            let (a, mut c) = UnixStream::pair().unwrap();
            if a.as_raw_fd() != number {
                continue;
            }
            let new = Async::new(a).unwrap();
            let (count, waker) = Count::waker();
            let mut wait = new.readable();
            assert!(poll(&mut wait, &waker).is_pending());
            turns(&reactor, 3).await;
            assert_eq!((old_count.wakes(), count.wakes()), (1, 0));
            assert!(poll(&mut wait, &waker).is_pending());
            c.write_all(b"y").unwrap();
            wait.await.unwrap();
            return;
        }
        panic!("a hundred times the number went to somebody else");
    });
}

#[test]
fn what_was_taken_out_can_be_registered_again() {
    in_each(|reactor| async move {
        let sources = reactor.sources();
        let (a, mut b) = UnixStream::pair().unwrap();
        let mut a = Async::new(a).unwrap();
        assert!(poll(&mut a.readable(), Waker::noop()).is_pending());
        let other = Reactor::builder().build().unwrap();
        a = Async::new_in(&other, a.into_inner().unwrap()).unwrap();
        assert_eq!(reactor.sources(), sources);
        b.write_all(b"x").unwrap();
        assert_eq!(a.read(&mut [0; 2]).await.unwrap(), 1);
        a = Async::new(a.into_inner().unwrap()).unwrap();
        let mut wait = a.readable();
        assert!(poll(&mut wait, Waker::noop()).is_pending());
        b.write_all(b"x").unwrap();
        wait.await.unwrap();
    });
}

#[test]
fn each_of_many_sources_gets_its_own_events() {
    in_each(|reactor| async move {
        let mut pairs: Vec<_> = (0..150)
            .map(|_| {
                let (a, b) = UnixStream::pair().unwrap();
                (Async::new(a).unwrap(), b)
            })
            .collect();
        let counts: Vec<_> = pairs.iter().map(|_| Count::waker()).collect();
        for (index, (_, b)) in pairs.iter_mut().enumerate() {
            if index % 3 == 0 {
                b.write_all(&[index as u8]).unwrap();
            }
        }
        for ((a, _), (_, waker)) in pairs.iter().zip(&counts) {
            let _ = a.poll_readable(&mut Context::from_waker(waker));
        }
        // Those without data wait, and half of them get some.
        for (index, (_, b)) in pairs.iter_mut().enumerate() {
            if index % 3 == 1 {
                b.write_all(&[index as u8]).unwrap();
            }
        }
        let woken = |index: usize| counts[index].0.wakes() >= 1;
        until(&reactor, || (1..150).step_by(3).all(woken)).await;
        for (index, (count, _)) in counts.iter().enumerate() {
            assert_eq!(count.wakes(), usize::from(index % 3 == 1), "{index}");
        }
        for (index, (a, _)) in pairs.iter().enumerate() {
            let mut byte = [0];
            let read = a.get_ref().read(&mut byte);
            assert_eq!(read.is_ok(), index % 3 != 2);
            assert_eq!(usize::from(byte[0]), if index % 3 == 2 { 0 } else { index });
        }
    });
}

#[test]
fn a_reactor_that_was_dropped_is_used_again() {
    for _ in 0..5_000 {
        Reactor::builder().build().unwrap();
    }
    // Two descriptors each if none was used again; other tests of this process have some hundreds.
    let open = std::fs::read_dir("/dev/fd").unwrap().count();
    assert!(open < 5_000, "{open} descriptors");
}

#[test]
fn a_source_outlives_the_handles_of_its_reactor() {
    let reactor = Reactor::builder().build().unwrap();
    let (a, mut b) = UnixStream::pair().unwrap();
    let a = Async::new_in(&reactor, a).unwrap();
    drop(reactor);
    trill_reactor::block_on(async {
        let mut wait = a.readable();
        assert!(poll(&mut wait, Waker::noop()).is_pending());
        b.write_all(b"x").unwrap();
        wait.await.unwrap();
    });
}
