//! Behaviour 24: writing with water marks, losing the peer, closing and aborting.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod support;

use std::io::{ErrorKind, IoSlice};
use std::panic::{AssertUnwindSafe, catch_unwind};

use futures_lite::AsyncWriteExt;
use support::{Hand, Sink, SinkEnd, ready};
use trill_io::Writer;
use trill_park::block_on;

/// A writer over a sink that takes nothing yet, with its marks.
fn marked(low: usize, high: usize) -> (Sink, Writer<SinkEnd>) {
    let sink = Sink::new(0);
    let writer = Writer::with_water_marks(low, high, sink.end());
    (sink, writer)
}

#[test]
fn a_write_goes_out_at_once_as_far_as_it_can() {
    let sink = Sink::new(4);
    let writer = Writer::new(sink.end());
    writer.write(b"abc").unwrap();
    assert_eq!((sink.taken(), writer.buffered()), (b"abc".to_vec(), 0));
    writer.write(b"defgh").unwrap();
    assert_eq!((sink.taken(), writer.buffered()), (b"abcd".to_vec(), 4));
    writer.write(b"ij").unwrap();
    // The next write takes along what waits, in order.
    sink.allow(3);
    writer.write(b"kl").unwrap();
    assert_eq!((sink.taken(), writer.buffered()), (b"abcdefg".to_vec(), 5));
    sink.allow(100);
    ready(writer.flush()).unwrap();
    assert_eq!(sink.taken(), b"abcdefghijkl");
}

// Fault 14a
#[test]
fn pauses_strictly_above_high_and_resumes_at_or_below_low() {
    let (sink, writer) = marked(4, 10);
    writer.write(&[1; 10]).unwrap();
    // Exactly high is not above it.
    assert!(!writer.is_paused());
    ready(writer.drain()).unwrap();
    writer.write(&[2]).unwrap();
    assert!(writer.is_paused());
    let mut drain = Hand::new(writer.drain());
    assert!(drain.poll().is_pending());
    // 11, 10, 9 … 5 left: between the marks it stays paused.
    for left in (5..=10).rev() {
        sink.allow(1);
        assert!(drain.wakes() > 0);
        assert!(drain.poll().is_pending(), "{left}");
        assert_eq!(writer.buffered(), left);
    }
    // Exactly low is low enough.
    sink.allow(1);
    drain.woken_ready().unwrap();
    assert_eq!((writer.buffered(), writer.is_paused()), (4, false));
    // It is paused again only above high.
    writer.write(&[3; 6]).unwrap();
    assert!(!writer.is_paused());
    writer.write(&[3]).unwrap();
    assert!(writer.is_paused());
}

// Fault 14a
#[test]
fn with_zero_marks_drain_waits_until_everything_is_sent() {
    let (sink, writer) = marked(0, 0);
    ready(writer.drain()).unwrap();
    writer.write(b"ab").unwrap();
    let mut drain = Hand::new(writer.drain());
    assert!(drain.poll().is_pending());
    sink.allow(1);
    assert!(drain.poll().is_pending());
    sink.allow(1);
    drain.woken_ready().unwrap();
    assert_eq!(writer.buffered(), 0);
    ready(writer.drain()).unwrap();
}

#[test]
fn marks_can_be_moved_while_somebody_waits() {
    let (_sink, writer) = marked(1, 2);
    writer.write(b"abcd").unwrap();
    let mut drain = Hand::new(writer.drain());
    assert!(drain.poll().is_pending());
    writer.set_water_marks(4, 10);
    drain.woken_ready().unwrap();
    writer.set_water_marks(0, 3);
    assert!(writer.is_paused());
    let caught = catch_unwind(AssertUnwindSafe(|| writer.set_water_marks(2, 1)));
    assert!(caught.is_err());
    assert_eq!(writer.water_marks(), (0, 3));
}

