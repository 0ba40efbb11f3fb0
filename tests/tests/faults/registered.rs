//! Descriptors that are closed behind the reactor's back, and objects that several tasks or duplicates share.

use std::future::poll_fn;
use std::io::{Read, Write};
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::net::UnixStream as PlainUnix;
use std::task::Poll;
use std::time::Duration;

use futures_lite::future::{poll_once, zip};
use trill_reactor::{Async, Reactor, Source};
use trill_tests::Alone;

/// Closes a number as somebody does who does not own it.
fn close_behind(number: i32) {
    // SAFETY: wrong on purpose. The owner closes it in vain or keeps the next file of that number: this process does
    // nothing else.
    #[allow(unsafe_code)]
    drop(unsafe { OwnedFd::from_raw_fd(number) });
}

// Fault 7b
#[test]
fn a_number_that_was_closed_behind_the_reactor_is_registered_anew() {
    Alone::new("registered::a_number_that_was_closed_behind_the_reactor_is_registered_anew")
        .passes(|| {
            let reactor = Reactor::global().unwrap();
            let (near, far) = PlainUnix::pair().unwrap();
            let number = near.as_raw_fd();
            let old = Async::new(near).unwrap();
            let mut waiting = Box::pin(old.readable());
            trill::block_on(async { assert!(poll_once(&mut waiting).await.is_none()) });
            close_behind(number);
            // The next socket gets the number, and a registration of its own.
            let (new, mut new_far) = PlainUnix::pair().unwrap();
            assert_eq!(new.as_raw_fd(), number);
            let new = Async::new(new).unwrap();
            trill::block_on(async {
                let mut new_waiting = Box::pin(new.readable());
                assert!(poll_once(&mut new_waiting).await.is_none());
                // The end of the old one's peer means nothing to the new one.
                drop(far);
                trill::time::sleep(Duration::from_millis(2)).await;
                assert!(poll_once(&mut new_waiting).await.is_none());
                new_far.write_all(b"x").unwrap();
                new_waiting.await.unwrap();
            });
            drop(waiting);
            // Ending the old registration takes the new one's out of the kernel's set, or nothing: no panic, and sources
            // that come later work. It must not close the number, which is somebody else's.
            let before = reactor.sources();
            std::mem::forget(old.into_inner());
            assert_eq!(reactor.sources(), before - 1);
            let (near, far) = PlainUnix::pair().unwrap();
            let later = Async::new(near).unwrap();
            drop(far);
            trill::block_on(later.readable()).unwrap();
        });
}

// Fault 7b
#[test]
fn a_number_that_stays_closed_ends_its_registration_with_an_error() {
    Alone::new("registered::a_number_that_stays_closed_ends_its_registration_with_an_error")
        .passes(|| {
            let reactor = Reactor::global().unwrap();
            let (near, _far) = PlainUnix::pair().unwrap();
            // SAFETY: broken on purpose below: the socket is closed before the registration has ended. This process
            // does nothing else with the number.
            #[allow(unsafe_code)]
            let old = unsafe { Source::register(&reactor, near.as_fd()) }.unwrap();
            drop(near);
            let error = old.deregister().unwrap_err();
            assert_eq!(error.raw_os_error(), Some(libc::EBADF), "{error}");
            assert_eq!(reactor.sources(), 0);
        });
}

// Fault 8b
#[test]
fn a_duplicate_hears_the_same_events() {
    trill::block_on(async {
        let (near, mut far) = PlainUnix::pair().unwrap();
        let copy = Async::new(near.try_clone().unwrap()).unwrap();
        let near = Async::new(near).unwrap();
        for round in 0..3 {
            let mut waits = (Box::pin(near.readable()), Box::pin(copy.readable()));
            assert!(poll_once(&mut waits.0).await.is_none());
            assert!(poll_once(&mut waits.1).await.is_none());
            far.write_all(b"x").unwrap();
            let (a, b) = zip(waits.0, waits.1).await;
            a.unwrap();
            b.unwrap();
            let reader = if round % 2 == 0 { &near } else { &copy };
            assert_eq!(reader.get_ref().read(&mut [0; 8]).unwrap(), 1);
        }
        drop(near);
        far.write_all(b"x").unwrap();
        copy.readable().await.unwrap();
    });
}

// Fault 8c
#[test]
fn of_two_tasks_that_read_one_socket_both_are_woken_and_neither_is_lost() {
    trill::block_on(async {
        let (near, mut far) = PlainUnix::pair().unwrap();
        let near = Async::new(near).unwrap();
        let executor = trill_executor::LocalExecutor::new();
        let read = || async {
            near.read_with(|mut near| near.read(&mut [0; 1]))
                .await
                .unwrap()
        };
        executor
            .run(async {
                let (mut a, mut b) = (executor.spawn(read()), executor.spawn(read()));
                futures_lite::future::yield_now().await;
                far.write_all(b"x").unwrap();
                let first = poll_fn(|cx| {
                    use std::future::Future;
                    let (a, b) = (std::pin::Pin::new(&mut a), std::pin::Pin::new(&mut b));
                    match a.poll(cx) {
                        Poll::Ready(count) => Poll::Ready((true, count)),
                        Poll::Pending => b.poll(cx).map(|count| (false, count)),
                    }
                })
                .await;
                assert_eq!(first.1, 1);
                // The other one goes on waiting, and gets what comes next.
                far.write_all(b"y").unwrap();
                assert_eq!(if first.0 { b.await } else { a.await }, 1);
            })
            .await;
    });
}
