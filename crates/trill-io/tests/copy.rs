//! Connecting two streams.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod support;

use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_io::{AsyncRead, AsyncWrite};
use support::{Event, Hand, Script, Sink, SinkEnd};
use trill_io::copy_bidirectional;

/// A stream of a script and a sink.
struct Both(Script, SinkEnd);

impl AsyncRead for Both {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl AsyncWrite for Both {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.1).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.1).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.1).poll_close(cx)
    }
}

fn data(bytes: &[u8]) -> Event {
    Event::Data(bytes.to_vec())
}

fn run<F: Future>(future: F) -> F::Output {
    let mut future = Hand::new(future);
    for _ in 0..10_000 {
        if let Poll::Ready(output) = future.poll() {
            return output;
        }
    }
    panic!("it never ends");
}

#[test]
fn each_direction_ends_by_itself_and_closes_the_other_side_once() {
    let (to_a, to_b) = (Sink::new(1000), Sink::new(1000));
    let mut a = Both(Script::new([data(b"request")]), to_a.end());
    let mut b = Both(
        Script::new([Event::Wait, data(b"long "), Event::Wait, data(b"answer")]),
        to_b.end(),
    );
    let mut copy = Hand::new(copy_bidirectional(&mut a, &mut b));
    assert!(copy.poll().is_pending());
    // The request has ended, and the answer still comes.
    assert_eq!(
        (to_b.taken(), to_b.inside().closes),
        (b"request".to_vec(), 1)
    );
    assert_eq!(to_a.inside().closes, 0);
    assert_eq!(run(async { copy_to_end(&mut copy) }).unwrap(), (7, 11));
    assert_eq!(
        (to_a.taken(), to_a.inside().closes),
        (b"long answer".to_vec(), 1)
    );
    assert_eq!(to_b.inside().closes, 1);
}

fn copy_to_end<F: Future>(copy: &mut Hand<F>) -> F::Output {
    loop {
        if let Poll::Ready(output) = copy.poll() {
            return output;
        }
    }
}

// Fault 14a
#[test]
fn a_slow_side_bounds_how_far_the_fast_one_is_read() {
    let (to_a, to_b) = (Sink::new(0), Sink::new(10));
    let mut a = Both(Script::new([data(&[1; 200_000])]), to_a.end());
    let mut b = Both(Script::new([Event::Hang]), to_b.end());
    let mut copy = Hand::new(copy_bidirectional(&mut a, &mut b));
    assert!(copy.poll().is_pending());
    drop(copy);
    let Some(Event::Data(unread)) = a.0.events.pop_front() else {
        panic!("all was read")
    };
    assert!(unread.len() >= 200_000 - 16 * 1024 - 10, "{}", unread.len());
}

#[test]
fn what_came_is_flushed_before_it_waits_for_more() {
    let (to_a, to_b) = (Sink::new(0), Sink::new(100));
    let mut a = Both(Script::new([data(b"x"), Event::Hang]), to_a.end());
    let mut b = Both(Script::new([Event::Hang]), to_b.end());
    let mut copy = Hand::new(copy_bidirectional(&mut a, &mut b));
    assert!(copy.poll().is_pending());
    assert_eq!((to_b.taken(), to_b.inside().flushes), (b"x".to_vec(), 1));
    assert!(copy.poll().is_pending());
    assert_eq!(to_b.inside().flushes, 1);
}

#[test]
fn an_error_of_either_side_ends_both() {
    let (to_a, to_b) = (Sink::new(10), Sink::new(10));
    let reset = || Event::Fail(ErrorKind::ConnectionReset.into());
    let mut a = Both(Script::new([Event::Hang]), to_a.end());
    let mut b = Both(Script::new([data(b"x"), reset()]), to_b.end());
    let error = run(copy_bidirectional(&mut a, &mut b)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);

    to_a.fail(ErrorKind::BrokenPipe);
    let mut b = Both(Script::new([data(b"x")]), to_b.end());
    let error = run(copy_bidirectional(&mut a, &mut b)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BrokenPipe);
}

// Fault 10a
#[test]
fn all_bytes_arrive_in_order_however_both_sides_are_cut() {
    let sent: Vec<u8> = (0..5000).map(|at| (at % 253) as u8).collect();
    for seed in 0..50 {
        let mut chance = support::Chance::new(seed);
        let (to_a, to_b) = (Sink::new(usize::MAX / 2), Sink::new(0));
        to_a.inside().at_once = 1 + chance.below(100);
        let mut a = Both(Script::cut(&sent, chance.next()), to_a.end());
        let mut b = Both(Script::cut(&sent, chance.next()), to_b.end());
        let mut copy = Hand::new(copy_bidirectional(&mut a, &mut b));
        let copied = loop {
            if let Poll::Ready(copied) = copy.poll() {
                break copied.unwrap();
            }
            to_b.allow(chance.below(200));
        };
        assert_eq!(copied, (5000, 5000));
        assert!(to_a.taken() == sent && to_b.taken() == sent, "seed {seed}");
    }
}