#[test]
fn all_waiting_writers_resume_together() {
    let (sink, writer) = marked(1, 3);
    writer.write(b"abcdef").unwrap();
    let others: Vec<_> = (0..10).map(|_| writer.clone()).collect();
    let mut drains: Vec<_> = others
        .iter()
        .map(|writer| Hand::new(writer.drain()))
        .collect();
    for drain in &mut drains {
        assert!(drain.poll().is_pending());
    }
    sink.allow(5);
    // The first that runs finds room, and fills it again before the others run.
    drains[0].woken_ready().unwrap();
    writer.write(b"ghijkl").unwrap();
    assert!(writer.is_paused());
    for drain in &mut drains[1..] {
        drain.woken_ready().unwrap();
    }
    // Who comes now waits for the next time.
    assert!(Hand::new(writer.drain()).poll().is_pending());
}

#[test]
fn all_waiting_writers_fail_together() {
    let (sink, writer) = marked(1, 3);
    writer.write(b"abcdef").unwrap();
    let mut drains: Vec<_> = (0..10).map(|_| Hand::new(writer.drain())).collect();
    let mut flush = Hand::new(writer.flush());
    let mut close = Hand::new(writer.close());
    let mut pump = Hand::new(writer.pump());
    for drain in &mut drains {
        assert!(drain.poll().is_pending());
    }
    assert!(flush.poll().is_pending());
    assert!(pump.poll().is_pending());
    assert!(close.poll().is_pending());
    sink.fail(ErrorKind::ConnectionReset);
    for drain in &mut drains {
        assert_eq!(
            drain.woken_ready().unwrap_err().kind(),
            ErrorKind::ConnectionReset
        );
    }
    for error in [flush.woken_ready(), close.woken_ready(), pump.woken_ready()] {
        assert_eq!(error.unwrap_err().kind(), ErrorKind::ConnectionReset);
    }
    // Who was woken by another's poll is told, too: only one has polled the stream.
    assert_eq!(writer.buffered(), 0);
}

#[test]
fn after_a_loss_every_attempt_fails_without_any_await() {
    let (sink, writer) = marked(4, 10);
    sink.allow(5);
    writer.write(b"abc").unwrap();
    sink.fail(ErrorKind::BrokenPipe);
    for _ in 0..1000 {
        assert_eq!(
            writer.write(b"x").unwrap_err().kind(),
            ErrorKind::BrokenPipe
        );
        assert_eq!(
            writer
                .write_vectored(&[IoSlice::new(b"x"), IoSlice::new(b"y")])
                .unwrap_err()
                .kind(),
            ErrorKind::BrokenPipe
        );
        assert_eq!(
            ready(writer.drain()).unwrap_err().kind(),
            ErrorKind::BrokenPipe
        );
        assert_eq!(
            ready(writer.flush()).unwrap_err().kind(),
            ErrorKind::BrokenPipe
        );
        assert_eq!(
            ready(writer.write_all(b"x")).unwrap_err().kind(),
            ErrorKind::BrokenPipe
        );
    }
    assert_eq!(
        ready(writer.close()).unwrap_err().kind(),
        ErrorKind::BrokenPipe
    );
    // The stream is left alone once it has failed: a write, its flush, and the write that failed. Nothing is hoarded.
    assert_eq!((sink.inside().polls, writer.buffered()), (3, 0));
    assert!(writer.is_closing());
}

#[test]
fn a_loss_is_noticed_by_a_loop_of_writes_alone_though_a_backlog_waits() {
    let (sink, writer) = marked(4, 10);
    writer.write(b"backlog").unwrap();
    sink.fail(ErrorKind::ConnectionReset);
    assert!(writer.write(b"x").is_err());
}

#[test]
fn a_loop_of_writes_and_drains_learns_of_a_lost_socket() {
    use trill_net::unix::UnixStream;
    block_on(async {
        let (near, far) = UnixStream::pair().unwrap();
        let writer = Writer::new(near);
        drop(far);
        let mut rounds = 0;
        let error = loop {
            if let Err(error) = writer.write(b"x") {
                break error;
            }
            if let Err(error) = writer.drain().await {
                break error;
            }
            rounds += 1;
            assert!(rounds < 1_000_000, "the loss is never noticed");
        };
        assert_eq!(error.kind(), ErrorKind::BrokenPipe);
        assert!(writer.write(b"x").is_err());
    });
}

