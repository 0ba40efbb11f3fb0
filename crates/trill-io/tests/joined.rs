//! A reader that moves the writer of its connection on, and several tasks and threads on one writer.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod support;

use std::io::ErrorKind;
use std::sync::mpsc;

use support::{Event, Hand, Script, Sink, ready};
use trill_io::{Reader, Writer, joined};
use trill_net::unix::UnixStream;
use trill_park::block_on;

#[test]
fn what_is_buffered_goes_out_while_the_reader_waits() {
    let sink = Sink::new(2);
    let (mut reader, writer) = joined(Script::new([Event::Hang]), sink.end());
    writer.write(b"request").unwrap();
    assert_eq!(sink.taken(), b"re");
    let mut read = Hand::new(reader.read(10));
    assert!(read.poll().is_pending());
    sink.allow(3);
    assert!(read.wakes() > 0);
    assert!(read.poll().is_pending());
    assert_eq!(sink.taken(), b"reque");
    // What another clone writes meanwhile, too.
    writer.clone().write(b"!").unwrap();
    sink.allow(10);
    assert!(read.wakes() > 0);
    assert!(read.poll().is_pending());
    assert_eq!(sink.taken(), b"request!");
}

#[test]
fn a_writer_that_is_dropped_is_sent_and_closed_while_the_reader_waits() {
    let sink = Sink::new(0);
    let (mut reader, writer) = joined(Script::new([Event::Hang]), sink.end());
    writer.write(b"bye").unwrap();
    let mut read = Hand::new(reader.read(10));
    assert!(read.poll().is_pending());
    drop(writer);
    sink.allow(10);
    assert!(read.wakes() > 0);
    assert!(read.poll().is_pending());
    assert_eq!((sink.taken(), sink.inside().closes), (b"bye".to_vec(), 1));
}

#[test]
fn a_lost_writer_does_not_disturb_the_reader() {
    let sink = Sink::new(0);
    let (mut reader, writer) = joined(
        Script::new([Event::Wait, Event::Data(b"answer".to_vec())]),
        sink.end(),
    );
    writer.write(b"request").unwrap();
    sink.fail(ErrorKind::BrokenPipe);
    assert_eq!(block_on(reader.read(10)).unwrap(), b"answer");
    assert_eq!(
        writer.write(b"x").unwrap_err().kind(),
        ErrorKind::BrokenPipe
    );
}

#[test]
fn a_dropped_read_keeps_no_waker() {
    let sink = Sink::new(0);
    let (mut reader, writer) = joined(Script::new([Event::Hang]), sink.end());
    writer.write(b"x").unwrap();
    let mut read = Hand::new(reader.read(10));
    assert!(read.poll().is_pending());
    drop(read);
    // The seat belongs to the reader, which may be polled again; it goes with it.
    drop(reader);
    let mut drain = Hand::new(writer.flush());
    assert!(drain.poll().is_pending());
    sink.allow(1);
    drain.woken_ready().unwrap();
}

#[test]
fn large_requests_and_answers_do_not_block_each_other() {
    // Each side writes more than the system buffers before it reads: with plain writes both would wait for ever.
    const LEN: usize = 4 << 20;
    block_on(async {
        let (near, far) = UnixStream::pair().unwrap();
        let talk = |stream: UnixStream| async move {
            let (read, write) = stream.into_split();
            let (mut reader, writer) = joined(read, write);
            writer.write(&vec![1; LEN]).unwrap();
            reader.read_exact(LEN).await.unwrap();
            writer.close().await.unwrap();
            assert_eq!(reader.read(1).await.unwrap(), b"");
        };
        futures_lite::future::zip(talk(near), talk(far)).await;
    });
}

