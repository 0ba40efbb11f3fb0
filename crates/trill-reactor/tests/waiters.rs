//! Who is woken by an event, and who is not.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod support;

use std::future::poll_fn;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

use trill_reactor::{Async, Reactor};

use support::{Count, drain, fill, in_each, poll, tcp_pair, turns, until, until_readable};

fn pair() -> (Async<UnixStream>, UnixStream) {
    let (a, b) = UnixStream::pair().unwrap();
    (Async::new(a).unwrap(), b)
}

// Fault 8c
#[test]
fn an_event_wakes_all_who_wait_for_it_once() {
    in_each(|reactor| async move {
        let (a, mut b) = pair();
        let counts: Vec<_> = (0..100).map(|_| Count::waker()).collect();
        let mut waits: Vec<_> = counts.iter().map(|_| a.readable()).collect();
        for (wait, (_, waker)) in waits.iter_mut().zip(&counts) {
            assert!(poll(wait, waker).is_pending());
        }
        b.write_all(b"x").unwrap();
        until(&reactor, || {
            counts.iter().all(|(count, _)| count.wakes() >= 1)
        })
        .await;
        b.write_all(b"x").unwrap();
        turns(&reactor, 2).await;
        assert!(counts.iter().all(|(count, _)| count.wakes() == 1));
        for (wait, (_, waker)) in waits.iter_mut().zip(&counts) {
            assert!(poll(wait, waker).is_ready());
        }
    });
}

#[test]
fn a_dropped_future_is_not_woken_and_the_others_are() {
    in_each(|reactor| async move {
        for dropped in 0..4 {
            let (a, mut b) = pair();
            let counts: Vec<_> = (0..4).map(|_| Count::waker()).collect();
            let mut waits: Vec<_> = counts.iter().map(|_| Some(a.readable())).collect();
            for (wait, (_, waker)) in waits.iter_mut().zip(&counts) {
                assert!(poll(wait.as_mut().unwrap(), waker).is_pending());
            }
            waits[dropped] = None;
            // Its place is used again, not leaked.
            let (late, waker) = Count::waker();
            let mut wait = a.readable();
            assert!(poll(&mut wait, &waker).is_pending());
            b.write_all(b"x").unwrap();
            let total = || counts.iter().map(|(count, _)| count.wakes()).sum::<usize>();
            until(&reactor, || total() + late.wakes() >= 4).await;
            for (index, (count, _)) in counts.iter().enumerate() {
                assert_eq!(count.wakes(), usize::from(index != dropped));
            }
            assert_eq!(late.wakes(), 1);
        }
    });
}

#[test]
fn a_dropped_future_lets_go_of_its_waker() {
    in_each(|_| async {
        let (a, _b) = pair();
        let (count, waker) = Count::waker();
        let (mut first, mut second) = (a.readable(), a.readable());
        assert!(poll(&mut first, &waker).is_pending());
        assert!(poll(&mut second, &waker).is_pending());
        drop(waker);
        assert_eq!(Arc::strong_count(&count), 3);
        drop(first);
        assert_eq!(Arc::strong_count(&count), 2);
        drop(second);
        assert_eq!(Arc::strong_count(&count), 1);
    });
}

#[test]
fn only_the_last_waker_of_a_future_is_woken() {
    in_each(|reactor| async move {
        let (a, mut b) = pair();
        let (old, old_waker) = Count::waker();
        let (new, new_waker) = Count::waker();
        let mut wait = a.readable();
        assert!(poll(&mut wait, &old_waker).is_pending());
        assert!(poll(&mut wait, &new_waker).is_pending());
        b.write_all(b"x").unwrap();
        until(&reactor, || new.wakes() >= 1).await;
        assert_eq!((old.wakes(), new.wakes()), (0, 1));
    });
}

// Fault 8c
#[test]
fn a_task_that_polls_by_hand_has_one_place() {
    in_each(|reactor| async move {
        let (a, mut b) = pair();
        let (count, waker) = Count::waker();
        let (other, other_waker) = Count::waker();
        for _ in 0..10 {
            let mut cx = Context::from_waker(&waker);
            assert!(a.poll_readable(&mut cx).is_pending());
            let mut cx = Context::from_waker(&other_waker);
            assert!(a.poll_readable(&mut cx).is_pending());
        }
        b.write_all(b"x").unwrap();
        until(&reactor, || count.wakes() >= 1 && other.wakes() >= 1).await;
        assert_eq!((count.wakes(), other.wakes()), (1, 1));
    });
}

#[test]
fn dropping_a_future_keeps_the_place_of_a_poll_by_hand() {
    in_each(|reactor| async move {
        let (a, mut b) = pair();
        let (count, waker) = Count::waker();
        let mut wait = a.readable();
        assert!(poll(&mut wait, &waker).is_pending());
        assert!(
            a.poll_readable(&mut Context::from_waker(&waker))
                .is_pending()
        );
        drop(wait);
        b.write_all(b"x").unwrap();
        until(&reactor, || count.wakes() >= 1).await;
        assert_eq!(count.wakes(), 1);
    });
}

#[test]
fn directions_are_woken_apart() {
    in_each(|reactor| async move {
        let (server, mut client) = tcp_pair();
        let len = fill(&server);
        let (reader, read_waker) = Count::waker();
        let (writer, write_waker) = Count::waker();
        let (mut readable, mut writable) = (server.readable(), server.writable());
        assert!(poll(&mut readable, &read_waker).is_pending());
        assert!(poll(&mut writable, &write_waker).is_pending());
        client.write_all(b"x").unwrap();
        until_readable(&server);
        until(&reactor, || reader.wakes() >= 1).await;
        assert_eq!((reader.wakes(), writer.wakes()), (1, 0));
        readable.await.unwrap();
        assert!(poll(&mut writable, &write_waker).is_pending());
        drain(&client, len);
        until(&reactor, || writer.wakes() >= 1).await;
        writable.await.unwrap();
    });
}