#[test]
fn a_loop_that_never_waits_gives_others_their_turn() {
    use trill_cell::{Header, Spawned};
    let writer = Writer::new(Sink::new(usize::MAX).end());
    let header = Header::new(Spawned::here());
    let mut rounds = 0;
    let mut task = Hand::new(async {
        loop {
            writer.write(b"x").unwrap();
            writer.drain().await.unwrap();
            rounds += 1;
        }
    });
    assert!(header.poll(|| task.poll()).is_pending());
    assert!(task.wakes() > 0);
    drop(task);
    assert!(rounds <= 128, "{rounds}");
}

#[test]
fn close_flushes_and_closes_once_however_many_ask() {
    let (sink, writer) = marked(4, 10);
    sink.inside().holds_end = true;
    writer.write(b"hello").unwrap();
    let (other, third) = (writer.clone(), writer.clone());
    let mut first = Hand::new(writer.close());
    let mut second = Hand::new(other.close());
    let mut dropped = Hand::new(third.close());
    assert!(first.poll().is_pending());
    assert!(second.poll().is_pending());
    assert!(dropped.poll().is_pending());
    // Nothing can be written from now on, and what was written is not lost.
    let error = writer.write(b"x").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BrokenPipe);
    assert_eq!(sink.inside().closes, 0);
    sink.allow(5);
    assert!(second.poll().is_pending());
    assert_eq!(sink.taken(), b"hello");
    drop(dropped);
    sink.inside().holds_end = false;
    sink.allow(0);
    first.woken_ready().unwrap();
    second.woken_ready().unwrap();
    drop(first);
    ready(writer.close()).unwrap();
    ready(writer.flush()).unwrap();
    ready(writer.drain()).unwrap();
    drop(second);
    drop((writer, other));
    drop(third);
    let inside = sink.inside();
    assert_eq!((inside.closes, inside.drops), (1, 1));
}

#[test]
fn a_close_that_fails_is_not_tried_again() {
    let (sink, writer) = marked(4, 10);
    sink.fail(ErrorKind::TimedOut);
    assert_eq!(
        ready(writer.close()).unwrap_err().kind(),
        ErrorKind::TimedOut
    );
    assert_eq!(
        ready(writer.close()).unwrap_err().kind(),
        ErrorKind::TimedOut
    );
    assert_eq!(sink.inside().polls, 1);
}

#[test]
fn abort_discards_and_all_who_wait_fail() {
    let (sink, writer) = marked(0, 0);
    writer.write(b"lost").unwrap();
    let mut drain = Hand::new(writer.drain());
    let mut close = Hand::new(writer.close());
    assert!(drain.poll().is_pending());
    assert!(close.poll().is_pending());
    writer.abort();
    for result in [drain.woken_ready(), close.woken_ready()] {
        assert_eq!(result.unwrap_err().kind(), ErrorKind::ConnectionAborted);
    }
    sink.allow(100);
    assert_eq!(
        writer.write(b"x").unwrap_err().kind(),
        ErrorKind::ConnectionAborted
    );
    assert_eq!((writer.buffered(), sink.taken()), (0, Vec::new()));
    writer.abort();
    drop((drain, close));
    assert!(writer.into_parts().is_err());
    let inside = sink.inside();
    assert_eq!((inside.closes, inside.drops), (0, 1));
}

#[test]
fn flush_waits_for_what_was_written_before_and_no_longer() {
    let (sink, writer) = marked(4, 1000);
    sink.inside().at_once = 1;
    writer.write(b"abc").unwrap();
    let mut flush = Hand::new(writer.flush());
    assert!(flush.poll().is_pending());
    // Somebody writes on, for ever.
    writer.write(&[b'x'; 100]).unwrap();
    sink.allow(2);
    assert!(flush.poll().is_pending());
    assert_eq!(sink.inside().flushes, 0);
    sink.allow(1);
    flush.woken_ready().unwrap();
    assert_eq!(sink.inside().flushes, 1);
    assert_eq!(writer.buffered(), 100);
}

#[test]
fn a_stream_with_a_buffer_of_its_own_is_flushed() {
    let sink = Sink::new(100);
    sink.inside().holds_end = true;
    let writer = Writer::new(sink.end());
    writer.write(b"abc").unwrap();
    assert_eq!(writer.buffered(), 0);
    // A drain does not wait for the flush, but has it begun.
    ready(writer.drain()).unwrap();
    let mut flush = Hand::new(writer.flush());
    assert!(flush.poll().is_pending());
    sink.inside().holds_end = false;
    sink.allow(0);
    flush.woken_ready().unwrap();
    assert_eq!(sink.inside().flushes, 1);
}

