//! What others do with a writer while one of them moves its stream on.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod support;

use std::io::ErrorKind;

use support::{Hand, Sink, SinkEnd, ready};
use trill_io::Writer;

fn marked(low: usize, high: usize) -> (Sink, Writer<SinkEnd>) {
    let sink = Sink::new(0);
    let writer = Writer::with_water_marks(low, high, sink.end());
    (sink, writer)
}

#[test]
fn who_waits_is_woken_by_what_another_has_sent() {
    let (sink, writer) = marked(1, 3);
    writer.write(b"abcdef").unwrap();
    let mut drain = Hand::new(writer.drain());
    let mut flush = Hand::new(writer.flush());
    assert!(drain.poll().is_pending());
    assert!(flush.poll().is_pending());
    drain.wakes();
    flush.wakes();
    // There is room, but the stream has woken nobody: only the next write finds out.
    sink.inside().room = 100;
    writer.write(b"g").unwrap();
    drain.woken_ready().unwrap();
    flush.woken_ready().unwrap();
}

#[test]
fn who_waits_is_woken_by_what_another_has_closed_or_lost() {
    let (sink, writer) = marked(1, 3);
    sink.inside().holds_end = true;
    let mut pump = Hand::new(writer.pump());
    let mut close = Hand::new(writer.close());
    assert!(pump.poll().is_pending());
    assert!(close.poll().is_pending());
    pump.wakes();
    sink.inside().holds_end = false;
    assert!(close.poll().is_ready());
    pump.woken_ready().unwrap();

    let (sink, writer) = marked(1, 3);
    writer.write(b"abcdef").unwrap();
    let mut drain = Hand::new(writer.drain());
    assert!(drain.poll().is_pending());
    drain.wakes();
    sink.inside().error = Some(ErrorKind::ConnectionReset);
    writer.write(b"g").unwrap_err();
    drain.woken_ready().unwrap_err();
}

#[test]
fn what_is_written_while_the_stream_is_polled_goes_out_behind() {
    let (sink, writer) = marked(100, 100);
    sink.inside().room = 100;
    let other = writer.clone();
    sink.meanwhile(move || other.write(b"second").unwrap());
    writer.write(b"first ").unwrap();
    assert_eq!(sink.taken(), b"first second");
    // The first is taken in part only; its rest still comes before the other.
    let (sink, writer) = marked(100, 100);
    sink.inside().room = 3;
    let other = writer.clone();
    sink.meanwhile(move || other.write(b"second").unwrap());
    writer.write(b"first ").unwrap();
    assert_eq!((sink.taken(), writer.buffered()), (b"fir".to_vec(), 9));
    sink.inside().room = 100;
    ready(writer.drain()).unwrap();
    assert_eq!(sink.taken(), b"first second");
}

#[test]
fn who_leaves_a_note_is_served_by_who_has_the_stream() {
    let (sink, writer) = marked(100, 100);
    sink.inside().room = 100;
    writer.write(b"a").unwrap();
    // The stream cannot flush now, but it can take more.
    sink.inside().holds_end = true;
    sink.inside().flushes = 0;
    let other = writer.clone();
    writer.write(b"b").unwrap();
    sink.meanwhile(move || other.write(b"c").unwrap());
    ready(writer.drain()).unwrap();
    assert_eq!((sink.taken(), sink.inside().flushes), (b"abc".to_vec(), 0));
}

#[test]
fn an_abort_while_the_stream_is_polled_holds() {
    let (sink, writer) = marked(0, 0);
    sink.inside().room = 100;
    let other = writer.clone();
    sink.meanwhile(move || other.abort());
    let error = writer.write(b"too late").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionAborted);
    assert_eq!((writer.buffered(), writer.is_paused()), (0, false));
    ready(writer.drain()).unwrap_err();
    ready(writer.close()).unwrap_err();
    let inside = sink.inside();
    assert_eq!((inside.drops, inside.closes), (1, 0));
}

#[test]
fn a_close_while_the_stream_is_polled_sends_the_rest() {
    let (sink, writer) = marked(100, 100);
    sink.inside().room = 100;
    let other = writer.clone();
    sink.meanwhile(move || {
        let mut close = Hand::new(other.close());
        // Somebody else has the stream.
        assert!(close.poll().is_pending());
    });
    writer.write(b"all of it").unwrap();
    assert_eq!(
        (sink.taken(), sink.inside().closes),
        (b"all of it".to_vec(), 1)
    );
    ready(writer.close()).unwrap();
    assert_eq!(
        writer.write(b"x").unwrap_err().kind(),
        ErrorKind::BrokenPipe
    );
}