#[test]
fn both_halves_come_apart_for_another_protocol() {
    block_on(async {
        let (near, far) = UnixStream::pair().unwrap();
        let (read, write) = near.into_split();
        let (mut reader, writer) = joined(read, write);
        far.write_all(b"STARTTLS\nsecret").await.unwrap();
        assert_eq!(reader.read_line().await.unwrap(), b"STARTTLS\n");
        writer.write(b"go\n").unwrap();
        writer.flush().await.unwrap();
        let (joined, rest) = reader.into_parts();
        // As long as it may move the writer on, the writer does not come apart.
        let writer = writer.into_parts().unwrap_err();
        let read = joined.into_inner();
        let (write, unsent) = writer.into_parts().unwrap();
        assert_eq!(unsent, b"");
        let whole = read.reunite(write).unwrap();
        // A reader stands for the whole stream, with what it had buffered.
        let mut stream = Reader::from_parts(100, whole, rest);
        far.write_all(b"!").await.unwrap();
        assert_eq!(stream.read_exact(7).await.unwrap(), b"secret!");
        futures_lite::AsyncWriteExt::write_all(&mut stream, b"ok")
            .await
            .unwrap();
        let mut got = [0; 5];
        far.read_exact(&mut got).await.unwrap();
        assert_eq!(&got, b"go\nok");
    });
}

#[test]
fn threads_that_write_at_once_keep_each_message_whole() {
    const THREADS: u8 = 4;
    const MESSAGES: usize = 3_000;
    let (near, far) = UnixStream::pair().unwrap();
    let writer = Writer::with_water_marks(0, 100, near);
    let (done, ended) = mpsc::channel();
    for number in 0..THREADS {
        let (writer, done) = (writer.clone(), done.clone());
        let body = move || {
            block_on(async {
                for round in 0..MESSAGES {
                    let len = 1 + (round * 7 + usize::from(number)) % 90;
                    let mut message = vec![number; len + 2];
                    message[0] = len as u8;
                    match round % 3 {
                        0 => writer.write_all(&message).await.unwrap(),
                        1 => {
                            writer.write(&message).unwrap();
                            writer.drain().await.unwrap();
                        }
                        _ => {
                            writer.write(&message).unwrap();
                            writer.flush().await.unwrap();
                        }
                    }
                }
            });
            done.send(()).unwrap();
        };
        trill_world::start_thread(&format!("writer {number}"), body).unwrap();
    }
    // The last clone closes.
    drop(writer);
    let mut counts = [0; THREADS as usize];
    let mut reader = Reader::new(far);
    block_on(async {
        loop {
            let head = reader.read(1).await.unwrap();
            let [len] = head[..] else { break };
            let body = reader.read_exact(usize::from(len) + 1).await.unwrap();
            let number = body[0];
            assert!(body.iter().all(|byte| *byte == number));
            let round = counts[usize::from(number)];
            assert_eq!(usize::from(len), 1 + (round * 7 + usize::from(number)) % 90);
            counts[usize::from(number)] += 1;
        }
    });
    assert_eq!(counts, [MESSAGES; THREADS as usize]);
    for _ in 0..THREADS {
        ended.recv().unwrap();
    }
}

#[test]
fn threads_that_wait_all_fail_when_one_aborts() {
    let sink = Sink::new(0);
    let writer = Writer::with_water_marks(0, 0, sink.end());
    writer.write(b"x").unwrap();
    let (tell, told) = mpsc::channel();
    for number in 0..4 {
        let (writer, tell) = (writer.clone(), tell.clone());
        let body = move || {
            let mut drain = Box::pin(writer.drain());
            let polled = block_on(futures_lite::future::poll_once(&mut drain));
            assert!(polled.is_none());
            tell.send(None).unwrap();
            tell.send(Some(block_on(drain).unwrap_err().kind()))
                .unwrap();
        };
        trill_world::start_thread(&format!("waiter {number}"), body).unwrap();
    }
    for _ in 0..4 {
        assert_eq!(told.recv().unwrap(), None);
    }
    writer.abort();
    for _ in 0..4 {
        assert_eq!(told.recv().unwrap(), Some(ErrorKind::ConnectionAborted));
    }
    assert!(ready(writer.drain()).is_err());
}

#[test]
fn types_go_where_their_streams_go() {
    fn all<T: Send + Sync + Unpin + std::fmt::Debug>(_: &T) {}
    let (near, _far) = UnixStream::pair().unwrap();
    let (read, write) = near.into_split();
    let (mut reader, writer) = joined(read, write);
    all(&reader);
    all(&writer);
    all(&reader.read(1));
    all(&reader.read_exact(1));
    all(&reader.read_until(["a", "b"]));
    all(&reader.read_line());
    all(&reader.lines());
    all(&reader.read_to_end(1));
    all(&writer.drain());
    all(&writer.flush());
    all(&writer.close());
    all(&writer.write_all(b""));
    all(&writer.pump());
}