#[test]
fn the_first_who_is_polled_moves_the_stream_on_for_all() {
    let (sink, writer) = marked(0, 0);
    writer.write(b"ab").unwrap();
    let mut first = Hand::new(writer.drain());
    let mut last = Hand::new(writer.drain());
    assert!(first.poll().is_pending());
    assert!(last.poll().is_pending());
    // The stream knows only whom it was polled by last; both are woken, and one that is not polled holds up nobody.
    sink.allow(2);
    first.woken_ready().unwrap();
    assert_eq!(sink.taken(), b"ab");
    last.woken_ready().unwrap();
}

#[test]
fn a_dropped_waiter_leaves_the_stream_to_the_others() {
    let (sink, writer) = marked(0, 0);
    writer.write(b"ab").unwrap();
    let mut stays = Hand::new(writer.drain());
    let mut goes = Hand::new(writer.drain());
    assert!(stays.poll().is_pending());
    assert!(goes.poll().is_pending());
    // It was woken and is dropped before it runs.
    sink.allow(1);
    drop(goes);
    assert!(stays.wakes() > 0);
    assert!(stays.poll().is_pending());
    sink.allow(1);
    stays.woken_ready().unwrap();
    assert_eq!(sink.taken(), b"ab");
}

#[test]
fn write_all_waits_for_room_and_writes_everything_or_nothing() {
    let (sink, writer) = marked(1, 3);
    ready(writer.write_all(b"abcdef")).unwrap();
    let mut dropped = Hand::new(writer.write_all(b"never"));
    assert!(dropped.poll().is_pending());
    drop(dropped);
    let mut write = Hand::new(writer.write_all(b"ghi"));
    assert!(write.poll().is_pending());
    sink.allow(6);
    write.woken_ready().unwrap();
    sink.allow(100);
    ready(writer.flush()).unwrap();
    assert_eq!(sink.taken(), b"abcdefghi");
}

#[test]
fn the_trait_waits_for_room_too() {
    let (sink, mut writer) = marked(1, 3);
    let sent: Vec<u8> = (0..100).collect();
    let mut task = Hand::new(async {
        for chunk in sent.chunks(4) {
            AsyncWriteExt::write_all(&mut writer, chunk).await.unwrap();
        }
        AsyncWriteExt::flush(&mut writer).await.unwrap();
        AsyncWriteExt::close(&mut writer).await.unwrap();
        writer
    });
    for taken in 0..100 {
        assert!(task.poll().is_pending());
        assert_eq!(sink.taken(), sent[..taken]);
        sink.allow(1);
        assert!(task.wakes() > 0);
    }
    let std::task::Poll::Ready(writer) = task.poll() else {
        panic!("not ready")
    };
    assert_eq!(sink.taken(), sent);
    assert_eq!(sink.inside().closes, 1);
    assert!(writer.is_closing());
}

#[test]
fn the_last_handle_sends_what_it_can_and_closes() {
    let sink = Sink::new(3);
    let writer = Writer::new(sink.end());
    writer.write(b"abcdef").unwrap();
    let other = writer.clone();
    drop(writer);
    assert_eq!(sink.inside().closes, 0);
    sink.inside().room = 10;
    drop(other);
    assert_eq!(sink.taken(), b"abcdef");
    let inside = sink.inside();
    assert_eq!((inside.closes, inside.drops), (1, 1));
}

#[test]
fn a_pump_sends_everything_though_nobody_waits() {
    let (sink, writer) = marked(4, 10);
    let mut pump = Hand::new(writer.pump());
    assert!(pump.poll().is_pending());
    writer.write(b"hello").unwrap();
    sink.allow(3);
    assert!(pump.wakes() > 0);
    assert!(pump.poll().is_pending());
    assert_eq!(sink.taken(), b"hel");
    // The last handle goes without closing.
    drop(writer);
    assert!(pump.wakes() > 0);
    assert!(pump.poll().is_pending());
    sink.allow(3);
    pump.woken_ready().unwrap();
    drop(pump);
    assert_eq!(sink.taken(), b"hello");
    let inside = sink.inside();
    assert_eq!((inside.closes, inside.drops), (1, 1));
}