/// Panics when called.
struct Panicking;

impl Wake for Panicking {
    fn wake(self: Arc<Self>) {
        panic!("a waker that panics (expected in this test)");
    }
}

// Fault 6a, 21c
#[test]
fn a_panicking_waker_keeps_nobody_asleep() {
    in_each(|reactor| async move {
        let (a, mut b) = pair();
        let counts: Vec<_> = (0..3).map(|_| Count::waker()).collect();
        let panicking = Waker::from(Arc::new(Panicking));
        let mut waits: Vec<_> = (0..4).map(|_| a.readable()).collect();
        assert!(poll(&mut waits[0], &counts[0].1).is_pending());
        assert!(poll(&mut waits[1], &panicking).is_pending());
        assert!(poll(&mut waits[2], &counts[1].1).is_pending());
        assert!(poll(&mut waits[3], &counts[2].1).is_pending());
        b.write_all(b"x").unwrap();
        until(&reactor, || {
            counts.iter().all(|(count, _)| count.wakes() >= 1)
        })
        .await;
        assert!(counts.iter().all(|(count, _)| count.wakes() == 1));
        a.readable().await.unwrap();
    });
}

/// Drops a source when called or dropped.
struct Dropping(Mutex<Option<Async<UnixStream>>>, AtomicUsize);

impl Wake for Dropping {
    fn wake(self: Arc<Self>) {
        self.1.fetch_add(1, Ordering::SeqCst);
        self.0.lock().unwrap().take();
    }
}

// Fault 26c
#[test]
fn a_waker_may_end_registrations() {
    in_each(|reactor| async move {
        let (a, mut b) = pair();
        let (inner, _other) = pair();
        let sources = reactor.sources();
        let dropping = Arc::new(Dropping(Mutex::new(Some(inner)), AtomicUsize::new(0)));
        let waker = Waker::from(dropping.clone());
        let mut wait = a.readable();
        assert!(poll(&mut wait, &waker).is_pending());
        b.write_all(b"x").unwrap();
        until(&reactor, || reactor.sources() == sources - 1).await;
        assert_eq!(dropping.1.load(Ordering::SeqCst), 1);
    });
}

// Fault 26c
#[test]
fn the_last_waker_may_own_the_source_it_waits_for() {
    in_each(|reactor| async move {
        let sources = reactor.sources();
        let (a, _b) = pair();
        let dropping = Arc::new(Dropping(Mutex::new(None), AtomicUsize::new(0)));
        let waker = Waker::from(dropping.clone());
        assert!(
            a.poll_readable(&mut Context::from_waker(&waker))
                .is_pending()
        );
        *dropping.0.lock().unwrap() = Some(a);
        drop(waker);
        // Closing wakes it, so that the circle is broken; nothing may deadlock.
        let a = dropping.0.lock().unwrap().take();
        drop(dropping);
        drop(a);
        assert_eq!(reactor.sources(), sources);
    });
}

#[test]
fn closing_a_source_wakes_those_who_polled_it_by_hand() {
    in_each(|_| async {
        let (a, _b) = pair();
        let (count, waker) = Count::waker();
        assert!(
            a.poll_readable(&mut Context::from_waker(&waker))
                .is_pending()
        );
        drop(waker);
        drop(a);
        assert_eq!(count.wakes(), 1);
        assert_eq!(Arc::strong_count(&count), 1);
    });
}

// Fault 8c
#[test]
fn tasks_that_wait_together_share_the_data() {
    in_each(|_| async {
        let (a, mut b) = pair();
        let mut futures: Vec<_> = (0..8)
            .map(|_| {
                a.read_with(|mut stream| {
                    let mut byte = [0];
                    stream.read_exact(&mut byte).map(|()| byte[0])
                })
            })
            .collect();
        let mut got = Vec::new();
        let mut sent = 0;
        poll_fn(|cx| {
            futures.retain_mut(|future| match std::pin::Pin::new(future).poll(cx) {
                Poll::Ready(byte) => {
                    got.push(byte.unwrap());
                    false
                }
                Poll::Pending => true,
            });
            if futures.is_empty() {
                return Poll::Ready(());
            }
            // One byte at a time: each wakes all, and one of them gets it.
            if sent == got.len() {
                b.write_all(&[sent as u8]).unwrap();
                sent += 1;
            }
            Poll::Pending
        })
        .await;
        assert_eq!(got, [0, 1, 2, 3, 4, 5, 6, 7]);
    });
}

#[test]
fn an_owned_future_waits_and_lets_go() {
    in_each(|reactor| async move {
        let (a, mut b) = pair();
        let a = Arc::new(a);
        let (count, waker) = Count::waker();
        let mut wait = a.clone().readable_owned();
        let mut dropped = a.clone().readable_owned();
        assert!(poll(&mut wait, &waker).is_pending());
        assert!(poll(&mut dropped, &waker).is_pending());
        drop(dropped);
        b.write_all(b"x").unwrap();
        until(&reactor, || count.wakes() >= 1).await;
        assert_eq!(count.wakes(), 1);
        wait.await.unwrap();
        a.writable_owned().await.unwrap();
        assert_ne!(Reactor::global().unwrap(), reactor);
    });
}