#[test]
fn parts_keep_what_is_not_sent() {
    let sink = Sink::new(2);
    let writer = Writer::new(sink.end());
    writer.write(b"abcd").unwrap();
    writer.write(b"ef").unwrap();
    let other = writer.clone();
    let writer = writer.into_parts().unwrap_err();
    drop(other);
    let pump = writer.pump();
    let writer = writer.into_parts().unwrap_err();
    drop(pump);
    let (end, unsent) = writer.into_parts().unwrap();
    assert_eq!(unsent, b"cdef");
    assert_eq!(sink.inside().drops, 0);
    drop(end);
    assert_eq!(sink.inside().closes, 0);
}

#[test]
fn a_stream_that_panics_is_lost_for_all() {
    let (sink, writer) = marked(0, 0);
    writer.write(b"ab").unwrap();
    let mut waits = Hand::new(writer.drain());
    assert!(waits.poll().is_pending());
    sink.inside().panics = true;
    let caught = catch_unwind(AssertUnwindSafe(|| writer.write(b"c")));
    assert!(caught.is_err());
    assert_eq!(waits.woken_ready().unwrap_err().kind(), ErrorKind::Other);
    assert!(writer.write(b"d").is_err());
    assert_eq!(sink.inside().drops, 1);
}

#[test]
fn a_stream_that_takes_nothing_is_lost() {
    struct Nothing;
    impl futures_io::AsyncWrite for Nothing {
        fn poll_write(
            self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
            _: &[u8],
        ) -> std::task::Poll<std::io::Result<usize>> {
            std::task::Poll::Ready(Ok(0))
        }
        fn poll_flush(
            self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<std::io::Result<()>> {
            std::task::Poll::Ready(Ok(()))
        }
        fn poll_close(
            self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<std::io::Result<()>> {
            std::task::Poll::Ready(Ok(()))
        }
    }
    let writer = Writer::new(Nothing);
    assert_eq!(writer.write(b"x").unwrap_err().kind(), ErrorKind::WriteZero);
}

// Fault 10a
#[test]
fn no_byte_is_lost_or_doubled_wherever_waits_are_dropped() {
    for seed in 0..10_000 {
        let mut chance = support::Chance::new(seed);
        let (low, high) = [(0, 0), (0, 5), (3, 8), (8, 8)][chance.below(4)];
        let (sink, writer) = marked(low, high);
        sink.inside().at_once = chance.below(4);
        let (mut sent, mut next) = (Vec::new(), 0_u8);
        let mut waits: Vec<Hand<_>> = Vec::new();
        for _ in 0..60 {
            match chance.below(5) {
                0 => {
                    let bytes: Vec<u8> = (0..chance.below(7))
                        .map(|_| {
                            next = next.wrapping_add(1);
                            next
                        })
                        .collect();
                    writer.write(&bytes).unwrap();
                    sent.extend(bytes);
                }
                1 => {
                    let mut wait = Hand::new(writer.drain());
                    if wait.poll().is_pending() {
                        assert!(writer.buffered() > low);
                        waits.push(wait);
                    }
                }
                2 if !waits.is_empty() => drop(waits.swap_remove(chance.below(waits.len()))),
                3 => {
                    // Whoever was woken runs, in any order; the others are not needed.
                    let mut at = 0;
                    while at < waits.len() {
                        if waits[at].wakes() > 0 && waits[at].poll().is_ready() {
                            waits.swap_remove(at);
                        } else {
                            at += 1;
                        }
                    }
                    assert!(
                        waits.is_empty() || writer.buffered() > low,
                        "seed {seed}: waits for nothing"
                    );
                }
                _ => sink.allow(chance.below(6)),
            }
            assert!(sent.starts_with(&sink.taken()), "seed {seed}");
            assert_eq!(
                sink.taken().len() + writer.buffered(),
                sent.len(),
                "seed {seed}"
            );
        }
        drop(waits);
        sink.allow(10_000);
        ready(writer.close()).unwrap();
        assert_eq!(sink.taken(), sent, "seed {seed}");
    }
}
